// lines.cpp - prints a hundred thousand numbered lines.

#include "go.hpp"

void main_main() {
    for (int64 i = 0; i < 100000; i++) fmt::Println("line", i);
}

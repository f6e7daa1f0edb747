// main.cpp - main.main of all cases: the one that was chosen.

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"

extern const explore::Case* chosen;

void main_main() { chosen->run(); }

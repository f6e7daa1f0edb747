// prodcons.cpp - three producers, two consumers and a channel with room for four between them.
//
// A producer waits only when the buffer is full, a consumer only when it is empty. Nobody knows beforehand who gets how
// much: that is the scheduler's business. But nothing is lost, and nothing arrives twice.

#include "go.hpp"

constexpr int64 each = 1000;

void main_main() {
    chan<int64> goods(4), taken(0);
    sync::WaitGroup producers;
    producers.Add(3);
    for (int64 p = 0; p < 3; p++)
        go([=, &producers] {
            for (int64 i = 0; i < each; i++) goods.send(p * each + i);
            producers.Done();
        });
    for (int c = 0; c < 2; c++)
        go([=] {
            int64 sum = 0;
            for (int64 v : goods) sum += v;
            taken.send(sum);
        });

    producers.Wait();
    goods.close();  // only now is nobody left who could send; each consumer's loop ends when the buffer is empty
    int64 a = taken.recv(), b = taken.recv();
    fmt::Println("produced", 3 * each * (3 * each - 1) / 2);
    fmt::Println("consumed", a + b);
}

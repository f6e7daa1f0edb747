// fiber.cpp - what scheduling costs in Boost.Fiber, on its one thread: the twin of ../sched.cpp, figure by figure.
// Its own stack allocators spend more time on malloc than Boost.Fiber does on a fiber, or more memory: it gets a better
// one.

#include <sys/mman.h>
#include <boost/fiber/all.hpp>
#include <memory>
#include <vector>

#include "figures.hpp"

namespace fibers = boost::fibers;
using channel = fibers::unbuffered_channel<long>;

/// Stacks of 8 KB from one mapping, the last one given back first. Each begins a few cache lines beside its neighbour's
/// place, or all would want the same lines. No guard pages: a process may have 32,000 of those.
struct stacks {
    struct link {
        link* next;
    };
    static constexpr size_t size = 8192, room = 7168, most = 2'000'000;
    static inline char* fresh = static_cast<char*>(
        mmap(nullptr, size* most, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    static inline size_t given = 0;
    static inline link* free = nullptr;

    boost::context::stack_context allocate() {
        if (!free) deallocate({room, (fresh += size) - ++given % 16 * 64});
        boost::context::stack_context stack{room, free + 1};
        free = free->next;
        return stack;
    }
    void deallocate(boost::context::stack_context stack) noexcept {
        link* top = static_cast<link*>(stack.sp) - 1;
        top->next = free;
        free = top;
    }
};

template <class F> static fibers::fiber go(F f) {
    return fibers::fiber(fibers::launch::post, std::allocator_arg, stacks(), f);
}

static void yield(long count, long n) {
    std::vector<fibers::fiber> all;
    for (long i = 0; i < count; i++)
        all.push_back(go([=] {
            for (long k = 0; k < n / count; k++) boost::this_fiber::yield();
        }));
    for (auto& f : all) f.join();
}

static void handoff(long n) {
    channel ping, pong;
    auto other = go([&] {
        for (long v : ping) pong.push(v + 1);
    });
    for (long v = 0; v < n;) {
        ping.push(v + 1);
        v = pong.value_pop();
    }
    ping.close();
    other.join();
}

static void spawn(long batch, long n) {
    std::vector<fibers::fiber> all(batch);
    for (long i = 0; i < n; i += batch) {
        for (auto& f : all) f = go([] {});
        for (auto& f : all) f.join();
    }
}

static void node(channel& up, long number, long leaves) {
    if (leaves == 1) {
        up.push(number);
        return;
    }
    channel down;
    for (long i = 0; i < 10; i++) go([=, &down] { node(down, number + i * (leaves / 10), leaves / 10); }).detach();
    long sum = 0;
    for (long i = 0; i < 10; i++) sum += down.value_pop();
    up.push(sum);
}

static void skynet(long n) {
    channel sum;
    go([&] { node(sum, 0, n); }).detach();
    if (sum.value_pop() != n * (n - 1) / 2) abort();
}

static void sieve(long n) {
    auto in = std::make_shared<channel>();
    go([in] {
        for (long i = 2;; i++) in->push(i);
    }).detach();
    for (long i = 0; i < n; i++) {
        long prime = in->value_pop();
        auto out = std::make_shared<channel>();
        go([=] {
            for (long v : *in)
                if (v % prime != 0) out->push(v);
        }).detach();
        in = out;
    }
}

static void prodcons(long n) {
    fibers::buffered_channel<long> c(128);
    std::vector<fibers::fiber> producers, consumers;
    for (int k = 0; k < 4; k++) {
        producers.push_back(go([&] {
            for (long i = 0; i < n / 4; i++) c.push(i);
        }));
        consumers.push_back(go([&] {
            for (long v : c) (void)v;
        }));
    }
    for (auto& f : producers) f.join();
    c.close();
    for (auto& f : consumers) f.join();
}

static void park(long n) {
    static channel never;
    static long parked;
    for (long i = 0; i < n; i++)
        go([] {
            parked++;
            never.value_pop();
        }).detach();
    while (parked != n) boost::this_fiber::yield();
}

int main(int argc, char** argv) {
    return measured(argc, argv, "fiber",
                    {
                        {"yield2", [](long n) { yield(2, n); }},
                        {"yield1000", [](long n) { yield(1000, n); }},
                        {"handoff", handoff},
                        {"spawn", [](long n) { spawn(1, n); }},
                        {"batch", [](long n) { spawn(1000, n); }},
                        {"million", [](long n) { spawn(n, n); }},
                        {"skynet", skynet},
                        {"sieve", sieve},
                        {"prodcons", prodcons},
                        {"park", park},
                        {"memory", park},
                    });
}

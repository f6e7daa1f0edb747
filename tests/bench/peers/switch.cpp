// switch.cpp - the floor: the same figures with nothing but jump_fcontext, no queue, no lock, no second thread, where
// the figure still means something then. The runtime switches with jump_fcontext, too.

#include <sys/mman.h>
#include <boost/context/detail/fcontext.hpp>
#include <vector>

#include "figures.hpp"

using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

/// The tops of n stacks of 2 KB. A stride of 2 KB and a bit would be faster, but no scheduler could guard such stacks.
static std::vector<char*> stacks(long n) {
    auto* low = static_cast<char*>(
        mmap(nullptr, 2048 * n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    std::vector<char*> tops(n);
    for (char*& top : tops) top = low += 2048;
    return tops;
}

// ---- yield: a ring, main is one of it ------------------------------------------------------------------------------

static std::vector<fcontext_t> ring;
static size_t at;

static void yield() {
    fcontext_t* from = &ring[at];
    if (++at == ring.size()) at = 0;
    transfer_t t = jump_fcontext(ring[at], from);
    *static_cast<fcontext_t*>(t.data) = t.fctx;
}

static void yielder(transfer_t t) {
    *static_cast<fcontext_t*>(t.data) = t.fctx;
    for (;;) yield();
}

static void yield(long count, long n) {
    for (char* top : stacks(count)) ring.push_back(make_fcontext(top, 2048, yielder));
    for (long k = 0; k < n / count; k++) yield();
}

// ---- hand-off: the value travels with the jump ---------------------------------------------------------------------

static void echo(transfer_t t) {
    for (;;) t = jump_fcontext(t.fctx, static_cast<char*>(t.data) + 1);
}

static void handoff(long n) {
    transfer_t t = {make_fcontext(stacks(1)[0], 2048, echo), nullptr};
    while (reinterpret_cast<long>(t.data) < n) t = jump_fcontext(t.fctx, static_cast<char*>(t.data) + 1);
}

// ---- spawn: make a context, go there, come back for good -----------------------------------------------------------

static void end(transfer_t t) { jump_fcontext(t.fctx, nullptr); }

static void spawn(long batch, long n) {
    auto tops = stacks(batch);
    std::vector<fcontext_t> all(batch);
    for (long i = 0; i < n; i += batch) {
        for (long k = 0; k < batch; k++) all[k] = make_fcontext(tops[k], 2048, end);
        for (fcontext_t f : all) jump_fcontext(f, nullptr);
    }
}

// ---- sieve: each filter asks the one before it ---------------------------------------------------------------------

struct filter {
    fcontext_t in;
    long prime;
};

static void numbers(transfer_t t) {
    for (long i = 2;; i++) t = jump_fcontext(t.fctx, reinterpret_cast<void*>(i));
}

static void pass(transfer_t t) {
    filter f = *static_cast<filter*>(t.data);
    for (;;) {
        transfer_t v = jump_fcontext(f.in, nullptr);
        f.in = v.fctx;
        if (reinterpret_cast<long>(v.data) % f.prime != 0) t = jump_fcontext(t.fctx, v.data);
    }
}

static void sieve(long n) {
    auto tops = stacks(n);
    fcontext_t in = make_fcontext(tops[0], 2048, numbers);
    transfer_t v = jump_fcontext(in, nullptr);
    for (long i = 1; i < n; i++) {
        filter f = {v.fctx, reinterpret_cast<long>(v.data)};
        v = jump_fcontext(make_fcontext(tops[i], 2048, pass), &f);
    }
}

// ---- producers and consumers: fill the buffer, empty the buffer ----------------------------------------------------

static long buffer[128], put, got;

static void consumer(transfer_t t) {
    for (long sum = 0;;) {
        while (got < put) sum += buffer[got++ % 128];
        t = jump_fcontext(t.fctx, reinterpret_cast<void*>(sum));
    }
}

static void prodcons(long n) {
    transfer_t t = {make_fcontext(stacks(1)[0], 2048, consumer), nullptr};
    while (put < n) {
        for (; put - got < 128; put++) buffer[put % 128] = put;
        t = jump_fcontext(t.fctx, nullptr);
    }
}

// ---- park: everybody has begun, nobody ends ------------------------------------------------------------------------

static void park(long n) {
    for (char* top : stacks(n)) jump_fcontext(make_fcontext(top, 2048, end), nullptr);
}

int main(int argc, char** argv) {
    return measured(
        argc, argv, "switch",
        {
            {"yield2", [](long n) { yield(2, n); }},
            {"yield1000", [](long n) { yield(1000, n); }},
            {"handoff", handoff},
            {"spawn", [](long n) { spawn(1, n); }},
            {"batch", [](long n) { spawn(1000, n); }},
            {"million", [](long n) { spawn(1000, n); }},  // nobody must let a million stand before the first runs
            {"sieve", sieve},
            {"prodcons", prodcons},
            {"park", park},
            {"memory", park},
        });
}

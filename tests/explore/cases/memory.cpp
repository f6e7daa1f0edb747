// memory.cpp - memory that Ms take and give back at once: nobody has what another has, and nothing is lost. And how
// things end: finalizers, and a program that has failed.

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"
#include "mheap.hpp"

static uint32 ended;

/// Two blocks and a large one, twice: what is written there stays.
static void take() {
    uint64 me = static_cast<uint64>(getg()->goid);
    for (int i = 0; i < 2; i++) {
        uint64* blocks[3] = {new_<uint64>(), new_<uint64>(), static_cast<uint64*>(mallocgc(spanSize))};
        for (uint64* v : blocks) {
            explore::check(*v == 0, "it is another's");
            *v = me;
        }
        explore::point();
        for (uint64* v : blocks) explore::check(*v == me, "another has it, too");
        mfree(blocks[0], sizeof(uint64));
        mfree(blocks[1], sizeof(uint64));
        mfree(blocks[2], spanSize);
    }
    atomic::Xadd(&ended, 1);
}

static void blocks_have_one_owner() {
    explore::begin();
    go(take);
    go(take);
    take();
    while (atomic::Load(&ended) < 3) procyield(10);
}
CASE(blocks_have_one_owner, blocks_have_one_owner, .preemptions = 1, .random = 1000);

/// On g0: stacks as goroutines are given them, more than a cache keeps.
static void takestacks(void*) {
    stack all[4];
    for (int i = 0; i < 2; i++) {
        for (stack& s : all) {
            s = stackalloc(8 * _FixedStack);
            *reinterpret_cast<uintptr*>(s.hi - 8) = reinterpret_cast<uintptr>(getg());
        }
        explore::point();
        for (const stack& s : all) {
            uintptr owner = *reinterpret_cast<uintptr*>(s.hi - 8);
            explore::check(owner == reinterpret_cast<uintptr>(getg()), "another has it, too");
            stackfree(s);
        }
    }
    atomic::Xadd(&ended, 1);
}

static void stacks_have_one_owner() {
    explore::begin();
    go([] { systemstack<void>(takestacks, nullptr); });
    systemstack<void>(takestacks, nullptr);
    while (atomic::Load(&ended) < 2) procyield(10);
}
CASE(stacks_have_one_owner, stacks_have_one_owner, .preemptions = 1, .random = 1000);

static uint32 called[3];
static void call(void* n) { atomic::Xadd(static_cast<uint32*>(n), 1); }

static void finalizers_are_called_once_each() {
    createfing();
    explore::begin();
    go([] { queuefinalizer(call, &called[1]); });
    queuefinalizer(call, &called[0]);
    queuefinalizer(call, &called[2]);
    for (uint32& n : called)
        while (atomic::Load(&n) == 0) runtime::Gosched();
    for (uint32 n : called) explore::check(n == 1, "a finalizer was called twice");
}
CASE(finalizers_are_called_once_each, finalizers_are_called_once_each, .preemptions = 1, .random = 200, .most = 800);

static uint32 failing;

/// The search begins in the deferred call: from here on there will be a report, and main may end at any moment.
static void main_waits_for_a_report() {
    go([] {
        func([](Defer& defer) {
            defer([] {
                explore::begin();
                atomic::Store(&failing, 1u);
            });
            panic("said");
        });
    });
    while (atomic::Load(&failing) == 0) procyield(10);
}
CASE(main_waits_for_a_report, main_waits_for_a_report, .preemptions = 1, .random = 1000, .ends = "panic: said");

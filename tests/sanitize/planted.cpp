// planted.cpp - a fault of each kind, on a goroutine that has been on several stacks: the sanitizer sees it.

#include "os_linux.hpp"
#include "runtime.hpp"

#include "go.hpp"

namespace {

int32 counted, ready;

/// Two goroutines at the same time, on two Ms. That they wait for each other orders nothing: no store of theirs says what
/// went before it.
void race() {
    chan<int32> done(2);
    for (int32 i = 0; i < 2; i++)
        go([=] {
            __atomic_add_fetch(&ready, 1, __ATOMIC_RELAXED);
            while (atomic::LoadRelaxed(&ready) != 2) osyield();
            counted++;
            done.send(1);
        });
    done.recv();
    done.recv();
}

/// A block that was given back.
void freed() {
    auto* block = static_cast<volatile int64*>(mallocgc(64));
    mfree(const_cast<int64*>(block), 64);
    runtime::Gosched();
    block[3] = 1;
}

/// A word beyond an array, on a stack that was left and come back to.
void beyond() {
    [[maybe_unused]] volatile int64 words[4] = {};
    volatile int32 i = 4;
    runtime::Gosched();
    words[i] = 1;
}

/// A stack that was given back: that of a function that needed a segment of its own.
__attribute__((noinline)) volatile char* deep() {
    [[maybe_unused]] volatile char room[200 << 10];
    room[0] = 1;
    return const_cast<volatile char*>(static_cast<volatile char*>(__builtin_frame_address(0)) - 64);
}
void segment() { *deep() = 1; }

void overflow() {
    volatile int32 n = 0x7fffffff;
    runtime::Gosched();
    n = n + 1;
}

void misaligned() {
    alignas(8) static char bytes[16];
    runtime::Gosched();
    *reinterpret_cast<volatile int64*>(bytes + 1) = 1;
}

const struct {
    const char* name;
    void (*fn)();
} faults[] = {{"race", race},       {"freed", freed},       {"beyond", beyond},
              {"segment", segment}, {"overflow", overflow}, {"misaligned", misaligned}};

}  // namespace

void main_main() {
    gostring wanted = gostringnocopy(argv[1]);
    chan<int32> done(0);
    for (auto& fault : faults)
        if (wanted == str(fault.name))
            go([=] {
                fault.fn();
                done.send(1);
            });
    done.recv();
    fmt::Println("nobody noticed");
}

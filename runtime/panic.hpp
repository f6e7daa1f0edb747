// panic.hpp - panic, defer, recover and Goexit for programs. Go's counterpart: the compiler's defer, and panic.go.
//
//	func([](Defer& defer) {                     // func() {
//	    defer([] {                              //     defer func() {
//	        if (any r = recover()) log(r);      //         if r := recover(); r != nil { log(r) }
//	    });                                     //     }()
//	    panic("boom");                          //     panic("boom")
//	});                                         // }()
//
// There are no C++ exceptions here, and nothing unwinds. A panic runs the deferred calls on top of the stack, as in Go.
// If one of them recovers, func returns to its caller, and what was called within it is gone: the destructors of those
// frames do not run. What must be undone belongs in a deferred call.
#pragma once

#include "runtime.hpp"

inline void* operator new(size_t, void* where) noexcept { return where; }

/// The value of a panic, and what recover answers. False: there was no panic.
struct any : eface {
    any() : eface{NIL, {}} {}
    any(bool v) : eface{BOOL, {v}} {}
    any(int32 v) : eface{INT, {v}} {}
    any(int64 v) : eface{INT, {v}} {}
    any(uint32 v) : eface{UINT, {v}} {}
    any(uint64 v) : eface{UINT, {static_cast<int64>(v)}} {}
    any(gostring v) : eface{STRING, {}} { s = v; }
    any(const char* v) : any(str(v)) {}
    explicit any(const eface& e) : eface(e) {}
    explicit operator bool() const { return kind != NIL; }
};

[[noreturn]] void gopanic(any v) GO("runtime.gopanic");
[[noreturn]] inline void panic(any v) { gopanic(v); }
/// In a deferred call that a panic runs: ends the panic and returns its value. Nil elsewhere.
any recover() GO("runtime.gorecover");
/// Ends the goroutine, after its deferred calls. On the main one: the program goes on without it.
[[noreturn]] void Goexit() GO("runtime.Goexit");

class Defer;
/// Notes in d where its function is. Returns 0; and once more, with 1, when a deferred call has recovered.
[[gnu::returns_twice]] int64 gosave(Defer* d) GO("runtime.gosave");
/// Makes it return that once more.
[[noreturn]] void recovery(Defer* d) GO("runtime.recovery");
void deferproc(Defer* scope, int32 siz, _defer* d, funcval* fn) GO("runtime.deferproc");
void deferreturn(Defer* scope) GO("runtime.deferreturn");
void* newdefer(int32 siz) GO("runtime.newdefer");

/// The deferred calls of one function, and the place to which a recover comes back.
class Defer {
    gobuf buf;
    [[maybe_unused]] uint64 saved[5];  // RBX, R12 to R15: what a function must preserve for its caller
    friend void deferproc(Defer*, int32, _defer*, funcval*);

    template <class F> struct call : funcval {
        F f;
        static void run(funcval* self) {
            auto* c = static_cast<call*>(self);
            c->f();
            c->f.~F();
        }
    };

public:
    Defer() {}
    Defer(const Defer&) = delete;

    /// f() will be called when the function ends, whichever way. The last one first.
    template <class F> void operator()(F f) {
        auto* rec = static_cast<_defer*>(newdefer(sizeof(call<F>)));
        auto* c = new (rec + 1) call<F>{{call<F>::run}, static_cast<F&&>(f)};
        deferproc(this, sizeof(call<F>), rec, c);
    }
};

/// Calls f(defer), and then what it deferred. Returns f's result; after a recover, the zero of its type.
template <class F> [[gnu::noinline]] auto func(F f) -> decltype(f(*static_cast<Defer*>(nullptr))) {
    using R = decltype(f(*static_cast<Defer*>(nullptr)));
    Defer d;
    if constexpr (__is_same(R, void)) {
        if (gosave(&d) == 0) f(d);
        deferreturn(&d);
    } else {
        R r{};
        __asm__ volatile("" : : "r"(&r) : "memory");  // in memory, where coming back does not change it
        if (gosave(&d) == 0) r = f(d);
        deferreturn(&d);
        return r;
    }
}

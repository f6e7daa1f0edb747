// builtin.hpp - what Go's compiler does for a program: go, chan, select, defer, panic and recover, as calls of the
// runtime. Go's counterpart: the compiler's list of the runtime's functions,
// cmd/compile/internal/gc/builtin/runtime.go.
//
// What a program must not trip over stands in detail. Types of the runtime's are only named here, so a program may have
// its own of any name; what the compiler knows of them, offsets and sizes, is held by static_asserts in builtin.cpp.
#pragma once

#include "atomic.hpp"
#include "types.hpp"

struct hchan;
struct funcval;
struct _defer;
class Defer;

/// func main() of package main: what every program has.
void main_main() GO("main.main");

/// Go's error: what went wrong, in words; null if nothing did. Each error is one pointer, so err == io::EOF can be
/// asked.
using error = const char*;

inline void* operator new(size_t, void* where) noexcept { return where; }

namespace detail {

// ---- what is called ------------------------------------------------------------------------------------------------

/// Starts a goroutine for a function object with captures: it is moved, by typ, to the new goroutine's stack.
nosplit void newclosure(funcval* fn, const _type* typ) GO("runtime.newclosure");

[[nodiscard]] hchan* makechan(const _type* t, int64 size) GO("runtime.makechan");
/// What came of a send or a receive. In Go a bool: true but for NOTHING.
enum outcome : uint8 {
    NOTHING,  // it would have had to wait, and was not to block
    AT_ONCE,
    WAITED,  // others ran meanwhile
};
/// Moves *ep into the channel.
returnthunk outcome chansend(hchan* c, void* ep, bool block) GO("runtime.chansend");
/// Go's two results, in a register each.
struct received {
    alignas(8) outcome selected;
    alignas(8) bool ok;  // false: the channel is closed and empty, and *ep was left alone
};
/// Makes *ep from the next element.
returnthunk received chanrecv(hchan* c, void* ep, bool block) GO("runtime.chanrecv");
/// Wakes everybody who waits: receivers with nothing, senders to their panic.
void closechan(hchan* c) GO("runtime.closechan");
/// When the last handle is gone.
void chanfree(hchan* c) GO("runtime.chanfree");

/// One case of a select.
struct scase {
    hchan* c;    // null: a nil channel, never ready
    void* elem;  // sent from here, or received to here
    bool send;
    bool received;  // out: false if the channel was closed
};
/// Which case went on, or -1 for the default. order has room for 2n.
[[nodiscard]] int32 selectgo(scase* cases, uint16* order, int32 n, bool hasdefault) GO("runtime.selectgo");

[[noreturn]] void gopanic(any v) GO("runtime.gopanic");
/// Notes in d where its function is. Returns 0; and once more, with 1, when a deferred call has recovered.
[[nodiscard]] [[gnu::returns_twice]] int64 gosave(Defer* d) GO("runtime.gosave");
/// Room for a function object of so many bytes, which deferproc puts on the goroutine's list.
[[nodiscard]] void* newdefer(int32 siz) GO("runtime.newdefer");
void deferproc(Defer* scope, int32 siz, funcval* fn) GO("runtime.deferproc");
void deferreturn(Defer* scope) GO("runtime.deferreturn");

// ---- what the compiler knows ---------------------------------------------------------------------------------------

constexpr uintptr hchan_qcount = 0, hchan_dataqsiz = 8, hchan_refs = 96;  // offsets
constexpr uintptr gobuf_size = 56;
// Go's limit: the arguments must leave room for a frame on a 2 KB stack.
constexpr uintptr maxargs = 2048 - 5 * sizeof(uintptr) - 880;

template <class T> [[gnu::always_inline]] inline T* word(hchan* c, uintptr offset) {
    return reinterpret_cast<T*>(reinterpret_cast<uint8*>(c) + offset);
}

/// std::move, for what has a name.
template <class T> constexpr T&& move(T& t) { return static_cast<T&&>(t); }

/// What the runtime must know of T: its size, how to move it (and leave nothing behind), how to destroy it.
template <class T> struct typeof_ {
    static void move_(void* dst, void* src) {
        T* from = static_cast<T*>(src);
        new (dst) T(detail::move(*from));
        from->~T();
    }
    static void destroy_(void* v) { static_cast<T*>(v)->~T(); }
    static constexpr _type value = {sizeof(T), __is_trivially_copyable(T) ? nullptr : move_,
                                    __is_trivially_copyable(T) ? nullptr : destroy_};
};

/// Room for a T that is not made yet, and not destroyed either: somebody moves it in, somebody moves it out.
template <class T> union slot {
    T value;
    slot() {}
    ~slot() {}
};

/// A function object with captures, in the shape of a func value: runtime2.hpp's closureval, and the object behind it.
template <class F> struct closure {
    void (*fn)(funcval*);
    const _type* typ;
    F f;
    static void run(funcval* self) {
        auto* c = reinterpret_cast<closure*>(self);
        c->f();
        c->f.~F();
    }
    static void move_(void* dst, void* src) {
        auto* from = static_cast<closure*>(src);
        new (dst) closure{run, &type, detail::move(from->f)};
        from->f.~F();
    }
    static void destroy_(void* v) { static_cast<closure*>(v)->f.~F(); }  // for Goexit, which run does not see
    static constexpr _type type = {sizeof(closure), move_, destroy_};
    static_assert(sizeof(F) < maxargs, "go: function arguments too large for new goroutine");
};

}  // namespace detail

// ---- go ------------------------------------------------------------------------------------------------------------

/// Starts a goroutine that calls f(). f's captures move to the new goroutine's stack, and die when it returns.
/// Inlined as the compiler's go statement is, so that g.gopc is in the function that says go.
template <class F> [[gnu::always_inline]] inline void go(F f) {
    using C = detail::closure<F>;
    detail::slot<C> c;
    new (&c.value) C{C::run, &C::type, detail::move(f)};
    detail::newclosure(reinterpret_cast<funcval*>(&c.value), &C::type);
}

// ---- chan ----------------------------------------------------------------------------------------------------------

namespace detail {
template <class T, class F> struct receivecase;
template <class T, class F> struct sendcase;
}  // namespace detail

/// A channel of T, for any T that can be moved. Copies share the channel, as in Go; the last one frees it. A const chan
/// is a handle that stays with its channel, so a lambda can use the one it captured.
template <class T> class chan {
    hchan* c = nullptr;

    static constexpr const _type* type = &detail::typeof_<T>::value;
    int64* refs() const { return detail::word<int64>(c, detail::hchan_refs); }

public:
    struct received {
        T value;
        bool ok;  // false: the channel is closed and empty, value is T's zero
    };

    /// A nil channel: sends and receives wait for ever.
    chan() = default;
    /// make(chan T, size)
    explicit chan(int64 size) : c(detail::makechan(type, size)) { *refs() = 1; }
    chan(const chan& o) : c(o.c) {
        if (c) atomic::Xaddp(refs(), 1);
    }
    chan(chan&& o) noexcept : c(o.c) { o.c = nullptr; }
    chan& operator=(chan o) {
        hchan* mine = c;
        c = o.c;
        o.c = mine;
        return *this;
    }
    ~chan() {
        if (c && atomic::Xaddp(refs(), -1) == 0) detail::chanfree(c);
    }

    /// c <- v
    void send(T v) const {
        detail::slot<T> s;
        new (&s.value) T(detail::move(v));
        detail::chansend(c, &s.value, true);
    }
    /// select { case c <- v: default: }, for what must not block. False if there was no room.
    bool trysend(T v) const {
        detail::slot<T> s;
        new (&s.value) T(detail::move(v));
        bool sent = detail::chansend(c, &s.value, false);
        if (!sent) s.value.~T();
        return sent;
    }
    /// v, ok := <-c
    received recv2() const {
        detail::slot<T> s;
        if (!detail::chanrecv(c, &s.value, true).ok) return {T(), false};
        received r = {detail::move(s.value), true};
        s.value.~T();
        return r;
    }
    /// <-c
    T recv() const { return recv2().value; }
    void close() const { detail::closechan(c); }

    /// for (T v : c): what arrives, until the channel is closed and empty.
    class iterator {
        const chan* c;
        received r;

    public:
        explicit iterator(const chan* from) : c(from), r(from->recv2()) {}
        bool operator!=(decltype(nullptr)) const { return r.ok; }
        T&& operator*() { return detail::move(r.value); }
        void operator++() {
            r.~received();
            new (&r) received(c->recv2());
        }
    };
    iterator begin() const { return iterator(this); }
    decltype(nullptr) end() const { return nullptr; }

    // Cases for Select.
    template <class F> detail::receivecase<T, F> onrecv(F f) const { return {c, {}, f}; }
    template <class F> detail::sendcase<T, F> onsend(T v, F f) const { return {c, detail::move(v), f}; }

    int64 len() const { return c ? *detail::word<int64>(c, detail::hchan_qcount) : 0; }
    int64 cap() const { return c ? *detail::word<int64>(c, detail::hchan_dataqsiz) : 0; }
};

// ---- select --------------------------------------------------------------------------------------------------------

namespace detail {

/// case v, ok := <-c: f(v, ok)
template <class T, class F> struct receivecase {
    hchan* c;
    slot<T> room;
    F f;
    receivecase(hchan* c_, slot<T>, F f_) : c(c_), f(f_) {}
    scase of() { return {c, &room.value, false, false}; }
    void run(const scase& s) {
        if (!s.received) return f(T(), false);
        T v(detail::move(room.value));
        room.value.~T();
        f(detail::move(v), true);
    }
};

/// case c <- v: f(). v dies with the case if it was not chosen.
template <class T, class F> struct sendcase {
    hchan* c;
    slot<T> room;
    F f;
    bool sent = false;
    sendcase(hchan* c_, T v, F f_) : c(c_), f(f_) { new (&room.value) T(detail::move(v)); }
    sendcase(const sendcase&) = delete;
    ~sendcase() {
        if (!sent) room.value.~T();
    }
    scase of() { return {c, &room.value, true, false}; }
    void run(const scase&) {
        sent = true;
        f();
    }
};

}  // namespace detail

/// default: f()
template <class F> struct otherwise {
    F f;
    explicit otherwise(F f_) : f(f_) {}
};

namespace detail {
template <class C> constexpr bool isdefault = false;
template <class F> inline constexpr bool isdefault<otherwise<F>> = true;
template <class F> inline constexpr bool isdefault<otherwise<F>&> = true;
}  // namespace detail

/// select { ... }: Select(c.onrecv([&](int v, bool ok) {...}), d.onsend(1, [&] {...}), otherwise([&] {...})).
/// Does one case that can go on, chosen at random if there are several; the default, which must come last, if there is
/// none; else waits.
template <class... C> void Select(C&&... cases) {
    constexpr bool hasdefault = (detail::isdefault<C> || ... || false);
    constexpr int32 n = sizeof...(C) - hasdefault;
    detail::scase table[n + 1];
    uint16 order[2 * n + 1];
    int32 i = 0;
    [[maybe_unused]] auto enter = [&](auto& c) {
        if constexpr (!detail::isdefault<decltype(c)>) table[i++] = c.of();
    };
    (enter(cases), ...);
    int32 chosen = detail::selectgo(table, order, n, hasdefault);
    i = 0;
    [[maybe_unused]] auto pick = [&](auto& c) {
        if constexpr (detail::isdefault<decltype(c)>) {
            if (chosen < 0) c.f();
        } else if (chosen == i++) {
            c.run(table[chosen]);
        }
    };
    (pick(cases), ...);
}

// ---- panic, defer, recover -----------------------------------------------------------------------------------------
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

[[noreturn]] inline void panic(any v) { detail::gopanic(v); }
/// In a deferred call that a panic runs: ends the panic and returns its value. Nil elsewhere.
any recover() GO("runtime.gorecover");

/// The deferred calls of one function, and the place to which a recover comes back.
class Defer {
    [[maybe_unused]] uint8 buf[detail::gobuf_size];  // a gobuf
    [[maybe_unused]] uint64 saved[5];                // RBX, R12 to R15: what a function must preserve for its caller

    template <class F> struct call {
        void (*fn)(funcval*);
        F f;
        static void run(funcval* self) {
            auto* c = reinterpret_cast<call*>(self);
            c->f();
            c->f.~F();
        }
    };

public:
    Defer() {}
    Defer(const Defer&) = delete;

    /// f() will be called when the function ends, whichever way. The last one first.
    template <class F> void operator()(F f) {
        auto* c = new (detail::newdefer(sizeof(call<F>))) call<F>{call<F>::run, static_cast<F&&>(f)};
        detail::deferproc(this, sizeof(call<F>), reinterpret_cast<funcval*>(c));
    }
};

/// Calls f(defer), and then what it deferred. Returns f's result; after a recover, the zero of its type.
template <class F> [[gnu::noinline]] auto func(F f) -> decltype(f(*static_cast<Defer*>(nullptr))) {
    using R = decltype(f(*static_cast<Defer*>(nullptr)));
    Defer d;
    if constexpr (__is_same(R, void)) {
        if (detail::gosave(&d) == 0) f(d);
        detail::deferreturn(&d);
    } else {
        R r{};
        __asm__ volatile("" : : "r"(&r) : "memory");  // in memory, where coming back does not change it
        if (detail::gosave(&d) == 0) r = f(d);
        detail::deferreturn(&d);
        return r;
    }
}

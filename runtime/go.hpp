// go.hpp - what a program includes: go, chan, Select, sync, time, os, fmt::Println. The rest of the runtime is not its
// business.
//
//	#include "go.hpp"
//	void main_main() { fmt::Println("hello world"); }      // func main() of package main; ELF symbol main.main
#pragma once

#include "panic.hpp"
#include "runtime.hpp"
#include "select.hpp"
#include "std/os.hpp"
#include "std/sync.hpp"
#include "time.hpp"

namespace detail {

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

/// A function object with captures, in the shape of a func value.
template <class F> struct closure : closureval {
    F f;
    static void run(funcval* self) {
        auto* c = static_cast<closure*>(self);
        c->f();
        c->f.~F();
    }
    static void move_(void* dst, void* src) {
        auto* from = static_cast<closure*>(src);
        new (dst) closure{{{run}, &type}, detail::move(from->f)};
        from->f.~F();
    }
    static void destroy_(void* v) { static_cast<closure*>(v)->f.~F(); }  // for Goexit, which run does not see
    static constexpr _type type = {sizeof(closureval) + sizeof(F), move_, destroy_};
    // Go's limit: the arguments must leave room for a frame on a 2 KB stack.
    static_assert(sizeof(F) < _StackMin - 5 * sizeof(uintptr) - _StackGuard,
                  "go: function arguments too large for new goroutine");
};

}  // namespace detail

/// Starts a goroutine that calls f(). f's captures move to the new goroutine's stack, and die when it returns.
/// Inlined as the compiler's go statement is, so that g.gopc is in the function that says go.
template <class F> [[gnu::always_inline]] inline void go(F f) {
    using C = detail::closure<F>;
    detail::slot<C> c;
    new (&c.value) C{{{C::run}, &C::type}, detail::move(f)};
    newclosure(&c.value, &C::type);
}

template <class T, class F> struct receivecase;
template <class T, class F> struct sendcase;

/// A channel of T, for any T that can be moved. Copies share the channel, as in Go; the last one frees it. A const chan
/// is a handle that stays with its channel, so a lambda can use the one it captured.
template <class T> class chan {
    hchan* c = nullptr;

    static constexpr const _type* type = &detail::typeof_<T>::value;

public:
    struct received {
        T value;
        bool ok;  // false: the channel is closed and empty, value is T's zero
    };

    /// A nil channel: sends and receives wait for ever.
    chan() = default;
    /// make(chan T, size)
    explicit chan(int64 size) : c(makechan(type, size)) { c->refs = 1; }
    chan(const chan& o) : c(o.c) {
        if (c) atomic::Xaddp(&c->refs, 1);
    }
    chan(chan&& o) noexcept : c(o.c) { o.c = nullptr; }
    chan& operator=(chan o) {
        hchan* mine = c;
        c = o.c;
        o.c = mine;
        return *this;
    }
    ~chan() {
        if (c && atomic::Xaddp(&c->refs, -1) == 0) chanfree(c);
    }

    /// c <- v
    void send(T v) const {
        detail::slot<T> s;
        new (&s.value) T(detail::move(v));
        chansend(c, &s.value, true);
    }
    /// select { case c <- v: default: }, for what must not block. False if there was no room.
    bool trysend(T v) const {
        detail::slot<T> s;
        new (&s.value) T(detail::move(v));
        bool sent = chansend(c, &s.value, false);
        if (!sent) s.value.~T();
        return sent;
    }
    /// v, ok := <-c
    received recv2() const {
        detail::slot<T> s;
        bool ok;
        chanrecv(c, &s.value, true, &ok);
        if (!ok) return {T(), false};
        received r = {detail::move(s.value), true};
        s.value.~T();
        return r;
    }
    /// <-c
    T recv() const { return recv2().value; }
    void close() const { closechan(c); }

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
    template <class F> receivecase<T, F> onrecv(F f) const { return {c, {}, f}; }
    template <class F> sendcase<T, F> onsend(T v, F f) const { return {c, detail::move(v), f}; }

    int64 len() const { return c ? static_cast<int64>(c->qcount) : 0; }
    int64 cap() const { return c ? static_cast<int64>(c->dataqsiz) : 0; }
};

// ---- package runtime -----------------------------------------------------------------------------------------------
// Inside another namespace, so that outside of all a debugger may know a variable `runtime`, whose g0 is runtime.g0.
inline namespace packages { namespace runtime {

/// How many Ps there are, and from now on n if n > 0. Stops the world for a moment.
int32 GOMAXPROCS(int32 n) GO("runtime.GOMAXPROCS");
/// How many CPUs the process may use.
int32 NumCPU() GO("runtime.NumCPU");
/// How many goroutines there are, without the runtime's own.
int32 NumGoroutine() GO("runtime.NumGoroutine");

/// From now on this goroutine runs on this thread, and nobody else does, until UnlockOSThread has been called as often.
/// If it returns while locked, the thread ends with it.
void LockOSThread() GO("runtime.LockOSThread");
void UnlockOSThread() GO("runtime.UnlockOSThread");

}}  // namespace packages::runtime

// ---- select --------------------------------------------------------------------------------------------------------

/// case v, ok := <-c: f(v, ok)
template <class T, class F> struct receivecase {
    hchan* c;
    detail::slot<T> room;
    F f;
    receivecase(hchan* c_, detail::slot<T>, F f_) : c(c_), f(f_) {}
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
    detail::slot<T> room;
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
    scase table[n + 1];
    uint16 order[2 * n + 1];
    int32 i = 0;
    [[maybe_unused]] auto enter = [&](auto& c) {
        if constexpr (!detail::isdefault<decltype(c)>) table[i++] = c.of();
    };
    (enter(cases), ...);
    int32 chosen = selectgo(table, order, n, hasdefault);
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

namespace time {

/// A channel that gets the time, once, in ns from now.
chan<int64> After(int64 ns) GO("time.After");

/// A channel C that gets the time every ns, until Stop. A tick that nobody has taken is not followed by another.
class Ticker {
    timer t{};

public:
    chan<int64> C{1};
    explicit Ticker(int64 ns) GO("time.NewTicker");
    Ticker(const Ticker&) = delete;
    ~Ticker() { Stop(); }
    void Stop() { deltimer(&t); }
};

}  // namespace time

namespace fmt {

/// One word of a line: text or a number.
struct word {
    gostring s;
    int64 n;
    bool number;
    word(const char* c) : s(str(c)), n(0), number(false) {}
    word(gostring c) : s(c), n(0), number(false) {}
    word(int64 v) : s{}, n(v), number(true) {}
    word(int32 v) : word(static_cast<int64>(v)) {}
    word(uint64 v) : word(static_cast<int64>(v)) {}
};

/// Writes words to standard output, blanks between them and a newline after, in one write. Returns the bytes.
int64 println(const word* w, int64 n) GO("fmt.Println");

template <class... W> int64 Println(const W&... w) {
    const word words[] = {word(w)..., word("")};
    return println(words, sizeof...(W));
}

}  // namespace fmt

// chans.cpp - channels: what is sent comes once and in order, or its sender is told; close wakes all who wait.

#include "chan.hpp"

#include "together.hpp"

/// Comes back when n have arrived; meanwhile others run on this P.
static void yield(uintptr n) {
    while (atomic::Load(&arrived) < n) {
        runtime::Gosched();
        procyield(10);
    }
}

template <class F> static bool panics(F f) {
    bool said = false;
    func([&](Defer& defer) {
        defer([&] { said = bool(recover()); });
        f();
    });
    return said;
}

#define SHORT .random = 500, .most = 5000

/// One sends 1 to n, the other receives.
static void pass(int64 size, int64 n) {
    chan<int64> c(size);
    explore::begin();
    go([&c, n] {
        for (int64 i = 1; i <= n; i++) c.send(i);
    });
    for (int64 i = 1; i <= n; i++) explore::check(c.recv() == i, "a message is lost, or out of order");
}

static void through_no_buffer() { pass(0, 2); }
CASE(messages_pass, through_no_buffer, .preemptions = 2, SHORT);
static void through_a_buffer() { pass(2, 5); }
CASE(messages_pass_through_a_buffer, through_a_buffer, .preemptions = 2, SHORT);
CASE(messages_pass_on_one_p, through_a_buffer, .cpus = 1, .preemptions = 2, SHORT);

/// More of them than the buffer has room for, all sent before the first is received; so twice, from its middle on.
static void a_buffer_is_a_ring() {
    chan<int64> c(3);
    explore::begin();
    go([&] {
        for (int64 i = 1; i <= 8; i++) c.send(i);
    });
    for (int64 i = 1; i <= 8; i++) {
        if (i % 4 == 1) runtime::Gosched();
        explore::check(c.len() <= c.cap(), "there is more in the buffer than it has room for");
        explore::check(c.recv() == i, "a message is lost, or out of order");
    }
    explore::check(c.len() == 0, "there is something left");
}
CASE(a_buffer_is_a_ring, a_buffer_is_a_ring, .cpus = 1, .preemptions = 2, SHORT);

/// Two receivers, and a sender whose channel has room for one.
static void each_once() {
    chan<int64> c(1), sums(2);
    explore::begin();
    for (int i = 0; i < 2; i++)
        go([&] {
            int64 first = c.recv(), second = c.recv();
            explore::check(first < second, "a later message came first");
            sums.send(first + second);
        });
    for (int64 i = 0; i < 4; i++) c.send(1ll << i);
    explore::check(sums.recv() + sums.recv() == 15, "a message came twice");
}
CASE(each_message_comes_once, each_once, .preemptions = 2, SHORT);

/// One waits already, and runs beside main as soon as it can: what it was woken with is there by then.
static void who_is_served_knows(bool receives) {
    chan<int64> c(0);
    go([&] {
        if (receives)
            explore::check(c.recv2().ok, "a message came, and the receiver takes it for a close");
        else
            c.send(1);
        arrive();
    });
    runtime::Gosched();
    explore::begin();
    if (receives)
        c.send(1);
    else
        c.recv();
    await(1);
}
static void a_receiver() { who_is_served_knows(true); }
CASE(a_served_receiver_knows, a_receiver, SHORT);
static void a_sender() { who_is_served_knows(false); }
CASE(a_served_sender_knows, a_sender, SHORT);

/// All who receive are woken and told so; so is who comes after.
static void close_wakes_receivers() {
    chan<int64> c(1);
    c.send(1);
    explore::begin();
    for (int i = 0; i < 2; i++)
        go([&] {
            while (c.recv2().ok) continue;
            arrive();
        });
    runtime::Gosched();
    c.close();
    explore::check(!c.recv2().ok || !c.recv2().ok, "a closed channel is not empty for ever");
    yield(2);
}
CASE(close_wakes_receivers, close_wakes_receivers, .preemptions = 2, SHORT);
CASE(close_wakes_receivers_on_one_p, close_wakes_receivers, .cpus = 1, .preemptions = 2, SHORT);

/// Whether they wait already or not: nobody will take it, and they are told by a panic.
static void close_wakes_senders() {
    chan<int64> c(0);
    explore::begin();
    for (int i = 0; i < 2; i++)
        go([&] {
            explore::check(panics([&] { c.send(1); }), "a message was sent to nobody");
            arrive();
        });
    runtime::Gosched();
    c.close();
    yield(2);
}
CASE(close_wakes_senders, close_wakes_senders, .preemptions = 2, SHORT);
CASE(close_wakes_senders_on_one_p, close_wakes_senders, .cpus = 1, .preemptions = 2, SHORT);

/// What is in the buffer still comes; the rest are panics, after which the channel is as it was.
static void closed() {
    chan<int64> c(1);
    c.send(1);
    c.close();
    explore::begin();
    for (int i = 0; i < 2; i++) {
        explore::check(panics([&] { c.send(2); }), "a message went to a closed channel");
        explore::check(panics([&] { c.trysend(2); }), "a message was tried on a closed channel");
        explore::check(panics([&] { Select(c.onsend(2, [] {})); }), "a message went to a closed channel by select");
        explore::check(panics([&] { c.close(); }), "a channel was closed twice");
    }
    explore::check(c.recv() == 1, "what was in the buffer is lost");
    explore::check(!c.recv2().ok, "there is something in a closed channel");
}
CASE(a_closed_channel, closed, .preemptions = 0, .random = 0);

/// There is one receiver for two who do not wait: one of them succeeds, the other goes on.
static void one_of_two_tries() {
    chan<int64> c(0);
    go([&] { c.recv(); });
    runtime::Gosched();
    static int64 sent;
    beside([&] {
        if (c.trysend(1)) atomic::Xadd(&sent, 1);
    });
    open();
    if (c.trysend(2)) atomic::Xadd(&sent, 1);
    await(1);
    explore::check(sent == 1, "two messages for one receiver, or none");
}
CASE(of_two_who_do_not_wait_one_sends, one_of_two_tries, .preemptions = 2, SHORT);

/// There is a message first, and then it is closed: at no moment would one have to wait.
static void a_try_sees_one_of_them() {
    hchan* c = detail::makechan(&detail::typeof_<int64>::value, 1);
    int64 v = 1;
    detail::chansend(c, &v, true);
    beside([c] {
        int64 got;
        detail::closechan(c);
        detail::chanrecv(c, &got, true);  // it, or nothing
    });
    open();
    int64 got;
    bool tried = detail::chanrecv(c, &got, false).selected;
    await(1);
    explore::check(tried, "neither a message nor closed");
}
CASE(a_try_sees_the_message_or_the_close, a_try_sees_one_of_them, .preemptions = 2, SHORT);

/// What nobody received is destroyed, each once, when the last handle is gone.
static void elements_left() {
    static int64 destroyed;
    struct witness {
        bool live = true;
        witness() = default;
        witness(witness&& o) noexcept : live(o.live) { o.live = false; }
        ~witness() { destroyed += live; }
    };
    createfing();  // whom the standard files start otherwise
    explore::begin();
    {
        chan<witness> c(3);
        for (int i = 0; i < 4; i++) {
            if (i == 2) c.recv();
            c.send(witness());
        }
        explore::check(destroyed == 1, "what was received is still there");
    }
    for (int i = 0; i < 5; i++) runtime::Gosched();
    explore::check(destroyed == 4, "what a channel held when nobody used it any more is not destroyed");
}
CASE(elements_left_are_destroyed, elements_left, .cpus = 1, .preemptions = 0, .random = 0);

/// hchan.elemsize has 16 bits.
static void an_element_is_less_than_64k() {
    static const _type fits = {(1 << 16) - 1, nullptr, nullptr}, none = {1 << 16, nullptr, nullptr};
    explore::begin();
    explore::check(detail::makechan(&fits, 1)->elemsize == fits.size, "it is not as large as it is");
    detail::makechan(&none, 1);
}
CASE(an_element_is_less_than_64k, an_element_is_less_than_64k, .cpus = 1, .preemptions = 0, .random = 0,
     .ends = "fatal error: makechan: invalid channel element type");

/// What says which finalizer is to be called, of what, is freed when it has been.
static void a_finalizer_s_record_comes_back() {
    static int64 called;
    createfing();
    runtime::Gosched();
    explore::begin();
    void* record = mallocgc(24);
    mfree(record, 24);
    queuefinalizer([](void*) { called++; }, nullptr);
    for (int i = 0; i < 3; i++) runtime::Gosched();
    explore::check(called == 1, "it was not called");
    explore::check(mallocgc(24) == record, "its record is lost");
}
CASE(a_finalizer_s_record_comes_back, a_finalizer_s_record_comes_back, .cpus = 1, .preemptions = 0, .random = 0);

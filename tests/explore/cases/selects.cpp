// selects.cpp - select: one case is served, once, and the others are as if it had never waited there.

#include "chan.hpp"

#include "together.hpp"

#define ONCE .preemptions = 0, .random = 0
#define SHORT .preemptions = 2, .random = 500, .most = 5000

/// Each locks both channels, in the order of its cases if nobody sorts them.
static void two_lock_both() {
    chan<int64> a(1), b(1);
    beside([&] { Select(b.onsend(1, [] {}), a.onsend(1, [] {})); });
    open();
    Select(a.onsend(2, [] {}), b.onsend(2, [] {}));
    await(1);
    explore::check(a.len() + b.len() == 2, "a message is lost");
}
CASE(selects_lock_in_one_order, two_lock_both, SHORT);

/// One waits on two channels, and two send at once.
static void two_send_to_one_select() {
    chan<int64> a(0), b(0);
    static int64 sum, turns;
    go([&] {
        for (int i = 0; i < 2; i++) {
            auto got = [](int64 v, bool ok) {
                sum += v;
                turns += ok;
            };
            Select(a.onrecv(got), b.onrecv(got));
        }
        arrive();
    });
    runtime::Gosched();
    beside([&] { a.send(1); });
    open();
    b.send(2);
    await(2);
    explore::check(sum == 3 && turns == 2, "a message is lost, or came twice");
}
CASE(two_send_to_one_select, two_send_to_one_select, .cpus = 3, .preemptions = 2, .random = 500, .most = 5000);

/// What is behind a handle.
static hchan* of(const chan<int64>& c) { return *reinterpret_cast<hchan* const*>(&c); }

/// Nobody waits on it, and it is not locked.
static void quiet(const chan<int64>& c) {
    explore::check(!of(c)->recvq.first && !of(c)->sendq.first, "somebody who is gone still waits on a channel");
    explore::check(!of(c)->recvq.last && !of(c)->sendq.last, "a queue is empty, and has a last one");
    explore::check(of(c)->lock.key == 0, "a channel is locked");
}

/// Selects at both ends: what one sends the other receives.
static void select_meets_select() {
    chan<int64> a(0), b(0);
    static int64 sent, received;
    beside([&] { Select(a.onsend(1, [] { sent = 1; }), b.onsend(2, [] { sent = 2; })); });
    open();
    auto got = [](int64 v, bool) { received = v; };
    Select(b.onrecv(got), a.onrecv(got));
    await(1);
    explore::check(sent == received, "the two do not agree on which channel it was");
    quiet(a), quiet(b);
}
CASE(select_meets_select, select_meets_select, SHORT);

/// A select waits on three channels, beside others who wait there before and behind it; then it is served by one.
static void losers_leave_their_queues() {
    chan<int64> a(0), b(0), c(0);
    static int64 sum;
    auto got = [](int64 v, bool) { sum += v; };
    auto receive = [&](const chan<int64>& from) { go([&] { sum += from.recv(); }); };
    explore::begin();
    receive(a);
    runtime::Gosched();
    go([&] { Select(c.onrecv(got), a.onrecv(got), b.onrecv(got)); });
    runtime::Gosched();
    receive(a), receive(b);
    runtime::Gosched();
    a.send(1);  // to the one before the select
    c.send(2);  // to the select
    runtime::Gosched();
    a.send(4), b.send(8);
    runtime::Gosched();
    explore::check(sum == 15, "a message went to a select that had been served");
    quiet(a), quiet(b), quiet(c);
}
CASE(losers_leave_their_queues, losers_leave_their_queues, .cpus = 1, ONCE);

/// A select leaves the middle of a queue, and points no more to those between whom it stood.
static void losers_leave_from_the_middle() {
    chan<int64> a(0), b(0);
    static int64 sum;
    auto got = [](int64 v, bool) { sum += v; };
    auto receive = [&] { go([&] { sum += a.recv(); }); };
    explore::begin();
    receive();
    runtime::Gosched();
    go([&] { Select(a.onrecv(got), b.onrecv(got)); });
    runtime::Gosched();
    receive();
    runtime::Gosched();
    b.send(1);
    runtime::Gosched();
    a.send(2), a.send(4);
    runtime::Gosched();
    explore::check(sum == 7, "one who waited beside a select is forgotten");
    quiet(a), quiet(b);
}
CASE(losers_leave_from_the_middle, losers_leave_from_the_middle, .cpus = 1, ONCE);

/// A select has been served and does not run yet: who sends elsewhere takes it off, and those behind it stay.
static void losers_may_be_off_already() {
    chan<int64> a(0), b(0);
    static int64 sum;
    auto got = [](int64 v, bool) { sum += v; };
    explore::begin();
    go([&] { Select(a.onrecv(got), b.onrecv(got)); });
    runtime::Gosched();
    for (int i = 0; i < 3; i++) {
        go([&] { sum += b.recv(); });
        runtime::Gosched();
    }
    a.send(1);
    b.send(2);
    runtime::Gosched();
    b.send(4), b.send(8);
    runtime::Gosched();
    explore::check(sum == 15, "one who waited behind a select is forgotten");
    quiet(a), quiet(b);
}
CASE(losers_may_be_off_already, losers_may_be_off_already, .cpus = 1, ONCE);

/// The same channel in three cases is locked once, in whatever order they stand; so twice.
static void one_channel_in_many_cases() {
    chan<int64> a(0), b(0);
    static int64 sum;
    auto got = [](int64 v, bool) { sum += v; };
    explore::begin();
    for (int i = 0; i < 2; i++) {
        go([&] { Select(a.onrecv(got), b.onrecv(got), a.onrecv(got), b.onsend(7, [] {}), a.onrecv(got)); });
        runtime::Gosched();
        a.send(1);
        runtime::Gosched();
        quiet(a), quiet(b);
        Select(a.onrecv(got), b.onrecv(got), a.onrecv(got), otherwise([] { sum += 100; }));
        quiet(a), quiet(b);
    }
    explore::check(sum == 202, "a message is lost, or there was no default");
}
CASE(one_channel_in_many_cases, one_channel_in_many_cases, .cpus = 1, ONCE);

/// It is told which: a message, or a close; whether it waited or not.
static void a_select_knows_a_close() {
    chan<int64> a(1), b(0);
    static int64 zeros, messages;
    auto got = [](int64, bool ok) { (ok ? messages : zeros)++; };
    explore::begin();
    a.send(1);
    Select(a.onrecv(got), b.onrecv(got));
    explore::check(messages == 1, "a message from a buffer was not received");
    go([&] { Select(b.onrecv(got), a.onrecv(got)); });
    runtime::Gosched();
    b.send(1);
    runtime::Gosched();
    explore::check(messages == 2, "a message was taken for a close");
    go([&] { Select(b.onrecv(got), a.onrecv(got)); });
    runtime::Gosched();
    a.close();
    runtime::Gosched();
    explore::check(zeros == 1, "a close was taken for a message");
    Select(b.onrecv(got), a.onrecv(got));
    explore::check(zeros == 2, "a closed channel is not ready");
    quiet(a), quiet(b);
}
CASE(a_select_knows_a_close, a_select_knows_a_close, .cpus = 1, ONCE);

/// With something in the buffer, with somebody who waits to send behind it.
static void a_select_receives_in_order() {
    chan<int64> a(2), never;
    static int64 seen[3], n;
    explore::begin();
    go([&] {
        for (int64 i = 1; i <= 3; i++) Select(a.onsend(i, [] {}), never.onsend(0, [] {}));
    });
    runtime::Gosched();
    explore::check(a.len() == 2, "a select did not send to a buffer with room, or to one without");
    while (n < 3) Select(a.onrecv([](int64 v, bool) { seen[n++] = v; }), never.onrecv([](int64, bool) {}));
    for (int64 i = 0; i < 3; i++) explore::check(seen[i] == i + 1, "a message is lost, or out of order");
    quiet(a);
}
CASE(a_select_receives_in_order, a_select_receives_in_order, .cpus = 1, ONCE);

/// Both are ready a hundred times.
static void none_is_favoured() {
    chan<int64> a(1), b(1);
    static int64 first;
    explore::begin();
    for (int i = 0; i < 100; i++) {
        if (a.len() == 0) a.send(1);
        if (b.len() == 0) b.send(1);
        Select(a.onrecv([](int64, bool) { first++; }), b.onrecv([](int64, bool) {}));
    }
    explore::check(first > 25 && first < 75, "one case is favoured");
}
CASE(none_is_favoured, none_is_favoured, .cpus = 1, ONCE);

/// Closed while it waits on two: nothing is received from either, and it ends.
static void a_close_beside_a_select() {
    chan<int64> a(0), b(0);
    static int64 zeros;
    auto got = [](int64, bool ok) { zeros += !ok; };
    beside([&] {
        a.close();
        b.close();
    });
    open();
    Select(a.onrecv(got), b.onrecv(got));
    Select(b.onrecv(got), a.onrecv(got));
    await(1);
    explore::check(zeros == 2, "something came from a channel to which nothing was sent");
    quiet(a), quiet(b);
}
CASE(a_close_beside_a_select, a_close_beside_a_select, SHORT);

/// What a closed channel still holds comes first, also to a select.
static void a_closed_channel_is_emptied_first() {
    chan<int64> a(1);
    static int64 sum, turns;
    auto got = [](int64 v, bool ok) { sum += v, turns += ok; };
    explore::begin();
    a.send(7);
    a.close();
    Select(a.onrecv(got));
    Select(a.onrecv(got));
    explore::check(sum == 7 && turns == 1, "what was sent before the close is lost");
}
CASE(a_closed_channel_is_emptied_first, a_closed_channel_is_emptied_first, .cpus = 1, ONCE);

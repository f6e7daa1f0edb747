// conds.cpp - sync.Cond: Signal wakes in the order of Wait, Broadcast wakes all, and nobody is forgotten.

#include "go.hpp"
#include "runtime.hpp"
#include "sema.hpp"

constexpr int64 waiters = 100;

static sync::Mutex m;
static sync::Cond c(&m);
static int64 waiting, woken, number[waiters];

/// Starts all who wait; returns once each has its ticket. Some are not asleep by then.
static void gather() {
    waiting = woken = 0;
    for (int64 i = 0; i < waiters; i++)
        go([] {
            m.Lock();
            int64 mine = waiting++;
            c.Wait();
            number[woken++] = mine;
            m.Unlock();
        });
    for (bool all = false; !all; runtime::Gosched()) {
        m.Lock();
        all = waiting == waiters;
        m.Unlock();
    }
}

static void awaken(int64 n) {
    for (bool all = false; !all; runtime::Gosched()) {
        m.Lock();
        all = woken == n;
        m.Unlock();
    }
}

static bool asleep(notifyList* l) {
    lockp(&l->lock);
    bool some = l->head;
    unlockp(&l->lock);
    return some;
}

/// Two tickets, and the second's owner is the first to sleep; then a third, that is notified before its owner sleeps.
static bool tickets() {
    static notifyList l;
    uint32 first = notifyListAdd(&l), second = notifyListAdd(&l);
    chan<bool> awake(1);
    go([=] {
        notifyListWait(&l, second);
        awake.send(true);
    });
    while (!asleep(&l)) runtime::Gosched();
    notifyListNotifyOne(&l);
    bool ok = asleep(&l);  // it was not for the second
    notifyListWait(&l, first);
    notifyListNotifyOne(&l);
    awake.recv();
    uint32 third = notifyListAdd(&l);
    notifyListNotifyAll(&l);
    notifyListWait(&l, third);
    return ok;
}

/// A ring of four places, and a Cond for either thing one can wait for.
struct ring {
    sync::Mutex mu;
    sync::Cond notfull{&mu}, notempty{&mu};
    int64 place[4], put = 0, taken = 0;

    void send(int64 v) {
        mu.Lock();
        while (put - taken == 4) notfull.Wait();
        place[put++ % 4] = v;
        notempty.Signal();
        mu.Unlock();
    }
    int64 recv() {
        mu.Lock();
        while (put == taken) notempty.Wait();
        int64 v = place[taken++ % 4];
        notfull.Signal();
        mu.Unlock();
        return v;
    }
};

void main_main() {
    c.Signal();  // nobody waits: not kept for later
    c.Broadcast();

    gather();
    bool inorder = true;
    for (int64 i = 0; i < waiters; i++) {
        c.Signal();
        awaken(i + 1);
        inorder = inorder && number[i] == i;
    }
    fmt::Println("order", inorder ? "ok" : "WRONG");

    gather();
    c.Broadcast();
    awaken(waiters);
    fmt::Println("broadcast", woken);

    fmt::Println("tickets", tickets() ? "ok" : "WRONG");

    static ring r;
    constexpr int64 ends = 10, each = 2000;
    static int64 sum;
    sync::WaitGroup wg;
    wg.Add(2 * ends);
    for (int64 k = 0; k < ends; k++) {
        go([&wg, k] {
            for (int64 i = 0; i < each; i++) r.send(k * each + i);
            wg.Done();
        });
        go([&wg] {
            for (int64 i = 0; i < each; i++) atomic::Xadd(&sum, r.recv());
            wg.Done();
        });
    }
    wg.Wait();
    fmt::Println("buffer", sum, "of", ends * each * (ends * each - 1) / 2);
}

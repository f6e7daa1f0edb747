// time.cpp - timers: Sleep, and functions that are called at a time. Go's counterpart: time.go of 1.10.
//
// 64 buckets, one for each P up to 64, so that Ps need not share a lock. A bucket has a heap of timers, four children
// to a node, and a goroutine, timerproc, that sleeps until the first of them is due.

#include "runtime.hpp"

#include "extern.hpp"
#include "std/time.hpp"

constexpr int32 timersLen = 64;

struct timersBucket {
    mutex lock;
    struct g* gp;  // timerproc
    bool created;
    bool sleeping;      // timerproc sleeps on waitnote until sleepUntil
    bool rescheduling;  // timerproc is parked: there was no timer
    int64 sleepUntil;
    note waitnote;
    timer* running;   // its function is being called
    slice<timer*> t;  // heap: t[0] is due first
};

static timersBucket timers[timersLen] largetable;

// ---- the heap, with the bucket's lock held -------------------------------------------------------------------------

static void put(timersBucket* tb, int64 i, timer* t) {
    tb->t.array[i] = t;
    t->i = i;
}

static void siftup(timersBucket* tb, int64 i) {
    timer* t = tb->t.array[i];
    for (; i > 0 && t->when < tb->t.array[(i - 1) / 4]->when; i = (i - 1) / 4) put(tb, i, tb->t.array[(i - 1) / 4]);
    put(tb, i, t);
}

static void siftdown(timersBucket* tb, int64 i) {
    timer* t = tb->t.array[i];
    for (;;) {
        int64 least = -1;
        for (int64 c = 4 * i + 1; c <= 4 * i + 4 && c < tb->t.len; c++)
            if (least < 0 || tb->t.array[c]->when < tb->t.array[least]->when) least = c;
        if (least < 0 || tb->t.array[least]->when >= t->when) break;
        put(tb, i, tb->t.array[least]);
        i = least;
    }
    put(tb, i, t);
}

static void removeat(timersBucket* tb, int64 i) {
    timer* t = tb->t.array[i];
    timer* last = tb->t.array[--tb->t.len];
    if (last != t) {
        put(tb, i, last);
        siftup(tb, i);
        siftdown(tb, last->i);
    }
    t->i = -1;
}

// ---- timerproc -----------------------------------------------------------------------------------------------------

namespace {
struct timerprocval : funcval {
    timersBucket* tb;
};
}  // namespace

void timerproc(funcval* self) {
    timersBucket* tb = static_cast<timerprocval*>(self)->tb;
    tb->gp = getg();
    for (;;) {
        lock(&tb->lock);
        tb->sleeping = false;
        int64 now = nanotime();
        int64 delta = -1;
        while (tb->t.len > 0) {
            timer* t = tb->t.array[0];
            delta = t->when - now;
            if (delta > 0) break;
            if (t->period > 0) {
                t->when += t->period * (1 + -delta / t->period);  // the next one that is not past
                siftdown(tb, 0);
            } else {
                removeat(tb, 0);
            }
            void (*f)(void*) = t->f;
            void* arg = t->arg;
            tb->running = t;
            unlock(&tb->lock);
            f(arg);
            lock(&tb->lock);
            tb->running = nullptr;
            delta = -1;
        }
        if (delta < 0) {
            tb->rescheduling = true;
            goparkunlock(&tb->lock, str("timer goroutine (idle)"));
            continue;
        }
        tb->sleeping = true;
        tb->sleepUntil = now + delta;
        noteclear(&tb->waitnote);
        unlock(&tb->lock);
        notetsleepg(&tb->waitnote, delta);
    }
}

/// A bucket's timerproc is told if the new timer is due before what it waits for.
void addtimer(timer* t) {
    if (t->when < 0) t->when = 0x7fffffffffffffff;
    t->tb = &timers[getg()->m->p->id % timersLen];
    timersBucket* tb = t->tb;
    lock(&tb->lock);
    if (tb->t.len == tb->t.cap) {
        int64 cap = tb->t.cap ? 2 * tb->t.cap : 16;
        auto* a = static_cast<timer**>(mallocgc(sizeof(timer*) * static_cast<uintptr>(cap)));
        if (tb->t.len) memcpy(a, tb->t.array, sizeof(timer*) * static_cast<uintptr>(tb->t.len));
        if (tb->t.cap) mfree(tb->t.array, sizeof(timer*) * static_cast<uintptr>(tb->t.cap));
        tb->t = {a, tb->t.len, cap};
    }
    tb->t.len++;
    put(tb, tb->t.len - 1, t);
    siftup(tb, t->i);
    bool make = false;
    if (t->i == 0) {
        if (tb->sleeping && tb->sleepUntil > t->when) {
            tb->sleeping = false;
            notewakeup(&tb->waitnote);
        }
        if (tb->rescheduling) {
            tb->rescheduling = false;
            goready(tb->gp);
        }
        make = !tb->created;
        tb->created = true;
    }
    unlock(&tb->lock);
    if (make) {
        static timerprocval procs[timersLen] largetable;
        timerprocval* f = &procs[tb - timers];
        *f = {{timerproc}, tb};
        newproc(0, f);
    }
}

bool deltimer(timer* t) {
    timersBucket* tb = t->tb;
    if (!tb) return false;
    lock(&tb->lock);
    bool there = t->i >= 0 && t->i < tb->t.len && tb->t.array[t->i] == t;
    if (there) removeat(tb, t->i);  // first, lest a fast ticker begins again whenever we look
    while (tb->running == t) {      // without a collector the timer must not be in use when we return
        unlock(&tb->lock);
        runtime::Gosched();
        lock(&tb->lock);
    }
    unlock(&tb->lock);
    return there;
}

// ---- package time --------------------------------------------------------------------------------------------------

static void goroutineReady(void* gp) { goready(static_cast<g*>(gp)); }

static bool startsleep(g*, void* t) {
    addtimer(static_cast<timer*>(t));
    return true;
}

/// The timer is started once the goroutine is off its stack and waiting, so it cannot fire too early.
void time::Sleep(int64 ns) {
    if (ns <= 0) return;
    g* gp = getg();
    if (!gp->timer) gp->timer = new_<timer>();
    timer* t = gp->timer;
    *t = {};
    t->when = nanotime() + ns;
    t->f = goroutineReady;
    t->arg = gp;
    gopark(startsleep, t, str("sleep"));
}

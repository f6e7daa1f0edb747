// syncs.cpp - package sync: nobody is in there twice, nobody waits for ever, and who has waited too long is next.

#include "together.hpp"

#define ONCE .preemptions = 0, .random = 0
#define SHORT .preemptions = 2, .random = 500, .most = 5000

static sync::Mutex mu;
static int64 order, inside, times;

static void note_down(int64 who) { order = 10 * order + who; }

/// All that the word of a lock and its semaphore say when nobody has it.
template <class T> static void free(const T& lock) {
    auto* words = reinterpret_cast<const uint32*>(&lock);
    for (uintptr i = 0; i < sizeof lock / sizeof *words; i++)
        explore::check(words[i] == 0, "the lock is not as it was");
}

static void be_inside() {
    explore::check(++inside == 1, "two are inside");
    explore::point();
    inside--;
    times++;
}

// ---- Mutex ---------------------------------------------------------------------------------------------------------

static void work_twice() {
    for (int i = 0; i < 2; i++) {
        mu.Lock();
        be_inside();
        mu.Unlock();
    }
}

static void one_is_inside() {
    beside(work_twice);
    open();
    work_twice();
    await(1);
    explore::check(times == 4, "somebody was never inside");
    free(mu);
}
CASE(a_mutex_excludes, one_is_inside, SHORT);

/// Three, so that one is woken while another waits still.
static void one_of_three_is_inside() {
    beside(work_twice);
    beside(work_twice);
    open();
    work_twice();
    await(2);
    explore::check(times == 6, "somebody was never inside");
    free(mu);
}
CASE(a_mutex_excludes_three, one_of_three_is_inside, .cpus = 3, .preemptions = 2, .random = 1000, .most = 5000);

static g* locker(int64 who) {
    static g* gp;
    go([who] {
        gp = getg();
        mu.Lock();
        note_down(who);
        mu.Unlock();
    });
    runtime::Gosched();
    return gp;
}

/// Main unlocks, and has the lock again before the woken one runs.
static void overtake() {
    mu.Unlock();
    mu.Lock();
}

static void who_lost_waits_in_front() {
    explore::begin();
    mu.Lock();
    locker(1), locker(2);
    overtake();
    runtime::Gosched();
    mu.Unlock();
    runtime::Gosched(), runtime::Gosched();
    explore::check(order == 12, "one who was woken and lost stood behind another after that");
    free(mu);
}
CASE(who_lost_waits_in_front, who_lost_waits_in_front, .cpus = 1, ONCE);

static void one_is_awake() {
    explore::begin();
    mu.Lock();
    locker(1);
    g* second = locker(2);
    overtake();
    mu.Unlock();
    explore::check(readgstatus(second) == _Gwaiting, "a second one was woken while the first had not run");
    runtime::Gosched(), runtime::Gosched();
    explore::check(order == 12, "somebody was never inside");
    free(mu);
}
CASE(one_is_awake, one_is_awake, .cpus = 1, ONCE);

/// One waits for more than a millisecond and is overtaken; then nobody overtakes him.
static void who_starves_is_next() {
    explore::begin();
    mu.Lock();
    locker(1);
    time::Sleep(2 * time::Millisecond);
    overtake();
    runtime::Gosched();  // he lost
    mu.Unlock();         // and has it now
    mu.Lock();
    note_down(2);
    mu.Unlock();
    explore::check(order == 12, "one who starves was overtaken");
    mu.Lock();  // as usual again
    locker(3);
    overtake();
    note_down(4);
    mu.Unlock();
    runtime::Gosched();
    explore::check(order == 1243, "nobody starves, and a lock was handed over");
    free(mu);
}
CASE(who_starves_is_next, who_starves_is_next, .cpus = 1, ONCE);

/// The lock is handed on until one comes who did not wait long; then who is running has it again.
static void who_did_not_wait_long_ends_it() {
    explore::begin();
    mu.Lock();
    locker(1);
    time::Sleep(2 * time::Millisecond);
    overtake();
    runtime::Gosched();
    go([] {
        for (int64 who = 2; who <= 4; who += 2) {
            mu.Lock();
            note_down(who);
            mu.Unlock();
        }
    });
    runtime::Gosched();
    locker(3);
    mu.Unlock();
    for (int i = 0; i < 4; i++) runtime::Gosched();
    explore::check(order == 1243, "the lock was handed over though nobody starved any more");
    free(mu);
}
CASE(who_did_not_wait_long_ends_it, who_did_not_wait_long_ends_it, .cpus = 1, ONCE);

/// Who has waited too long and finds the lock free leaves it as usual: nobody waits whom it could be handed to.
static void who_starved_and_met_nobody() {
    explore::begin();
    mu.Lock();
    locker(1);
    time::Sleep(2 * time::Millisecond);
    mu.Unlock();
    runtime::Gosched();
    explore::check(order == 1, "he never came in");
    free(mu);
}
CASE(who_starved_and_met_nobody, who_starved_and_met_nobody, .cpus = 1, ONCE);

/// The time counts from the beginning, however often he was woken and lost.
static void who_loses_often_starves() {
    explore::begin();
    mu.Lock();
    locker(1);
    for (int i = 0; i < 2; i++) {
        time::Sleep(600 * time::Microsecond);
        overtake();
        runtime::Gosched();
    }
    mu.Unlock();
    mu.Lock();
    note_down(2);
    mu.Unlock();
    explore::check(order == 12, "one who starves was overtaken");
    free(mu);
}
CASE(who_loses_often_starves, who_loses_often_starves, .cpus = 1, ONCE);

/// The same within the millisecond: who is running has the lock, for that is faster.
static void who_runs_is_next() {
    explore::begin();
    mu.Lock();
    locker(1);
    overtake();
    runtime::Gosched();
    mu.Unlock();
    mu.Lock();
    note_down(2);
    mu.Unlock();
    runtime::Gosched();
    explore::check(order == 21, "a lock was handed over to one who has just come");
    free(mu);
}
CASE(who_runs_is_next, who_runs_is_next, .cpus = 1, ONCE);

static void unlocked_twice() {
    explore::begin();
    mu.Lock();
    mu.Unlock();
    mu.Unlock();
}
CASE(a_mutex_unlocked_twice, unlocked_twice, ONCE, .ends = "fatal error: sync: unlock of unlocked mutex");

static void locked_twice() {
    explore::begin();
    mu.Lock();
    mu.Lock();
}
CASE(a_mutex_locked_twice, locked_twice, ONCE, .ends = "fatal error: all goroutines are asleep - deadlock!");

// ---- RWMutex -------------------------------------------------------------------------------------------------------

static sync::RWMutex rw;

static void write() {
    rw.Lock();
    be_inside();
    rw.Unlock();
}

static void read() {
    rw.RLock();
    explore::check(inside == 0, "a reader is inside with a writer");
    explore::point();
    explore::check(inside == 0, "a writer came to a reader");
    rw.RUnlock();
}

static void writers_and_a_reader() {
    beside([] {
        read();
        write();
    });
    open();
    write();
    read();
    await(1);
    explore::check(times == 2, "somebody was never inside");
    free(rw);
}
CASE(a_writer_is_alone, writers_and_a_reader, SHORT);

static void two_readers_and_a_writer() {
    beside(read);
    beside(read);
    open();
    write();
    await(2);
    free(rw);
}
CASE(readers_and_a_writer, two_readers_and_a_writer, .cpus = 3, .preemptions = 2, .random = 500, .most = 5000);

/// The last reader leaves while a writer counts whom it has to wait for.
static void a_reader_leaves_a_writer_comes() {
    go([] {
        rw.RLock();
        meet(2);
        rw.RUnlock();
        arrive();
    });
    await(1);
    explore::begin();
    meet(2);
    write();
    await(3);
    free(rw);
}
CASE(a_reader_leaves_while_a_writer_comes, a_reader_leaves_a_writer_comes, SHORT);

/// Readers are in there together; a writer who waits keeps new ones out, and lets them in before the next writer.
static void readers_and_writers_take_turns() {
    explore::begin();
    auto reader = [](int64 who) {
        go([who] {
            rw.RLock();
            note_down(who);
            runtime::Gosched();
            rw.RUnlock();
        });
        runtime::Gosched();
    };
    auto writer = [](int64 who) {
        go([who] {
            rw.Lock();
            note_down(who);
            rw.Unlock();
        });
        runtime::Gosched();
    };
    rw.RLock();
    rw.RLock();
    writer(2);
    reader(3), reader(4);
    explore::check(order == 0, "a reader came in while a writer waits, or a writer while a reader is there");
    rw.RUnlock();
    runtime::Gosched();
    explore::check(order == 0, "a writer came in with the last but one reader");
    writer(5);
    rw.RUnlock();
    for (int i = 0; i < 5; i++) runtime::Gosched();
    explore::check(order == 2435 || order == 2345, "it was not the writer, the readers, the next writer");
    free(rw);
}
CASE(readers_and_writers_take_turns, readers_and_writers_take_turns, .cpus = 1, ONCE);

static void runlocked_twice() {
    explore::begin();
    rw.RLock();
    rw.RUnlock();
    rw.RUnlock();
}
CASE(an_rwmutex_runlocked_twice, runlocked_twice, ONCE, .ends = "fatal error: sync: RUnlock of unlocked RWMutex");

static void runlocked_by_a_writer() {
    explore::begin();
    rw.Lock();
    rw.RUnlock();
}
CASE(an_rwmutex_runlocked_by_a_writer, runlocked_by_a_writer, ONCE,
     .ends = "fatal error: sync: RUnlock of unlocked RWMutex");

static void wunlocked_twice() {
    explore::begin();
    rw.Lock();
    rw.Unlock();
    rw.Unlock();
}
CASE(an_rwmutex_unlocked_twice, wunlocked_twice, ONCE, .ends = "fatal error: sync: Unlock of unlocked RWMutex");

// ---- WaitGroup, Once, Cond -----------------------------------------------------------------------------------------

static sync::WaitGroup wg;

/// Who was woken may use it again before the one who woke him has come back.
static void a_group_is_used_again_at_once() {
    wg.Add(1);
    beside([] { wg.Done(); });
    open();
    wg.Wait();
    wg.Add(1);
    await(1);
    explore::check(reinterpret_cast<const uint64&>(wg) == 1ull << 32, "one who was added is forgotten");
}
CASE(a_group_is_used_again_at_once, a_group_is_used_again_at_once, SHORT);

/// Two wait for two, and then again.
static void a_group_comes_together() {
    explore::begin();
    for (int round = 1; round < 3; round++) {
        wg.Add(2);
        go([] {
            wg.Wait();
            note_down(1);
        });
        go([] {
            wg.Wait();
            note_down(1);
        });
        runtime::Gosched();
        wg.Done();
        runtime::Gosched();
        explore::check(order == (round == 1 ? 0 : 11), "one came back before all had ended");
        wg.Done();
        wg.Wait();
        runtime::Gosched();
        explore::check(order == (round == 1 ? 11 : 1111), "one who waited was not woken");
        free(wg);
    }
}
CASE(a_group_comes_together, a_group_comes_together, .cpus = 1, ONCE);

/// One is about to wait while the last ends.
static void done_while_one_begins_to_wait() {
    static int64 done;
    wg.Add(2);
    auto end = [] {
        atomic::Xadd(&done, 1);
        wg.Done();
    };
    beside(end);
    open();
    end();
    wg.Wait();
    explore::check(done == 2, "it came back before all had ended");
    await(1);
    free(wg);
}
CASE(done_while_one_begins_to_wait, done_while_one_begins_to_wait, SHORT);

static void less_than_none() {
    bool said = false;
    explore::begin();
    func([&](Defer& defer) {
        defer([&] { said = bool(recover()); });
        wg.Done();
    });
    explore::check(said, "less than none are to be waited for, and nothing is said");
}
CASE(a_group_of_less_than_none, less_than_none, .cpus = 1, ONCE);

static sync::Once once;

/// Whoever comes back from Do finds it done, by one.
static void done_once() {
    auto work = [] {
        once.Do([] {
            explore::point();
            atomic::Xadd(&times, 1);
        });
        explore::check(atomic::Load(&times) == 1, "it is not done, or was done twice");
    };
    beside(work);
    open();
    work();
    await(1);
}
CASE(done_once, done_once, SHORT);

/// One has the lock, looks and goes to sleep while another changes what it looked at, and says so.
static void changed_while_falling_asleep(void (sync::Cond::*say)()) {
    static bool ready;
    sync::Cond cond(&mu);
    mu.Lock();
    beside([&] {
        arrive();
        while (!ready) cond.Wait();
        mu.Unlock();
    });
    open();
    await(1);
    mu.Lock();
    ready = true;
    mu.Unlock();
    (cond.*say)();
    await(2);
    free(mu);
}
static void by_a_signal() { changed_while_falling_asleep(&sync::Cond::Signal); }
CASE(signalled_while_falling_asleep, by_a_signal, SHORT);
static void by_a_broadcast() { changed_while_falling_asleep(&sync::Cond::Broadcast); }
CASE(broadcast_while_falling_asleep, by_a_broadcast, SHORT);

// semas.cpp - semaphores of goroutines: who waits on a word is woken when it is free, in his turn, and nobody twice.

#include "sema.hpp"

#include "together.hpp"

#define ONCE .preemptions = 0, .random = 0
#define SHORT .preemptions = 2, .random = 500, .most = 5000

static uint32 word;

static void as_it_was() {
    for (semaRoot& root : semtable)
        explore::check(!root.treap && root.nwait == 0 && root.lock.key == 0, "somebody is gone and still counted");
}

/// One takes while another gives: he sees it, or is seen.
static void taken_while_given() {
    static uint32 other;
    beside([] {
        semacquire(&word, false);
        semrelease(&other, false);
    });
    open();
    semrelease(&word, false);
    semacquire(&other, false);
    explore::check(word == 0 && other == 0, "the word was not taken");
    await(1);
    as_it_was();
}
CASE(taken_while_given, taken_while_given, .random = 500, .most = 8000);

/// Two for whom there is one word at a time; a third takes it before them if he can.
static void one_at_a_time() {
    static uint32 inside, times;
    word = 1;
    auto work = [] {
        for (int i = 0; i < 2; i++) {
            semacquire(&word, false);
            explore::check(++inside == 1, "two have the same word");
            explore::point();
            inside--;
            times++;
            semrelease(&word, false);
        }
    };
    beside(work);
    open();
    work();
    await(1);
    explore::check(times == 4 && word == 1, "the word is not as it was");
    as_it_was();
}
CASE(one_has_the_word_at_a_time, one_at_a_time, SHORT);

// ---- one P: an order that is always the same -----------------------------------------------------------------------

static int64 order;

static void wait(uint32* addr, int64 who, bool lifo) {
    go([=] {
        semacquire(addr, lifo);
        order = 10 * order + who;
    });
    runtime::Gosched();
}

static void give(uint32* addr) {
    semrelease(addr, false);
    runtime::Gosched();
}

static void in_line() {
    explore::begin();
    wait(&word, 1, false);
    wait(&word, 2, false);
    wait(&word, 3, true);
    wait(&word, 4, false);
    give(&word), give(&word);
    wait(&word, 5, false);
    for (int i = 0; i < 3; i++) give(&word);
    explore::check(order == 31245, "they were not served in line, or lifo is not at its head");
    as_it_was();
}
CASE(waiters_stand_in_line, in_line, .cpus = 1, ONCE);

/// Handed over: who comes between the release and the waking finds nothing. Not handed over: he does.
static void handed_over() {
    static int64 turns;
    explore::begin();
    for (bool handoff = true;; handoff = false) {
        go([] {
            semacquire(&word, false);
            turns++;
        });
        runtime::Gosched();
        semrelease(&word, handoff);
        explore::check(word == !handoff, "the word was not taken for the one who waits, or was without being asked");
        if (!handoff) semacquire(&word, false);  // it was free
        runtime::Gosched();
        explore::check(turns == 1, "the word was taken twice, or not by the one to whom it was handed");
        if (!handoff) break;
    }
    give(&word);
    explore::check(turns == 2 && word == 0, "who lost the word once does not wait for it again");
    as_it_was();
}
CASE(a_word_is_handed_over, handed_over, .cpus = 1, ONCE);

// ---- a root's tree -------------------------------------------------------------------------------------------------

/// Addresses of one root, waited on in this order.
static uint32 words[2 * 251 * 20];
static uint32* at(int i) { return &words[i * 2 * 251]; }

/// How many stand in the tree below s: addresses in order, no ticket less than its parent's.
static int held(sudog* s, sudog* parent, void* low, void* high) {
    if (!s) return 0;
    explore::check(s->parent == parent, "a node does not know its parent");
    explore::check(!parent || parent->ticket <= s->ticket, "a ticket is less than its parent's");
    explore::check(low < s->elem && s->elem < high, "addresses are not in order");
    return held(s->prev, s, low, s->elem) + held(s->next, s, s->elem, high) + 1;
}

static void trees_hold() {
    constexpr int n = 12;
    explore::begin();
    semaRoot* root = semroot(at(0));
    auto holds = [root](int count) {
        explore::check(held(root->treap, nullptr, words, words + sizeof words / sizeof *words) == count, "one is lost");
    };
    for (int i = 0; i < n; i++) {
        wait(at(1 + i * 5 % n), 0, false);
        holds(i + 1);
    }
    for (int i = 0; i < n; i++) wait(at(1 + i * 7 % n), 0, i % 2);
    holds(n);
    explore::check(root->nwait == 2 * n, "nwait is not how many wait");
    for (int i = 0; i < 2 * n; i++) {
        give(at(1 + i * 7 % n));
        holds(i < n ? n : 2 * n - 1 - i);
    }
    as_it_was();
}
CASE(a_tree_holds_all_who_wait, trees_hold, .cpus = 1, ONCE);

// ---- lists of who is to be notified --------------------------------------------------------------------------------

static notifyList l;

static void nobody_in_line() {
    explore::check(!l.head && !l.tail, "somebody who was notified is still in line");
    explore::check(l.wait == l.notify && l.lock.key == 0, "a ticket is left");
}

/// One has drawn a ticket and falls asleep while another notifies.
static void notified_while_falling_asleep(void (*notify)(notifyList*)) {
    uint32 ticket = notifyListAdd(&l);
    beside([=] { notifyListWait(&l, ticket); });
    open();
    notify(&l);
    await(1);
    nobody_in_line();
}
static void one() { notified_while_falling_asleep(notifyListNotifyOne); }
CASE(notified_while_falling_asleep, one, SHORT);
static void all() { notified_while_falling_asleep(notifyListNotifyAll); }
CASE(all_notified_while_one_falls_asleep, all, SHORT);

/// Two notify, and one ticket is drawn: the second is for nobody.
static void two_notify_one() {
    uint32 ticket = notifyListAdd(&l);
    beside([] { notifyListNotifyOne(&l); });
    open();
    notifyListNotifyOne(&l);
    notifyListWait(&l, ticket);
    await(1);
    nobody_in_line();
}
CASE(two_notify_one, two_notify_one, SHORT);

/// Falls asleep with a ticket.
static void sleep(uint32 ticket, int64 who) {
    go([=] {
        notifyListWait(&l, ticket);
        order = 10 * order + who;
    });
    runtime::Gosched();
}

static void notify(void (*how)(notifyList*)) {
    how(&l);
    runtime::Gosched();
}

/// Tickets are notified in the order of their numbers, whoever slept first, and the numbers wrap around.
static void tickets_in_order() {
    explore::begin();
    l.wait = l.notify = ~0u - 1;
    uint32 t[6];
    for (uint32& ticket : t) ticket = notifyListAdd(&l);
    sleep(t[1], 2);
    sleep(t[2], 3);
    sleep(t[0], 1);
    notify(notifyListNotifyOne);  // the last in line
    explore::check(order == 1, "the oldest ticket was not the first");
    sleep(t[3], 4);
    notify(notifyListNotifyOne);
    notify(notifyListNotifyOne);
    explore::check(order == 123, "tickets were not notified in order");
    sleep(t[2], 9);  // notified already: goes on
    explore::check(order == 1239, "who was notified before sleeping slept");
    sleep(t[5], 6);
    notify(notifyListNotifyAll);
    explore::check(order / 100 == 1239 && order % 100 == 64, "not all were notified");
    sleep(t[4], 5);
    explore::check(order % 10 == 5, "who was notified with all before sleeping slept");
    nobody_in_line();
    notify(notifyListNotifyOne), notify(notifyListNotifyAll);
    nobody_in_line();
    sleep(notifyListAdd(&l), 7);
    explore::check(order % 10 == 5, "a notification was kept for later");
}
CASE(tickets_in_order, tickets_in_order, .cpus = 1, ONCE);

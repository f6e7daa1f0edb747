// sema.cpp - sleeping on a word of memory, for goroutines: what futexes are for threads. Go's counterpart: sema.go.
//
// A word that is > 0 may be taken by decrementing it. Who finds 0 waits in the root that the word's address hashes to.
// Go keeps the addresses of a root in a treap, here they are in a list: 251 roots keep it short.

#include "runtime.hpp"
#include "sync.hpp"

struct semaRoot {
    mutex lock;
    sudog* first;    // one per address, linked by next; who waits on the same address hangs on it by waitlink
    uint32 nwait;    // waiters, for a look without the lock
    uint8 pad[40];   // a cache line each
};

static semaRoot semtable[251];

static semaRoot* semroot(uint32* addr) { return &semtable[reinterpret_cast<uintptr>(addr) / 8 % 251]; }

static bool cansemacquire(uint32* addr) {
    for (;;) {
        uint32 v = atomic::Load(addr);
        if (v == 0) return false;
        if (atomic::Cas(addr, v, v - 1)) return true;
    }
}

/// At the end of addr's line, or at its head if lifo.
static void queue(semaRoot* root, uint32* addr, sudog* s, bool lifo) {
    s->g = getg();
    s->elem = addr;
    s->next = nullptr;
    s->waitlink = nullptr;
    s->waittail = nullptr;
    sudog** at = &root->first;
    while (*at && (*at)->elem != addr) at = &(*at)->next;
    sudog* head = *at;
    if (!head) {
        *at = s;
    } else if (lifo) {
        s->next = head->next;
        s->waitlink = head;
        s->waittail = head->waittail ? head->waittail : head;
        head->next = nullptr;
        head->waittail = nullptr;
        *at = s;
    } else {
        (head->waittail ? head->waittail : head)->waitlink = s;
        head->waittail = s;
    }
}

/// The first in addr's line, or null.
static sudog* dequeue(semaRoot* root, uint32* addr) {
    sudog** at = &root->first;
    while (*at && (*at)->elem != addr) at = &(*at)->next;
    sudog* s = *at;
    if (!s) return nullptr;
    if (sudog* t = s->waitlink) {
        t->next = s->next;
        t->waittail = t->waitlink ? s->waittail : nullptr;
        *at = t;
    } else {
        *at = s->next;
    }
    s->next = nullptr;
    s->elem = nullptr;
    s->waitlink = nullptr;
    s->waittail = nullptr;
    return s;
}

void semacquire(uint32* addr, bool lifo) {
    if (cansemacquire(addr)) return;
    sudog* s = acquireSudog();
    semaRoot* root = semroot(addr);
    s->ticket = 0;
    for (;;) {
        lock(&root->lock);
        // Count first, look then: semrelease increments first and counts then, so one of the two sees the other.
        atomic::Xadd(&root->nwait, 1);
        if (cansemacquire(addr)) {
            atomic::Xadd(&root->nwait, -1);
            unlock(&root->lock);
            break;
        }
        queue(root, addr, s, lifo);
        goparkunlock(&root->lock, str("semacquire"));
        if (s->ticket != 0 || cansemacquire(addr)) break;
    }
    s->ticket = 0;
    releaseSudog(s);
}

void semrelease(uint32* addr, bool handoff) {
    semaRoot* root = semroot(addr);
    atomic::Xadd(addr, 1);
    if (atomic::Load(&root->nwait) == 0) return;
    lock(&root->lock);
    sudog* s = atomic::Load(&root->nwait) == 0 ? nullptr : dequeue(root, addr);
    if (s) atomic::Xadd(&root->nwait, -1);
    unlock(&root->lock);
    if (!s) return;
    if (handoff && cansemacquire(addr)) s->ticket = 1;  // taken for the one that wakes
    goready(s->g);
}

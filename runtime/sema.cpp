// sema.cpp - sleeping on a word of memory, for goroutines: what futexes are for threads. Go's counterpart: sema.go.
//
// A word that is > 0 may be taken by decrementing it. Who finds 0 waits in the root that the word's address hashes to.
// A root keeps its addresses in a treap, so that among a hundred thousand of them one is found in some ten steps: a
// binary tree, addresses ascending from left (prev) to right (next), and a heap at once, no ticket less than its
// parent's. Tickets are drawn at random, so the tree's shape is random, too, whatever the addresses are. Who waits on
// an address that is there already stands in line behind the first, who alone is in the tree.

#include "sema.hpp"

#include "runtime.hpp"

static bool cansemacquire(uint32* addr) {
    for (;;) {
        uint32 v = atomic::Load(addr);
        if (v == 0) return false;
        if (atomic::Casp(addr, v, v - 1)) return true;
    }
}

// ---- a root, with its lock held ------------------------------------------------------------------------------------

/// Where old hangs in the tree hangs now, which may be null.
[[gnu::always_inline]] static inline void hang(semaRoot* root, sudog* old, sudog* now) {
    sudog* parent = old->parent;
    (!parent ? root->treap : parent->prev == old ? parent->prev : parent->next) = now;
    if (now) now->parent = parent;
}

/// now takes old's place in the tree, with all that hangs on it.
[[gnu::always_inline]] static inline void substitute(semaRoot* root, sudog* old, sudog* now) {
    hang(root, old, now);
    now->ticket = old->ticket;
    now->prev = old->prev;
    now->next = old->next;
    if (now->prev) now->prev->parent = now;
    if (now->next) now->next->parent = now;
    old->parent = old->prev = old->next = nullptr;
}

/// x's right child rises to x's place, and x becomes its left child. What was between the two stays between them.
void semaRoot::rotateLeft(sudog* x) {
    sudog* y = x->next;
    hang(this, x, y);
    x->next = y->prev;
    if (x->next) x->next->parent = x;
    y->prev = x;
    x->parent = y;
}

/// The same with left and right exchanged.
void semaRoot::rotateRight(sudog* x) {
    sudog* y = x->prev;
    hang(this, x, y);
    x->prev = y->next;
    if (x->prev) x->prev->parent = x;
    y->next = x;
    x->parent = y;
}

void semaRoot::queue(uint32* addr, sudog* s, bool lifo) {
    s->g = getg();
    s->elem = addr;
    sudog* parent = nullptr;
    sudog** at = &treap;
    while (*at && (*at)->elem != addr) {
        parent = *at;
        at = addr < parent->elem ? &parent->prev : &parent->next;
    }
    if (sudog* head = *at) {
        sudog* tail = head->waittail ? head->waittail : head;
        if (lifo) {
            substitute(this, head, s);
            s->waitlink = head;
            s->waittail = tail;
            head->waittail = nullptr;
        } else {
            tail->waitlink = s;
            head->waittail = s;
        }
        return;
    }
    // A new leaf rises until its parent's ticket is not greater.
    s->ticket = fastrand();
    s->parent = parent;
    *at = s;
    while (s->parent && s->parent->ticket > s->ticket) {
        if (s->parent->prev == s)
            rotateRight(s->parent);
        else
            rotateLeft(s->parent);
    }
}

sudog* semaRoot::dequeue(uint32* addr) {
    sudog* s = treap;
    while (s && s->elem != addr) s = addr < s->elem ? s->prev : s->next;
    if (!s) return nullptr;
    if (sudog* t = s->waitlink) {
        substitute(this, s, t);
        t->waittail = t->waitlink ? s->waittail : nullptr;
    } else {
        // The last of its address sinks, below the smaller ticket each time, until it is a leaf.
        while (s->prev || s->next) {
            if (!s->next || (s->prev && s->prev->ticket < s->next->ticket))
                rotateRight(s);
            else
                rotateLeft(s);
        }
        hang(this, s, nullptr);
        s->parent = nullptr;
    }
    s->elem = nullptr;
    s->waitlink = nullptr;
    s->waittail = nullptr;
    s->ticket = 0;  // from here on: whether the word was taken for it
    return s;
}

// ---- what the locks of package sync call ---------------------------------------------------------------------------

void semacquire(uint32* addr, bool lifo) {
    if (cansemacquire(addr)) return;
    sudog* s = acquireSudog();
    semaRoot* root = semroot(addr);
    for (;;) {
        lockp(&root->lock);
        // Count first, look then: semrelease increments first and counts then, so one of the two sees the other.
        atomic::Xaddp(&root->nwait, 1);
        if (cansemacquire(addr)) {
            atomic::Xaddp(&root->nwait, -1);
            unlockp(&root->lock);
            break;
        }
        root->queue(addr, s, lifo);
        goparkunlockp(&root->lock, str("semacquire"));
        if (s->ticket != 0 || cansemacquire(addr)) break;
    }
    releaseSudog(s);
}

void semrelease(uint32* addr, bool handoff) {
    semaRoot* root = semroot(addr);
    atomic::Xaddp(addr, 1);
    if (atomic::Load(&root->nwait) == 0) return;
    lockp(&root->lock);
    sudog* s = atomic::Load(&root->nwait) == 0 ? nullptr : root->dequeue(addr);
    if (s) atomic::Xaddp(&root->nwait, -1);
    unlockp(&root->lock);
    if (!s) return;
    if (handoff && cansemacquire(addr)) s->ticket = 1;  // taken for the one that wakes
    goready(s->g);
}

// ---- what sync.Cond calls ------------------------------------------------------------------------------------------

/// Tickets wrap around.
static bool less(uint32 a, uint32 b) { return static_cast<int32>(a - b) < 0; }

uint32 notifyListAdd(notifyList* l) { return atomic::Xaddp(&l->wait, 1) - 1; }

void notifyListWait(notifyList* l, uint32 t) {
    lockp(&l->lock);
    if (less(t, l->notify)) return unlockp(&l->lock);
    sudog* s = acquireSudog();
    s->g = getg();
    s->ticket = t;
    (l->tail ? l->tail->next : l->head) = s;
    l->tail = s;
    goparkunlockp(&l->lock, str("semacquire"));
    releaseSudog(s);
}

/// Who has drawn a ticket and does not sleep yet sees by notify that it need not.
void notifyListNotifyAll(notifyList* l) {
    if (atomic::Load(&l->wait) == atomic::Load(&l->notify)) return;
    lockp(&l->lock);
    sudog* s = l->head;
    l->head = l->tail = nullptr;
    atomic::Store(&l->notify, atomic::Load(&l->wait));
    unlockp(&l->lock);
    while (s) {
        sudog* next = s->next;
        s->next = nullptr;
        goready(s->g);
        s = next;
    }
}

/// The ticket's owner need not be the first that sleeps: between drawing and sleeping they may overtake each other.
void notifyListNotifyOne(notifyList* l) {
    if (atomic::Load(&l->wait) == atomic::Load(&l->notify)) return;
    lockp(&l->lock);
    uint32 t = l->notify;
    sudog *s = nullptr, *before = nullptr;
    if (t != atomic::Load(&l->wait)) {
        atomic::Store(&l->notify, t + 1);
        for (s = l->head; s && s->ticket != t; s = s->next) before = s;
    }
    if (s) {
        (before ? before->next : l->head) = s->next;
        if (l->tail == s) l->tail = before;
        s->next = nullptr;
    }
    unlockp(&l->lock);
    if (s) goready(s->g);
}

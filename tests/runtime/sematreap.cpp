// sematreap.cpp - goroutines by the hundred thousand that wait on semaphores: most on one of their own, some in line
// for shared ones. The trees of semtable are walked while they grow and shrink; then everybody is released in random
// order.
//
// The first argument is how many have one of their own: at least 100; 20,000 if it is missing.

#include "go.hpp"
#include "runtime.hpp"
#include "sema.hpp"

constexpr int64 shared = 100, line = 12;
constexpr int64 addresses = len(semtable);

struct semaphore {
    uint32* word;       // beside somebody's own, so that it is anywhere in its tree
    int64 begun;        // goroutines that went to wait on it
    int64 served;       // and those that have come back,
    int64 order[line];  // by their numbers
};

static semaphore shares[shared];
static int64 wrong;

static uint32 below(int64 n) { return fastrand() % static_cast<uint32>(n); }

static void expect(bool ok) { wrong += !ok; }

// ---- the tree, in the order of its addresses, without recursion: its parent links lead back ------------------------

/// Who stands in s's line, s and all; the line's links must be right.
static int64 standing(sudog* s) {
    int64 n = 1;
    sudog* last = s;
    for (; last->waitlink; last = last->waitlink, n++)
        expect(last->waitlink->elem == s->elem && !(last != s && last->waittail));
    expect(s->waittail == (n > 1 ? last : nullptr));
    return n;
}

static sudog* leftmost(sudog* s) {
    while (s->prev) s = s->prev;
    return s;
}

static sudog* successor(sudog* s) {
    if (s->next) return leftmost(s->next);
    while (s->parent && s->parent->next == s) s = s->parent;
    return s->parent;
}

static void look(semaRoot* root) {
    lockp(&root->lock);
    int64 n = 0;
    void* last = nullptr;
    if (root->treap) expect(!root->treap->parent);
    for (sudog* s = root->treap ? leftmost(root->treap) : nullptr; s; s = successor(s)) {
        expect(s->elem > last);
        expect(semroot(static_cast<uint32*>(s->elem)) == root);
        if (s->prev) expect(s->prev->parent == s && s->prev->ticket >= s->ticket);
        if (s->next) expect(s->next->parent == s && s->next->ticket >= s->ticket);
        last = s->elem;
        n += standing(s);
    }
    expect(n == root->nwait);
    unlockp(&root->lock);
}

static void lookround() {
    for (semaRoot& root : semtable) look(&root);
}

static int64 waiting() {
    int64 n = 0;
    for (semaRoot& root : semtable) n += atomic::Load(&root.nwait);
    return n;
}

// ---- lines ---------------------------------------------------------------------------------------------------------

/// One more in the line of shares[i]; returns when it stands there.
static void join(int64 i, bool lifo) {
    semaphore* s = &shares[i];
    uint32 before = atomic::Load(&semroot(s->word)->nwait);
    go([s, lifo, number = s->begun++] {
        semacquire(s->word, lifo);
        s->order[atomic::Load(&s->served)] = number;  // before it counts, for then it may be looked at
        atomic::Xadd(&s->served, 1);
    });
    while (atomic::Load(&semroot(s->word)->nwait) == before) runtime::Gosched();
}

/// The first in line goes; returns when it is gone.
static void serve(int64 i) {
    semaphore* s = &shares[i];
    int64 before = atomic::Load(&s->served);
    semrelease(s->word, i % 2 == 0);
    while (atomic::Load(&s->served) == before) runtime::Gosched();
}

/// Who joins the line of shares[i] as its kth, and does not wait at its end: every fifth.
static bool pushes(int64 i, int64 k) { return (i + k) % 5 == 4; }

/// Whether shares[i]'s line came back in the order it must have stood in: who pushed in last, first.
static bool inorder(int64 i) {
    int64 at = 0;
    for (int64 k = line - 1; k >= 0; k--)
        if (pushes(i, k) && shares[i].order[at++] != k) return false;
    for (int64 k = 0; k < line; k++)
        if (!pushes(i, k) && shares[i].order[at++] != k) return false;
    return true;
}

// ---- main ----------------------------------------------------------------------------------------------------------

extern slice<gostring> argslice;

void main_main() {
    bool ok = true;
    int64 n = argslice.len > 1 ? atoi(argslice.array[1], &ok) : 20000;
    struct words {
        uint32 own, shared;
    };
    auto* words = static_cast<struct words*>(mallocgc(sizeof(struct words) * static_cast<uintptr>(n)));
    for (int64 i = 0; i < shared; i++) shares[i].word = &words[n / shared * i].shared;
    auto* order = static_cast<int32*>(mallocgc(sizeof(int32) * static_cast<uintptr>(n)));
    sync::WaitGroup wg;
    wg.Add(static_cast<int32>(n));
    for (int64 i = 0; i < n; i++) {
        order[i] = static_cast<int32>(i);
        go([&wg, word = &words[i].own] {
            semacquire(word, false);
            wg.Done();
        });
    }
    while (waiting() < n) runtime::Gosched();
    lookround();
    for (int64 k = 0; k < line; k++) {
        for (int64 i = 0; i < shared; i++) join(i, pushes(i, k));
        lookround();
    }
    fmt::Println("waiting", waiting());

    // Each own one once, in random order; the lines in between, and a look at each tree now and then.
    int64 lines = shared * line, pause = n / lines + 1;
    for (int64 i = 0; i < n; i++) {
        int64 j = i + below(n - i);
        int32 chosen = order[j];
        order[j] = order[i];
        semrelease(&words[chosen].own, false);
        if (i % pause == 0) serve(--lines % shared);
        if (i % 16 == 0) look(&semtable[i / 16 % addresses]);
    }
    while (lines > 0) serve(--lines % shared);
    wg.Wait();
    lookround();
    int64 straight = 0, left = 0;
    for (int64 i = 0; i < shared; i++) straight += inorder(i);
    for (int64 i = 0; i < n; i++) left += words[i].own + words[i].shared;
    fmt::Println("released", n, "left", left + waiting(), "lines in order", straight, "wrong", wrong);
}

// select.cpp - waiting on many channels at once. Go's counterpart: select.go.
//
// All channels are locked, in the order of their addresses so that two selects cannot lock each other out; then looked
// at in random order, so that none of them is favoured. If none is ready the goroutine queues on all of them, and
// who wins g.selectDone wakes it.

#include "builtin.hpp"
#include "chan.hpp"
#include "runtime.hpp"

using detail::scase;

static uint32 fastrandn(uint32 n) { return static_cast<uint32>(static_cast<uint64>(fastrand()) * n >> 32); }

/// Locks each channel once; lockorder has equal ones side by side.
static void sellock(scase* cases, const uint16* lockorder, int32 n) {
    hchan* last = nullptr;
    for (int32 i = 0; i < n; i++) {
        hchan* c = cases[lockorder[i]].c;
        if (c && c != last) lockp(&c->lock);
        last = c;
    }
}

/// Unlocks each, but the one that is to stay locked.
static void selunlock(scase* cases, const uint16* lockorder, int32 n, hchan* stays = nullptr) {
    for (int32 i = n - 1; i >= 0; i--) {
        hchan* c = cases[lockorder[i]].c;
        if (c && c != stays && (i == 0 || c != cases[lockorder[i - 1]].c)) unlockp(&c->lock);
    }
}

/// On g0, once the goroutine is off its stack. Its sudogs, in lock order, say what is locked. After the last unlock
/// the goroutine may run elsewhere, so the next sudog is read before each.
static bool selparkcommit(g* gp, void*) {
    hchan* last = nullptr;
    for (sudog* s = gp->waiting; s;) {
        hchan* c = s->c;
        s = s->waitlink;
        if (last && c != last) unlockp(&last->lock);
        last = c;
    }
    if (last) unlockp(&last->lock);
    return true;
}

/// Pass 1, of one case: is it ready? Serves it then, unlocks everything and says so.
static bool pass1(scase* cas, scase* cases, const uint16* lockorder, int32 n) {
    hchan* c = cas->c;
    if (!c) return false;
    if (cas->send) {
        if (c->closed != 0) {
            selunlock(cases, lockorder, n);
            panicplain("send on closed channel");
        }
        sudog* s = dequeue(&c->recvq);
        if (!s && c->qcount == c->dataqsiz) return false;
        selunlock(cases, lockorder, n, c);  // send and bufsend unlock their channel themselves; the others come first
        if (s)
            send(c, s, cas->elem);
        else
            bufsend(c, cas->elem);
        return true;
    }
    sudog* s = dequeue(&c->sendq);
    if (!s && c->qcount == 0 && c->closed == 0) return false;
    cas->received = s || c->qcount > 0;
    selunlock(cases, lockorder, n, c);
    if (s)
        recv(c, s, cas->elem);
    else if (cas->received)
        bufrecv(c, cas->elem);
    else
        unlockp(&c->lock);
    return true;
}

/// Pass 2: waits on all of them. Everything is unlocked when the goroutine is off its stack, and locked again after.
[[gnu::always_inline]] static inline void pass2(g* gp, scase* cases, const uint16* lockorder, int32 n) {
    gp->waiting = nullptr;
    sudog** nextp = &gp->waiting;
    for (int32 i = 0; i < n; i++) {
        scase* cas = &cases[lockorder[i]];
        if (!cas->c) continue;
        sudog* s = acquireSudog();
        s->g = gp;
        s->isSelect = true;
        s->elem = cas->elem;
        s->c = cas->c;
        *nextp = s;
        nextp = &s->waitlink;
        enqueue(cas->send ? &cas->c->sendq : &cas->c->recvq, s);
    }
    gp->param = nullptr;
    gopark(selparkcommit, nullptr, gp->waiting ? str("select") : str("select (no cases)"));
    sellock(cases, lockorder, n);
    gp->selectDone = 0;
}

/// Pass 3: off all queues. Returns the case that was served; -1: none, because a channel was closed.
[[gnu::always_inline]] static inline int32 pass3(g* gp, scase* cases, const uint16* lockorder, int32 n) {
    auto* served = static_cast<sudog*>(gp->param);
    gp->param = nullptr;
    sudog* s = gp->waiting;
    gp->waiting = nullptr;
    int32 won = -1;
    for (int32 i = 0; i < n; i++) {
        scase* cas = &cases[lockorder[i]];
        if (!cas->c) continue;
        if (s == served)
            won = lockorder[i];
        else
            dequeueSudoG(cas->send ? &cas->c->sendq : &cas->c->recvq, s);
        sudog* next = s->waitlink;
        s->waitlink = nullptr;
        s->elem = nullptr;
        s->isSelect = false;
        s->c = nullptr;
        releaseSudog(s);
        s = next;
    }
    return won;
}

/// The order in which they are looked at: at random.
[[gnu::always_inline]] static inline void permute(uint16* pollorder, int32 n) {
    for (int32 i = 0; i < n; i++) {
        uint32 j = fastrandn(static_cast<uint32>(i) + 1);
        pollorder[i] = pollorder[j];
        pollorder[j] = static_cast<uint16>(i);
    }
}

/// The order in which they are locked: by address. Few cases: insertion is the fastest sort, and it keeps equal
/// channels together.
[[gnu::always_inline]] static inline void sort(const scase* cases, uint16* lockorder, int32 n) {
    for (int32 i = 0; i < n; i++) {
        int32 j = i;
        for (; j > 0 && cases[lockorder[j - 1]].c > cases[i].c; j--) lockorder[j] = lockorder[j - 1];
        lockorder[j] = static_cast<uint16>(i);
    }
}

/// Waits until one of n cases can go on, does it and returns its index; -1 if none can and there is a default.
/// order has room for 2*n numbers.
int32 detail::selectgo(scase* cases, uint16* order, int32 n, bool hasdefault) {
    g* gp = getg();
    uint16* pollorder = order;
    uint16* lockorder = order + n;
    permute(pollorder, n);
    sort(cases, lockorder, n);

    sellock(cases, lockorder, n);
    for (;;) {  // Go's label loop
        for (int32 i = 0; i < n; i++)
            if (pass1(&cases[pollorder[i]], cases, lockorder, n)) return pollorder[i];
        if (hasdefault) {
            selunlock(cases, lockorder, n);
            return -1;
        }
        pass2(gp, cases, lockorder, n);
        int32 won = pass3(gp, cases, lockorder, n);
        if (won < 0) continue;  // closed: look again, one case is ready now
        cases[won].received = true;
        selunlock(cases, lockorder, n);
        return won;
    }
}

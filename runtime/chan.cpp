// chan.cpp - channels: a buffer, two queues of waiting goroutines, a lock. Go's counterpart: chan.go.
//
// Either queue is empty at any moment, unless one goroutine waits on both in a select. A receiver never waits while the
// buffer has something, a sender never while it has room. A waiting partner is served directly, stack to stack.

#include "chan.hpp"

#include "builtin.hpp"

hchan* detail::makechan(const _type* t, int64 size) {
    if (size < 0 || (t->size && static_cast<uint64>(size) > (1ull << 47) / t->size))
        panicplain("makechan: size out of range");
    if (t->size >= 1 << 16) throw_("makechan: invalid channel element type");
    auto* c = static_cast<hchan*>(mallocgc(sizeof(hchan) + size * t->size));  // the buffer follows
    c->buf = c + 1;
    c->elemsize = static_cast<uint16>(t->size);
    c->elemtype = t;
    c->dataqsiz = static_cast<uint64>(size);
    return c;
}

void* chanbuf(hchan* c, uint64 i) { return static_cast<uint8*>(c->buf) + i * c->elemsize; }

/// Most elements are a word.
[[gnu::always_inline]] static inline void move(const _type* t, void* dst, void* src) {
    if (t->move)
        t->move(dst, src);
    else if (t->size == sizeof(uint64))
        *static_cast<uint64*>(dst) = *static_cast<uint64*>(src);
    else
        memmove(dst, src, t->size);
}

void typedmemmove(const _type* t, void* dst, void* src) { move(t, dst, src); }

void dequeueSudoG(waitq* q, sudog* s) {
    if (!s->prev && !s->next && q->first != s) return;  // somebody has dequeued it already
    (s->prev ? s->prev->next : q->first) = s->next;
    (s->next ? s->next->prev : q->last) = s->prev;
    s->next = nullptr;
    s->prev = nullptr;
}

[[gnu::always_inline]] static inline sudog* newwaiter(hchan* c, void* ep, g* gp) {
    sudog* s = acquireSudog();
    s->elem = ep;
    s->g = gp;
    s->c = c;
    gp->waiting = s;
    return s;
}

/// After waking: what woke us? false: the channel was closed.
[[gnu::always_inline]] static inline bool endwait(sudog* s, g* gp) {
    if (gp->waiting != s) throw_("chan: the goroutine's waiting list is corrupted");
    gp->waiting = nullptr;
    bool served = gp->param != nullptr;
    gp->param = nullptr;
    s->c = nullptr;
    releaseSudog(s);
    return served;
}

void send(hchan* c, sudog* s, void* ep) {
    if (s->elem) {
        move(c->elemtype, s->elem, ep);
        s->elem = nullptr;
    }
    unlockp(&c->lock);
    g* gp = s->g;  // s is still its: nobody else readies it
    gp->param = s;
    goready(gp);
}

void bufsend(hchan* c, void* ep) {
    move(c->elemtype, chanbuf(c, c->sendx), ep);
    if (++c->sendx == c->dataqsiz) c->sendx = 0;
    c->qcount++;
    unlockp(&c->lock);
}

void bufrecv(hchan* c, void* ep) {
    move(c->elemtype, ep, chanbuf(c, c->recvx));
    if (++c->recvx == c->dataqsiz) c->recvx = 0;
    c->qcount--;
    unlockp(&c->lock);
}

detail::outcome detail::chansend(hchan* c, void* ep, bool block) {
    if (!c) {
        if (!block) return NOTHING;
        gopark(nullptr, nullptr, str("chan send (nil chan)"));
        throw_("chansend: unreachable");
    }
    // Without the lock: surely not ready to take anything?
    if (!block && atomic::Load(&c->closed) == 0 &&
        (c->dataqsiz == 0 ? !atomic::Load(&c->recvq.first) : atomic::Load(&c->qcount) == c->dataqsiz))
        return NOTHING;

    g* gp = getg();
    lockp(&c->lock, gp);
    if (c->closed != 0) {
        unlockp(&c->lock, gp);
        panicplain("send on closed channel");
    }
    if (sudog* s = dequeue(&c->recvq)) {
        send(c, s, ep);
        return AT_ONCE;
    }
    if (c->qcount < c->dataqsiz) {
        bufsend(c, ep);
        return AT_ONCE;
    }
    if (!block) {
        unlockp(&c->lock, gp);
        return NOTHING;
    }
    sudog* s = newwaiter(c, ep, gp);
    enqueue(&c->sendq, s);
    goparkunlockp(&c->lock, str("chan send"));
    if (!endwait(s, gp)) {
        if (c->closed == 0) throw_("chansend: spurious wakeup");
        panicplain("send on closed channel");
    }
    return WAITED;
}

/// The buffer is full: the receiver gets its head, and the sender's element goes to its tail.
[[gnu::noinline]] static void recvfull(hchan* c, sudog* s, void* ep) {
    void* qp = chanbuf(c, c->recvx);
    move(c->elemtype, ep, qp);
    move(c->elemtype, qp, s->elem);
    if (++c->recvx == c->dataqsiz) c->recvx = 0;
    c->sendx = c->recvx;
}

void recv(hchan* c, sudog* s, void* ep) {
    if (c->dataqsiz == 0)
        move(c->elemtype, ep, s->elem);
    else
        recvfull(c, s, ep);
    s->elem = nullptr;
    unlockp(&c->lock);
    g* gp = s->g;  // s is still its: nobody else readies it
    gp->param = s;
    goready(gp);
}

detail::received detail::chanrecv(hchan* c, void* ep, bool block) {
    if (!c) {
        if (!block) return {NOTHING, false};
        gopark(nullptr, nullptr, str("chan receive (nil chan)"));
        throw_("chanrecv: unreachable");
    }
    if (!block && (c->dataqsiz == 0 ? !atomic::Load(&c->sendq.first) : atomic::Load(&c->qcount) == 0) &&
        atomic::Load(&c->closed) == 0)
        return {NOTHING, false};

    g* gp = getg();
    lockp(&c->lock, gp);
    if (c->closed != 0 && c->qcount == 0) {
        unlockp(&c->lock, gp);
        return {AT_ONCE, false};
    }
    if (sudog* s = dequeue(&c->sendq)) {
        recv(c, s, ep);
        return {AT_ONCE, true};
    }
    if (c->qcount > 0) {
        bufrecv(c, ep);
        return {AT_ONCE, true};
    }
    if (!block) {
        unlockp(&c->lock, gp);
        return {NOTHING, false};
    }
    sudog* s = newwaiter(c, ep, gp);
    enqueue(&c->recvq, s);
    goparkunlockp(&c->lock, str("chan receive"));
    return {WAITED, endwait(s, gp)};
}

void detail::closechan(hchan* c) {
    if (!c) panicplain("close of nil channel");
    lockp(&c->lock);
    if (c->closed != 0) {
        unlockp(&c->lock);
        panicplain("close of closed channel");
    }
    c->closed = 1;
    g* glist = nullptr;
    waitq* const queues[] = {&c->recvq, &c->sendq};
    for (waitq* q : queues) {
        while (sudog* s = dequeue(q)) {
            s->elem = nullptr;
            s->g->param = nullptr;
            s->g->schedlink = glist;
            glist = s->g;
        }
    }
    unlockp(&c->lock);
    while (g* gp = glist) {
        glist = gp->schedlink;
        gp->schedlink = nullptr;
        goready(gp);
    }
}

void chandrain(void* v) {
    auto* c = static_cast<hchan*>(v);
    for (; c->qcount > 0; c->qcount--) {
        c->elemtype->destroy(chanbuf(c, c->recvx));
        if (++c->recvx == c->dataqsiz) c->recvx = 0;
    }
    detail::chanfree(c);
}

/// Elements that nobody received are garbage: their destructors are the program's code,
/// and the finalizer goroutine runs them.
void detail::chanfree(hchan* c) {
    if (c->qcount > 0 && c->elemtype->destroy) {
        queuefinalizer(chandrain, c);
        return;
    }
    mfree(c, sizeof(hchan) + c->dataqsiz * c->elemsize);
}

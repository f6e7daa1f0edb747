// chan.hpp - a channel's insides, for chan.cpp and select.cpp, who work on the same queues. Go's counterpart: chan.go.
#pragma once

#include "runtime.hpp"

[[nodiscard]] void* chanbuf(hchan* c, uint64 i) GO("runtime.chanbuf");
void typedmemmove(const _type* t, void* dst, void* src) GO("runtime.typedmemmove");
inline void enqueue(waitq* q, sudog* s) GO("runtime.enqueue");
/// The first waiter whose select, if it is one, nobody else has won; null if there is none.
[[nodiscard]] inline sudog* dequeue(waitq* q) GO("runtime.dequeue");
/// Takes s out of the middle, if it is still there.
void dequeueSudoG(waitq* q, sudog* s) GO("runtime.dequeueSudoG");

/// From the finalizer goroutine: v is a channel without handles.
void chandrain(void* v) GO("runtime.chandrain");

// Each works with c locked, and unlocks it. Who calls them has a prologue, where it gives way; they need none.
nosplit void send(hchan* c, sudog* s, void* ep) GO("runtime.send");  // serves a receiver that waits
nosplit void recv(hchan* c, sudog* s, void* ep) GO("runtime.recv");  // serves a sender that waits
nosplit void bufsend(hchan* c, void* ep) GO("runtime.bufsend");      // there is room in the buffer
nosplit void bufrecv(hchan* c, void* ep) GO("runtime.bufrecv");      // there is something in the buffer

/// s is in no queue: its links are null.
inline void enqueue(waitq* q, sudog* s) {
    sudog* last = q->last;
    s->prev = last;
    (last ? last->next : q->first) = s;
    q->last = s;
}

inline sudog* dequeue(waitq* q) {
    for (;;) {
        sudog* s = q->first;
        if (!s) return nullptr;
        sudog* next = s->next;
        q->first = next;
        if (next) {
            next->prev = nullptr;
            s->next = nullptr;
        } else {
            q->last = nullptr;
        }
        if (s->isSelect && !atomic::Casp(&s->g->selectDone, 0u, 1u)) continue;
        return s;
    }
}

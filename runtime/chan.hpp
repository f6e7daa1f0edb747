// chan.hpp - a channel's insides, for chan.cpp and select.cpp, which work on the same queues. Go's counterpart: chan.go.
#pragma once

#include "runtime.hpp"

void* chanbuf(hchan* c, uint64 i) GO("runtime.chanbuf");
void typedmemmove(const _type* t, void* dst, void* src) GO("runtime.typedmemmove");
void enqueue(waitq* q, sudog* s) GO("runtime.enqueue");
/// The first waiter whose select, if it is one, nobody else has won; null if there is none.
sudog* dequeue(waitq* q) GO("runtime.dequeue");
/// Takes s out of the middle, if it is still there.
void dequeueSudoG(waitq* q, sudog* s) GO("runtime.dequeueSudoG");

// Each works with c locked, and unlocks it.
void send(hchan* c, sudog* s, void* ep) GO("runtime.send");     // serves a receiver that waits
void recv(hchan* c, sudog* s, void* ep) GO("runtime.recv");     // serves a sender that waits
void bufsend(hchan* c, void* ep) GO("runtime.bufsend");         // there is room in the buffer
void bufrecv(hchan* c, void* ep) GO("runtime.bufrecv");         // there is something in the buffer

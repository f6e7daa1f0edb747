// sema.hpp - sleeping on a word of memory, and waiting for a notification: for sync, and for the runtime's own
// worldsema. Go's counterpart: sema.go.
#pragma once

#include "runtime2.hpp"

/// Waits until *addr > 0 and decrements it; lifo: at the head of the line.
void semacquire(uint32* addr, bool lifo) GO("sync.runtime_Semacquire");
/// Increments *addr and wakes one that waits; handoff: the decrement is done for it, so nobody can overtake.
void semrelease(uint32* addr, bool handoff) GO("sync.runtime_Semrelease");

/// Goroutines in line for a notification. Each draws a ticket; tickets are notified in the order of their numbers.
struct notifyList {
    uint32 wait;    // the next ticket
    uint32 notify;  // the next to be notified: all before it have been
    mutex lock;     // guards what follows, and writes to notify
    sudog* head;    // who sleeps, linked by next; sudog.ticket is the ticket
    sudog* tail;
};

/// Draws a ticket.
[[nodiscard]] uint32 notifyListAdd(notifyList* l) GO("sync.runtime_notifyListAdd");
/// Waits until the ticket is notified, which it may have been already.
void notifyListWait(notifyList* l, uint32 t) GO("sync.runtime_notifyListWait");
void notifyListNotifyAll(notifyList* l) GO("sync.runtime_notifyListNotifyAll");
void notifyListNotifyOne(notifyList* l) GO("sync.runtime_notifyListNotifyOne");

/// Who waits on the addresses that hash to it. Its functions: with the lock held.
struct alignas(64) semaRoot {  // a cache line each
    mutex lock;
    sudog* treap;  // the first waiter of each address
    uint32 nwait;  // waiters, for a look without the lock

    /// At the end of addr's line, or at its head if lifo.
    void queue(uint32* addr, sudog* s, bool lifo) GO("runtime.semaRoot.queue");
    /// The first in addr's line, or null.
    [[nodiscard]] sudog* dequeue(uint32* addr) GO("runtime.semaRoot.dequeue");
    void rotateLeft(sudog* x) GO("runtime.semaRoot.rotateLeft");
    void rotateRight(sudog* x) GO("runtime.semaRoot.rotateRight");
};
using semaTable = semaRoot[251];
GOVAR(semaTable, semtable, largetable);
[[nodiscard]] inline semaRoot* semroot(uint32* addr) GO("runtime.semroot");
inline semaRoot* semroot(uint32* addr) { return &semtable[reinterpret_cast<uintptr>(addr) / 8 % 251]; }

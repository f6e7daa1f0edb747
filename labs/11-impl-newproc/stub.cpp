// newproc1: make a goroutine. `./lab check` builds this file into a copy of the
// runtime, `./lab run` opens gdb on it. Write the six parts below; each is one
// to five lines. Everything you need:
//
//   gfget(pp)                      a dead g that this P has kept, with a stack;
//                                  null if there is none
//   malg(_StackMin)                a new g with a stack; its status is _Gidle
//   casgstatus(gp, from, to)       changes the status of a g
//   allgadd(gp)                    puts a g on the list of all, allgs; it must
//                                  not be _Gidle any more
//   gostartcallfn(&gp->sched, fn)  makes sched look as if sched.pc had just
//                                  called fn: pushes sched.pc, sets pc to fn
//   goexit                         what every goroutine returns to; the return
//                                  address is reinterpret_cast<uintptr>(goexit)
//                                  + 1, so that the byte before is inside it
//   atomic::Xadd(&counter, n)      adds n to a counter that all Ps share, and
//                                  gives the sum
//   runqput(pp, gp, next)          queues a g on this P: next = true in
//                                  runnext, false at the ring's end
//
// The fields of g, gobuf and p are in runtime/runtime2.hpp.

#include "builtin.hpp"
#include "extern.hpp"
#include "runtime.hpp"

void newproc1(funcval* fn, const _type* typ, uintptr callerpc) {
    m* mp = acquirem();  // from here to releasem this thread keeps its P
    p* pp = mp->p;

    // 1. A g of its own: one that is dead, else a new one that is made dead and
    //    put on the list of all.
    g* newg = nullptr;

    // 2. Its stack pointer: 32 bytes below the upper end of the stack,
    //    newg->stack.hi, and lower by the size of what the function object has
    //    captured, typ->size, if there is a typ. A multiple of 16.
    uintptr sp = 0;

    if (typ && sp) {  // ready: the function object moves to where sp points
        typ->move(reinterpret_cast<funcval*>(sp), fn);
        fn = reinterpret_cast<funcval*>(sp);
    }

    // 3. newg->sched: where it will go on. All zero first, then sp, pc and g;
    //    pc as if goexit had called fn. Then gostartcallfn. newg->stktopsp is
    //    sp, too; newg->gopc is callerpc; newg->startpc is the code's address,
    //    fn->fn.

    // 4. The id, newg->goid: the next that this P has in hand, pp->goidcache,
    //    up to pp->goidcacheend. When there is none left, the P takes 16 more:
    //    sched.goidgen counts how many were handed out to Ps so far.

    // 5. Its status: ready to run.

    // 6. The queue of this P. A new goroutine comes first.

    (void)callerpc;
    (void)newg;
    (void)pp;
    releasem(mp);
}

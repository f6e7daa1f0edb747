// newproc1, as the runtime has it.

#include "builtin.hpp"
#include "extern.hpp"
#include "runtime.hpp"

void newproc1(funcval* fn, const _type* typ, uintptr callerpc) {
    m* mp = acquirem();
    p* pp = mp->p;

    g* newg = gfget(pp);
    if (!newg) {
        newg = malg(_StackMin);
        casgstatus(newg, _Gidle, _Gdead);
        allgadd(newg);
    }

    uintptr size = typ ? typ->size : 0;
    uintptr sp = (newg->stack.hi - 32 - size) & ~15ull;

    if (typ && sp) {
        typ->move(reinterpret_cast<funcval*>(sp), fn);
        fn = reinterpret_cast<funcval*>(sp);
    }

    newg->sched = {};
    newg->sched.sp = sp;
    newg->sched.pc = reinterpret_cast<uintptr>(goexit) + 1;
    newg->sched.g = newg;
    gostartcallfn(&newg->sched, fn);
    newg->stktopsp = sp;
    newg->gopc = callerpc;
    newg->startpc = reinterpret_cast<uintptr>(fn->fn);

    if (pp->goidcache == pp->goidcacheend) {
        pp->goidcache = atomic::Xadd(&sched.goidgen, 16) - 16 + 1;
        pp->goidcacheend = pp->goidcache + 16;
    }
    newg->goid = static_cast<int64>(pp->goidcache++);

    casgstatus(newg, _Gdead, _Grunnable);
    runqput(pp, newg, true);
    releasem(mp);
}

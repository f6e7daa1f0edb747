// proc.cpp - boot, in Go: what rt0_go calls to make a scheduler, and the first goroutine that the scheduler runs.
// Go's counterpart: proc.go, whose other chapters are proc_g, proc_sched, proc_m, proc_syscall, proc_sysmon and
// proc_world here.
//
// The bootstrap sequence, as rt0_go calls it:
//
//	osinit
//	schedinit
//	make & queue a goroutine for runtime.main
//	mstart
//
// runtime.main runs on that goroutine, starts the runtime's helpers and calls main.main.

#define RUNTIME_VARIABLES_ARE_HERE  // see runtime2.hpp: GOVAR
#include "runtime.hpp"

#include "builtin.hpp"
#include "extern.hpp"
#include "mheap.hpp"
#include "netpoll.hpp"
#include "sema.hpp"

// tls_g, each thread's current g, is assembly's: asm_amd64.S.

// ---- on g0 ---------------------------------------------------------------------------------------------------------

/// Called by rt0_go on g0 after osinit. Afterwards m0 holds P 0 and goroutines can be made, but none exists.
void schedinit() {
    g* gp = getg();
    sched.maxmcount = 10000;

    moduledataverify();
    stackinit();
    mallocinit();        // from here on there is memory
    mcommoninit(gp->m);  // m0 gets its id and its signal stack, and is on allm
    alginit();
    modulesinit();
    typelinksinit();
    itabsinit();

    msigsave(gp->m);
    initSigmask = gp->m->sigmask;

    goargs();
    goenvs();
    parsedebugvars();
    gcinit();

    sched.lastpoll = static_cast<uint64>(nanotime());
    int32 procs = ncpu;
    bool ok;
    gostring s = gogetenv("GOMAXPROCS");
    if (int64 n = atoi(s, &ok); ok && n > 0) procs = n > _MaxGomaxprocs ? _MaxGomaxprocs : static_cast<int32>(n);
    if (procresize(procs)) throw_("schedinit: a runnable goroutine before the first one was made");
}

static void checkmcount() {
    if (mcount() > sched.maxmcount) {
        prints("runtime: program exceeds ");
        printint(sched.maxmcount);
        prints("-thread limit\n");
        throw_("thread exhaustion");
    }
}

/// What every M needs, m0 and those of allocm: an id, random numbers, a signal stack, a place on allm.
void mcommoninit(m* mp) {
    lock(&sched.lock);
    if (sched.mnext + 1 < sched.mnext) throw_("mcommoninit: M id overflow");
    mp->id = sched.mnext++;
    checkmcount();

    mp->fastrand[0] = 1597334677 * static_cast<uint32>(mp->id);
    mp->fastrand[1] = static_cast<uint32>(cputicks());
    if ((mp->fastrand[0] | mp->fastrand[1]) == 0) mp->fastrand[1] = 1;

    mpreinit(mp);
    if (mp->gsignal) mp->gsignal->stackguard1 = mp->gsignal->stack.lo + _StackGuard;

    mp->alllink = allm;
    atomic::Store(&allm, mp);
    unlock(&sched.lock);
}

uint32 fastrand() {
    m* mp = getg()->m;
    uint32 s1 = mp->fastrand[0], s0 = mp->fastrand[1];
    s1 ^= s1 << 17;
    s1 = s1 ^ s0 ^ s1 >> 7 ^ s0 >> 16;
    mp->fastrand[0] = s0;
    mp->fastrand[1] = s1;
    return s0 + s1;
}

/// GOMAXPROCS shrank, and pp is not wanted any more: what it has goes to the global lists. The P itself stays, because
/// an M in a system call may remember it.
static void pdestroy(p* pp) {
    while (pp->runqhead != pp->runqtail) globrunqputhead(pp->runq[--pp->runqtail % runqlen]);
    if (pp->runnext) globrunqputhead(pp->runnext);
    pp->runnext = nullptr;

    purgeSudogs(pp, 0);
    freemcache(pp->mcache);
    pp->mcache = nullptr;
    gfpurge(pp);
    pp->status = _Pdead;
}

/// Makes room in allp. Who walks it without a P has the old length, or the new one, with null for Ps that are not made.
static void growallp(int32 nprocs) {
    slice<p*> all = {allp.array, nprocs, allp.cap};
    if (nprocs > all.cap) {
        // The old one is not freed: others may still walk it.
        all = {static_cast<p**>(mallocgc(sizeof(p*) * nprocs)), nprocs, nprocs};
        if (allp.cap) memcpy(all.array, allp.array, sizeof(p*) * allp.cap);
    }
    lock(&allpLock);
    allp = all;
    unlock(&allpLock);
}

static void trimallp(int32 nprocs) {
    lock(&allpLock);
    allp.len = nprocs;
    unlock(&allpLock);
}

/// P i is wanted: it is made, unless there was one of that number before.
static void pinit(int32 i, bool first) {
    p* pp = allp.array[i];
    if (!pp) {
        pp = static_cast<p*>(persistentalloc(sizeof(p), 64));  // Ps are never freed
        pp->id = i;
        pp->status = _Pgcstop;
        pp->sudogcache = {pp->sudogbuf, 0, len(pp->sudogbuf)};
    }
    if (first) {
        if (!getg()->m->mcache) throw_("procresize: m0 has no mcache");
        pp->mcache = getg()->m->mcache;  // the one that boot has used so far
    } else if (!pp->mcache) {
        pp->mcache = allocmcache();
    }
    atomic::Store(&allp.array[i], pp);
}

/// All Ps but this M's become idle. Those that have work are not put with the others: these are returned.
static p* runnablePs(const m* mp, int32 nprocs) {
    p* runnable = nullptr;
    for (int32 i = nprocs - 1; i >= 0; i--) {
        p* pp = allp.array[i];
        if (mp->p == pp) continue;
        pp->status = _Pidle;
        if (runqempty(pp)) {
            pidleput(pp);
        } else {
            pp->m = mget();
            pp->link = runnable;
            runnable = pp;
        }
    }
    return runnable;
}

/// Changes the number of Ps. With sched.lock held, or before there is anybody to race with; the world is stopped.
/// The current M ends up with a P. Returns the Ps that have work, linked by p.link, each with a sleeping M in p.m if
/// there was one.
p* procresize(int32 nprocs) {
    int32 old = gomaxprocs;
    if (old < 0 || nprocs <= 0) throw_("procresize: invalid argument");

    int64 now = nanotime();
    if (sched.procresizetime != 0) sched.totaltime += old * (now - sched.procresizetime);
    sched.procresizetime = now;

    if (nprocs > allp.len) growallp(nprocs);
    for (int32 i = 0; i < nprocs; i++) pinit(i, old == 0 && i == 0);

    globrunqcollect();
    for (int32 i = nprocs; i < old; i++) pdestroy(allp.array[i]);
    if (nprocs < allp.len) trimallp(nprocs);

    // This M may hold one of those. It lets go of its P and takes P 0, if it cannot keep its own.
    m* mp = getg()->m;
    if (mp->p && mp->p->id < nprocs) {
        mp->p->status = _Prunning;
    } else {
        if (mp->p) mp->p->m = nullptr;
        mp->p = nullptr;
        mp->mcache = nullptr;
        p* pp = allp.array[0];
        pp->m = nullptr;
        pp->status = _Pidle;
        acquirep(pp);
    }
    p* runnable = runnablePs(mp, nprocs);
    atomic::Store(&gomaxprocs, nprocs);
    return runnable;
}

// ---- on g1 ---------------------------------------------------------------------------------------------------------

void main_func1(void*) { newm(sysmon, nullptr); }

/// The first goroutine. gogo jumps here from g0; returning would end in goexit, but it exits the process instead.
void runtime_main(funcval*) {
    g* gp = getg();
    maxstacksize = 1000000000;
    mainStarted = true;  // newproc may start other Ms now
    systemstack<void>(main_func1, nullptr);

    // Initialisation stays on the main thread: some libraries insist on it.
    lockOSThread();
    if (gp->m != &m0) throw_("runtime.main: not on m0");

    runtime_init();
    if (nanotime() == 0) throw_("runtime.main: nanotime is zero");
    runtimeInitTime = nanotime();
    gcenable();

    static const _type boolean = {sizeof(bool), nullptr, nullptr};
    main_init_done = detail::makechan(&boolean, 0);
    main_init();
    detail::closechan(main_init_done);

    unlockOSThread();
    main_main();

    // A panic elsewhere may still recover, or else says something: do not exit while its deferred calls run.
    for (int32 c = 0; c < 1000 && atomic::Load(&runningPanicDefers) != 0; c++) runtime::Gosched();
    // Another goroutine is printing its last words: let it.
    if (atomic::Load(&panicking) != 0) gopark(nullptr, nullptr, str("panicwait"));
    exit_(0);
    for (;;) *reinterpret_cast<volatile int32*>(0) = 0;
}

static funcval forcegchelper_f = {forcegchelper};

/// The runtime package's own initialisation. In Go four functions; the last starts forcegchelper.
void runtime_init() { newproc(0, &forcegchelper_f); }

// ---- goroutine and thread bound together ---------------------------------------------------------------------------
// nosplit: a goroutine that were preempted between the count and the lock would go on with another M.

nosplit static void dolockOSThread();
static void dolockOSThread() {
    g* gp = getg();
    gp->m->lockedg = gp;
    gp->lockedm = gp->m;
}

nosplit static void dounlockOSThread();
static void dounlockOSThread() {
    g* gp = getg();
    if (gp->m->lockedInt != 0 || gp->m->lockedExt != 0) return;
    gp->m->lockedg = nullptr;
    gp->lockedm = nullptr;
}

void lockOSThread() {
    getg()->m->lockedInt++;
    dolockOSThread();
}

void unlockOSThread() {
    m* mp = getg()->m;
    if (mp->lockedInt == 0) throw_("unlockOSThread: not locked");
    mp->lockedInt--;
    dounlockOSThread();
}

void runtime::LockOSThread() {
    startTemplateThread();
    m* mp = getg()->m;
    if (++mp->lockedExt == 0) {
        mp->lockedExt--;
        panicplain("LockOSThread nesting overflow");
    }
    dolockOSThread();
}

/// Once too often does nothing.
void runtime::UnlockOSThread() {
    m* mp = getg()->m;
    if (mp->lockedExt == 0) return;
    mp->lockedExt--;
    dounlockOSThread();
}

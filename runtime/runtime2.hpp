// runtime2.hpp - the data model: g, m, p, sched and what hangs on them. Go's counterpart: runtime2.go (and chan.go,
// malloc.go).
//
// Names are Go's. Fields stand in Go's order; those that mean nothing here are left out (notes say which and why),
// and the few that are this runtime's own are marked "ours". C++ names are global and ELF symbols carry Go's dotted
// names, so `print g0` and `break runtime.schedinit` both work in gdb.
#pragma once

#include "atomic.hpp"  // IWYU pragma: export
#include "types.hpp"   // IWYU pragma: export

using atomic::oneP;
using detail::findnull;
using detail::str;

/// A variable that more than one file knows. It has two names: to the linker it is runtime.g0, which no program's variable
/// can be called; as g0 it is local to proc.cpp, which defines them all. So `print g0` works in gdb, an editor shows it
/// among that file's variables, and a program may have a g0 of its own.
#ifdef RUNTIME_VARIABLES_ARE_HERE
#define GOVAR(type, name, ...)                                                                      \
    extern type name##_go GO("runtime." #name) __attribute__((alias(#name), visibility("hidden"))); \
    [[gnu::used]] static type name GO(#name) __VA_ARGS__
#else
#define GOVAR(type, name, ...) extern type name GO("runtime." #name) __attribute__((visibility("hidden")))
#endif

/// A large table, which most programs touch little of or nothing. It stands behind all other variables (programs are
/// linked with --sort-section=name), so that what every boot writes is together in one page: each costs 1 us and more.
#define largetable __attribute__((section(".bss.large")))

struct g;
struct m;
struct p;
struct sudog;
struct hchan;
struct mcache;
struct timer;
class Defer;

// In Go these are integers that hide the pointer from the garbage collector; without one they are pointers.
using guintptr = g*;
using muintptr = m*;
using puintptr = p*;

template <class T> struct slice {
    T* array;
    int64 len;
    int64 cap;
};

// ---- statuses ------------------------------------------------------------------------------------------------------

/// g.atomicstatus. Only casgstatus changes it.
enum gstatus : uint32 {
    _Gidle,             // just allocated, nothing in it is valid yet
    _Grunnable,         // on a run queue (or in runnext), not running; the stack is nobody's
    _Grunning,          // on an M with a P; owns its stack; on no queue
    _Gsyscall,          // in a system call: has an M, its P may be taken away; on no queue
    _Gwaiting,          // parked; whoever will wake it holds it (a sudog on a channel, a note, a list)
    _Gmoribund_unused,  // never used; gdb scripts of old knew the number
    _Gdead,             // just made, or exited and on a free list; may or may not have a stack
    _Genqueue_unused,   // never used
    _Gcopystack,        // its stack is being moved; here: a segment is being added or taken away
    _Gscan = 0x1000,    // flag bit in Go: the collector is reading the stack. No collector here, so never set
};

/// p.status.
enum pstatus : uint32 {
    _Pidle,     // on sched.pidle, no M
    _Prunning,  // owned by the M in p.m, which runs user code or the scheduler
    _Psyscall,  // its M is in a system call; anyone may take the P away by a CAS to _Pidle
    _Pgcstop,   // halted: the world is stopped, or the P is just made
    _Pdead,     // GOMAXPROCS shrank; kept for when it grows again
};

// What is said of the fields stands in one column for a whole structure.
// clang-format off

// ---- stacks and saved state ----------------------------------------------------------------------------------------

/// A stack is [lo, hi) and grows down from hi.
struct stack {
    uintptr lo;
    uintptr hi;
};

/// Where a goroutine goes on when it runs next: what gogo loads. While it runs, sp is 0.
struct gobuf {
    uintptr sp;    // stack pointer
    uintptr pc;    // next instruction
    guintptr g;    // whose it is
    void* ctxt;    // closure context, in RDX (as in Go) and RDI (C++'s first argument) at the first instruction
    uint64 ret;    // in RAX
    uintptr lr;    // link register, unused on amd64
    uintptr bp;    // frame pointer
};

/// The last words of a stack segment that was added under a running goroutine: how to go back to the older one.
struct stktop {
    struct stack stack;  // the older segment
    uintptr guard;       // its stackguard0
    stktop* prev;        // and what lay below that one, null for the first
    uintptr total;       // bytes of all segments up to this one
};

/// A function value: a pointer to a word that holds the code's address; captured variables follow it.
struct funcval {
    void (*fn)(funcval*);
};

/// A function value that newclosure has moved to the bottom of a goroutine's stack: how to destroy what it captured.
struct closureval {
    void (*fn)(funcval*);
    const _type* type;
};

// ---- locks ---------------------------------------------------------------------------------------------------------

/// A lock for the runtime itself: 0 unlocked, 1 locked, 2 locked with threads asleep on the futex.
struct mutex {
    uintptr key;
};

/// A one-time event for a thread: 0 not yet, 1 has happened. Cleared by its owner before each use.
struct note {
    uintptr key;
};

// ---- panics ---------------------------------------------------------------------------------------------------------

using eface = any;   // in Go an interface{}'s two words

/// A call that a function has deferred. Linked from g._defer, the last one first.
struct _defer {
    int32 siz;               // bytes of the function object, which follows
    bool started;            // its call has begun
    uintptr sp;              // the function that deferred it: its Defer,
    uintptr pc;              // and where it goes on after a recover
    funcval* fn;
    struct _panic* _panic;   // the panic that runs it, null if the function ends as it should
    _defer* link;
};

/// A panic under way, on the stack of gopanic. Linked from g._panic, the last one first.
struct _panic {
    void* argp;              // not used: see gorecover
    eface arg;
    _panic* link;
    bool recovered;          // a deferred call has recovered: it ends when that call returns
    bool aborted;            // a deferred call that it ran has panicked or gone to Goexit: it will not go on
};

// ---- g: a goroutine ------------------------------------------------------------------------------------------------

struct g {
    struct stack stack;      // [lo, hi): where it runs now
    uintptr stackguard0;     // what a prologue compares SP with; stackPreempt asks for a reschedule
    uintptr stackguard1;     // the same for code on g0 and gsignal; ~0 on a user goroutine

    struct _panic* _panic;   // innermost panic
    struct _defer* _defer;   // innermost defer
    struct m* m;             // current M; null unless running or in a system call
    gobuf sched;             // where it goes on
    uintptr syscallsp;       // while _Gsyscall: sched.sp at the call, for whoever looks at the stack
    uintptr syscallpc;       //                  sched.pc at the call
    uintptr stktopsp;        // expected SP at the top of the stack, for tracebacks to check
    void* param;             // what the waker hands over: the sudog that was served. In gfreeStack: see gfget
    uint32 atomicstatus;     // gstatus
    int32 schedahead;        // ours: bytes to who stands eight after it on the global queue, or did once: see globrunqget
    int64 goid;              // 1 is main; 0 is a g that is not a goroutine (g0, gsignal) or is not in use
    int64 waitsince;         // since when it waits, ns: noted by forcegchelper every two minutes, as by Go's collector
    gostring waitreason;     // why, if _Gwaiting
    guintptr schedlink;      // next on whichever list it is on
    bool preempt;            // preemption asked for; survives a stackguard0 that was overwritten
    bool paniconfault;       // a bad address is a panic, not a crash
    bool throwsplit;         // must not grow its stack now
    void* context;           // ours: its Boost context; null before it first runs and while it runs, odd on the way out
    int64 sysexitticks;      // cputicks when the last system call returned
    muintptr lockedm;        // M that only runs this g
    uint32 sig;              // signal that became a panic
    uintptr sigcode0;
    uintptr sigcode1;        // its fault address
    uintptr sigpc;           // and where
    uintptr gopc;            // the return address of the go statement that made it
    uintptr startpc;         // its function
    sudog* waiting;          // sudogs it waits on, in lock order
    struct timer* timer;     // Sleep's cached timer
    uint32 selectDone;       // a select has been won (CAS 0 -> 1)
    struct stktop* stktop;   // ours: how to leave the current stack segment, null on the first
};

// ---- m: an operating system thread ---------------------------------------------------------------------------------

struct gsignalStack {
    struct stack stack;
    uintptr stackguard0;
    uintptr stackguard1;
    uintptr stktopsp;
};

using sigset = uint64;

struct m {
    struct g* g0;            // the goroutine whose stack the scheduler runs on
    gobuf morebuf;           // who called the function that ran out of stack
    uint32 divmod;           // not used on amd64, keeps tls at Go's offset
    uint64 procid;           // thread id, as `info threads` shows it (LWP)
    struct g* gsignal;       // signals are handled on its stack
    gsignalStack goSigStack;  // Go's own signal stack when a C library brought another one
    sigset sigmask;          // signal mask to start with
    uintptr tls[6];          // FS points at tls[1]: tls[0] is the current g, tls[1] is FS itself
    void (*mstartfn)();      // what the thread does before it schedules; sysmon never comes back from it
    struct g* curg;          // the goroutine it runs, null while scheduling
    guintptr caughtsig;      // goroutine that ran when a fatal signal came
    puintptr p;              // P it holds, needed to run Go code
    puintptr nextp;          // P it must take when it wakes
    int64 id;
    int32 mallocing;
    int32 throwing;
    gostring preemptoff;     // if not empty: keep curg on this M, and why
    uintptr tlsguard;        // ours: 0x70(FS), the current g's stackguard0 where the compiler's prologues look for it
    int32 locks;             // > 0: must not be preempted
    int32 dying;
    int32 helpgc;            // always 0: no collector asks for help
    bool spinning;           // out of work and looking for some
    bool blocked;            // asleep on a note
    bool newSigstack;        // minit installed the signal stack
    int8 printlock;
    uint32 freeWait;         // its g0 may be freed when this is 0
    uint32 fastrand[2];
    uint8 traceback;
    note park;               // stopm sleeps here
    struct m* alllink;       // on allm
    muintptr schedlink;      // on sched.midle
    struct mcache* mcache;
    guintptr lockedg;        // goroutine that only runs here
    uint32 lockedExt;        // LockOSThread by the program
    uint32 lockedInt;        // lockOSThread by the runtime
    bool (*waitunlockf)(struct g*, void*);  // gopark: run on g0 once the goroutine is off its stack
    void* waitlock;
    uint32 syscalltick;      // p.syscalltick when the system call began
    struct m* freelink;      // on sched.freem
    guintptr leaving;        // ours: whom mcall came from, not put away yet; g0 if that is done, null outside of mcall
};

// ---- p: the right to run Go code -----------------------------------------------------------------------------------

/// What sysmon saw when it last looked at this P.
struct sysmontick {
    uint32 schedtick;
    int64 schedwhen;
    uint32 syscalltick;
    int64 syscallwhen;
};

/// Bump allocation for what is never freed.
struct persistentAlloc {
    uint8* base;
    uintptr off;
};

constexpr uint32 runqlen = 256;

struct p {
    int32 id;
    uint32 status;               // pstatus
    puintptr link;               // on sched.pidle
    uint32 schedtick;            // goes up at each new time slice
    uint32 syscalltick;          // goes up at each system call
    struct sysmontick sysmontick;
    muintptr m;                  // who holds it; null if idle
    struct mcache* mcache;

    uint64 goidcache;            // ids in hand: next one,
    uint64 goidcacheend;         // and the end of the batch of 16

    // Run queue: the owner puts at the tail and takes at the head, thieves take at the head.
    uint32 runqhead;
    uint32 runqtail;
    guintptr runq[runqlen];
    guintptr runnext;            // runs next, inheriting the time slice of who readied it

    struct g* gfree;             // dead gs to use again
    int32 gfreecnt;

    slice<sudog*> sudogcache;
    sudog* sudogbuf[128];

    persistentAlloc palloc;
    uint8 pad[64];               // keeps the next P's head off this cache line
};

// ---- sched ---------------------------------------------------------------------------------------------------------

struct schedt {
    uint64 goidgen;          // last goroutine id handed to a P (atomic)
    uint64 lastpoll;         // when the network was last polled, 0 while somebody does

    mutex lock;              // guards the next group
    muintptr midle;          // Ms without work
    int32 nmidle;
    int32 nmidlelocked;      // of those locked to a goroutine, how many wait for it
    int64 mnext;             // Ms made so far, and the next id
    int32 maxmcount;         // more than this is fatal
    int32 nmsys;             // system Ms (sysmon), not counted for deadlock
    int64 nmfreed;
    uint32 ngsys;            // system goroutines (atomic)
    puintptr pidle;          // idle Ps
    uint32 npidle;
    uint32 nmspinning;
    guintptr runqhead;       // global run queue
    guintptr runqtail;
    int32 runqsize;

    mutex gflock;            // guards the global list of dead gs
    struct g* gfreeStack;
    struct g* gfreeNoStack;
    int32 ngfree;

    mutex sudoglock;
    sudog* sudogcache;

    struct m* freem;         // Ms that wait to be freed

    uint32 gcwaiting;        // the world is to stop
    int32 stopwait;
    note stopnote;
    uint32 sysmonwait;
    note sysmonnote;

    int64 procresizetime;    // when gomaxprocs last changed, ns
    int64 totaltime;

    guintptr injecthead;     // ours: with one P, what Ms without it put on the global queue: see globrunqinject
    guintptr injecttail;
};

// ---- channels ------------------------------------------------------------------------------------------------------

/// A g on a wait list. One g may be on many (select), one object may hold many gs.
struct sudog {
    struct g* g;
    bool isSelect;           // g.selectDone must be won first
    sudog* next;
    sudog* prev;
    void* elem;              // where the element is, or goes
    int64 acquiretime;
    int64 releasetime;
    uint32 ticket;
    sudog* parent;
    sudog* waitlink;         // g.waiting
    sudog* waittail;
    hchan* c;
};

struct waitq {
    sudog* first;
    sudog* last;
};

struct hchan {
    uint64 qcount;           // elements in the buffer
    uint64 dataqsiz;         // its size
    void* buf;
    uint16 elemsize;
    uint32 closed;
    const _type* elemtype;
    uint64 sendx;
    uint64 recvx;
    waitq recvq;             // receivers waiting
    waitq sendq;             // senders waiting
    mutex lock;
    int64 refs;              // ours: how many handles there are; Go has a collector instead
};

// ---- timers --------------------------------------------------------------------------------------------------------

struct timersBucket;

/// A function to be called at a time, by timerproc: it must not block.
struct timer {
    timersBucket* tb;    // where it is
    int64 i;             // and at which place of the heap; -1 once it has fired or was deleted
    int64 when;          // ns, as nanotime counts
    int64 period;        // > 0: again and again
    void (*f)(void*);
    void* arg;
};

// ---- memory --------------------------------------------------------------------------------------------------------

constexpr int32 _NumStackOrders = 4;    // stacks of 2, 4, 8 and 16 KB come from caches
constexpr int32 numSizeClasses = 20;    // 1 to 19: blocks of 16 bytes to 8 KB (class_to_size); 0: what is larger

/// A block on a free list begins with the link to the next one.
struct gclink {
    gclink* next;
};

struct stackfreelist {
    gclink* list;
    uintptr size;            // bytes on the list
};

/// A P's own supply of memory; no lock needed.
struct mcache {
    gclink* alloc[numSizeClasses];   // free blocks, by class
    int32 nalloc[numSizeClasses];    // how many
    int32 refill[numSizeClasses];    // how many more to fetch the next time there are none
    stackfreelist stackcache[_NumStackOrders];
};

struct forcegcstate {
    mutex lock;
    struct g* g;
    uint32 idle;
};

struct debugvars {           // GODEBUG
    int32 cgocheck;
    int32 invalidptr;
    int32 scheddetail;
    int32 schedtrace;
};

// clang-format on

// ---- globals -------------------------------------------------------------------------------------------------------

GOVAR(g, g0);  // the first thread's scheduler goroutine, on the stack the kernel made
GOVAR(m, m0);  // the first thread
GOVAR(schedt, sched);

GOVAR(slice<g*>, allgs);  // every g ever made; grows, never shrinks
GOVAR(uintptr, allglen);  // its length, for readers without the lock
GOVAR(mutex, allglock);
GOVAR(m*, allm);         // newest first, linked by alllink
GOVAR(slice<p*>, allp);  // len == gomaxprocs; up to cap stand Ps that GOMAXPROCS once had
GOVAR(mutex, allpLock);  // for who reads allp without a P: it changes only while the world is stopped

GOVAR(int32, ncpu);
GOVAR(int32, gomaxprocs);
GOVAR(bool, mainStarted);  // newproc wakes other Ps only after this
GOVAR(int64, runtimeInitTime);
GOVAR(hchan*, main_init_done);            // closed when main.init has returned
GOVAR(uintptr, maxstacksize, = 1 << 20);  // enough until runtime.main sets the real limit
GOVAR(forcegcstate, forcegc);
GOVAR(int64, forcegcperiod, = 120ll * 1000000000);
GOVAR(bool, fingwait);  // the finalizer goroutine waits,
GOVAR(bool, fingwake);  // and there is work for it
GOVAR(uint32, worldsema, = 1);
GOVAR(uint32, netpollWaiters);      // goroutines parked for the network
GOVAR(sigset, initSigmask);         // what the process began with
GOVAR(uint32, panicking);           // Ms that write a report or wait to
GOVAR(uint32, runningPanicDefers);  // panics whose deferred calls run: main waits for them before it exits
GOVAR(debugvars, debug);
GOVAR(uint32, traceback_cache, = 2 << 2);  // "all", until GOTRACEBACK has been read
GOVAR(gostring, buildVersion, = {"go1.10.2", 8});

GOVAR(int32, argc);
GOVAR(uint8**, argv);
GOVAR(slice<gostring>, argslice);
GOVAR(slice<gostring>, envs);
GOVAR(uintptr, physPageSize);
GOVAR(slice<uint8>, startupRandomData);

// CPU facts, stored by rt0_go.
GOVAR(uint32, processorVersionInfo);
GOVAR(bool, isIntel);
GOVAR(bool, lfenceBeforeRdtsc);
GOVAR(bool, support_aes);
GOVAR(bool, support_avx);
GOVAR(bool, support_avx2);
GOVAR(bool, support_bmi1);
GOVAR(bool, support_bmi2);
GOVAR(bool, support_erms);
GOVAR(bool, support_osxsave);
GOVAR(bool, support_popcnt);
GOVAR(bool, support_sse2);
GOVAR(bool, support_sse41);
GOVAR(bool, support_sse42);
GOVAR(bool, support_ssse3);
GOVAR(bool, useAeshash);

// ---- the current g -------------------------------------------------------------------------------------------------

extern __thread g* tls_g GO("runtime.tls_g") __attribute__((tls_model("initial-exec")));

/// The g whose stack this code runs on: a goroutine, the M's g0, or its gsignal.
/// In assembly, so that a function with two of these does not save a register for the slot's offset.
[[gnu::always_inline]] inline g* getg() {
    g* gp;
    __asm__ volatile("mov runtime.tls_g@gottpoff(%%rip), %0\n\tmov %%fs:(%0), %0" : "=r"(gp));
    return gp;
}

/// The word every prologue compares SP with. The compilers put it at 0x70(FS); see go_tls.h.
[[gnu::always_inline]] inline void settlsguard(uintptr guard) {
    __asm__ volatile("mov %0, %%fs:0x70" : : "r"(guard) : "memory");
}

#define getcallerpc() reinterpret_cast<uintptr>(__builtin_return_address(0))
#define getcallersp() reinterpret_cast<uintptr>(__builtin_dwarf_cfa())
/// The caller's frame pointer: the first word of every frame.
#define getcallerbp() (*static_cast<uintptr*>(__builtin_frame_address(0)))

// runtime.hpp - what the runtime's files know of each other, file by file in boot order. Functions have Go's names.
//
// runtime2.hpp has the data, os_linux.hpp the operating system, builtin.hpp what a compiler would call, go.hpp what
// programs include.
#pragma once

#include "os_linux.hpp"
#include "runtime2.hpp"

// ---- asm_amd64.S ---------------------------------------------------------------------------------------------------
void mstart() GO("runtime.mstart");
void asminit() GO("runtime.asminit");
void gogo(gobuf* buf) GO("runtime.gogo");
void mcall(void (*fn)(g*)) GO("runtime.mcall");
void leave() GO("runtime.leave");
void systemstack_(void (*fn)(void*), void* arg) GO("runtime.systemstack");
void systemstack_switch() GO("runtime.systemstack_switch");
void goexit() GO("runtime.goexit");
void goexit1() GO("runtime.goexit1");
int64 cputicks() GO("runtime.cputicks");
void procyield(uint32 cycles) GO("runtime.procyield");
extern const funcval mainPC GO("runtime.mainPC");

/// Runs fn(arg) on the g0 stack: at once if already there, else by going there and coming back.
template <class T> [[gnu::always_inline]] inline void systemstack(void (*fn)(T*), T* arg) {
    systemstack_(reinterpret_cast<void (*)(void*)>(fn), arg);
}

// ---- stubs: memory, random, strings ---------------------------------------------------------------------------------
extern "C" void* memcpy(void*, const void*, size_t);
extern "C" void* memmove(void*, const void*, size_t);
extern "C" void* memset(void*, int, size_t);
extern "C" int memcmp(const void*, const void*, size_t);
uint32 fastrand() GO("runtime.fastrand");

inline bool hasprefix(const char* s, const char* prefix) GO("runtime.hasprefix");
inline bool hasprefix(const char* s, const char* prefix) {
    while (*prefix && *s == *prefix) s++, prefix++;
    return !*prefix;
}

/// How many elements an array has.
template <class T, size_t n> [[gnu::always_inline]] constexpr int32 len(T (&)[n]) { return n; }

// ---- runtime1.cpp --------------------------------------------------------------------------------------------------
void check() GO("runtime.check");
void args(int32 c, uint8** v) GO("runtime.args");
void goargs() GO("runtime.goargs");
void goenvs_unix() GO("runtime.goenvs_unix");
void parsedebugvars() GO("runtime.parsedebugvars");
gostring gostringnocopy(const uint8* s) GO("runtime.gostringnocopy");
/// The value of an environment variable; str is null if it is not set. Valid after goenvs.
gostring gogetenv(const char* key) GO("runtime.gogetenv");
/// Decimal digits to a number; ok is false for anything else.
int64 atoi(gostring s, bool* ok) GO("runtime.atoi");

// ---- lock_futex.cpp ------------------------------------------------------------------------------------------------
void lock(mutex* l) GO("runtime.lock");
void unlock(mutex* l) GO("runtime.unlock");
/// The same for a lock that is taken only with a P in hand: a channel's, a semaphore's. Whoever holds it keeps the P
/// until unlockp, so with a single P there is nobody to exclude.
void lockp(mutex* l);
void unlockp(mutex* l);
void noteclear(note* n) GO("runtime.noteclear");
void notewakeup(note* n) GO("runtime.notewakeup");
void notesleep(note* n) GO("runtime.notesleep");
/// Sleeps until the note is woken or ns have passed; false if time ran out. On g0 only.
bool notetsleep(note* n, int64 ns) GO("runtime.notetsleep");
/// The same on a goroutine, as a system call that is known to block: its P goes to somebody else at once.
bool notetsleepg(note* n, int64 ns) GO("runtime.notetsleepg");

// ---- symtab.cpp, alg.cpp -------------------------------------------------------------------------------------------
void moduledataverify() GO("runtime.moduledataverify");
void modulesinit() GO("runtime.modulesinit");
void typelinksinit() GO("runtime.typelinksinit");
void itabsinit() GO("runtime.itabsinit");
void alginit() GO("runtime.alginit");

// ---- malloc.cpp ----------------------------------------------------------------------------------------------------
void mallocinit() GO("runtime.mallocinit");
mcache* allocmcache() GO("runtime.allocmcache");
/// What it holds goes back to the heap.
void freemcache(mcache* c) GO("runtime.freemcache");
/// Zeroed memory, 16-byte aligned. Never fails: out of memory is fatal.
void* mallocgc(uintptr size) GO("runtime.mallocgc");
/// What mallocgc(size) gave.
void mfree(void* block, uintptr size) GO("runtime.mfree");
/// Memory that is never freed, zeroed.
void* persistentalloc(uintptr size, uintptr align) GO("runtime.persistentalloc");
/// A run of whole 32 KB spans, aligned to 32 KB, for stacks.
void* spanalloc(uintptr size) GO("runtime.spanalloc");
void spanfree(void* v, uintptr size) GO("runtime.spanfree");
/// Hands the memory of free spans back to the system; returns the bytes.
uintptr scavenge() GO("runtime.scavenge");

template <class T> static T* new_() { return static_cast<T*>(mallocgc(sizeof(T))); }

// ---- stack.cpp -----------------------------------------------------------------------------------------------------
constexpr uintptr _StackMin = 2048;  // what a goroutine begins with
constexpr uintptr _FixedStack = 2048;
constexpr uintptr _StackGuard = 880;                           // the guard stands this far above lo
constexpr uintptr stackPreempt = static_cast<uintptr>(-1314);  // 0xfffffffffffffade: no SP is above it
void stackinit() GO("runtime.stackinit");
stack stackalloc(uintptr n) GO("runtime.stackalloc");
void stackfree(stack stk) GO("runtime.stackfree");
void stackcache_clear(mcache* c) GO("runtime.stackcache_clear");
void newstack(uintptr framesize, uintptr argsize, uintptr* top) GO("runtime.newstack");
nosplit void lessstack() GO("runtime.lessstack");
nosplit void straypreempt(uintptr sp, uintptr framesize) GO("runtime.straypreempt");
/// Takes a dead goroutine back to its first segment.
void freesegments(g* gp) GO("runtime.freesegments");
/// Takes the current goroutine back to the segment that p is in.
void freesegmentsto(void* p) GO("runtime.freesegmentsto");
void gostartcall(gobuf* buf, void* fn, void* ctxt) GO("runtime.gostartcall");
void gostartcallfn(gobuf* buf, funcval* fv) GO("runtime.gostartcallfn");

// ---- signal_unix.cpp -----------------------------------------------------------------------------------------------
void msigsave(m* mp) GO("runtime.msigsave");
void initsig(bool preinit) GO("runtime.initsig");
void minitSignals() GO("runtime.minitSignals");
/// "SIGSEGV: segmentation violation"; null for a signal that nobody here has a name for.
const char* signame(uint32 sig) GO("runtime.signame");
/// As if the goroutine had called it where the signal came.
[[noreturn, gnu::force_align_arg_pointer]] nosplit void sigpanic() GO("runtime.sigpanic");
[[noreturn]] void dieFromSignal(uint32 sig) GO("runtime.dieFromSignal");

// ---- mgc.cpp -------------------------------------------------------------------------------------------------------
void gcinit() GO("runtime.gcinit");
void gcenable() GO("runtime.gcenable");
void forcegchelper(funcval*) GO("runtime.forcegchelper");
void bgsweep(funcval*) GO("runtime.bgsweep");
void runfinq(funcval*) GO("runtime.runfinq");
void createfing() GO("runtime.createfing");
/// fn(arg) will be called by the finalizer goroutine.
void queuefinalizer(void (*fn)(void*), void* arg) GO("runtime.queuefinalizer");
/// The finalizer goroutine, if it waits and has work; null otherwise. Called by findrunnable.
g* wakefing() GO("runtime.wakefing");

// ---- proc.cpp: boot ------------------------------------------------------------------------------------------------
void schedinit() GO("runtime.schedinit");
void mcommoninit(m* mp) GO("runtime.mcommoninit");
p* procresize(int32 nprocs) GO("runtime.procresize");
void runtime_main(funcval*) GO("runtime.main");
void runtime_init() GO("runtime.init");
void main_init() GO("main.init");
nosplit void lockOSThread() GO("runtime.lockOSThread");
nosplit void unlockOSThread() GO("runtime.unlockOSThread");

// ---- proc_g.cpp: the life of a goroutine ---------------------------------------------------------------------------
/// Queues a goroutine that will run fn. siz is the size of what fn captured, 0 here: see newclosure.
nosplit void newproc(int32 siz, funcval* fn) GO("runtime.newproc");
g* malg(int32 stacksize) GO("runtime.malg");
void allgadd(g* gp) GO("runtime.allgadd");
/// This P's dead gs go to the global list.
void gfpurge(p* pp) GO("runtime.gfpurge");
/// One of the runtime's own helpers: it does not count as a program that goes on.
bool issystemgoroutine(g* gp) GO("runtime.isSystemGoroutine");
nosplit inline void casgstatus(g* gp, uint32 oldval, uint32 newval) GO("runtime.casgstatus");
[[gnu::always_inline]] inline uint32 readgstatus(g* gp) { return atomic::Load(&gp->atomicstatus); }
/// Parks the current goroutine. unlockf(gp, lock), if any, runs on g0 once it is off its stack; if it says false, it
/// goes on at once.
void gopark(bool (*unlockf)(g*, void*), void* lock, gostring reason) GO("runtime.gopark");
void goparkunlock(mutex* l, gostring reason) GO("runtime.goparkunlock");
/// The same for a lock of lockp's.
inline void goparkunlockp(mutex* l, gostring reason) GO("runtime.goparkunlockp");
bool parkunlockp(g* gp, void* l) GO("runtime.parkunlockp");
inline void goready(g* gp) GO("runtime.goready");
void ready(g* gp, bool next) GO("runtime.ready");
void gopreempt_m(g* gp) GO("runtime.gopreempt_m");
inline sudog* acquireSudog() GO("runtime.acquireSudog");
inline void releaseSudog(sudog* s) GO("runtime.releaseSudog");
void refillSudogs() GO("runtime.refillSudogs");
void spillSudogs() GO("runtime.spillSudogs");
/// All but so many of a P's free sudogs to the global list.
void purgeSudogs(p* pp, int64 keep) GO("runtime.purgeSudogs");

// ---- proc_sched.cpp: who runs next ---------------------------------------------------------------------------------
void schedule() GO("runtime.schedule");
void execute(g* gp, bool inheritTime) GO("runtime.execute");
inline void dropg() GO("runtime.dropg");
void runqput(p* pp, g* gp, bool next) GO("runtime.runqput");
g* runqget(p* pp, bool* inheritTime) GO("runtime.runqget");
bool runqempty(p* pp) GO("runtime.runqempty");
g* runqsteal(p* pp, p* p2, bool stealRunNextG) GO("runtime.runqsteal");
/// By an M with a P: to the end of the global queue.
void globrunqput(g* gp) GO("runtime.globrunqput");
void globrunqputhead(g* gp) GO("runtime.globrunqputhead");
/// The same by anybody, with sched.lock held.
void globrunqinject(g* gp) GO("runtime.globrunqinject");
/// Moves what was injected to the queue. With the only P in hand, or the world stopped; and sched.lock held.
void globrunqcollect() GO("runtime.globrunqcollect");
/// A look without a lock.
bool globrunqempty() GO("runtime.globrunqempty");
g* globrunqget(p* pp, int32 max) GO("runtime.globrunqget");
/// What netpoll returned goes to the global queue, and Ms are started for it.
void injectglist(g* glist) GO("runtime.injectglist");
void pidleput(p* pp) GO("runtime.pidleput");
p* pidleget() GO("runtime.pidleget");

// ---- proc_m.cpp: threads and who holds a P -------------------------------------------------------------------------
void acquirep(p* pp) GO("runtime.acquirep");
p* releasep() GO("runtime.releasep");
void newm(void (*fn)(), p* pp) GO("runtime.newm");
void startTemplateThread() GO("runtime.startTemplateThread");
m* mget() GO("runtime.mget");
void startm(p* pp, bool spinning) GO("runtime.startm");
void stopm() GO("runtime.stopm");
void handoffp(p* pp) GO("runtime.handoffp");
void wakep() GO("runtime.wakep");
void stoplockedm() GO("runtime.stoplockedm");
void startlockedm(g* gp) GO("runtime.startlockedm");
void incidlelocked(int32 v) GO("runtime.incidlelocked");
void checkdead() GO("runtime.checkdead");
int32 mcount() GO("runtime.mcount");

// ---- proc_world.cpp ------------------------------------------------------------------------------------------------
constexpr int32 _MaxGomaxprocs = 1 << 10;
/// On a goroutine: returns when no other one runs. The reason is for who looks at m.preemptoff meanwhile.
void stopTheWorld(gostring reason) GO("runtime.stopTheWorld");
void startTheWorld() GO("runtime.startTheWorld");
void gcstopm() GO("runtime.gcstopm");
/// With sched.lock held: a P has become _Pgcstop. The last one wakes who stops the world.
void stoppedone() GO("runtime.stoppedone");

// ---- proc_syscall.cpp ----------------------------------------------------------------------------------------------
nosplit void entersyscall() GO("runtime.entersyscall");
nosplit void entersyscallblock() GO("runtime.entersyscallblock");
nosplit void exitsyscall() GO("runtime.exitsyscall");
nosplit int64 Syscall(int64 (*fn)(uintptr, const void*, uintptr), uintptr a, const void* b, uintptr c)
    GO("syscall.Syscall");

// ---- proc_sysmon.cpp -----------------------------------------------------------------------------------------------
void sysmon() GO("runtime.sysmon");
void wakesysmon() GO("runtime.wakesysmon");
bool preemptone(p* pp) GO("runtime.preemptone");

// ---- time.cpp ------------------------------------------------------------------------------------------------------
void addtimer(timer* t) GO("runtime.addtimer");
/// False if it has fired already. On a goroutine; when it returns, nobody uses t any more.
bool deltimer(timer* t) GO("runtime.deltimer");
void timerproc(funcval*) GO("runtime.timerproc");

// ---- netpoll.cpp, netpoll_epoll.cpp --------------------------------------------------------------------------------
bool netpollinited() GO("runtime.netpollinited");
/// The goroutines whose files are ready, linked by schedlink. block: waits until there is one.
g* netpoll(bool block) GO("runtime.netpoll");

// ---- print.cpp -----------------------------------------------------------------------------------------------------
void printlock() GO("runtime.printlock");
void printunlock() GO("runtime.printunlock");
void printstring(gostring s) GO("runtime.printstring");
void prints(const char* s) GO("runtime.prints");
void printbool(bool v) GO("runtime.printbool");
void printint(int64 v) GO("runtime.printint");
void printuint(uint64 v) GO("runtime.printuint");
void printhex(uint64 v) GO("runtime.printhex");

struct hex {
    uint64 v;
};
[[gnu::always_inline]] inline void print1(const char* s) { prints(s); }
[[gnu::always_inline]] inline void print1(gostring s) { printstring(s); }
[[gnu::always_inline]] inline void print1(int32 v) { printint(v); }
[[gnu::always_inline]] inline void print1(int64 v) { printint(v); }
[[gnu::always_inline]] inline void print1(uint64 v) { printuint(v); }
[[gnu::always_inline]] inline void print1(hex h) { printhex(h.v); }
/// Go's built-in print: its words stay together. A program may have a print of its own, hence static.
template <class... T> static void print(T... v) {
    printlock();
    (print1(v), ...);
    printunlock();
}

// ---- panic.cpp -----------------------------------------------------------------------------------------------------
/// The runtime found itself broken: says so, shows the goroutines and exits with status 2. s reads "place: fact".
[[noreturn]] nosplit void throw_(const char* s) GO("runtime.throw");
/// Last words when nothing can be trusted, the stack included.
[[noreturn]] nosplit void fatal_nosplit(const char* s) GO("runtime.badsystemstack");
/// Before anything of a report is written: one M at a time.
nosplit void startpanic() GO("runtime.startpanic");
/// Shows where its caller is, and the others, and exits. The caller does not know, so that the call is not its last
/// word.
[[gnu::noinline]] nosplit void dopanic() GO("runtime.dopanic");
/// From gopanic, on the goroutine: makes gosave return once more.
[[noreturn]] void recovery(Defer* d) GO("runtime.recovery");
[[noreturn]] void crash() GO("runtime.crash");
/// May a signal that this goroutine brought on itself become a panic of the program's?
bool canpanic(g* gp) GO("runtime.canpanic");

// Panics that begin in the runtime. The program may recover from them.
[[noreturn]] void panicplain(const char* s) GO("runtime.panicplain");  // panic: s
[[noreturn]] void panicmem() GO("runtime.panicmem");
[[noreturn]] void panicdivide() GO("runtime.panicdivide");
[[noreturn]] void panicoverflow() GO("runtime.panicoverflow");
[[noreturn]] void panicfloat() GO("runtime.panicfloat");

// ---- traceback.cpp -------------------------------------------------------------------------------------------------
/// traceback_cache: how much a report shows. The level stands above two flags, as in Go.
constexpr uint32 tracebackCrash = 1, tracebackAll = 2, tracebackShift = 2;  // a core file; all goroutines
/// GOTRACEBACK: 0 nothing, 1 the program's frames, 2 the runtime's, too; all goroutines; and then a core file.
int32 gotraceback(bool* all, bool* crash) GO("runtime.gotraceback");
void goroutineheader(g* gp) GO("runtime.goroutineheader");
/// gp's frames, from the innermost: its pc and the frame pointer it had; pc ~0: from where gp was suspended.
void traceback(uintptr pc, uintptr sp, uintptr bp, g* gp) GO("runtime.traceback");
/// The same for a pc that did not call anybody: a signal came.
void tracebacktrap(uintptr pc, uintptr sp, uintptr bp, g* gp) GO("runtime.tracebacktrap");
void tracebackothers(g* me) GO("runtime.tracebackothers");

/// A word of another thread's: always a literal, so that a text and a length that do not belong together end in others.
[[gnu::always_inline]] inline gostring look(const gostring& s) {
    return {atomic::LoadRelaxed(&s.str), atomic::LoadRelaxed(&s.len)};
}

/// Where the guard of gp's stack stands: at its end, or above everything while somebody wants gp's P. Returns it.
[[gnu::always_inline]] inline uintptr setguard(g* gp) {
    uintptr guard = atomic::LoadRelaxed(&gp->preempt) ? stackPreempt : gp->stack.lo + _StackGuard;
    atomic::StoreRelaxed(&gp->stackguard0, guard);
    return guard;
}

/// Keeps the current goroutine on its M (and its P with it) until releasem: no preemption in between.
[[gnu::always_inline]] inline m* acquirem() {
    g* gp = getg();
    gp->m->locks++;
    return gp->m;
}
[[gnu::always_inline]] inline void releasem(m* mp) {
    g* gp = getg();
    mp->locks--;
    if (mp->locks == 0 && atomic::LoadRelaxed(&gp->preempt)) [[unlikely]] {
        // Asked for meanwhile: put the request back where a prologue sees it.
        atomic::StoreRelaxed(&gp->stackguard0, stackPreempt);
        settlsguard(stackPreempt);
    }
}

[[gnu::always_inline]] inline void lockp(mutex* l) {
    if (!oneP() || l->key != 0) return lock(l);
    getg()->m->locks++;
    l->key = 1;
}
[[gnu::always_inline]] inline void unlockp(mutex* l) {
    if (!oneP() || l->key != 1) return unlock(l);
    l->key = 0;
    releasem(getg()->m);
}

/// From oldval to newval. In Go a compare-and-swap, because the collector may hold the status while it looks at the
/// stack; here it has one owner at a time, who is the only one to change it.
inline void casgstatus(g* gp, uint32 oldval, uint32 newval) {
    if (gp->atomicstatus != oldval || oldval == newval) fatal_nosplit("fatal: casgstatus: bad incoming status\n");
    atomic::StoreRel(&gp->atomicstatus, newval);
}

/// The M and its goroutine let go of each other.
inline void dropg() {
    m* mp = getg()->m;
    mp->curg->m = nullptr;
    mp->curg = nullptr;
}

inline void goready(g* gp) { ready(gp, true); }
inline void goparkunlockp(mutex* l, gostring reason) { gopark(parkunlockp, l, reason); }

/// A sudog from the P's cache. No function is called between the look at the P and the use of its cache, so there is no
/// prologue where this goroutine could be sent to another P.
inline sudog* acquireSudog() {
    if (getg()->m->p->sudogcache.len == 0) refillSudogs();
    slice<sudog*>* cache = &getg()->m->p->sudogcache;
    if (cache->len == 0) return acquireSudog();  // refilled, and then preempted
    sudog* s = cache->array[--cache->len];
    if (s->elem) throw_("acquireSudog: s.elem is set in the cache");
    return s;
}

inline void releaseSudog(sudog* s) {
    if (s->elem || s->isSelect || s->next || s->prev || s->waitlink || s->c) throw_("releaseSudog: still in use");
    if (getg()->m->p->sudogcache.len == getg()->m->p->sudogcache.cap) spillSudogs();
    slice<sudog*>* cache = &getg()->m->p->sudogcache;
    if (cache->len == cache->cap) return releaseSudog(s);
    cache->array[cache->len++] = s;
}

/// Asks for what one touches of a g to run it, and of the stack whose pointer is sp.
[[gnu::always_inline]] inline void prefetchg(g* gp) {
    auto* line = reinterpret_cast<uint8*>(gp);
    for (uintptr at = 0; at < sizeof(g); at += 64) __builtin_prefetch(line + at, 1);
}
[[gnu::always_inline]] inline void prefetchstack(uintptr sp) {
    for (uintptr at = 0; at < 256; at += 64) __builtin_prefetch(reinterpret_cast<uint8*>(sp) - at, 1);
}

// runtime.hpp - what the runtime's files know of each other, file by file in boot order. Functions have Go's names.
//
// runtime2.hpp has the data, os_linux.hpp the operating system, go.hpp what programs include.
#pragma once

#include "os_linux.hpp"
#include "runtime2.hpp"

// ---- asm_amd64.S ---------------------------------------------------------------------------------------------------
void mstart() GO("runtime.mstart");
void asminit() GO("runtime.asminit");
[[noreturn]] void gogo(gobuf* buf) GO("runtime.gogo");
void mcall(void (*fn)(g*)) GO("runtime.mcall");
void systemstack_(void (*fn)(void*), void* arg) GO("runtime.systemstack");
void systemstack_switch() GO("runtime.systemstack_switch");
void goexit() GO("runtime.goexit");
int64 cputicks() GO("runtime.cputicks");
void procyield(uint32 cycles) GO("runtime.procyield");
extern const funcval mainPC GO("runtime.mainPC");

/// Runs fn(arg) on the g0 stack: at once if already there, else by going there and coming back.
template <class T> [[gnu::always_inline]] inline void systemstack(void (*fn)(T*), T* arg) {
    systemstack_(reinterpret_cast<void (*)(void*)>(fn), arg);
}

// ---- stubs: memory, random -----------------------------------------------------------------------------------------
extern "C" void* memcpy(void*, const void*, size_t);
extern "C" void* memmove(void*, const void*, size_t);
extern "C" void* memset(void*, int, size_t);
extern "C" int memcmp(const void*, const void*, size_t);
uint32 fastrand() GO("runtime.fastrand");

/// The length of a C string.
nosplit inline int64 findnull(const char* s) GO("runtime.findnull");
inline int64 findnull(const char* s) {
    int64 n = 0;
    while (s[n]) n++;
    return n;
}

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
/// Zeroed memory, 16-byte aligned. Never fails: out of memory is fatal.
void* mallocgc(uintptr size) GO("runtime.mallocgc");
/// What mallocgc(size) gave.
void mfree(void* v, uintptr size) GO("runtime.mfree");
/// Memory that is never freed, zeroed.
void* persistentalloc(uintptr size, uintptr align) GO("runtime.persistentalloc");
/// A run of whole 32 KB spans, aligned to 32 KB, for stacks.
void* spanalloc(uintptr size) GO("runtime.spanalloc");
void spanfree(void* v, uintptr size) GO("runtime.spanfree");
/// Hands the memory of free spans back to the system; returns the bytes.
uintptr scavenge() GO("runtime.scavenge");

template <class T> T* new_() { return static_cast<T*>(mallocgc(sizeof(T))); }

// ---- stack.cpp -----------------------------------------------------------------------------------------------------
constexpr uintptr _StackMin = 2048;              // what a goroutine begins with
constexpr uintptr _FixedStack = 2048;
constexpr uintptr _StackGuard = 880;             // the guard stands this far above lo
constexpr uintptr stackPreempt = static_cast<uintptr>(-1314);   // 0xfffffffffffffade: no SP is above it
void stackinit() GO("runtime.stackinit");
stack stackalloc(uintptr n) GO("runtime.stackalloc");
void stackfree(stack stk) GO("runtime.stackfree");
[[noreturn]] void newstack(uintptr framesize, uintptr argsize, uintptr* top) GO("runtime.newstack");
nosplit void lessstack() GO("runtime.lessstack");
nosplit void straypreempt(uintptr sp, uintptr framesize) GO("runtime.straypreempt");
/// Takes a dead goroutine back to its first segment.
void freesegments(g* gp) GO("runtime.freesegments");
void gostartcall(gobuf* buf, void* fn, void* ctxt) GO("runtime.gostartcall");
void gostartcallfn(gobuf* buf, funcval* fv) GO("runtime.gostartcallfn");

// ---- signal_unix.cpp -----------------------------------------------------------------------------------------------
extern sigset initSigmask;
void msigsave(m* mp) GO("runtime.msigsave");
void initsig(bool preinit) GO("runtime.initsig");
void minitSignals() GO("runtime.minitSignals");

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
extern bool fingwait;
extern bool fingwake;

// ---- proc.cpp: boot ------------------------------------------------------------------------------------------------
void schedinit() GO("runtime.schedinit");
void mcommoninit(m* mp) GO("runtime.mcommoninit");
p* procresize(int32 nprocs) GO("runtime.procresize");
void runtime_main(funcval*) GO("runtime.main");
void runtime_init() GO("runtime.init");
void main_init() GO("main.init");
void main_main() GO("main.main");
void lockOSThread() GO("runtime.lockOSThread");
void unlockOSThread() GO("runtime.unlockOSThread");

// ---- proc_g.cpp: the life of a goroutine ---------------------------------------------------------------------------
/// Queues a goroutine that will run fn. siz is the size of what fn captured, 0 here: see newclosure.
void newproc(int32 siz, funcval* fn) GO("runtime.newproc");
/// The same for a function object with captures: it is moved, by typ, to the new goroutine's stack.
void newclosure(funcval* fn, const _type* typ) GO("runtime.newclosure");
g* malg(int32 stacksize) GO("runtime.malg");
void allgadd(g* gp) GO("runtime.allgadd");
void goexit1() GO("runtime.goexit1");
/// One of the runtime's own helpers: it does not count as a program that goes on.
bool issystemgoroutine(g* gp) GO("runtime.isSystemGoroutine");
nosplit void casgstatus(g* gp, uint32 oldval, uint32 newval) GO("runtime.casgstatus");
[[gnu::always_inline]] inline uint32 readgstatus(g* gp) { return atomic::Load(&gp->atomicstatus); }
/// Parks the current goroutine. unlockf(gp, lock), if any, runs on g0 once it is off its stack; if it says false, it goes on at once.
void gopark(bool (*unlockf)(g*, void*), void* lock, gostring reason) GO("runtime.gopark");
void goparkunlock(mutex* l, gostring reason) GO("runtime.goparkunlock");
void goready(g* gp) GO("runtime.goready");
void ready(g* gp, bool next) GO("runtime.ready");
void Gosched() GO("runtime.Gosched");
void gopreempt_m(g* gp) GO("runtime.gopreempt_m");
sudog* acquireSudog() GO("runtime.acquireSudog");
void releaseSudog(sudog* s) GO("runtime.releaseSudog");

// ---- proc_sched.cpp: who runs next ---------------------------------------------------------------------------------
[[noreturn]] void schedule() GO("runtime.schedule");
[[noreturn]] void execute(g* gp, bool inheritTime) GO("runtime.execute");
void dropg() GO("runtime.dropg");
void runqput(p* pp, g* gp, bool next) GO("runtime.runqput");
g* runqget(p* pp, bool* inheritTime) GO("runtime.runqget");
bool runqempty(p* pp) GO("runtime.runqempty");
g* runqsteal(p* pp, p* p2, bool stealRunNextG) GO("runtime.runqsteal");
void globrunqput(g* gp) GO("runtime.globrunqput");
void globrunqputbatch(g* ghead, g* gtail, int32 n) GO("runtime.globrunqputbatch");
g* globrunqget(p* pp, int32 max) GO("runtime.globrunqget");
void pidleput(p* pp) GO("runtime.pidleput");
p* pidleget() GO("runtime.pidleget");

// ---- proc_m.cpp: threads and who holds a P -------------------------------------------------------------------------
void acquirep(p* pp) GO("runtime.acquirep");
p* releasep() GO("runtime.releasep");
void newm(void (*fn)(), p* pp) GO("runtime.newm");
void startm(p* pp, bool spinning) GO("runtime.startm");
void stopm() GO("runtime.stopm");
void handoffp(p* pp) GO("runtime.handoffp");
void wakep() GO("runtime.wakep");
void stoplockedm() GO("runtime.stoplockedm");
void startlockedm(g* gp) GO("runtime.startlockedm");
void incidlelocked(int32 v) GO("runtime.incidlelocked");
void checkdead() GO("runtime.checkdead");
int32 mcount() GO("runtime.mcount");

// ---- proc_syscall.cpp ----------------------------------------------------------------------------------------------
nosplit void entersyscall() GO("runtime.entersyscall");
nosplit void entersyscallblock() GO("runtime.entersyscallblock");
nosplit void exitsyscall() GO("runtime.exitsyscall");
nosplit int64 Syscall(int64 (*fn)(uintptr, const void*, uintptr), uintptr a, const void* b, uintptr c) GO("syscall.Syscall");

// ---- proc_sysmon.cpp -----------------------------------------------------------------------------------------------
void sysmon() GO("runtime.sysmon");

// ---- chan.cpp ------------------------------------------------------------------------------------------------------
hchan* makechan(const _type* t, int64 size) GO("runtime.makechan");
bool chansend(hchan* c, void* ep, bool block) GO("runtime.chansend");
bool chanrecv(hchan* c, void* ep, bool block, bool* received) GO("runtime.chanrecv");
void closechan(hchan* c) GO("runtime.closechan");
void chanfree(hchan* c) GO("runtime.chanfree");
extern hchan* main_init_done;

// ---- panic.cpp, print.cpp ------------------------------------------------------------------------------------------
/// The runtime found itself broken: says so and exits with status 2. s reads "place: fact".
[[noreturn]] void throw_(const char* s) GO("runtime.throw");
/// The program did something that Go answers with a panic. Until there is recover, that is fatal.
[[noreturn]] void panicplain(const char* s) GO("runtime.panicplain");
/// Last words when nothing can be trusted, the stack included.
[[noreturn]] nosplit void fatal_nosplit(const char* s) GO("runtime.badsystemstack");
void printlock() GO("runtime.printlock");
void printunlock() GO("runtime.printunlock");
void printstring(gostring s) GO("runtime.printstring");
void prints(const char* s) GO("runtime.prints");
void printint(int64 v) GO("runtime.printint");
void printuint(uint64 v) GO("runtime.printuint");
void printhex(uint64 v) GO("runtime.printhex");

[[gnu::always_inline]] inline gostring str(const char* s) { return gostring{s, findnull(s)}; }

/// Keeps the current goroutine on its M (and its P with it) until releasem: no preemption in between.
[[gnu::always_inline]] inline m* acquirem() {
    g* gp = getg();
    gp->m->locks++;
    return gp->m;
}
[[gnu::always_inline]] inline void releasem(m* mp) {
    g* gp = getg();
    mp->locks--;
    if (mp->locks == 0 && gp->preempt) {  // asked for meanwhile: put the request back where a prologue sees it
        gp->stackguard0 = stackPreempt;
        settlsguard(stackPreempt);
    }
}

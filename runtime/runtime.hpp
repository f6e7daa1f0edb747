// runtime.hpp - the map: what each of the runtime's files has for the others and for assembly, in boot order. Functions
// have Go's names, and each is declared once.
//
// runtime2.hpp has the data, os_linux.hpp the operating system, builtin.hpp what a compiler would call, go.hpp what
// programs include.
#pragma once

#include "os_linux.hpp"  // IWYU pragma: export
#include "runtime2.hpp"  // IWYU pragma: export

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

// ---- stubs: memory, random, strings ---------------------------------------------------------------------------------
extern "C" void* memcpy(void*, const void*, size_t);
extern "C" void* memmove(void*, const void*, size_t);
extern "C" void* memset(void*, int, size_t);
extern "C" int memcmp(const void*, const void*, size_t);
[[nodiscard]] uint32 fastrand() GO("runtime.fastrand");
[[nodiscard]] inline bool hasprefix(const char* s, const char* prefix) GO("runtime.hasprefix");

// ---- runtime1.cpp --------------------------------------------------------------------------------------------------
void check() GO("runtime.check");
void args(int32 c, uint8** v) GO("runtime.args");
void goargs() GO("runtime.goargs");
void goenvs_unix() GO("runtime.goenvs_unix");
void parsedebugvars() GO("runtime.parsedebugvars");
gostring gostringnocopy(const uint8* s) GO("runtime.gostringnocopy");
/// The value of an environment variable; str is null if it is not set. Valid after goenvs.
[[nodiscard]] gostring gogetenv(const char* key) GO("runtime.gogetenv");
/// Decimal digits to a number; ok is false for anything else.
[[nodiscard]] int64 atoi(gostring s, bool* ok) GO("runtime.atoi");

// ---- lock_futex.cpp ------------------------------------------------------------------------------------------------
void lock(mutex* l) GO("runtime.lock");
void unlock(mutex* l) GO("runtime.unlock");
/// The same for a lock that is taken only with a P in hand: a channel's, a semaphore's. Whoever holds it keeps the P
/// until unlockp, so with a single P there is nobody to exclude.
void lockp(mutex* l, g* gp = getg());
void unlockp(mutex* l, g* gp = getg());
void noteclear(note* n) GO("runtime.noteclear");
void notewakeup(note* n) GO("runtime.notewakeup");
void notesleep(note* n) GO("runtime.notesleep");
/// Sleeps until the note is woken or ns have passed; false if time ran out. On g0 only.
bool notetsleep(note* n, int64 ns) GO("runtime.notetsleep");
/// The same on a goroutine, as a system call that is known to block: its P goes to somebody else at once.
bool notetsleepg(note* n, int64 ns) GO("runtime.notetsleepg");

// ---- symtab.cpp, alg.cpp -------------------------------------------------------------------------------------------
struct moduledata;
void moduledataverify() GO("runtime.moduledataverify");
void moduledataverify1(moduledata* d) GO("runtime.moduledataverify1");
void modulesinit() GO("runtime.modulesinit");
void typelinksinit() GO("runtime.typelinksinit");
void itabsinit() GO("runtime.itabsinit");
void alginit() GO("runtime.alginit");

// ---- malloc.cpp ----------------------------------------------------------------------------------------------------
void mallocinit() GO("runtime.mallocinit");
[[nodiscard]] mcache* allocmcache() GO("runtime.allocmcache");
/// What it holds goes back to the heap.
void freemcache(mcache* c) GO("runtime.freemcache");
/// Zeroed memory, 16-byte aligned. Never fails: out of memory is fatal.
[[nodiscard]] void* mallocgc(uintptr size) GO("runtime.mallocgc");
/// What mallocgc(size) gave.
void mfree(void* block, uintptr size) GO("runtime.mfree");
/// Memory that is never freed, zeroed.
[[nodiscard]] void* persistentalloc(uintptr size, uintptr align) GO("runtime.persistentalloc");
/// A span of a power of two times 32 KB, aligned to 32 KB, for stacks.
[[nodiscard]] void* spanalloc(uintptr size) GO("runtime.spanalloc");
void spanfree(void* v, uintptr size) GO("runtime.spanfree");
/// Hands the memory of free spans back to the system; returns the bytes.
uintptr scavenge() GO("runtime.scavenge");

// ---- stack.cpp -----------------------------------------------------------------------------------------------------
void stackinit() GO("runtime.stackinit");
[[nodiscard]] stack stackalloc(uintptr n) GO("runtime.stackalloc");
void stackfree(stack stk) GO("runtime.stackfree");
void stackcache_clear(mcache* c) GO("runtime.stackcache_clear");
void newstack(uintptr framesize, uintptr argsize, uintptr* top) GO("runtime.newstack");
nosplit void lessstack() GO("runtime.lessstack");
nosplit void straypreempt(uintptr sp, uintptr framesize) GO("runtime.straypreempt");
/// Takes a dead goroutine back to its first segment.
nosplit void freesegments(g* gp) GO("runtime.freesegments");
/// Takes the current goroutine back to the segment that p is in.
void freesegmentsto(void* p) GO("runtime.freesegmentsto");
nosplit void gostartcall(gobuf* buf, void* fn, void* ctxt) GO("runtime.gostartcall");
nosplit void gostartcallfn(gobuf* buf, funcval* fv) GO("runtime.gostartcallfn");

// ---- signal_unix.cpp -----------------------------------------------------------------------------------------------
void msigsave(m* mp) GO("runtime.msigsave");
void initsig(bool preinit) GO("runtime.initsig");
void minitSignals() GO("runtime.minitSignals");
/// "SIGSEGV: segmentation violation"; null for a signal that nobody here has a name for.
[[nodiscard]] const char* signame(uint32 sig) GO("runtime.signame");
/// As if the goroutine had called it where the signal came.
[[noreturn, gnu::force_align_arg_pointer]] nosplit void sigpanic() GO("runtime.sigpanic");
[[noreturn]] void dieFromSignal(uint32 sig) GO("runtime.dieFromSignal");
struct siginfo;
struct ucontext;
nosplit void sigtrampgo(uint32 sig, siginfo* info, ucontext* c) GO("runtime.sigtrampgo");

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
[[nodiscard]] g* wakefing() GO("runtime.wakefing");

// ---- proc.cpp: boot ------------------------------------------------------------------------------------------------
void schedinit() GO("runtime.schedinit");
void mcommoninit(m* mp) GO("runtime.mcommoninit");
[[nodiscard]] p* procresize(int32 nprocs) GO("runtime.procresize");
void runtime_main(funcval*) GO("runtime.main");
void runtime_init() GO("runtime.init");
void main_init() GO("main.init");
nosplit void lockOSThread() GO("runtime.lockOSThread");
nosplit void unlockOSThread() GO("runtime.unlockOSThread");
void main_func1(void*) GO("runtime.main.func1");

// ---- proc_g.cpp: the life of a goroutine ---------------------------------------------------------------------------
/// Queues a goroutine that will run fn. siz is the size of what fn captured, 0 here: see newclosure.
nosplit void newproc(int32 siz, funcval* fn) GO("runtime.newproc");
[[nodiscard]] g* malg(int32 stacksize) GO("runtime.malg");
void allgadd(g* gp) GO("runtime.allgadd");
/// This P's dead gs go to the global list.
void gfpurge(p* pp) GO("runtime.gfpurge");
/// One of the runtime's own helpers: it does not count as a program that goes on.
[[nodiscard]] nosplit bool issystemgoroutine(g* gp) GO("runtime.isSystemGoroutine");
nosplit inline void casgstatus(g* gp, uint32 oldval, uint32 newval) GO("runtime.casgstatus");
[[nodiscard]] inline uint32 readgstatus(g* gp);
/// Parks the current goroutine. unlockf(gp, lock), if any, runs on g0 once it is off its stack; if it says false, it
/// goes on at once.
nosplit void gopark(bool (*unlockf)(g*, void*), void* lock, gostring reason) GO("runtime.gopark");
void goparkunlock(mutex* l, gostring reason) GO("runtime.goparkunlock");
/// The same for a lock of lockp's.
inline void goparkunlockp(mutex* l, gostring reason) GO("runtime.goparkunlockp");
nosplit bool parkunlockp(g* gp, void* l) GO("runtime.parkunlockp");
inline void goready(g* gp) GO("runtime.goready");
nosplit void ready(g* gp, bool next) GO("runtime.ready");
nosplit void gopreempt_m(g* gp) GO("runtime.gopreempt_m");
[[nodiscard]] inline sudog* acquireSudog() GO("runtime.acquireSudog");
inline void releaseSudog(sudog* s) GO("runtime.releaseSudog");
void refillSudogs() GO("runtime.refillSudogs");
void spillSudogs() GO("runtime.spillSudogs");
/// All but so many of a P's free sudogs to the global list.
void purgeSudogs(p* pp, int64 keep) GO("runtime.purgeSudogs");
// Its own, and where asm_amd64.S goes on.
struct newprocargs;
struct malgargs;
nosplit void newproc1(funcval* fn, const _type* typ, uintptr callerpc) GO("runtime.newproc1");
nosplit void newproc_func1(newprocargs* a) GO("runtime.newproc.func1");
void malg_func1(malgargs* a) GO("runtime.malg.func1");
[[nodiscard]] nosplit g* gfget(p* pp) GO("runtime.gfget");
nosplit void park_m(g* gp) GO("runtime.park_m");
nosplit void goschedImpl(g* gp) GO("runtime.goschedImpl");
nosplit void gosched_m(g* gp) GO("runtime.gosched_m");
nosplit void goexit0(g* gp) GO("runtime.goexit0") __attribute__((used));
nosplit void gfput(p* pp, g* gp) GO("runtime.gfput");

// ---- proc_sched.cpp: who runs next ---------------------------------------------------------------------------------
nosplit void schedule() GO("runtime.schedule");
nosplit void execute(g* gp, bool inheritTime) GO("runtime.execute");
inline void dropg() GO("runtime.dropg");
nosplit void runqput(p* pp, g* gp, bool next) GO("runtime.runqput");
[[nodiscard]] nosplit g* runqget(p* pp, bool* inheritTime) GO("runtime.runqget");
[[nodiscard]] bool runqempty(p* pp) GO("runtime.runqempty");
[[nodiscard]] g* runqsteal(p* pp, p* p2, bool stealRunNextG) GO("runtime.runqsteal");
/// By an M with a P: to the end of the global queue.
nosplit void globrunqput(g* gp) GO("runtime.globrunqput");
void globrunqputhead(g* gp) GO("runtime.globrunqputhead");
/// The same by anybody, with sched.lock held.
void globrunqinject(g* gp) GO("runtime.globrunqinject");
/// Moves what was injected to the queue. With the only P in hand, or the world stopped; and sched.lock held.
void globrunqcollect() GO("runtime.globrunqcollect");
/// A look without a lock.
[[nodiscard]] bool globrunqempty() GO("runtime.globrunqempty");
[[nodiscard]] nosplit g* globrunqget(p* pp, int32 max) GO("runtime.globrunqget");
/// What netpoll returned goes to the global queue, and Ms are started for it.
void injectglist(g* glist) GO("runtime.injectglist");
void pidleput(p* pp) GO("runtime.pidleput");
[[nodiscard]] p* pidleget() GO("runtime.pidleget");
/// By runqput, whose ring is full: half of it and gp to the global queue.
[[nodiscard]] bool runqputslow(p* pp, g* gp, uint32 h, uint32 t) GO("runtime.runqputslow");
/// The list ghead .. gtail, n long, to the end of the global queue.
inline void globrunqputbatch(g* ghead, g* gtail, int32 n) GO("runtime.globrunqputbatch");
[[nodiscard]] nosplit g* findrunnable(bool* inheritTime) GO("runtime.findrunnable");

// ---- proc_m.cpp: threads and who holds a P -------------------------------------------------------------------------
/// Keeps the current goroutine on its M (and its P with it) until releasem: no preemption in between.
inline m* acquirem();
inline void releasem(m* mp, g* gp = getg());
void acquirep(p* pp) GO("runtime.acquirep");
p* releasep() GO("runtime.releasep");
void newm(void (*fn)(), p* pp) GO("runtime.newm");
void startTemplateThread() GO("runtime.startTemplateThread");
[[nodiscard]] m* mget() GO("runtime.mget");
void startm(p* pp, bool spinning) GO("runtime.startm");
void stopm() GO("runtime.stopm");
void handoffp(p* pp) GO("runtime.handoffp");
void wakep() GO("runtime.wakep");
void stoplockedm() GO("runtime.stoplockedm");
void startlockedm(g* gp) GO("runtime.startlockedm");
void incidlelocked(int32 v) GO("runtime.incidlelocked");
void checkdead() GO("runtime.checkdead");
[[nodiscard]] int32 mcount() GO("runtime.mcount");
// Its own, and where asm_amd64.S goes on.
void mstartm0() GO("runtime.mstartm0");
[[gnu::force_align_arg_pointer]] nosplit void mstart1(uintptr pc, uintptr sp) GO("runtime.mstart1");
void mspinning() GO("runtime.mspinning");
[[nodiscard]] m* allocm(p* pp, void (*fn)()) GO("runtime.allocm");
void newm1(m* mp) GO("runtime.newm1");
void templateThread() GO("runtime.templateThread");
[[noreturn, gnu::force_align_arg_pointer]] nosplit void mexit() GO("runtime.mexit");
void acquirep1(p* pp) GO("runtime.acquirep1");

// ---- proc_world.cpp ------------------------------------------------------------------------------------------------
constexpr int32 _MaxGomaxprocs = 1 << 10;
/// On a goroutine: returns when no other one runs. The reason is for who looks at m.preemptoff meanwhile.
void stopTheWorld(gostring reason) GO("runtime.stopTheWorld");
void startTheWorld() GO("runtime.startTheWorld");
void gcstopm() GO("runtime.gcstopm");
/// With sched.lock held: a P has become _Pgcstop. The last one wakes who stops the world.
void stoppedone() GO("runtime.stoppedone");
bool preemptall() GO("runtime.preemptall");
void stopTheWorldWithSema(void*) GO("runtime.stopTheWorldWithSema");
void startTheWorldWithSema(void*) GO("runtime.startTheWorldWithSema");
[[nodiscard]] int32 gcount() GO("runtime.gcount");

// ---- proc_syscall.cpp ----------------------------------------------------------------------------------------------
nosplit void entersyscall() GO("runtime.entersyscall");
nosplit void entersyscallblock() GO("runtime.entersyscallblock");
nosplit void exitsyscall() GO("runtime.exitsyscall");
nosplit int64 Syscall(int64 (*fn)(uintptr, const void*, uintptr), uintptr a, const void* b, uintptr c)
    GO("syscall.Syscall");
// What runs on g0 for them.
void entersyscall_sysmon(void*) GO("runtime.entersyscall_sysmon");
void entersyscall_gcwait(p* pp) GO("runtime.entersyscall_gcwait");
void entersyscallblock_handoff(void*) GO("runtime.entersyscallblock_handoff");
void exitsyscallfast_pidle(bool* ok) GO("runtime.exitsyscallfast_pidle");
[[nodiscard]] nosplit bool exitsyscallfast() GO("runtime.exitsyscallfast");
void exitsyscall0(g* gp) GO("runtime.exitsyscall0");

// ---- proc_sysmon.cpp -----------------------------------------------------------------------------------------------
void sysmon() GO("runtime.sysmon");
void wakesysmon() GO("runtime.wakesysmon");
bool preemptone(p* pp) GO("runtime.preemptone");
[[nodiscard]] uint32 retake(int64 now) GO("runtime.retake");
void schedtrace(bool detailed) GO("runtime.schedtrace");

// ---- time.cpp ------------------------------------------------------------------------------------------------------
void addtimer(timer* t) GO("runtime.addtimer");
/// False if it has fired already. On a goroutine; when it returns, nobody uses t any more.
bool deltimer(timer* t) GO("runtime.deltimer");
void timerproc(funcval*) GO("runtime.timerproc");

// ---- netpoll.cpp, netpoll_epoll.cpp --------------------------------------------------------------------------------
[[nodiscard]] bool netpollinited() GO("runtime.netpollinited");
/// The goroutines whose files are ready, linked by schedlink. block: waits until there is one.
[[nodiscard]] g* netpoll(bool block) GO("runtime.netpoll");

// ---- print.cpp -----------------------------------------------------------------------------------------------------
void printlock() GO("runtime.printlock");
void printunlock() GO("runtime.printunlock");
void printstring(gostring s) GO("runtime.printstring");
void prints(const char* s) GO("runtime.prints");
void printbool(bool v) GO("runtime.printbool");
void printint(int64 v) GO("runtime.printint");
void printuint(uint64 v) GO("runtime.printuint");
void printhex(uint64 v) GO("runtime.printhex");

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
[[nodiscard]] bool canpanic(g* gp) GO("runtime.canpanic");

// Panics that begin in the runtime. The program may recover from them.
[[noreturn]] void panicplain(const char* s) GO("runtime.panicplain");  // panic: s
[[noreturn]] void panicmem() GO("runtime.panicmem");
[[noreturn]] void panicdivide() GO("runtime.panicdivide");
[[noreturn]] void panicoverflow() GO("runtime.panicoverflow");
[[noreturn]] void panicfloat() GO("runtime.panicfloat");
void startpanic_m(void*) GO("runtime.startpanic_m");

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

// The bodies of those that are inlined.
#include "lock_futex.hpp"
#include "malloc.hpp"
#include "print.hpp"
#include "proc.hpp"
#include "stack.hpp"
#include "stubs.hpp"

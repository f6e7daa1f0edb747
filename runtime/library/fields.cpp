// fields.cpp - the one table of the core's structures and variables that Python sees. The compiler fills in offsets,
// sizes and types; what is missing here, or too much, a test finds in the debug information.

#include "runtime.hpp"

#include "fields.hpp"

// The macros below are the rows of a table.
// clang-format off

namespace {

template <class T> struct about { static constexpr bool known = false; };

#define KNOWN(T)                             \
    template <> struct about<T> {            \
        static constexpr bool known = true;  \
        static const Struct is;              \
    };
KNOWN(g) KNOWN(m) KNOWN(p) KNOWN(schedt) KNOWN(gobuf) KNOWN(struct stack) KNOWN(sudog) KNOWN(hchan) KNOWN(waitq)
KNOWN(note) KNOWN(mutex) KNOWN(struct sysmontick) KNOWN(gsignalStack) KNOWN(persistentAlloc)

// ---- a C++ type, as a Type -----------------------------------------------------------------------------------------

/// A pointer that leads nowhere Python can follow: a number.
template <class T> struct typeof_ { static constexpr Type is = {Type::WORD, sizeof(T), "void*", nullptr, nullptr}; };
template <class T> requires about<T>::known struct typeof_<T> {
    static constexpr Type is = {Type::STRUCT, sizeof(T), nullptr, &about<T>::is, nullptr};
};
template <class T> requires about<T>::known struct typeof_<T*> {
    static constexpr Type is = {Type::POINTER, sizeof(T*), nullptr, &about<T>::is, nullptr};
};
template <class T, size_t n> struct typeof_<T[n]> {
    static constexpr Type is = {Type::ARRAY, sizeof(T[n]), nullptr, nullptr, &typeof_<T>::is};
};
template <class T> struct typeof_<slice<T>> {
    static constexpr Type is = {Type::SLICE, sizeof(slice<T>), nullptr, nullptr, &typeof_<T>::is};
};

#define NUMBER(T, kind) \
    template <> struct typeof_<T> { static constexpr Type is = {Type::kind, sizeof(T), #T, nullptr, nullptr}; };
NUMBER(bool, BOOL)
NUMBER(int8, SIGNED) NUMBER(int32, SIGNED) NUMBER(int64, SIGNED)
NUMBER(uint8, UNSIGNED) NUMBER(uint16, UNSIGNED) NUMBER(uint32, UNSIGNED) NUMBER(uint64, UNSIGNED)
NUMBER(gostring, STRING)

// ---- the table -----------------------------------------------------------------------------------------------------

constexpr const char* gstatus_words[] = {"_Gidle", "_Grunnable", "_Grunning", "_Gsyscall", "_Gwaiting",
                                         "_Gmoribund_unused", "_Gdead", "_Genqueue_unused", "_Gcopystack", nullptr};
static_assert(_Gcopystack == 8 && _Gdead == 6 && _Gwaiting == 4 && _Grunning == 2);
constexpr const char* pstatus_words[] = {"_Pidle", "_Prunning", "_Psyscall", "_Pgcstop", "_Pdead", nullptr};
static_assert(_Pdead == 4 && _Psyscall == 2);

#define F(name) {#name, offsetof(S, name), &typeof_<decltype(S::name)>::is, nullptr},
#define W(name, words) {#name, offsetof(S, name), &typeof_<decltype(S::name)>::is, words},
#define STRUCT(T, label, ...)                                         \
    struct rows_##label {                                             \
        using S = T;                                                  \
        static constexpr Field is[] = {__VA_ARGS__{}};                \
    };                                                                \
    constexpr Struct about<T>::is = {#label, sizeof(T), rows_##label::is};

STRUCT(struct stack, stack, F(lo) F(hi))
STRUCT(gobuf, gobuf, F(sp) F(pc) F(g) F(ctxt) F(ret) F(lr) F(bp))
STRUCT(mutex, mutex, F(key))
STRUCT(note, note, F(key))

STRUCT(g, g,
    F(stack) F(stackguard0) F(stackguard1) F(_panic) F(_defer) F(m) F(sched) F(syscallsp) F(syscallpc) F(stktopsp)
    F(param) W(atomicstatus, gstatus_words) F(schedahead) F(goid) F(waitsince) F(waitreason) F(schedlink) F(preempt) F(paniconfault)
    F(throwsplit) F(context) F(sysexitticks) F(lockedm) F(sig) F(sigcode0) F(sigcode1) F(sigpc) F(gopc) F(startpc)
    F(waiting) F(timer) F(selectDone) F(stktop))

STRUCT(gsignalStack, gsignalStack, F(stack) F(stackguard0) F(stackguard1) F(stktopsp))

STRUCT(m, m,
    F(g0) F(morebuf) F(divmod) F(procid) F(gsignal) F(goSigStack) F(sigmask) F(tls) F(mstartfn) F(curg) F(caughtsig)
    F(p) F(nextp) F(id) F(mallocing) F(throwing) F(preemptoff) F(tlsguard) F(locks) F(dying) F(helpgc) F(spinning)
    F(blocked) F(newSigstack) F(printlock) F(freeWait) F(fastrand) F(traceback) F(park) F(alllink) F(schedlink)
    F(mcache) F(lockedg) F(lockedExt) F(lockedInt) F(waitunlockf) F(waitlock) F(syscalltick) F(freelink)
    F(leaving))

STRUCT(struct sysmontick, sysmontick, F(schedtick) F(schedwhen) F(syscalltick) F(syscallwhen))
STRUCT(persistentAlloc, persistentAlloc, F(base) F(off))

STRUCT(p, p,
    F(id) W(status, pstatus_words) F(link) F(schedtick) F(syscalltick) F(sysmontick) F(m) F(mcache) F(goidcache)
    F(goidcacheend) F(runqhead) F(runqtail) F(runq) F(runnext) F(gfree) F(gfreecnt) F(sudogcache) F(sudogbuf) F(palloc)
    F(pad))

STRUCT(schedt, schedt,
    F(goidgen) F(lastpoll) F(lock) F(midle) F(nmidle) F(nmidlelocked) F(mnext) F(maxmcount) F(nmsys) F(nmfreed) F(ngsys)
    F(pidle) F(npidle) F(nmspinning) F(runqhead) F(runqtail) F(runqsize) F(gflock) F(gfreeStack) F(gfreeNoStack)
    F(ngfree) F(sudoglock) F(sudogcache) F(freem) F(gcwaiting) F(stopwait) F(stopnote) F(sysmonwait) F(sysmonnote)
    F(procresizetime) F(totaltime) F(injecthead) F(injecttail))

STRUCT(sudog, sudog,
    F(g) F(isSelect) F(next) F(prev) F(elem) F(acquiretime) F(releasetime) F(ticket) F(parent) F(waitlink) F(waittail)
    F(c))
STRUCT(waitq, waitq, F(first) F(last))
STRUCT(hchan, hchan,
    F(qcount) F(dataqsiz) F(buf) F(elemsize) F(closed) F(elemtype) F(sendx) F(recvx) F(recvq) F(sendq) F(lock) F(refs))

}  // namespace

const Struct* const structs[] = {
    &about<g>::is, &about<m>::is, &about<p>::is, &about<schedt>::is, &about<gobuf>::is, &about<struct stack>::is,
    &about<sudog>::is, &about<hchan>::is, &about<waitq>::is, &about<note>::is, &about<mutex>::is,
    &about<struct sysmontick>::is, &about<gsignalStack>::is, &about<persistentAlloc>::is, nullptr};

#define V(name) {#name, &(name), &typeof_<decltype(name)>::is},
const Global globals[] = {
    V(g0) V(m0) V(sched) V(allgs) V(allglen) V(allm) V(allp) V(ncpu) V(gomaxprocs) V(mainStarted) V(runtimeInitTime)
    V(maxstacksize) V(argc) V(argslice) V(envs) V(physPageSize) V(buildVersion) V(traceback_cache) V(panicking)
    V(worldsema) V(main_init_done) {}};

// traceback.cpp - where goroutines are, frame by frame, for the report of a failure. Go's counterpart: traceback.go.
//
// Go knows the size of every frame from tables. Here all code keeps the frame pointer: a frame begins with the caller's
// frame pointer and the return address above it, so the frames of a stack are a list. A goroutine that does not run
// has the head of its list in g.sched. Every word is read within the goroutine's own stack segments, and the list must
// lead towards older frames, so a smashed one ends the walk and nothing else.
//
// Go prints a function's argument words, which its callers put on the stack. C++ passes them in registers, and where a
// function keeps them is its own affair: "(...)" says that there are some, "()" that there are none.

#include "runtime.hpp"

#include "go_asm.h"
#include "symtab.hpp"

constexpr int32 _TracebackMaxFrames = 100;
constexpr uint8 opcodeRet = 0xc3;

extern "C" void __morestack();

int32 gotraceback(bool* all, bool* crash) {
    m* mp = getg()->m;
    uint32 t = atomic::Load(&traceback_cache);
    if (crash) *crash = t & tracebackCrash;
    if (all) *all = mp->throwing > 0 || (t & tracebackAll);
    return static_cast<int32>(mp->traceback ? mp->traceback : t >> tracebackShift);
}

// ---- the walk ------------------------------------------------------------------------------------------------------

namespace {

struct stkframe {
    uintptr pc;
    uintptr sp;  // when it calls, or was stopped
    uintptr bp;  // its frame pointer, or its caller's if it has not made its frame
};

/// Where a walk may read: the segment it is in, and the older ones below.
struct stackwalk {
    stack stk;
    stktop* older;

    explicit stackwalk(g* gp) : stk(gp->stack), older(gp->stktop) {}

    /// Is the word at p on this stack? A younger segment, once left, is not entered again.
    bool has(uintptr p) {
        for (;;) {
            if (stk.lo <= p && p + sizeof p <= stk.hi) return p % sizeof p == 0;
            if (!older || reinterpret_cast<uintptr>(older + 1) != stk.hi) return false;
            stk = older->stack;
            older = older->prev;
        }
    }
    uintptr word(uintptr p) { return has(p) ? *reinterpret_cast<uintptr*>(p) : 0; }
};

}  // namespace

/// Below these two there is no caller: who looks like one is the goroutine's end, and the kernel.
static bool topofstack(uintptr entry) {
    return entry == reinterpret_cast<uintptr>(goexit) || entry == reinterpret_cast<uintptr>(sigtramp);
}

/// From a frame to its caller's. False at the bottom.
static bool caller(stackwalk* w, stkframe* f, bool innermost) {
    if (!findmoduledatap(f->pc)) return false;
    // A function that is about to return has no frame of its own any more. So stands one in a system call's stub, and
    // in systemstack_switch; and one whose prologue found no room, at the ret that __morestack jumps over. In the few
    // other instructions of a prologue one frame, the caller's, is missed.
    bool aboutToReturn = innermost && *reinterpret_cast<uint8*>(f->pc) == opcodeRet;
    if (aboutToReturn) {
        f->pc = w->word(f->sp);
        f->sp += sizeof(uintptr);
        return f->pc != 0;
    }
    uintptr bp = f->bp;
    if (!w->has(bp) || !w->has(bp + caller_pc)) return false;
    // Between a function on a new segment and its caller stands __morestack, whose own return address is in the
    // function's prologue: the caller's is the next word.
    bool border = findsymbol(f->pc).entry == reinterpret_cast<uintptr>(__morestack);
    f->pc = w->word(bp + (border ? split_pc : caller_pc));
    f->sp = bp + (border ? split_sp : caller_sp);
    f->bp = w->word(bp + caller_bp);
    if (f->bp <= bp && f->bp >= w->stk.lo) f->bp = 0;  // not towards older frames
    return f->pc != 0;
}

// ---- what is shown -------------------------------------------------------------------------------------------------

static bool hasdot(const char* s) {
    while (*s && *s != '.') s++;
    return *s;
}

static bool isExportedRuntime(const char* name) {
    return hasprefix(name, "runtime.") && name[8] >= 'A' && name[8] <= 'Z';
}

/// Most frames of the runtime say nothing about the program. They are shown to those who ask, and when the runtime
/// itself has failed in this goroutine. own: as in funcinfo, what in Go the compiler would write.
static bool showframe(const char* name, bool own, g* gp, bool first) {
    m* mp = getg()->m;
    if (mp->throwing > 0 && gp && (gp == mp->curg || gp == mp->caughtsig)) return true;
    if (str(name) == str("runtime.gopanic") && !first) return true;  // where a panic began, in the middle of a stack
    return gotraceback(nullptr, nullptr) > 1 ||
           (hasdot(name) && (!hasprefix(name, "runtime.") || (isExportedRuntime(name) && !own)));
}

static void printline(const funcinfo& fi, uintptr pc) {
    print("\t", static_cast<const char*>(fi.line ? fi.file : "?"), ":", fi.line);
    if (!fi.inlined && pc > fi.entry) print(" +", hex{pc - fi.entry});
}

/// Prints what there is at a pc, if it is to be shown: the function, and before it what was inlined there. Returns how
/// many.
static int32 printframe(const stkframe& f, uintptr fp, uintptr tracepc, g* gp, bool force, bool first) {
    m* mp = getg()->m;
    // A symbol of Go's is enough to know that a frame is not to be shown; most are not.
    symbol s = findsymbol(tracepc);
    if (s.name && !hasprefix(s.name, "_Z") && !force && !showframe(s.name, false, gp, first)) return 0;
    const place* at = findpc(tracepc);
    if (!at) {
        print(hex{f.pc}, "\n");
        return 1;
    }
    int32 printed = 0;
    for (int32 i = 0; i < at->n; i++) {
        const funcinfo& fi = at->f[i];
        const char* name = fi.name;
        if (!force && !showframe(name, fi.own, gp, first && printed == 0)) continue;
        print(str(name) == str("runtime.gopanic") ? "panic" : name, fi.args ? "(...)\n" : "()\n");
        printline(fi, f.pc);
        if (!fi.inlined && ((mp->throwing > 0 && gp == mp->curg) || gotraceback(nullptr, nullptr) >= 2))
            print(" fp=", hex{fp}, " sp=", hex{f.sp}, " pc=", hex{f.pc});
        print("\n");
        printed++;
    }
    return printed;
}

/// Walks and prints at most _TracebackMaxFrames frames; returns how many were printed.
static int32 gentraceback(stkframe f, g* gp, bool trap, bool force) {
    stackwalk w(gp);
    int32 printed = 0;
    bool waspanic = false;
    for (int32 n = 0; n < _TracebackMaxFrames; n++) {
        // A call may be the last that a function does, and the return address the next one's: the call is what counts.
        // But where a signal came, or nothing has run yet, nobody has called.
        bool called = n > 0 ? !waspanic : !trap && f.pc != findsymbol(f.pc).entry;
        uintptr tracepc = f.pc - called;
        uintptr entry = findsymbol(tracepc).entry;
        stkframe next = f;
        bool bottom = topofstack(entry) || !caller(&w, &next, n == 0);
        printed += printframe(f, bottom ? f.sp : next.sp, tracepc, gp, force, printed == 0);
        waspanic = entry == reinterpret_cast<uintptr>(sigpanic);
        if (bottom) break;
        f = next;
    }
    return printed;
}

/// Who made the goroutine. Nobody says so of the main one.
static void printcreatedby(g* gp) {
    if (gp->goid == 1 || gp->gopc == 0) return;
    const place* at = findpc(gp->gopc - 1);
    for (int32 i = 0; at && i < at->n; i++) {
        const funcinfo& fi = at->f[i];
        if (!showframe(fi.name, fi.own, gp, false)) continue;
        print("created by ", static_cast<const char*>(fi.name), "\n");
        printline(fi, gp->gopc);
        print("\n");
        return;
    }
}

static void traceback1(stkframe f, g* gp, bool trap) {
    if (f.pc == ~0ull) f = {gp->sched.pc, gp->sched.sp, gp->sched.bp};
    if (readgstatus(gp) == _Gsyscall) {
        f = {gp->syscallpc, gp->syscallsp, gp->sched.bp};
        trap = false;
    }
    // If there is nothing of the program's to show, the runtime's frames are better than none.
    int32 n = gentraceback(f, gp, trap, false);
    if (n == 0) n = gentraceback(f, gp, trap, true);
    if (n >= _TracebackMaxFrames) print("...additional frames elided...\n");
    printcreatedby(gp);
}

void traceback(uintptr pc, uintptr sp, uintptr bp, g* gp) { traceback1({pc, sp, bp}, gp, false); }
void tracebacktrap(uintptr pc, uintptr sp, uintptr bp, g* gp) { traceback1({pc, sp, bp}, gp, true); }

// ---- goroutines ----------------------------------------------------------------------------------------------------

static const char* const gStatusStrings[] = {"idle", "runnable", "running", "syscall",  "waiting",
                                             "???",  "dead",     "???",     "copystack"};

void goroutineheader(g* gp) {
    uint32 status = readgstatus(gp);
    gostring word = str(status <= _Gcopystack ? gStatusStrings[status] : "???");
    gostring reason = look(gp->waitreason);
    if (status == _Gwaiting && reason.len) word = reason;
    int64 minutes = 0;
    int64 since = atomic::LoadRelaxed(&gp->waitsince);
    if ((status == _Gwaiting || status == _Gsyscall) && since != 0)
        minutes = (nanotime() - since) / (60ll * 1000000000);
    print("goroutine ", gp->goid, " [", word);
    if (minutes >= 1) print(", ", minutes, " minutes");
    if (atomic::LoadRelaxed(&gp->lockedm)) print(", locked to thread");
    print("]:\n");
}

/// All goroutines but me: first the one whose work this M was doing. Go holds allglock. Here a signal may have come in
/// the middle of allgadd; and as the array is never freed, no lock is needed to read what was there a moment ago.
void tracebackothers(g* me) {
    int32 level = gotraceback(nullptr, nullptr);
    m* mp = getg()->m;
    g* curg = mp->curg;
    if (curg && curg != me) {
        print("\n");
        goroutineheader(curg);
        traceback(~0ull, ~0ull, 0, curg);
    }
    uintptr n = atomic::Load(&allglen);
    for (uintptr i = 0; i < n; i++) {
        g* gp = atomic::Load(&allgs.array)[i];
        uint32 status = readgstatus(gp);
        if (gp == me || gp == curg || status == _Gdead || (issystemgoroutine(gp) && level < 2)) continue;
        print("\n");
        goroutineheader(gp);
        if (atomic::LoadRelaxed(&gp->m) != mp && (status == _Grunning || status == _Gcopystack)) {
            print("\tgoroutine running on other thread; stack unavailable\n");
            printcreatedby(gp);
        } else {
            traceback(~0ull, ~0ull, 0, gp);
        }
    }
}

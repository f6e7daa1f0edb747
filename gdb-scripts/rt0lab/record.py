"""A whole run as data: every stage's entry and return, with the state there and what changed.

The recording breakpoints never stop: gdb calls their stop(), which notes and answers False. A return is a breakpoint at
the return address that counts only when SP is back where the call found it. Such a breakpoint is made once per call
site and kept, because gdb's FinishBreakpoint piles up when its stop() answers False.
"""

import json
import os
import shlex

import gdb

from . import model, snapshot, stops, switching, symbolic

FORMAT = 1
MAX_STOPS = 5000
MAX_PER_STAGE = 40  # a trace is about the boot: a stage that goes on happening is not noted for ever

# The fields that a trace shows of each structure. Which of them a program has, its debug information says.
_G0 = ("stack", "stackguard0", "stackguard1", "m", "sched", "goid", "atomicstatus", "lockedm")
_M0 = """
    g0 procid gsignal tls mstartfn curg p nextp id locks spinning blocked newSigstack alllink mcache lockedg
    lockedInt lockedExt helpgc mallocing throwing park
""".split()
_P = """
    id status link schedtick syscalltick m mcache goidcache goidcacheend runqhead runqtail runnext gfree gfreecnt
    gFree
""".split()
_SCHED = """
    goidgen lastpoll lock midle nmidle nmidlelocked mnext maxmcount nmsys nmfreed ngsys pidle npidle nmspinning
    runqhead runqtail runq runqsize gcwaiting stopwait sysmonwait procresizetime
""".split()
_G = """
    stackguard0 stackguard1 sched.sp sched.pc sched.g sched.ctxt sched.bp stktopsp gopc startpc m lockedm schedlink
    preempt
""".split()
_G_CHANGED = ("goid", "lockedm", "m", "sched.pc", "sched.sp", "stackguard0", "startpc", "status", "waitreason")
_GLOBALS = """
    argc argv ncpu numCPUStartup gomaxprocs physPageSize allglen mainStarted runtimeInitTime maxstacksize argslice
    envs
""".split()
_REGS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp")


# ---- one stop as plain data ----------------------------------------------------------------------------------------


def fields(item, wanted, snap, owner=None):
    """A structure's wanted fields as nested dictionaries of plain data."""
    found = {}
    for leaf, value in zip(item.layout.leaves, item.layout.decode(item.data)):
        top, _, rest = leaf.path.partition(".")
        if top not in wanted:
            continue
        shown = snap.names.value(leaf, value, owner)
        if not rest:
            found[top] = shown
            continue
        into = found.setdefault(top, {})
        *parents, last = rest.split(".")
        for name in parents:
            into = into.setdefault(name, {})
        into[last] = shown
    for top, _ in item.layout.strings:
        if top in wanted:
            found[top] = snap.texts.get((item.addr, top), "")
    if isinstance(found.get("tls"), dict):
        tls = found["tls"]
        found["tls"] = {"_len": len(tls), **{k: v for k, v in tls.items() if v or k == "0"}}
    return found


def _size(g):
    """How large a g's stack is; None if that cannot be known."""
    lo, hi = (g.get("stack.lo"), g.get("stack.hi")) if g else (None, None)
    return None if lo is None or hi is None else hi - lo


def goroutine(g, snap):
    """One entry of a trace's allgs."""
    name = snap.g_name(g)
    lo, hi, guard = g.get("stack.lo"), g.get("stack.hi"), g.get("stackguard0")
    entry = {
        "name": name,
        "goid": g.get("goid"),
        "status": snap.world.g_status(g.get("atomicstatus")),
        "atomicstatus": g.get("atomicstatus"),
        "stack_lo": snap.names.pointer(lo, True, name),
        "stack_hi": snap.names.pointer(hi, False, name),
        "stack_size": _size(g),
        "stackguard0_minus_lo": guard - lo if None not in (lo, guard, hi) and lo <= guard <= hi else None,
        "waitreason": snap.waitreason(g),
    }
    for path in _G:
        leaf = g.layout.at.get(path)
        if leaf is not None:
            entry[path] = snap.names.value(leaf, g.get(path), name)
    return entry


def frames(limit=64):
    """The innermost frame first: [(function, file or None, line, inlined?)], down to the true root."""
    found, frame = [], gdb.newest_frame()
    while frame is not None and len(found) < limit:
        inlined = frame.type() == gdb.INLINE_FRAME
        symbol = model.symbol_of(frame)
        name = model.name_of(frame) if inlined or symbol is None else symbol[0]
        if name is None:
            break
        name = name.removesuffix(".abi0")
        sal = frame.find_sal()
        found.append((name, model.told(getattr, sal.symtab, "filename") if sal.symtab else None, sal.line, inlined))
        if not inlined and switching.is_root(name, frame):
            break
        try:
            frame = frame.older()
        except gdb.error:
            break
    return found


def backtrace():
    """The frames as a trace writes them: `runtime.schedinit (proc.go:658)`."""
    return [
        f"{name} ({os.path.basename(file) if file else '?'}:{line})" + (" [inlined]" if inlined else "")
        for name, file, line, inlined in frames()
    ]


def describe(snap, before):
    """One stop of a trace, but for its number, stage and kind."""
    names = snap.names
    file, line = snap.world.line_at(snap.pc)
    words = model.read(snap.sp, 64)
    words = (
        []
        if isinstance(words, model.Unreadable)
        else [names.word(int.from_bytes(words[i : i + 8], "little")) for i in range(0, 64, 8)]
    )
    changed = {}
    for path, was, now in snapshot.diff(before, snap):
        if path[0] == "g" and path[1:2].isdigit() and not path.startswith("g0.") or path.startswith("allgs["):
            if path.partition(".")[2] not in _G_CHANGED:
                continue
        changed[path] = [was, now]
    frame = gdb.newest_frame()
    # Symbols hide distances; these few a reader may want to know: SP below its first value, and two stacks' sizes.
    lo = snap.g0.get("stack.lo")
    on_first_stack = names.entry is not None and (lo or names.entry - 4096) <= snap.sp <= names.entry
    gsignal = model.read_struct("g", snap.m0.get("gsignal") or 0)
    return {
        "sp_off": snap.sp - names.entry if on_first_stack else None,
        "gsignal_stack_size": _size(gsignal),
        "file": os.path.basename(file) if file else None,
        "line": line,
        "thread": snap.thread,
        "pc": names.code(snap.pc),
        "sp": names.pointer(snap.sp),
        "fs_base": names.pointer(snap.fs_base),
        "tls_g": names.pointer(snap.tls_g),
        "g0": fields(snap.g0, _G0, snap, "g0") | {"stack_size": _size(snap.g0)},
        "m0": fields(snap.m0, _M0, snap),
        "p0": fields(snap.p0, _P, snap) if snap.p0 else None,
        "sched": fields(snap.sched, _SCHED, snap),
        "globals": {"runtime." + name: _global(snap, name) for name in _GLOBALS if name in snap.globals},
        "allp_status": snap.p_status,
        "allp": [fields(p, _P, snap) for p in snap.ps],
        "allm": snap.m_names,
        "ms": [fields(m, _M0, snap) for m in snap.ms],
        "ps": [
            {"status": snap.world.p_status(p.get("status")), "runq": _queue(snap, model.run_queue(p))} for p in snap.ps
        ],
        "runq": _queue(snap, snap.queue),
        "allgs": [goroutine(g, snap) for g in snap.gs],
        "bt": backtrace(),
        "regs": {name: names.word(model.register(name, frame) or 0) for name in _REGS},
        "stack_words": words,
        "changed": changed,
    }


def _queue(snap, addresses):
    """A run queue's goroutines, None for one that makes no sense."""
    return None if addresses is None else [snap.names.pointer(at) for at in addresses]


def _global(snap, name):
    item = snap.globals[name]
    if item.has(""):
        return snap.names.value(item.layout.at[""], item.get(""))
    return fields(item, {leaf.path.partition(".")[0] for leaf in item.layout.leaves}, snap)


# ---- a whole run ---------------------------------------------------------------------------------------------------


class _Entry(stops.Point):
    def __init__(self, recorder, place):
        super().__init__(place.address)
        self.recorder, self.place = recorder, place

    def stop(self):
        """gdb asks whether to stop here: note it and go on, but for the last stage."""
        self.recorder.guarded(self.recorder.entered, self.place)
        return self.place.stage is stops.TABLE[-1]


class _Return(stops.Point):
    def __init__(self, recorder, address):
        super().__init__(address)
        self.recorder, self.address = recorder, address

    def stop(self):
        """gdb asks whether to stop here: note it if a call we saw returns, and go on."""
        self.recorder.guarded(self.recorder.returned, self.address)
        return False


class Recorder:
    """Runs the program from its first instruction to its end and keeps every stage's entry and return."""

    def __init__(self):
        self.rows, self.before, self.error, self.pid = [], None, None, None
        self.counts = {}  # stage name -> how often it was entered
        self.pending = {}  # return address -> calls that have not come back: [place, sp, g, distance to stack.hi]
        self.returns = {}
        self.points = []

    def guarded(self, method, argument):
        """Nothing may escape from a breakpoint's stop(): keep the first error for the end."""
        if self.error is None and len(self.rows) < MAX_STOPS:
            try:
                method(argument)
            except (gdb.error, model.Problem, ValueError, KeyError, TypeError, AttributeError) as error:
                self.error = error

    def note(self, place, kind, snap, extra):
        """Adds one stop."""
        row = {"seq": len(self.rows), "stage": place.stage.name, "kind": kind, "symbol": place.symbol}
        row.update(describe(snap, self.before))
        row.update(extra)
        if not self.rows:
            row["sp_mod16"] = snap.sp % 16
        self.rows.append(row)
        self.before = snap

    def entered(self, place):
        """A stage's address was reached."""
        count = self.counts[place.stage.name] = self.counts.get(place.stage.name, 0) + 1
        if count > MAX_PER_STAGE:
            return
        snap = snapshot.Snapshot()
        if not snap.g0:  # the process is ending, its memory is gone already
            return
        if not self.rows:
            symbolic.remember_entry(snap.pid, snap.sp)
            snap.names.entry = snap.sp
            self.pid = snap.pid
        kind = place.stage.kind
        extra = {}
        self._forget_abandoned(snap)
        if kind == "entry":
            target = model.read_word(snap.sp)
            if isinstance(target, int):
                extra["ret"] = snap.names.word(target)
                if stops.is_call_return(target):
                    call = [place, snap.sp, snap.tls_g, self._depth(snap)]
                    if self._again(target, call, snap):
                        return
                    self.pending.setdefault(target, []).append(call)
                    if target not in self.returns:
                        self.returns[target] = _Return(self, target)
        self.note(place, kind, snap, extra)

    def _forget_abandoned(self, snap):
        """Calls below SP on this stack cannot return any more: a switch left them (gogo never comes back to
        schedule)."""
        g = snap.g_at(snap.tls_g)
        if g is None or not g.has("stack.lo"):
            return
        for target, calls in self.pending.items():
            self.pending[target] = [
                c
                for c in calls
                if c[2] != snap.tls_g or not g.get("stack.lo") <= c[1] <= snap.sp or self._same(c, snap)
            ]

    def _same(self, call, snap):
        """A goroutine's call once more at the same place: see _again."""
        return call[1] == snap.sp and any(g.addr == snap.tls_g for g in snap.gs)

    @staticmethod
    def _depth(snap):
        g = snap.g_at(snap.tls_g)
        return g.get("stack.hi") - snap.sp if g and g.has("stack.hi") else None

    def _again(self, target, call, snap):
        """Is this the same call once more? Go repeats a goroutine's prologue after it grew its stack or preempted
        it."""
        if not any(g.addr == snap.tls_g for g in snap.gs):
            return False
        return any(c[0] is call[0] and c[2] == call[2] and c[3] == call[3] for c in self.pending.get(target, ()))

    def returned(self, address):
        """A return address was reached: whose, the stack pointer tells."""
        calls = self.pending.get(address)
        if not calls:
            return
        sp = model.register("rsp")
        _, current = model.tls_g()
        snap = None
        for call in reversed(calls):
            place, was, g, depth = call
            if was + 8 != sp:
                if g != current or depth is None:
                    continue
                snap = snap or snapshot.Snapshot()
                if depth - 8 != self._depth(snap):  # the stack may have moved meanwhile
                    continue
            calls.remove(call)
            snap = snap or snapshot.Snapshot()
            if snap.g0:
                self.note(place, "return", snap, {})
            return

    def run(self):
        """Records; returns the trace."""
        world = model.world()
        if model.alive():
            raise model.Problem("the program is running: `kill` it, then record it from its start.")
        outcome = stops.start()
        if outcome.what != "exited":
            self._watch()
            outcome = self._to_the_end()
        return self._trace(world, outcome)

    def _watch(self):
        pc = model.register("rip")
        for place in stops.places().values():
            if place.address is None:
                continue
            self.points.append(_Entry(self, place))
            if place.address == pc:
                self.guarded(self.entered, place)

    def _to_the_end(self):
        try:
            for _ in range(MAX_STOPS):  # a user's own breakpoints may stop it on the way
                outcome = stops.go("continue")
                if outcome.what in ("exited", "signal") or not model.alive():
                    break
                if stops.at_the_end():
                    self._unwatch()
            return outcome
        finally:
            self._unwatch()

    def _unwatch(self):
        for point in [*self.points, *self.returns.values()]:
            if point.is_valid():
                point.delete()

    def _trace(self, world, outcome):
        if self.error is not None:
            raise self.error
        last = self.rows[-1] if self.rows else {}
        seen = last.get("globals", {})
        version = world_version()
        trace = {
            "format": FORMAT,
            "program": os.path.basename(world.path),
            "build_id": world.elf.build_id,
            "runtime": version if world.is_go else "rt0lab",
            "go_version": version,
            "args": shlex.split(gdb.parameter("args") or ""),
            "pid": self.pid,
            "ncpu": next((seen[name] for name in ("runtime.ncpu", "runtime.numCPUStartup") if name in seen), None),
            "stages": self.rows,
            "exit": outcome.code,
        }
        if outcome.what == "signal":
            trace["signal"] = outcome.text
        if len(self.rows) >= MAX_STOPS:
            trace["truncated"] = True
        return trace


def world_version():
    """The value of runtime.buildVersion, read from the file if nothing runs."""
    return model.text("buildVersion") or "unknown"


def write(trace, path):
    """Writes a trace; sorted keys, so that equal runs are equal files."""
    try:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(trace, file, indent=1, sort_keys=True)
            file.write("\n")
    except OSError as error:
        raise model.Problem(f"cannot write {path}: {error.strerror}; name a file in a folder you may write to.")

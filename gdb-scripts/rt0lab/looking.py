"""The commands and functions that look: `rt0 dump|diff|check`, `info goroutines|ms|ps`, `$getg()`, `$g(ID)`..."""

import os
import textwrap

import gdb

from . import cards, checks, console, model, printers, snapshot, stops

# ---- rt0 dump, diff, check -------------------------------------------------------------------------------------------


class Dump(console.Command):
    """Show g0, m0, p0 and sched, one line each, or every field of one of them, or of all.

    (gdb) rt0 dump
    (gdb) rt0 dump g0"""

    name, kind = "rt0 dump", gdb.COMMAND_DATA
    _WHAT = ("g0", "m0", "p0", "sched")

    def run(self, argument):
        """Prints."""
        if argument not in ("", "all", *self._WHAT):
            raise model.Problem(f"`rt0 dump` knows {', '.join(self._WHAT)} and all.")
        snap = console.session.snapshot()
        if not snap.live:
            console.say(console.not_running() + " What stands in the file:")
        for name in self._WHAT:
            if argument not in ("", "all", name):
                continue
            item = getattr(snap, name)
            if isinstance(item, model.Unreadable):
                console.say(f"{name} {item}")
            elif item is None:
                console.say("p0: there is no P yet, procresize makes them in schedinit.")
            else:
                console.say(printers.LINES[{"g0": "g", "m0": "m", "p0": "p", "sched": "schedt"}[name]](item))
                if argument:
                    self._fields(item, snap, "g0" if name == "g0" else None)

    @staticmethod
    def _text(leaf, value, snap, owner):
        """An address with its meaning behind it, unless that is the field itself; other values as they are."""
        meaning = str(snap.names.value(leaf, value, owner))
        if leaf.kind not in ("ptr", "word") or meaning == f"{value:#x}" or meaning in (str(value), "~0", "stackPreempt"):
            return meaning
        itself = meaning in (f"{owner}.{leaf.path}+0", f"{owner}.{leaf.path}-0")
        return f"{value:#x}" if itself else f"{value:#x} {meaning}"

    def _fields(self, item, snap, owner):
        zero, rows = [], []
        for leaf, value in zip(item.layout.leaves, item.layout.decode(item.data)):
            if value:
                rows.append(("   ", leaf.path, "=", self._text(leaf, value, snap, owner)))
            else:
                top = leaf.path.partition(".")[0]
                if top not in zero:
                    zero.append(top)
        if rows:
            console.table(rows)
        seen = {row[1].partition(".")[0] for row in rows}
        rest = [name for name in zero if name not in seen]
        if rest:
            for line in textwrap.wrap("zero: " + ", ".join(rest), cards.WIDTH - 4):
                console.say("    " + line)

    def complete(self, text, word):
        """What can be dumped."""
        return [name for name in (*self._WHAT, "all") if name.startswith(text)]


class Diff(console.Command):
    """Show all that changed in g, m, p, sched and the runtime's variables since the stop before this one.

    (gdb) rt0 diff
      m0.g0: 0 → &runtime.g0"""

    name, kind = "rt0 diff", gdb.COMMAND_DATA

    def run(self, argument):
        """Prints."""
        console.need_process()
        if console.session.before is None or console.session.now is None:
            console.say("there is no earlier stop to compare with: `rt0 next` makes one.")
            return
        changed = snapshot.diff(console.session.before, console.session.now)
        if not changed:
            console.say("nothing changed since the last stop.")
        for change in changed:
            console.say("  " + cards.change_line(change, console.session.now))


class Check(console.Command):
    """Check what must hold at any moment: links that point both ways, counts that match lists, statuses that fit.

    (gdb) rt0 check
    ok       g0 and m0 point at each other: g0.m is m0 and m0.g0 is g0"""

    name, kind = "rt0 check", gdb.COMMAND_DATA

    def run(self, argument):
        """Prints."""
        console.need_process()
        results = checks.run(console.session.snapshot())
        for result in results:
            console.say(f"{result.verdict:8} {result.name}: {result.detail}")
        broken = sum(r.verdict == checks.BROKEN for r in results)
        if broken:
            console.say(f"{broken} of {len(results)} BROKEN.")


# ---- info goroutines, ms, ps ------------------------------------------------------------------------------------------


def _threads():
    """{thread id of the system: (gdb number, pc, its current g)}, without leaving another thread selected."""
    found = {}
    before = gdb.selected_thread()
    try:
        for thread in gdb.selected_inferior().threads():
            if thread.is_valid() and not thread.is_running():
                thread.switch()
                found[thread.ptid[1] or thread.ptid[0]] = thread.num, model.register("rip"), model.tls_g()[1]
    finally:
        if before is not None and before.is_valid():
            before.switch()
    return found


def _live():
    """What there is to list; None, and a sentence, if the program does not run."""
    snap = console.session.snapshot()
    if snap.live:
        return snap
    console.say(console.not_running())
    return None


class Goroutines(console.Command):
    """List the goroutines, and the g0 of each M, which is no goroutine but runs the scheduler.
    `*` is the one that the selected thread runs.

    (gdb) info goroutines
    * g0 scheduler of m0, thread 1  runtime.schedinit (proc.go:477)"""

    name, kind = "info goroutines", gdb.COMMAND_STATUS

    def run(self, argument):
        """Prints."""
        snap = _live()
        if snap is None:
            return
        live = {current: (number, pc) for number, pc, current in _threads().values() if current}
        rows = []
        for m in snap.hosts():
            g = snap.g0 if m.addr == snap.m0.addr else snap.g_at(m.get("g0")) if m.get("g0") else None
            if g:
                rows.append(self._row(snap, g, live, f"scheduler of m{m.get('id')}"))
        dead = 0
        for g in snap.gs:
            if snap.world.g_status(g.get("atomicstatus")) == "_Gdead":
                dead += 1
                continue
            rows.append(self._row(snap, g, live, self._status(snap, g)))
        console.table(rows)
        if dead:
            console.say(f"and {dead} dead, kept to be used again.")
        if not snap.gs:
            console.say("no goroutine yet: rt0_go's call of newproc makes the first, g1, once schedinit is done.")

    @staticmethod
    def _status(snap, g):
        status = snap.world.g_status(g.get("atomicstatus"))
        return f"{status} ({snap.waitreason(g)})" if status == "_Gwaiting" else status

    @staticmethod
    def _row(snap, g, live, what):
        name = str(snap.names.pointer(g.addr)).removeprefix("&runtime.")
        is_here = g.addr == snap.tls_g or g.addr == snap.g0.addr and not snap.fs_base
        if g.addr in live:
            number, pc = live[g.addr]
        elif is_here:
            number, pc = snap.thread, snap.pc
        else:
            number, pc = None, g.get("sched.pc")
        if not pc:
            return "*" if is_here else " ", name, what, "not run yet"
        file, line = snap.world.line_at(pc)
        symbol = snap.world.symbol_at(pc)
        where = symbol[0] if symbol and file else snap.names.code(pc)
        where += f" ({os.path.basename(file)}:{line})" if file else ""
        return "*" if is_here else " ", name, what + (f", thread {number}" if number else ""), where


class Ms(console.Command):
    """List the Ms, the operating system's threads that run goroutines; `*` is the selected thread's.

    (gdb) info ms
    * m0{id 0, thread 3425, g0 g0, curg g1, p p0}"""

    name, kind = "info ms", gdb.COMMAND_STATUS

    def run(self, argument):
        """Prints."""
        snap = _live()
        if snap is None:
            return
        here = snap.m_of_thread()
        for m in snap.hosts():
            mark = "*" if here is None and m.addr == snap.m0.addr or here is not None and m.addr == here.addr else " "
            console.say(f"{mark} {printers.m_line(m)}")
        if not snap.ms:
            console.say("allm is empty: mcommoninit, in schedinit, will enter m0, the first thread.")


class Ps(console.Command):
    """List the Ps, the rights to run Go code, with their run queues; `*` is the selected thread's.

    (gdb) info ps
    * p0{_Prunning, m m0, runnext g1, runq [], schedtick 0}"""

    name, kind = "info ps", gdb.COMMAND_STATUS

    def run(self, argument):
        """Prints."""
        snap = _live()
        if snap is None:
            return
        if not snap.ps:
            console.say("no P yet: procresize makes them at the end of schedinit, one for each processor.")
            return
        here = snap.m_of_thread()
        for p in snap.ps:
            console.say(f"{'*' if here is not None and here.get('p') == p.addr else ' '} {printers.p_line(p)}")
        if snap.sched:
            console.say(f"  {printers.sched_line(snap.sched)}")


# ---- functions -------------------------------------------------------------------------------------------------------


def _pointer(address, kind):
    return gdb.Value(address).cast(model.world().type(kind).pointer())


class GetG(gdb.Function):
    """The current g of the selected thread: what -8(FS) holds.

    (gdb) print *$getg()"""

    @console.careful
    def invoke(self):
        """gdb calls this."""
        console.need_process()
        snap = console.session.snapshot()
        if not snap.tls_g or snap.g_at(snap.tls_g) is None:
            raise model.Problem("this thread has no current g yet: rt0_go sets it at `ok`.")
        return _pointer(snap.tls_g, "g")


class _ById(gdb.Function):
    """Looks something up by its id."""

    name = kind = what = ""

    def __init__(self):
        super().__init__(self.name)

    @console.careful
    def invoke(self, number):
        """gdb calls this."""
        number = int(number)
        for item in self.all(console.session.snapshot()):
            if item.get(self.id_field) == number:
                return _pointer(item.addr, self.kind)
        raise model.Problem(f"there is no {self.what} {number}: `{self.lister}` lists them.")


class G(_ById):
    """The goroutine with this id; 0 is g0.

    (gdb) print *$g(1)"""

    name, kind, id_field, what, lister = "g", "g", "goid", "goroutine", "info goroutines"

    @staticmethod
    def all(snap):
        """Candidates."""
        return [*([snap.g0] if snap.g0 else []), *snap.gs]


class M(_ById):
    """The M with this id.

    (gdb) print *$m(0)"""

    name, kind, id_field, what, lister = "m", "m", "id", "M", "info ms"

    @staticmethod
    def all(snap):
        """Candidates."""
        return snap.ms or [snap.m0]


class P(_ById):
    """The P with this id.

    (gdb) print *$p(0)"""

    name, kind, id_field, what, lister = "p", "p", "id", "P", "info ps"

    @staticmethod
    def all(snap):
        """Candidates."""
        return snap.ps


class StageName(gdb.Function):
    """The name of the stage the program is at, or was at last; "none" before the first.

    (gdb) print $stage()"""

    @console.careful
    def invoke(self):
        """gdb calls this."""
        model.world()
        stage, _ = stops.current()
        return stage.name if stage else "none"

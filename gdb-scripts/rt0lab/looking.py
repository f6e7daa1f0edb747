"""The commands and functions that look: `rt0 dump|diff|check`, `$getg()`, `$g(ID)`..."""

import textwrap

import gdb

from . import begun, cards, checks, console, model, printers, remembering, snapshot, stops, untrusted

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
                console.say(f"p0: {begun.sentence('ps')}")
            else:
                console.say(printers.LINES[{"g0": "g", "m0": "m", "p0": "p", "sched": "schedt"}[name]](item))
                if argument:
                    self._fields(item, snap, "g0" if name == "g0" else None)

    @staticmethod
    def _text(leaf, value, snap, owner):
        """An address with its meaning behind it, unless that is the field itself; other values as they are."""
        meaning = str(snap.names.value(leaf, value, owner))
        if (
            leaf.kind not in ("ptr", "word")
            or meaning == f"{value:#x}"
            or meaning in (str(value), "~0", "stackPreempt")
        ):
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
    """Show all that changed in g, m, p, sched and the runtime's variables.
    That is since the stop before this one, or from one stop of `rt0 history`
    to another. -json prints data.

    (gdb) rt0 diff
      m0.g0: 0 -> &runtime.g0
    (gdb) rt0 diff 3 7"""

    name, kind = "rt0 diff", gdb.COMMAND_DATA

    def run(self, argument):
        """Prints."""
        if argument or remembering.replaying():
            remembering.between(argument)
            return
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
    """Check what must hold at any moment: links that point both ways, counts that match lists, statuses that fit. What
    does not hold is BROKEN, unless there is evidence that it is `not yet` so (the boot has not come there) or `moving`
    (a thread is in the middle of changing just that); `unknown` is what cannot be seen here.

    (gdb) rt0 check
    ok       g0 and m0 point at each other: g0.m is m0 and m0.g0 is g0"""

    name, kind = "rt0 check", gdb.COMMAND_DATA

    def run(self, argument):
        """Prints."""
        console.need_process()
        results = checks.run(console.session.snapshot())
        for result in results:
            text = f"{result.verdict:8} {result.name}: {untrusted.shown(result.detail)}"
            for line in textwrap.wrap(text, cards.WIDTH, subsequent_indent=" " * 9, break_on_hyphens=False):
                console.say(line)
        broken = sum(r.verdict == checks.BROKEN for r in results)
        if broken:
            console.say(f"{broken} of {len(results)} BROKEN.")


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
        if model.register("rip") is None:
            raise model.Problem("the selected thread is running: `thread N` goes to one that is stopped.")
        snap = console.session.snapshot()
        if not snap.tls_g or snap.g_at(snap.tls_g) is None:
            early = begun.why_none("tie")[0]
            raise model.Problem(
                "this thread has no current g yet: rt0_go sets it at `ok`."
                if early
                else "this thread is on no g that is known."
            )
        return _pointer(snap.tls_g, "g")


class _ById(gdb.Function):
    """Looks something up by its id."""

    name = kind = what = ""

    def __init__(self):
        super().__init__(self.name)

    @console.careful
    def invoke(self, *arguments):
        """gdb calls this."""
        if len(arguments) != 1:
            raise model.Problem(f"Usage: ${self.name}(ID), with the id of one {self.what}: `{self.lister}` lists them.")
        number = int(arguments[0])
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
        return snap.hosts()


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

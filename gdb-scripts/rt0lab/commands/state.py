"""The commands and functions that look: `rt0 dump|diff|check`, `$getg()`, `$g(ID)`..."""

from __future__ import annotations

import gdb

from .. import program
from ..formats import untrusted
from ..program import begun, names
from ..show import lines
from ..state import changes, checks, verdicts
from ..words import in_a_row, screen, tr
from . import console, past

_SOME = 20  # names that are told to who asks for one that there is not

# ---- rt0 dump, diff, check -------------------------------------------------------------------------------------------


class Dump(console.Command):
    """Show g0, m0, p0 and sched, or every field of what is named.
    One line each; `all` shows every field of all.
    Whatever a card or a list names can be shown: g1, m1, p0, m1.g0.

    (gdb) rt0 dump
    (gdb) rt0 dump g1"""

    name, kind = "rt0 dump", gdb.COMMAND_DATA
    _WHAT = ("g0", "m0", "p0", "sched")

    def run(self, argument: str) -> None:
        snap = console.so_far.snapshot()
        wanted = names.plain(argument.removeprefix("*").removeprefix("$").removeprefix("&").removeprefix("runtime."))
        if wanted not in ("", "all", *self._WHAT):
            self._other(wanted, snap)
            return
        if not snap.live:
            console.say(console.not_running() + tr(" What stands in the file:"))
        for name in self._WHAT:
            if wanted not in ("", "all", name):
                continue
            item = getattr(snap, name)
            if isinstance(item, program.Unreadable):
                console.say(f"{name} {item}")
            elif item is None:
                console.say(f"p0: {begun.sentence('ps')}")
            else:
                console.say(lines.LINES[{"g0": "g", "m0": "m", "p0": "p", "sched": "schedt"}[name]](item))
                if wanted:
                    self._fields(item, snap, "g0" if name == "g0" else None)

    def _other(self, wanted, snap):
        """One that has its name only now."""
        there = self._there(snap)
        if wanted not in there:
            some = in_a_row(list(dict.fromkeys([*self._WHAT, "all", *there]))[:_SOME])
            raise program.Problem(tr("`rt0 dump` knows {names}{more}.", names=some, more="..." * (len(there) > _SOME)))
        kind, item = there[wanted]
        console.say(lines.LINES[kind](item))
        self._fields(item, snap, snap.g_name(item) if kind == "g" else None)

    @staticmethod
    def _there(snap):
        """{name: (kind, Struct)} of all that have a name at this moment."""
        every = [("g", snap.gs), ("m", snap.hosts()), ("p", snap.ps), ("g", snap.system.values())]
        return {
            names.plain(snap.names.exact[item.addr]): (kind, item)
            for kind, items in every
            for item in items
            if item.addr in snap.names.exact
        }

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
            fields = tr("zero: ") + in_a_row(rest)
            console.write(screen.wrap(fields, "    ", columns=console.columns()))

    def complete(self, text: str, word: str | None) -> list[str]:
        """What can be dumped."""
        try:
            there = self._there(console.so_far.snapshot())
        except (program.Problem, gdb.error):
            there = {}
        return [name for name in dict.fromkeys((*self._WHAT, "all", *there)) if name.startswith(text)]


class Diff(console.Command):
    """Show what changed in g, m, p, sched and the runtime's variables.
    That is since the stop before this one, or from one stop of `rt0 history`
    to another. -json prints data.

    (gdb) rt0 diff
      m0.g0: 0 -> &runtime.g0
    (gdb) rt0 diff 3 7"""

    name, kind = "rt0 diff", gdb.COMMAND_DATA

    def run(self, argument: str) -> None:
        if argument or past.replaying():
            past.between(argument)
            return
        console.need_process()
        if console.so_far.before is None or console.so_far.now is None:
            console.say(tr("there is no earlier stop to compare with: `rt0 next` makes one."))
            return
        changed = changes.diff(console.so_far.before, console.so_far.now)
        if not changed:
            console.say(tr("nothing changed since the last stop."))
        for change in changed:
            console.say("  " + changes.change_line(change, console.so_far.now))


class Check(console.Command):
    """Check what must hold at any moment.
    Links point both ways, counts match lists, statuses fit. What
    does not hold is BROKEN, unless there is evidence that it is `not yet` so (the boot has not come there) or `moving`
    (a thread is in the middle of changing just that); `unknown` is what cannot be seen here.

    (gdb) rt0 check
    ok       g0 and m0 point at each other: g0.m is m0 and m0.g0 is g0"""

    name, kind = "rt0 check", gdb.COMMAND_DATA

    def run(self, argument: str) -> None:
        console.need_process()
        results = checks.run(console.so_far.snapshot())
        for result in results:
            text = tr("{name}: {detail}", name=tr(result.name), detail=untrusted.shown(result.detail))
            console.write(screen.wrap(text, f"{result.verdict:8} ", " " * 9, console.columns()))
        broken = sum(r.verdict == verdicts.BROKEN for r in results)
        if broken:
            console.say(tr("{broken} of {results} BROKEN.", broken=broken, results=len(results)))

"""The functions `$getg()`, `$g(ID)`, `$m(ID)`, `$p(ID)`, `$at(VALUE, INDEX)` and `$stage()`, and the variables `$g1`,
`$m0`, `$p0`, `$sched`."""

from __future__ import annotations

import functools

import gdb

from .. import program
from ..boot import stops
from ..frames import view
from ..program import begun, bulk, settings
from ..show import elements
from ..state.snapshot import Snapshot
from ..words import tr
from . import console

# ---- functions -------------------------------------------------------------------------------------------------------


def _pointer(address, kind):
    return gdb.Value(address).cast(program.world().type(kind).pointer())


class GetG(console.Function):
    """The current g of the selected thread: what -8(FS) holds, or the word that C's thread-local variables left for
    it. In `goroutine N print` it is that goroutine's.

    (gdb) print *$getg()"""

    @console.careful
    def invoke(self) -> gdb.Value:
        console.need_process()
        if program.register("rip") is None:
            raise program.Problem(tr("the selected thread is running: `thread N` goes to one that is stopped."))
        if view.owner():
            return _pointer(view.owner(), "g")
        snap = console.so_far.snapshot()
        if not snap.tls_g or snap.g_at(snap.tls_g) is None:
            early = begun.why_none("tie")[0]
            raise program.Problem(
                tr("this thread has no current g yet: rt0_go sets it at `ok`.")
                if early
                else tr("this thread is on no g that is known.")
            )
        return _pointer(snap.tls_g, "g")


class _ById(console.Function):
    """Looks something up by its id."""

    name = kind = what = ""

    def __init__(self):
        super().__init__(self.name)

    @console.careful
    def invoke(self, *arguments):
        if len(arguments) != 1:
            raise program.Problem(
                tr(
                    "Usage: ${name}(ID), with the id of one {what}: `{lister}` lists them.",
                    name=self.name,
                    what=self.what,
                    lister=self.lister,
                )
            )
        number = int(arguments[0])
        for item in self.all(console.so_far.snapshot()):
            if item.get(self.id_field) == number:
                return _pointer(item.addr, self.kind)
        raise program.Problem(
            tr("there is no {what} {number}: `{lister}` lists them.", what=self.what, number=number, lister=self.lister)
        )


class G(_ById):
    """The goroutine with this id; 0 is g0.

    (gdb) print *$g(1)"""

    name, kind, id_field, what, lister = "g", "g", "goid", "goroutine", "info goroutines"

    @staticmethod
    def all(snap: Snapshot) -> list[program.Struct]:
        return [*([snap.g0] if snap.g0 else []), *snap.gs]


class M(_ById):
    """The M with this id.

    (gdb) print *$m(0)"""

    name, kind, id_field, what, lister = "m", "m", "id", "M", "info ms"

    @staticmethod
    def all(snap: Snapshot) -> list[program.Struct]:
        return snap.hosts()


class P(_ById):
    """The P with this id.

    (gdb) print *$p(0)"""

    name, kind, id_field, what, lister = "p", "p", "id", "P", "info ps"

    @staticmethod
    def all(snap: Snapshot) -> list[program.Struct]:
        return snap.ps


class At(console.Function):
    """An element of a Go value: $at(slice, 2), $at(map, "key"), $at(chan, 0), $at(rows, 2, "name"). $at(x) alone is
    what an interface holds.

    (gdb) print $at(names, 2)"""

    @console.careful
    def invoke(self, *arguments: gdb.Value) -> gdb.Value:
        if not arguments:
            raise program.Problem(tr('Usage: $at(VALUE, INDEX...), like $at(slice, 2) or $at(map, "key").'))
        program.world()
        return functools.reduce(elements.at, arguments[1:], elements.held(arguments[0]))


class StageName(console.Function):
    """The name of the stage the program is at, or was at last; "none" before the first.

    (gdb) print $stage()"""

    @console.careful
    def invoke(self) -> str:
        program.world()
        stage, _ = stops.current()
        return stage.name if stage else "none"


# ---- variables -------------------------------------------------------------------------------------------------------

_MOST = 100  # of a kind


class Called:
    """What cards and lists name has a variable of that name, a pointer: `$g1`, `$m0`, `$p0`, `$sched`. They are set
    when gdb is about to read a command and the program has moved since, not at each stop; those of the user's stay."""

    def __init__(self) -> None:
        self._moved = False
        self._ours: dict[str, int] = {}

    def stopped(self, _event: gdb.Event) -> None:
        """gdb.events.stop"""
        self._moved = True

    def exited(self, _event: gdb.Event) -> None:
        """gdb.events.exited: they would point nowhere."""
        self._set({})

    def refresh(self) -> None:
        """gdb.events.before_prompt, and when a card is made."""
        if not self._moved:
            return
        self._moved = False
        try:
            with settings.looking():
                self._set(self._pointers() if program.alive() else {})
        except (program.Problem, gdb.error):
            pass

    @staticmethod
    def _pointers():
        """{name: its pointer}"""
        rows = bulk.Fields("g", id="goid").rows(bulk.allgs()[0][:_MOST])
        found = [("g", f"g{row.id}", row.addr) for row in rows if row is not None and row.id]
        found += [("m", f"m{m.get('id')}", m.addr) for m in program.all_ms()[:_MOST]]
        places = list(dict.fromkeys(filter(None, program.all_p_addresses())))[:_MOST]
        found += [("p", f"p{i}", address) for i, address in enumerate(places)]
        for kind, name in (("g", "g0"), ("m", "m0"), ("schedt", "sched")):
            found.append((kind, name, program.world().address("runtime." + name)))
        known = {kind: program.world().type(kind) for kind, *_ in found}
        return {name: _pointer(address, kind) for kind, name, address in found if address and known[kind] is not None}

    def _set(self, wanted):
        for name in [*self._ours, *wanted]:
            now = gdb.convenience_variable(name)
            if now is not None and (name not in self._ours or not _is(now, self._ours[name])):
                self._ours.pop(name, None)  # the user has made it his
                continue
            gdb.set_convenience_variable(name, wanted.get(name))
            self._ours.pop(name, None)
            if name in wanted:
                self._ours[name] = int(wanted[name])


def _is(value, address):
    try:
        return value.type.code == gdb.TYPE_CODE_PTR and int(value) == address
    except gdb.error:
        return False


called = Called()

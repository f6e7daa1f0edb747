"""The functions `$getg()`, `$g(ID)`, `$m(ID)`, `$p(ID)`, `$at(VALUE, INDEX)` and `$stage()`."""

from __future__ import annotations

import functools

import gdb

from .. import program
from ..boot import stops
from ..frames import view
from ..program import begun
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

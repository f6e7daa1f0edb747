"""`rt0 panic [IDS]`: who has panicked, with what, where that was raised, and whether somebody recovered."""

from __future__ import annotations

import contextlib
import itertools
import signal
from collections.abc import Iterator
from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from ..frames import places, stacks, view
from ..goroutines.census import Census
from ..program import dynamic, past
from ..show import interfaces, panicked
from ..words import tr
from . import console, goroutine
from .options import Options, ids

_RAISES = ("runtime.gopanic", "detail::gopanic", "runtime.Goexit")
_LONGEST = 200  # bytes of a text of C++
_THROWS = ("runtime.throw", "runtime.fatal", "runtime.throw_")


class Panics(console.Command):
    """Show who has panicked, with what value, and where it was raised.
    It says whether it was recovered, too; the last panic comes first.
    Usage: rt0 panic [IDS] [-json]

    (gdb) rt0 panic
    goroutine 21 panics: runtime.plainError "assignment to entry in nil map"
      raised in main.handle (panic-core.go:14)
      not recovered: the program ends"""

    name, kind = "rt0 panic", gdb.COMMAND_STATUS
    options = Options("rt0 panic", "[IDS] [-json]")
    options.add_argument("ids", nargs="?")

    def run(self, argument: str) -> None:
        asked = self.options.of(argument)
        console.need_process()
        census, spans = Census(system=True), ids(asked.ids) if asked.ids else None
        rows = [row for row in census.rows if spans is None or any(a <= row.goid <= b for a, b in spans)]
        if spans is not None and not rows:
            raise program.Problem(tr("there is no goroutine {ids}: `info goroutines` lists all.", ids=asked.ids))
        found = [_Panicked(census, row) for row in rows if row.panic]
        fatal = [] if spans is not None else list(_fatal(census))
        if asked.json:
            console.dump([one.plain() for one in found] + fatal)
            return
        for one in found:
            console.write(one.lines())
        for error in fatal:
            at = error["raised"]
            where = tr(", raised in {at}", at=places.where(at["function"], at["file"], at["line"])) if at else ""
            console.say(
                tr(
                    "m{m} ends the program: fatal error: {fatal}{where}",
                    m=error["m"],
                    fatal=error["fatal"] or tr("(text not kept)"),
                    where=where,
                )
            )
        if not found and not fatal:
            console.say(
                tr(
                    "no goroutine panics. Of a panic that was recovered, and whose function has returned, nothing is"
                    " kept."
                )
            )


class _Panicked:
    """A goroutine with its panics and the frames that raised them."""

    def __init__(self, census: Census, row: Any) -> None:
        self._row, self._name = row, census.name(row)
        m = census.m_by_address.get(row.m)
        self._dying = bool(m is not None and m.get("dying"))
        self._panics = panicked.panics(row)
        self._raised, self._problem = {}, None
        try:
            if past.moment() is not None:
                raise program.Problem(tr("frames are not kept of earlier stops"))
            with goroutine.frames_of(census, row) as level:
                self._raised = dict(_raised(view.frame(level or 0), [panic.address for panic in self._panics]))
        except (gdb.error, program.Problem) as error:
            self._problem = untrusted.shown(str(error)).rstrip(".")
        self._signal = self._signalled()

    def _signalled(self):
        """{"signal", "address"} of the fault that made it panic, else None. g.sig stays when that is over."""
        g = program.read_struct("g", self._row.addr)
        if not g or not g.get("sig") or not any(place["fault"] for place in self._raised.values()):
            return None
        with contextlib.suppress(ValueError):
            return {"signal": signal.Signals(g.get("sig")).name, "address": g.get("sigcode1")}
        return {"signal": str(g.get("sig")), "address": g.get("sigcode1")}

    def plain(self) -> dict[str, Any]:
        """As data."""
        panics = [{**panic.plain(), "raised": self._raised.get(panic.address)} for panic in self._panics]
        return {"goroutine": self._row.goid, "panics": panics, "dying": self._dying, "signal": self._signal}

    def lines(self) -> Iterator[str]:
        """Two or three lines for each panic."""
        for number, panic in enumerate(self._panics):
            who = tr("goroutine {name} panics", name=self._name) if not number else tr("  before that")
            indent = "    " if number else "  "
            at = self._raised.get(panic.address)
            first = at and at["with"] if self._dying and panic.text.startswith("string ") else None
            yield tr("{name}: {detail}", name=who, detail=first or panic.text)
            if at is not None:
                fault = self._signal if at["fault"] else None
                by = (
                    tr(" by {signal}, address {address:#x}", signal=fault["signal"], address=fault["address"])
                    if fault
                    else ""
                )
                yield tr(
                    "{indent}raised in {at}{by}",
                    indent=indent,
                    at=places.where(at["function"], at["file"], at["line"]),
                    by=by,
                )
            elif self._problem:
                yield tr("{indent}where it was raised is not known: {problem}", indent=indent, problem=self._problem)
            yield indent + panic.state(self._dying)
        if not self._panics:
            yield tr("goroutine {name} panics: its panic cannot be read", name=self._name)


def _raised(frame, panics):
    """(address of a panic, where it was raised): the panic lies in the frame of the function that handles it, and who
    called that has raised it."""
    found = list(view.physical(frame))
    known = stacks.sites()
    for address in panics:
        for i, (_, name, sp) in enumerate(found):
            end = next((after for _, _, after in found[i + 1 :] if after > sp), None)
            if name.removesuffix(".abi0") not in _RAISES or end is None or not sp <= address < end:
                continue
            callers = found[i + 1 :]
            outside = list(itertools.dropwhile(lambda one: not _is_programs(one, known), callers)) or callers
            fault = any("sigpanic" in name for _, name, _ in callers[: len(callers) - len(outside)])
            yield address, {**_place(*outside[0][:2], fault), "with": _argument(found[i][0])}
            break


def _argument(frame):
    """What panic() was called with, as far as its frame still has it, else None: of an error that ends the program
    g._panic has no more than the text."""
    try:
        held = dynamic.in_interface(frame.read_var("e"))
        return interfaces.said(*held) if held and held[0] else None
    except (gdb.error, ValueError, program.Problem):
        return None


def _is_programs(one, known):
    """Is a frame not the runtime's own?"""
    frame, name, _ = one
    return not name.startswith(("runtime.", "detail::")) or known.is_user(
        name, program.file_of(frame.find_sal().symtab)
    )


def _place(frame, function, fault):
    """A frame's place; what a signal interrupted stands at that very instruction."""
    if fault and frame.type() == gdb.NORMAL_FRAME:
        file, line = program.world().line_at(frame.pc())
    else:
        sal = frame.find_sal()
        file, line = program.file_of(sal.symtab), sal.line
    return {"function": function, "file": file, "line": line, "fault": fault}


def _fatal(census):
    """{"m", "fatal", "raised"} of each M that ends the program because of a fault that is no panic."""
    for m in census.ms:
        if m.get("throwing"):
            rows = [row for row in census.rows if row.addr in (m.get("curg"), m.get("g0"))]
            found = next(filter(None, (_thrown(census, row) for row in rows)), (None, None))
            yield {"m": m.get("id"), "fatal": found[0], "raised": found[1]}


def _thrown(census, row):
    """(text, place) of the throw that a goroutine is in, None where it is in none; compilers do not keep the text."""
    thrown, text = False, None
    try:
        with goroutine.frames_of(census, row) as level:
            for frame, name, _ in view.physical(view.frame(level or 0)):
                if thrown:
                    return text, _place(frame, name, False)
                if name.removesuffix(".abi0") in _THROWS:
                    thrown = True
                    with contextlib.suppress(gdb.error, ValueError):
                        text = _text(frame.read_var("s"))
    except (gdb.error, program.Problem):
        return None
    return None


def _text(value):
    """A string's text; in C++ it ends with a NUL."""
    if value.type.strip_typedefs().code != gdb.TYPE_CODE_PTR:
        return program.read_text(int(value["str"]), int(value["len"]))
    data = program.read(int(value), _LONGEST)
    return untrusted.shown(data.partition(b"\0")[0].decode("utf-8", "surrogateescape")) if data else None

"""Goroutines as rows of text, one line each or several, and as data."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from .. import program
from ..frames import places, stacks
from ..goroutines import clock
from ..goroutines.census import Census
from ..program import bulk
from ..words import in_a_row, screen, tr, trn
from . import labels, panicked
from .alike import Alike

_DETAIL = 48  # columns of what one waits on with which others are aligned
_ENDS = 50  # frames that are shown of each end of a deep stack


def _made(row):
    """(function, file, line) of the go statement that made a goroutine. None for goroutine 1, which the boot made: Go's
    own traces name no creator of it either."""
    return places.creator(row.gopc) if row.gopc and row.goid != 1 else None


# ---- info goroutines -------------------------------------------------------------------------------------------------


class View:
    """Some goroutines of a census with all that is shown of them."""

    def __init__(
        self,
        census: Census,
        rows: Sequence[Any],
        standing: bool = True,
        waits: bool = True,
        depth: int = stacks.DEPTH,
    ) -> None:
        self.census, self.rows = census, rows
        rows = rows.lying() if isinstance(rows, bulk.Rows) else rows
        self.stacks = census.stacks(rows, depth) if standing else {}
        self.alone = census.alone(rows, self.stacks) if standing else {}
        self.on = census.waits(rows) if waits else {}
        self.on.update(census.seen_on_stacks(rows) if waits else {})

    def at(self, row: Any) -> stacks.Frame | None:
        """The frame where it stands, or None."""
        stack = self.stacks.get(row.addr)
        if stack is None:
            return self.alone.get(row.addr)
        if stack.standing is not None and stack.standing.pc == row.startpc:  # it has not begun
            return stacks.Frame(*places.start(row.startpc), False, row.startpc, False, True)
        return stack.standing

    def frames(self, row: Any) -> list[stacks.Frame]:
        """All its frames that can be known, innermost first."""
        stack = self.stacks.get(row.addr)
        if stack is not None:
            return stack.shown
        at = self.at(row)
        return self.census.on_thread(row) or ([at] if at is not None else [])

    def start(self, row: Any) -> str:
        """The function it began with."""
        return places.function(row.startpc) if row.startpc else ""

    def creator(self, row: Any) -> str:
        """Where the go statement that made it stands: main.main (x.go:12)"""
        made = _made(row)
        return places.where(*made) if made else ""

    def where(self, row: Any) -> str:
        """Where it stands."""
        at = self.at(row)
        return at.where if at else ""

    def waited(self, row: Any) -> int | None:
        """How long it has waited, in ns; None where the runtime has not noted since when."""
        now, status = self.census.now, self.census.status.get(row.status, "").partition(" ")[0]
        # What was noted of a wait stays behind when the wait is over; one that has an M waits only in a system call.
        waits = status == "syscall" or status in ("waiting", "leaked") and not row.m
        return now - row.since if waits and row.since and now and now > row.since else None

    def host(self, row: Any) -> str:
        """`m0 p1` of a goroutine that has an M; `m0 (had p1)` of one in a system call whose P may be another's."""
        m = self.census.m_by_address.get(row.m)
        if m is None:
            return ""
        at, own = program.p_of(m)
        p = self.census.p_ids.get(at)
        return f"m{m.get('id')}" + ("" if p is None else f" p{p}" if own else tr(" (had p{p})", p=p))

    def detail(self, row: Any) -> str:
        """What it waits on, or who runs it."""
        if row.addr in self.on:
            items = self.on[row.addr]
            text = str(items[0]) if len(items) == 1 else f"{len(items)} chans, {str(items[0]).removeprefix('chan ')}"
        else:
            text = self.host(row) if row.m else ""
        since = self.waited(row) if row.since else None
        return f"{text} {clock.duration(since)}".lstrip() if since else text

    def plain(self, row: Any) -> dict[str, Any]:
        census, at = self.census, self.at(row)
        m = census.m_by_address.get(row.m)
        thread = census.threads.get(row.addr)
        start, creator = (
            places.start(row.startpc) if row.startpc else None,
            _made(row),
        )
        return {
            "id": row.goid,
            "name": census.name(row),
            "address": row.addr,
            "status": census.status.get(row.status, str(row.status)),
            "reason": census.reason(row) if census.status.get(row.status, "").startswith("waiting") else "",
            "waited_ns": self.waited(row),
            "on": [item.plain() for item in self.on.get(row.addr, [])],
            "at": at and {"function": at.function, "file": at.file, "line": at.line, "pc": at.pc},
            "start": start and {"function": start[0], "file": start[1], "line": start[2]},
            "creator": creator and {"function": creator[0], "file": creator[1], "line": creator[2]},
            "m": m.get("id") if m else None,
            "p": census.p_ids.get(m.get("p")) if m and program.p_of(m)[1] else None,
            "thread": thread.num if thread else None,
            "current": census.is_current(row),
            "system": row.addr in census.system,
            "labels": labels.labels(row),
            "panics": [panic.plain() for panic in panicked.panics(row)],
        }


def lines(view: View, width: int | None = None) -> Alike:
    """One line for each goroutine. All but the id is made once for all that have it in common.

    Nothing is cut. What does not fit into a terminal of this width stands closer together there, and a generic
    function's name is then as tracebacks write it.
    """
    census, rows = view.census, view.rows
    addrs, ids_ = bulk.column(rows, "addr"), bulk.column(rows, "goid")
    current, system, moment = census.here, census.system, census.now
    ages = bulk.column(rows, "since")
    if any(ages):
        ages = [(moment - since) // 1_000_000_000 if since and moment else None for since in ages]
    # Where a goroutine has no Stack, its address takes the place: nobody has that in common with it.
    told: list[list[Any]] = [list(map(view.stacks.get, addrs, addrs)), list(map(view.on.get, addrs)), ages]
    told += [bulk.column(rows, name) for name in ("status", "reason", "m", "labels")]
    told = [column for column in told if column.count(column[0]) < len(column)] if rows else []
    numbers: dict[Any, int] = collections.defaultdict(itertools.count().__next__)
    kinds = list(map(numbers.__getitem__, zip(*told))) if told else [0] * len(rows)
    examples = [rows[i] for i in dict(zip(kinds, itertools.count())).values()]  # by rising number
    wide_id = max(
        [
            len(str(max(ids_, default=0))),
            *(len(system[addr]) for addr in system.keys() & {row.addr for row in examples}),
        ]
    )
    wide_state = min(max((len(census.state(row)) for row in examples), default=0), 26)
    details = {row.addr: view.detail(row) for row in examples}
    lengths = (screen.width(detail) for addr, detail in details.items() if addr in view.on)
    wide_detail = max((n for n in lengths if n <= _DETAIL), default=0)
    wide_detail = max(wide_detail, 21 if view.on else 6)
    room, tails = (width - wide_id - wide_state - 4 if width else None), []
    for row in examples:
        place = view.where(row) or ("" if row.sp or row.m else tr("not run yet"))
        detail = details[row.addr]
        aligned = (
            f"{screen.pad(detail, wide_detail)} {place}"
            if row.m or row.addr in view.on
            else f"{detail} {place}".lstrip()
        )
        if room is not None and screen.width(aligned) > room:
            aligned = f"{detail} {places.brief(place)}".lstrip()
        said = f" {labels.line(row)}" if row.labels else ""
        tails.append(" " + f"{census.state(row):{wide_state}} {aligned}{said}".rstrip())

    panics = {row.addr for row in bulk.chosen(rows, bulk.column(rows, "panic")) if panicked.is_panicking(row)}
    marked, heads = system.keys() | panics | {current}, {}
    for i in itertools.compress(itertools.count(), map(marked.__contains__, addrs)):
        marks = ("*" if addrs[i] == current else " ") + ("!" if addrs[i] in panics else " ")
        heads[i] = f"{marks}{system.get(addrs[i], ids_[i]):>{wide_id}}"
    return Alike(ids_, 2 + wide_id, tails, kinds, heads)


def long_lines(view: View) -> Iterator[str]:
    """Two or three lines for each goroutine: all there is to say."""
    for row in view.rows:
        since = view.waited(row)
        on = in_a_row(map(_wanted, view.on.get(row.addr, ())))
        thread = view.census.threads.get(row.addr)
        yield (
            f"{'*' if view.census.is_current(row) else ' '} {view.census.name(row)} {view.census.state(row)}"
            + (tr(" for {since}", since=clock.duration(since)) if since else "")
            + (tr(" on {on}", on=on) if on else "")
            + (f", {view.host(row)}" if row.m else "")
            + (tr(", thread {num}", num=thread.num) if thread else "")
        )
        if view.where(row):
            yield tr("      at {row}", row=view.where(row))
        if labels.labels(row):
            yield tr("      labels: {row}", row=labels.line(row))
        for panic in panicked.panics(row):
            yield f"      {tr('recovered from') if panic.recovered else tr('panics')}: {panic.text}"
        if row.startpc:
            yield tr("      began with {row}", row=view.start(row)) + (
                tr(", made in {row}", row=view.creator(row)) if _made(row) else ""
            )


def _wanted(item):
    """`chan 0xc000012060 0/0 to send`: what one waits on, and which way."""
    way = getattr(item, "way", None) if item.kind == "chan" else None
    return f"{item} to {way}" if way else str(item)


class Group:
    """Goroutines that have something in common: `label` says what; where that is their stack, its frames."""

    def __init__(
        self, census: Census, label: str, rows: Sequence[Any], frames: list[stacks.Frame] | None = None
    ) -> None:
        self.label, self.rows, self.frames = label, rows, frames
        self.names = list(map(census.name, rows))

    @property
    def key(self) -> tuple[Any, ...]:
        """What a group in another census that is the same has, too."""
        return (self.label, *((frame.function, frame.file, frame.line) for frame in self.frames or ()))

    def plain(self) -> dict[str, Any]:
        found: dict[str, Any] = {"group": self.label, "count": len(self.rows), "goroutines": self.names}
        if self.frames is not None:
            found["frames"] = [{"function": f.function, "file": f.file, "line": f.line} for f in self.frames]
        return found


def group_lines(groups: list[Group]) -> Iterator[str]:
    """A line for each group: how many, what they have in common, some of them. Then its frames, if it has some."""
    width = min(max((len(group.label) for group in groups), default=0), 48)
    for group in groups:
        shown = " ".join(group.names[:5]) + (" ..." if len(group.names) > 5 else "")
        yield f"{len(group.rows):7} {group.label or '-':{width}} {shown}"
        if group.frames is not None:
            yield from frame_lines(group.frames)


def frame_lines(frames: list[stacks.Frame]) -> Iterator[str]:
    """A stack's frames, innermost first; of a deep one both ends, as Go's tracebacks have them."""
    deep = len(frames) > 2 * _ENDS
    for frame in frames[:_ENDS] if deep else frames:
        yield f"          {frame.where}"
    if deep:
        yield trn("          ... {n} frame more ...", "          ... {n} frames more ...", len(frames) - 2 * _ENDS)
        for frame in frames[-_ENDS:]:
            yield f"          {frame.where}"

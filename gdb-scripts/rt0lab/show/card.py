"""One stage as a card: where we are, the one sentence why, the source line, what changed, and a picture of G, M and P.

As wide as the terminal, at most about 22 lines of 80 columns, plain text.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ..boot import stops
from ..boot.stages import Stage
from ..formats import untrusted
from ..frames import roots
from ..program import begun, names
from ..state import changes, rows, worth
from ..state.snapshot import Snapshot
from ..words import screen, tr, trn
from . import lines

_HEIGHT = 21  # and a blank line and the prompt
_CHANGES, _FEWEST = 7, 2  # that are shown where there is room, and where there is none
_SOURCE = 1  # lines before and after


def tour_stages() -> list[Stage]:
    """The tour's stages that this program has on its way, in the table's order."""
    cgo = bool(stops.table()[0].way)
    return [
        p.stage
        for p in stops.places().values()
        if p.stage.tour and p.address is not None and not (cgo and p.stage.not_after_c)
    ]


def position(stage: Stage) -> tuple[int | None, int]:
    """(i, n) of a stage on the tour; (None, n) for one that is not on it. They are counted as this run came to them: a
    newer Go may come to one earlier than the table has it. Where some may have been passed unseen the table counts."""
    order = [s.name for s in tour_stages()]
    if stage.name not in order:
        return None, len(order)
    met = [name for name in stops.walk.reached if name in order]
    seen = stops.walk.watched and stage.name in met and stage is not stops.table()[-1]
    return (met if seen else order).index(stage.name) + 1, len(order)


def card(stage: Stage, snap: Snapshot, before: Snapshot | None, columns: int = screen.WIDTH) -> list[str]:
    """The card's lines."""
    lines = [*_head(stage, snap, columns), *screen.wrap(_where(stage, snap), "  ", "    ", columns)]
    lines += screen.wrap(stops.why(stage), "  ", columns=columns)
    lines += _aside(stage, snap, before, columns)
    lines += _source(snap)
    drawn = picture(snap, columns)
    if before is None:
        lines += screen.wrap(_nothing_before(stage), "  ", columns=columns)
    else:
        room = _HEIGHT - len(lines) - len(drawn) - 2  # but for the heading and the line about the others
        lines += _changes(changes.diff(before, snap), min(max(room, _FEWEST), _CHANGES), snap, columns)
    return [cut(untrusted.shown(line), columns) for line in lines + drawn]


def _nothing_before(stage):
    if stage is not stops.table()[0]:
        return tr("no earlier stop was seen: what changed is not known")
    if stage.way:
        return tr("before this nothing of Go's had run: g0, m0 and sched are all zero")
    return tr("before this nothing had run: g0, m0 and sched are all zero")


def _aside(stage, snap, before, columns):
    """That another thread has come here, and not the one that the last card was about."""
    if before is None or before.thread == snap.thread:
        return []
    text = tr(
        "(Thread {now} stops here, thread {before} at the stage before: they run at once, so stages of two threads "
        "come in any order.)",
        now=snap.thread,
        before=before.thread,
    )
    return screen.wrap(text, "  ", columns=columns)


def cut(line: str, width: int = screen.WIDTH) -> str:
    """A line that fits."""
    if screen.width(line) <= width:
        return line
    while screen.width(line) > width - 1:
        line = line[:-1]
    return line + "…"


def _head(stage, snap, columns):
    i, n = position(stage)
    left = tr("== stage {i}/{n}  {name} ", i=i, n=n, name=stage.name)
    if not i:
        left = tr("== {name} (between the tour's stages) ", name=stage.name)
    right = tr(" thread {thread}, on {stack} ==", thread=snap.thread, stack=_on(snap))
    room = columns - screen.width(left) - screen.width(right)
    return [left + "=" * room + right] if room > 1 else [left + "==", " " + right.removesuffix(" ==")]


def _on(snap):
    if not snap.fs_base or not snap.tls_g and not snap.g0.get("m"):
        if not snap.g0.get("stack.hi"):
            return tr("C's stack, no g yet") if stops.table()[0].way else tr("the kernel's stack, no g yet")
        return tr("g0's stack, no g yet") if snap.fs_base else tr("g0's stack, no TLS yet")
    if snap.tls_g and snap.current == 0:
        return tr("no g yet")
    name = snap.names.pointer(snap.tls_g)
    return names.unmarked(name) if snap.g_at(snap.tls_g) else f"{names.slot(snap.world.g_slot)} = {name}"


def _where(stage, snap):
    file, line = snap.world.line_at(snap.pc)
    here = snap.names.code(snap.pc)
    called = ""
    frames = roots.frames(3)
    # Between the two may be Go's wrapper, of the same name.
    callers = [name for name, *_ in frames[1:] if name != frames[0][0]]
    if callers and stage.kind == "entry":
        called = tr(", called by {caller}", caller=callers[0])
    at = tr(" at {file}:{line}", file=os.path.basename(file), line=line) if file else ""
    return f"{here}{at}{called}"


def _source(snap):
    file, line = snap.world.line_at(snap.pc)
    found = snap.world.source(file)
    shown = []
    for number in range(max(1, line - _SOURCE), line + _SOURCE + 1) if found else ():
        text = found[number - 1].rstrip().expandtabs(4) if number <= len(found) else ""
        shown.append(f"  {'->' if number == line else '  '} {number:5} {text}")
    return shown


def _changes(changed, limit, snap, columns):
    """The lines about what changed."""
    kept = worth.interesting(changed)
    if not kept:
        nothing = tr("changed: nothing in g0, m0, p0, sched or the variables watched")
        return screen.wrap(nothing, "  ", "    ", columns)
    lines = ["  " + tr("changed:")]
    for change in kept[:limit]:
        lines.append("    " + changes.change_line(change, snap))
    if len(kept) > limit:
        more = trn("... and {n} more: `rt0 diff` shows it", "... and {n} more: `rt0 diff` shows all", len(kept) - limit)
        lines.append("    " + more)
    return lines


# ---- the picture ---------------------------------------------------------------------------------------------------


def picture(snap: Snapshot, columns: int = screen.WIDTH) -> list[str]:
    """Ms, Ps, goroutines and queues in a few lines."""
    now = rows.of(snap)
    alive = [_g(g) for g in now.gs if g.status not in rows.NO_MORE]
    return [
        *_row("M", map(_m, now.ms), columns),
        *_row("P", map(_p, now.ps) if now.ps else [begun.short("ps")], columns),
        *_row("G", alive or [tr("none alive") if now.gs else begun.short("gs")], columns),
        *screen.wrap(_sched(now.sched), "  ", "    ", columns),
    ]


def _row(letter: str, cells: Iterable[str], columns: int, limit: int = 2) -> list[str]:
    """Whole cells, as many in a line as fit; how many more there are."""
    lines, left = [""], list(cells)
    while left:
        text = f"{lines[-1]} | {left[0]}" if lines[-1] else left[0]
        last = len(lines) == limit
        behind = "" if len(left) == 1 else _more(len(left)) if last else " |"
        room = columns - 4 - screen.width(behind)
        if not lines[-1] or screen.width(text) <= room:
            lines[-1] = text
            del left[0]
        elif last:
            lines[-1] += _more(len(left))
            break
        else:
            lines[-1] += " |"
            lines.append("")
    return [f"  {letter if i == 0 else ' '} {line}" for i, line in enumerate(lines)]


def _more(n):
    return trn(" | ... and {n} more", " | ... and {n} more", n)


def _m(m):
    text = f"{m.name} {lines.does(m)}".rstrip()
    if m.p or m.had:
        text += tr(" with {p}", p=m.p.name) if m.p else tr(" without {p}", p=m.had.name)
    return text + (tr(", spinning") if m.spinning else "") + ("" if m.g0 else tr(" (all zero)"))


def _p(p):
    text = f"{p.name} {p.status}" + (f" next {p.runnext.name}" if p.runnext else "")
    if p.runq is None:
        return text + tr(" queue broken")
    return text + tr(" queue {queue}", queue=lines.queue(p.runq, 6)[1:-1]) if p.runq else text


def _g(g):
    if g.status == "_Gwaiting":
        return f"{g.name} {g.status} ({g.reason})"
    return f"{g.name} {g.status} {g.start or ''}".rstrip()


def _sched(sched):
    ps, ms = sched.npidle, sched.nmidle
    return tr(
        "sched: queue {queue}, {ps}, {ms}",
        queue=lines.queue((sched.runq or ())[:8], 8),
        ps=trn("{n} idle P", "{n} idle Ps", ps),
        ms=trn("{n} idle M", "{n} idle Ms", ms),
    )

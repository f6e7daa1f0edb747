"""One stage as a card: where we are, the one sentence why, the source line, what changed, and a picture of G, M and P.

At most 80 columns and about 22 lines, plain text.
"""

from __future__ import annotations

import os
import textwrap

from ..boot import stops
from ..boot.stages import Stage
from ..formats import untrusted
from ..frames import roots
from ..program import begun, names
from ..state import changes, rows
from ..state.snapshot import Snapshot
from . import lines

WIDTH = 79
_CHANGES = 7
_OF_GO = " of Go's"
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


def card(stage: Stage, snap: Snapshot, before: Snapshot | None) -> list[str]:
    """The card's lines."""
    lines = [_head(stage, snap), *_where(stage, snap)]
    lines += textwrap.wrap(stops.why(stage), WIDTH - 2, initial_indent="  ", subsequent_indent="  ")
    lines += _source(snap)
    if before is None:
        lines.append(
            f"  before this nothing{_OF_GO * bool(stage.way)} had run: g0, m0 and sched are all zero"
            if stage is stops.table()[0]
            else "  no earlier stop was seen: what changed is not known"
        )
    else:
        lines += _changes(changes.diff(before, snap), _CHANGES, snap)
    lines += picture(snap)
    return [cut(untrusted.shown(line)) for line in lines]


def cut(line: str, width: int = WIDTH) -> str:
    """A line that fits."""
    return line if len(line) <= width else line[: width - 1] + "…"


def _head(stage, snap):
    i, n = position(stage)
    left = f"== stage {i}/{n}  {stage.name} " if i else f"== {stage.name} (between the tour's stages) "
    right = f" thread {snap.thread}, on {_on(snap)} =="
    return left + "=" * max(2, WIDTH - len(left) - len(right)) + right


def _on(snap):
    if not snap.fs_base or not snap.tls_g and not snap.g0.get("m"):
        if not snap.g0.get("stack.hi"):
            return f"{'C' if stops.table()[0].way else 'the kernel'}'s stack, no g yet"
        return f"g0's stack, no {'g' if snap.fs_base else 'TLS'} yet"
    if snap.tls_g and snap.current == 0:
        return "no g yet"
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
        called = f", called by {callers[0]}"
    at = f" at {os.path.basename(file)}:{line}" if file else ""
    return [f"  {here}{at}{called}"]


def _source(snap):
    file, line = snap.world.line_at(snap.pc)
    found = snap.world.source(file)
    shown = []
    for number in range(max(1, line - _SOURCE), line + _SOURCE + 1) if found else ():
        text = found[number - 1].rstrip().expandtabs(4) if number <= len(found) else ""
        shown.append(f"  {'->' if number == line else '  '} {number:5} {text}")
    return shown


def _changes(changed, limit, snap):
    """The lines about what changed."""
    kept = changes.interesting(changed)
    if not kept:
        return ["  changed: nothing in g0, m0, p0, sched or the variables watched"]
    lines = ["  changed:"]
    for change in kept[:limit]:
        lines.append("    " + changes.change_line(change, snap))
    if len(kept) > limit:
        lines.append(f"    ... and {len(kept) - limit} more: `rt0 diff` shows all")
    return lines


# ---- the picture ---------------------------------------------------------------------------------------------------


def picture(snap: Snapshot) -> list[str]:
    """Ms, Ps, goroutines and queues in a few lines."""
    now = rows.of(snap)
    alive = [_g(g) for g in now.gs if g.status not in rows.NO_MORE]
    return [
        *_row("M", map(_m, now.ms)),
        *_row("P", map(_p, now.ps) if now.ps else [begun.short("ps")]),
        *_row("G", alive or ["none alive" if now.gs else begun.short("gs")]),
        _sched(now.sched),
    ]


def _row(letter, cells, limit=2):
    lines = textwrap.wrap(" | ".join(cells), WIDTH - 6, break_long_words=False, break_on_hyphens=False)
    if len(lines) > limit:
        lines = [*lines[: limit - 1], cut(lines[limit - 1] + " ...", WIDTH - 6)]
    return [f"  {letter if i == 0 else ' '} {line}" for i, line in enumerate(lines)]


def _m(m):
    text = f"{m.name} {lines.does(m)}".rstrip()
    if m.p or m.had:
        text += f" with {m.p.name}" if m.p else f" without {m.had.name}"
    return text + (", spinning" if m.spinning else "") + ("" if m.g0 else " (all zero)")


def _p(p):
    text = f"{p.name} {p.status}" + (f" next {p.runnext.name}" if p.runnext else "")
    if p.runq is None:
        return f"{text} queue broken"
    return f"{text} queue {lines.queue(p.runq, 6)[1:-1]}" if p.runq else text


def _g(g):
    if g.status == "_Gwaiting":
        return f"{g.name} {g.status} ({g.reason})"
    return f"{g.name} {g.status} {g.start or ''}".rstrip()


def _sched(sched):
    ps, ms = sched.npidle, sched.nmidle
    idle = f"{ps} idle P{'' if ps == 1 else 's'}, {ms} idle M{'' if ms == 1 else 's'}"
    return f"  sched: queue {lines.queue((sched.runq or ())[:8], 8)}, {idle}"

"""The live panel: Ps, Ms, goroutines, their queues and what changed at this stop, as text and as a window of gdb's TUI.

A row's mark says what its colour says: `*` the selected thread's, `+` new, `~` changed since the stop before.
"""

from __future__ import annotations

import collections

from ..formats import untrusted
from ..state import told, worth
from ..state.rows import NO_MORE
from ..words import screen, tr
from . import lines

MAX_ROWS = 40  # of goroutines, one each; `info goroutines` lists all
MAX_GROUPS = 20  # of those that wait, where there are more
MAX_CHANGES = 16

# ---- the rows, as (mark, text) -------------------------------------------------------------------------------------


def text(moment: told.Kept | told.Recorded, before: told.Kept | told.Recorded | None) -> list[tuple[str, str]]:
    """The panel's lines: [(style, text)]; a style is `head`, `*`, `+`, `~` or nothing."""
    marks, changed = _changes(moment, before) if before is not None else ({}, [])
    now = moment.rows()
    stage = f"  {moment.stage}" if moment.stage else ""
    found = [
        (
            "head",
            tr(
                "stop {number}{stage}  {place}, thread {num}",
                number=moment.number,
                stage=stage,
                place=moment.place,
                num=moment.thread,
            ),
        )
    ]
    found += _table("P", _ps(now.ps, marks)) or [("", f"P    {moment.why_none('ps')}")]
    found += _table("M", _ms(now.ms, marks))
    found += _gs(now.gs, marks) or [("", tr("G    none alive") if now.gs else f"G    {moment.why_none('gs')}")]
    if now.problem:
        found.append(("", f"     {now.problem}"))
    found.append(_sched(now.sched, marks.get("sched", "")))
    if before is not None:
        found.append(
            (
                "head",
                (
                    tr("changed since stop {number}:", number=before.number)
                    if changed or marks
                    else tr("nothing changed since stop {number}", number=before.number)
                ),
            )
        )
        found += [("~", "  " + moment.line(change)) for change in changed[:MAX_CHANGES]]
        if len(changed) > MAX_CHANGES:
            found.append(
                (
                    "",
                    tr(
                        "  ... and {changed} more: `rt0 diff {before} {now}` shows all",
                        changed=len(changed) - MAX_CHANGES,
                        before=before.number,
                        now=moment.number,
                    ),
                )
            )
    return [(style, untrusted.shown(text)) for style, text in found]


def _changes(moment, before):
    """({name: its mark}, the changes worth a line): what is new has its row and needs no line, statuses come first."""
    marks, kept = {}, []
    for change in worth.interesting(moment.changes(before)):
        name = told.head_of(change[0])[0]
        if name not in marks:
            marks[name] = "~" if before.has(name) else "+"
        if marks[name] == "~":
            kept.append(change)
    return marks, sorted(kept, key=lambda change: not change[0].endswith(".status"))


def _sched(sched, mark):
    queue = tr("unknown") if sched.runq is None else lines.queue(sched.runq, 16)
    counts = tr(
        "queue {queue}, idle Ps {ps}, idle Ms {ms}, spinning {spinning}",
        queue=queue,
        ps=sched.npidle,
        ms=sched.nmidle,
        spinning=sched.nmspinning,
    )
    return mark, f"S {_marked(False, mark)} {counts}"


def _marked(here, mark):
    return ("*" if here else " ") + (mark or " ")


def _table(letter, rows):
    """[(here, mark, cells)] as aligned lines under one letter."""
    if not rows:
        return []
    widths = [max(screen.width(cells[i]) for *_, cells in rows) for i in range(len(rows[0][2]) - 1)]
    found = []
    for i, (here, mark, cells) in enumerate(rows):
        text = "  ".join([*map(screen.pad, cells, widths), cells[-1]]).rstrip()
        found.append((mark or ("*" if here else ""), f"{letter if i == 0 else ' '} {_marked(here, mark)} {text}"))
    return found


def _ps(ps, marks):
    """One row a P; neighbours that have nothing share one."""
    rows, idle = [], []
    for p in ps:
        mark = marks.get(p.name)
        if not (p.here or mark or p.m or p.runnext or p.runq):
            idle.append(p)
            continue
        rows += _idle(idle)
        idle.clear()
        queue = tr("queue broken") if p.runq is None else tr("queue {queue}", queue=lines.queue(p.runq, 12))
        rows.append((p.here, mark, (p.name, p.status, _or_dash(p.m), tr("next {g}", g=_or_dash(p.runnext)), queue)))
    return rows + _idle(idle)


def _or_dash(ref):
    return ref.name if ref else "-"


def _idle(ps):
    nothing = "-", tr("next {g}", g="-"), tr("queue {queue}", queue="[]")
    if len(ps) > 2 and len({p.status for p in ps}) == 1:
        return [(False, None, (f"{ps[0].name}..{ps[-1].name}", ps[0].status, *nothing))]
    return [(False, None, (p.name, p.status, *nothing)) for p in ps]


def _ms(ms, marks):
    """One row an M; those that only sleep share one."""
    asleep = [m for m in ms if m.blocked and not (m.here or m.p or m.curg or marks.get(m.name))]
    asleep = asleep if len(asleep) > 2 else []
    rows = [(m.here, marks.get(m.name), (m.name, _does(m))) for m in ms if m not in asleep]
    if asleep:
        names = " ".join(m.name for m in asleep[:12]) + (" ..." if len(asleep) > 12 else "")
        rows.append((False, None, (tr("{n} Ms", n=len(asleep)), tr("sleep: {names}", names=names))))
    return rows


def _does(m):
    text = lines.does(m) or tr("has no P")
    return text + (tr(" with {p}", p=m.p.name) if m.p else "") + (tr(", spinning") if m.spinning else "")


def _gs(gs, marks):
    """One row a goroutine. If there are many, only those that do or did something have one, and the others, which wait,
    one for all that wait for the same at the same place."""
    alive = [g for g in gs if g.status not in NO_MORE]
    if not alive:
        return []
    quiet = [] if len(alive) <= MAX_ROWS else [g for g in alive if _is_quiet(g, marks)]
    hidden = {g.name for g in quiet}
    shown = [g for g in alive if g.name not in hidden]
    rows = [(g.here, marks.get(g.name), (g.name, g.status, _or_dash(g.m), _what(g))) for g in shown[:MAX_ROWS]]
    groups = collections.Counter((g.status, _what(g)) for g in quiet)
    first = {(g.status, _what(g)): g.name for g in reversed(quiet)}
    for (status, what), count in groups.most_common(MAX_GROUPS):
        name = first[status, what] if count == 1 else tr("{n} Gs", n=count)
        rows.append((False, None, (name, status, "-", what)))
    found = _table("G", rows)
    more = max(len(shown) - MAX_ROWS, 0) + sum(count for _, count in groups.most_common()[MAX_GROUPS:])
    if more:
        found.append(("", tr("     ... and {more} more: `info goroutines -group where` counts all", more=more)))
    return found


def _is_quiet(g, marks):
    return g.status == "_Gwaiting" and not (g.here or g.m or marks.get(g.name))


def _what(g):
    what = g.at or g.start or ""
    return f"({g.reason}) {what}" if g.reason and g.status.endswith("_Gwaiting") else what

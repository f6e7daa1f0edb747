"""`rt0 panel`: the live panel as text."""

from __future__ import annotations

import gdb

from .. import program
from ..show import card, panel
from ..state import history, told
from ..words import tr
from . import console
from .options import without_json

# ---- the present ---------------------------------------------------------------------------------------------------


def present() -> tuple[told.Kept, told.Kept | None]:
    """(this moment, the stop before it or None): as the selected thread and the memory are now, not as they were
    kept."""
    last, before = history.kept.last(), history.kept.last(1)
    # an inferior of `rt0 threads` has the same pid
    if last is None or last.pid != program.pid() or last.world is not program.world():
        last = before = None
    now = history.Moment(last.number if last is not None else 0, last)
    return told.Kept(now), told.Kept(before) if before is not None else None


def _outer_frame():
    """The selected frame, if there is one and it is not the innermost."""
    try:
        frame = gdb.selected_frame()
    except gdb.error:
        return None
    return frame if frame.level() else None


def present_lines() -> list[tuple[str, str]]:
    """The panel of the present; with the selected frame, if that is not the innermost."""
    first, *rest = panel.text(*present())
    frame = _outer_frame()
    return [
        first,
        *([("", f"     frame {frame.level()}: {told.place(frame.pc() - 1)}")] if frame is not None else []),
        *rest,
    ]


# ---- as text -------------------------------------------------------------------------------------------------------


def show(rows: list[tuple[str, str]]) -> None:
    """Prints a panel's lines, as wide as the terminal; in a file they are as long as they are."""
    width = console.width()
    for style, text in rows:
        console.say(card.cut(text, width) if width else text, style)


class Panel(console.Command):
    """Show Ps, Ms, goroutines, run queues and what changed at this stop.
    `*` marks what the selected thread runs, `+` what is new, `~` what changed.
    In a terminal, `layout rt0` keeps the same in view beside the source;
    from gdb 18 on `set style rt0` changes its colours.
    -json prints data.

    (gdb) rt0 panel
    stop 5  mstart  runtime.mstart (asm_amd64.S:233), thread 1"""

    name, kind = "rt0 panel", gdb.COMMAND_STATUS

    def run(self, argument: str) -> None:
        rest, as_json = without_json(argument)
        if rest:
            raise program.Problem(tr("`rt0 panel` takes nothing or -json; `layout rt0` opens it as a window."))
        console.need_process()
        if as_json:
            moment, before = present()
            changed = {path: [was, now] for path, was, now in (moment.changes(before) if before is not None else [])}
            console.dump(moment.json() | {"changed": changed})
        else:
            show(present_lines())

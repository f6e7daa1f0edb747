"""The parked goroutines among the variables of a stack's innermost frame, for editors: DAP knows no stacks but those of
threads.

They open to their frames. What there is to open is read when somebody opens it; only how many there are stands there at
once.
"""

from __future__ import annotations

from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from ..goroutines.census import Census
from ..program import editors, settings
from ..words import tr
from . import opening

AT_ONCE = 10_000  # goroutines that are looked at because a frame is; of more, only if somebody opens them


def variables(frame: gdb.Frame) -> list[tuple[str, Any]]:
    """What an editor is to see beside a frame's own variables: [(name, value)]."""
    if frame.level() or not editors.speaks_dap() or program.on_view():
        return []
    try:
        with settings.looking():
            count = program.scalar("allglen") or 0
            if count:
                return [("goroutines", opening.carried(count, Parked() if count <= AT_ONCE else Many(count)))]
    except (program.Problem, gdb.error):
        pass
    return []


class _Listed(opening.Opening):
    """Some that can be listed: `_rows`."""

    _hint: str | None = "array"  # editors ask for pages of such

    def __init__(self):
        super().__init__(None)
        self._at, self._known = None, ([], None)

    def _rows(self):
        """(what there is, what it was read from), as long as the program stands still."""
        if self._at != program.moves():
            with settings.looking():
                self._at, self._known = program.moves(), self._read()
        return self._known

    def num_children(self):
        try:
            return len(self._rows()[0])
        except (program.Problem, gdb.error):
            return 0

    def _printed_children(self):
        return ()


class Parked(_Listed):
    """All that a gobuf says where they stand."""

    def _read(self):
        census = Census(brief=True)
        return [row for row in census.rows if census.is_parked(row)], census

    def _text(self):
        return tr("{num_children} parked", num_children=self.num_children())

    def _row(self, i):
        rows, census = self._rows()
        row = rows[i]
        return f"g{row.goid}", opening.carried(row.goid, Frames(census, row))


class Many(opening.Opening):
    """So many that they are read only if somebody asks."""

    def __init__(self, count: int) -> None:
        super().__init__(None)
        self._count = count

    def _text(self):
        return tr("{count} in allgs", count=self._count)

    def num_children(self) -> int:
        return 1

    def _row(self, i):
        return "parked", opening.carried(self._count, Parked())

    def _printed_children(self):
        return ()


class Frames(_Listed):
    """One goroutine: what it waits for and where, and its frames below that."""

    _hint = None

    def __init__(self, census: Census, row: Any) -> None:
        super().__init__()
        self._census, self._row_of_it = census, row

    def _read(self):
        stack = self._census.stacks([self._row_of_it]).get(self._row_of_it.addr)
        return (stack.shown, stack) if stack else ([], None)

    def _text(self):
        state = self._census.state(self._row_of_it)
        try:
            stack = self._rows()[1]
        except (program.Problem, gdb.error) as error:
            return untrusted.shown(f"{state}: {error}")
        return untrusted.shown(f"{state} {stack.standing.where}" if stack and stack.standing else state)

    def _row(self, i):
        return f"#{i}", opening.carried(i, opening.Said(untrusted.shown(self._rows()[0][i].where)))

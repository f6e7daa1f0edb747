"""Which goroutines -with and -without choose, and by what -group puts them together.

`info goroutines` and `goroutine -with … COMMAND` take the same options, by `add_to`.
"""

from __future__ import annotations

import argparse
import collections
import functools
import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from ..frames import places, stacks
from ..goroutines.census import Census
from ..show import labels, panicked
from ..show.table import Group, View
from ..words import in_a_row, tr
from .options import Options


class Key:
    """What of each goroutine can be asked for: its texts, and what must be read for them."""

    def __init__(self, texts: Callable[[View, Any], list[str]], standing: int = 0, waits: bool = False) -> None:
        self.texts = texts
        self.standing, self.waits = standing, waits  # so many frames; what it waits on


def _addresses(kind):
    return lambda view, row: [f"{item.addr:#x}" for item in view.on.get(row.addr, ()) if item.kind == kind]


def _reason(view, row):
    reason = view.census.reason(row)
    return [reason if view.census.state(row) == reason else ""]


def _function(view, row):
    at = view.at(row)
    return [at.function if at is not None else ""]


def _frames(view, row):
    return [text for frame in view.frames(row) for text in (frame.function, frame.where)]


KEYS = {
    "id": Key(lambda view, row: [str(row.goid)]),
    "status": Key(lambda view, row: [view.census.status.get(row.status, str(row.status))]),
    "reason": Key(_reason),
    "fn": Key(_function, stacks.DEPTH),
    "where": Key(lambda view, row: [view.where(row)], stacks.DEPTH),
    "frame": Key(_frames, stacks.DEEPEST),
    "start": Key(lambda view, row: [view.start(row)]),
    "creator": Key(lambda view, row: [view.creator(row)]),
    "chan": Key(_addresses("chan"), waits=True),
    "lock": Key(_addresses("sema"), waits=True),
    "m": Key(lambda view, row: [view.host(row).partition(" ")[0]]),
    "p": Key(lambda view, row: [view.host(row).partition(" ")[2]]),
    "panic": Key(lambda _view, row: panicked.texts(row)),
    "label": Key(lambda _view, row: labels.texts(row)),
}
GROUPS = ("status", "reason", "where", "fn", "start", "creator", "chan", "lock", "stack")
_LABEL = "label:"


class Test:
    """One -with or -without: KEY=PATTERN. In a pattern * is any text and ? any character; brackets are brackets, as in
    the names of generic functions, of which one may write what Go's own tracebacks do: `main.Map[...]`."""

    def __init__(self, text: str) -> None:
        self.name, equals, pattern = text.partition("=")
        if not equals or self.name not in KEYS:
            raise argparse.ArgumentTypeError(
                tr("`{text}` is no KEY=PATTERN with a KEY of {keys}", text=text, keys=in_a_row(KEYS))
            )
        self.key = KEYS[self.name]
        parts = (
            ".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split("([*?])", pattern)
        )
        self._fits = re.compile("".join(parts), re.DOTALL | re.IGNORECASE).fullmatch
        self._known: dict[Hashable, bool] = {}  # {a Stack that many share: does one of its frames match?}

    def holds(self, view: View, row: Any) -> bool:
        """Does it match?"""
        shared = view.stacks.get(row.addr) if self.name == "frame" else None
        if shared is None:
            return self._matches(view, row)
        if shared not in self._known:
            self._known[shared] = self._matches(view, row)
        return self._known[shared]

    def _matches(self, view, row):
        return any(self._fits(text) or self._fits(places.brief(text)) for text in self.key.texts(view, row))


def add_to(options: Options) -> None:
    """-with and -without; what was typed is their `wanted` and `unwanted`."""
    for flag, name in (("-with", "wanted"), ("-without", "unwanted")):
        options.add_argument(flag, dest=name, metavar="KEY=PATTERN", type=Test, action="append", default=[])


def choose(census: Census, rows: Sequence[Any], wanted: list[Test], unwanted: list[Test]) -> Sequence[Any]:
    """Those of the rows for which all of the one and none of the other tests hold."""
    if not wanted and not unwanted:
        return rows
    view = needed(census, rows, [test.key for test in wanted + unwanted])
    return [
        row
        for row in rows
        if all(test.holds(view, row) for test in wanted) and not any(test.holds(view, row) for test in unwanted)
    ]


def needed(census: Census, rows: Sequence[Any], keys: list[Key]) -> View:
    """A View with what these keys need, and no more."""
    depth = max((key.standing for key in keys), default=0)
    return View(census, rows, bool(depth), any(key.waits for key in keys), depth or stacks.DEPTH)


# ---- groups ----------------------------------------------------------------------------------------------------------


def group_key(text: str) -> str:
    """What -group was given, if one can group by that: one of GROUPS, or label:KEY."""
    if text not in GROUPS and not (text.startswith(_LABEL) and len(text) > len(_LABEL)):
        raise argparse.ArgumentTypeError(
            tr("`{text}` is none of {groups}, {label}KEY", text=text, groups=in_a_row(GROUPS), label=_LABEL)
        )
    return text


def grouped(census: Census, rows: Sequence[Any], by: str, of_threads: bool = True) -> list[Group]:
    """The groups of the rows by a key, by the label:KEY that they have or by their `stack`, the largest first.

    Where frames of threads cannot be had, those that are on one are grouped by their state alone.
    """
    if by == "stack":
        groups = _by_stack(needed(census, rows, [KEYS["frame"]]), of_threads)
    else:
        found = collections.defaultdict(list)
        if by.startswith(_LABEL):
            for row in rows:
                found[labels.labels(row).get(by[len(_LABEL) :], "")].append(row)
        else:
            view = needed(census, rows, [KEYS[by]])
            for row in rows:
                found[", ".join(KEYS[by].texts(view, row))].append(row)
        groups = [Group(census, label, those) for label, those in found.items()]
    return sorted(groups, key=lambda group: (-len(group.rows), group.label, group.rows[0].goid))


def _by_stack(view, of_threads):
    """Those that are in the same state with the same functions at the same lines are one group."""
    shared, found = functools.cache(lambda stack: _outline(stack.shown)), {}
    for row in view.rows:
        stack = view.stacks.get(row.addr)
        frames = view.frames(row) if stack is None and of_threads else []
        key = view.census.state(row), shared(stack) if stack is not None else _outline(frames)
        found.setdefault(key, (stack.shown if stack is not None else frames, []))[1].append(row)
    return [Group(view.census, state, rows, frames) for (state, _), (frames, rows) in found.items()]


def _outline(frames):
    return tuple((frame.function, frame.file, frame.line) for frame in frames)

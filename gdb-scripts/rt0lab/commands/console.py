"""What all commands share: printing, what happened so far, and turning what goes wrong into one sentence."""

from __future__ import annotations

import functools
import inspect
import itertools
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import gdb

from .. import program, words
from ..formats import packets, untrusted
from ..program import builds, settings
from ..show.alike import Alike
from ..state import history, snapshot
from ..state.snapshot import Snapshot
from ..words import screen, tr
from . import styles, wide
from .options import without_json

# ---- printing ------------------------------------------------------------------------------------------------------

# Whatever a command prints comes through here: names, paths and memory may hold anything, and a terminal obeys what it
# is sent.

_PLAIN = str.maketrans({"→": "->", "…": "."})
_PAGE = 1000  # lines that are written at once
_BREAKS = re.compile(r"(?<=, )|(?= \([^)])|(?= (?:at|from) [^ ]+$)")  # in front of them the line may end
_WIDEST = 60  # columns of a table's cell that others are aligned with


width = wide.columns


def say(text: str = "", style: str | None = None, more: str = "") -> None:
    """One line to the terminal, or as many as its width needs, indented by `more` than the first; `style` is one of
    styles.py's, if a terminal is there that is to show such."""
    text = printable(text)
    _room_for(text)
    for line in fitted(text, more):
        gdb.write((styles.styled(style, line) if colours() else line) + "\n")


def wrapped(text: str, indent: str = "  ", more: str = "") -> None:
    """Prints a text over as many lines as it takes, the further ones `more` to the right."""
    for line in screen.wrap(text, indent, indent + more, columns()):
        say(line)


def write(lines: Iterable[Any]) -> None:
    """Many lines, a page at a time."""
    if isinstance(lines, Alike) and _fit(lines):
        for text in lines.pages(_PAGE):
            gdb.write(text)
        return
    lines = iter(lines)
    while page := list(itertools.islice(lines, _PAGE)):
        if width() is not None:
            page = [part for line in map(printable, page) for part in (_frame(line) if _wide(line) else fitted(line))]
        text = "\n".join(page)
        if not text.isascii() or not text.replace("\n", " ").isprintable() or text.count("\n") >= len(page):
            text = "\n".join(map(printable, page))
        _room_for(text)
        gdb.write(text + "\n")


def _fit(lines):
    """Can they be shown as they are? Each tail is looked at once."""
    most = min(width() or untrusted.LINE, untrusted.LINE) - lines.wide
    return all(len(tail) <= most and tail.isascii() and tail.isprintable() for tail in lines.tails)


def pass_on(text: str) -> None:
    """What gdb printed: its lines stay lines, and may be long where the user asks for it; those that show a frame are
    broken where gdb itself breaks them."""
    _room_for(text)
    lines = ["\t".join(printable(part, len(text)) for part in line.split("\t")) for line in text.split("\n")]
    gdb.write("\n".join(part for line in lines for part in (_frame(line) if _wide(line) else [line])))


def _wide(line):
    """Does it show a frame, and is it wider than the terminal?"""
    most = width()
    if most is None or len(line) * 2 < most or screen.width(line) <= most:
        return False
    return re.match(r"#\d+ ", line) or line.rpartition(" ")[0].endswith((") at", ") from"))


def _frame(line):
    """The lines of one that shows a frame."""
    lines = [""]
    for piece in _BREAKS.split(line):
        if lines[-1] and screen.width(lines[-1] + piece.rstrip()) > columns():
            lines.append("    ")
            piece = piece.lstrip()
        lines[-1] += piece
    return [part for each in lines for part in fitted(each.rstrip(), "    ")]


def _room_for(text):
    if not text.isascii():
        wide.begin()


def dump(data: Any) -> None:
    """Data as JSON, in ASCII."""
    gdb.write(json.dumps(data, sort_keys=True, default=str).replace("\x7f", "\\u007f") + "\n")


def colours() -> bool:
    """Is a terminal there, and is it to show colours?"""
    capable = os.isatty(1) and os.getenv("TERM", "dumb") != "dumb"  # gdb 13 has styles for a dumb one, too
    return capable and gdb.parameter("style enabled") and not settings.for_an_editor()


def columns() -> int:
    """How wide a line of ours is at most: the terminal's width, or that of most."""
    return max((width() or 80) - 1, 20)


def fitted(text: str, more: str = "") -> list[str]:
    """The lines of a text on a terminal: broken between words, which gdb and terminals do not; all but the first are
    indented by `more` than that."""
    most = width()
    if most is None or len(text) * 2 < most or screen.width(text) <= most:
        return [text]
    indent = text[: len(text) - len(text.lstrip())]
    return screen.wrap(text, indent, indent + more, columns())


def erase() -> None:
    """Takes back one character that was typed."""
    gdb.write("\b \b")


def printable(text: str, most: int = untrusted.LINE) -> str:
    """A text on one line as the terminal can show it, in its character set."""
    if text.isascii() and text.isprintable() and len(text) <= most:
        return text
    text = untrusted.shown(text, most)
    return text if can_show(text) else text.translate(_PLAIN).encode("ascii", "replace").decode()


def can_show(text: str) -> bool:
    """Has the terminal's character set all of this text?"""
    try:
        text.encode(_charset())
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _charset():
    name = gdb.host_charset() if hasattr(gdb, "host_charset") else sys.getfilesystemencoding()
    return "ascii" if name.startswith("ANSI_X3") else name


def table(rows: Sequence[tuple[str, ...]]) -> None:
    """Rows of texts in aligned columns; the last column is as wide as it likes."""
    rows = [tuple(map(untrusted.shown, row)) for row in rows]
    widths = [min(max(screen.width(row[i]) for row in rows), _WIDEST) for i in range(len(rows[0]) - 1)]
    for row in rows:
        say(" ".join([*map(screen.pad, row, widths), row[-1]]).rstrip(), more="    ")


# ---- what happened so far --------------------------------------------------------------------------------------------


class _Seen:
    """What one program has shown."""

    card = entry = exit_code = None
    ended = False


class SoFar:
    """The last two stops and the last card of the program gdb is looking at, for `rt0 diff` and for what a card says
    has changed."""

    @property
    def _seen(self):
        return program.world().own("seen", _Seen)

    ended = property(lambda self: self._seen.ended)
    exit_code = property(lambda self: self._seen.exit_code)

    @property
    def card(self) -> Snapshot | None:
        """What the last card showed."""
        return self._seen.card

    @card.setter
    def card(self, snap: Snapshot) -> None:
        self._seen.card = snap

    def stopped(self, _event: gdb.Event) -> None:
        """gdb.events.stop: keep what is there, to be looked at when somebody asks."""
        try:
            with settings.looking(small=True), program.holding():
                seen = self._seen
                seen.ended = False
                moment = history.kept.keep()
        except (program.Problem, gdb.error):
            return
        if moment.number == 1:
            seen.card = seen.entry = None
        if seen.entry is None and moment.pc == moment.world.elf.entry + moment.slide:
            seen.entry = moment

    def exited(self, event: gdb.Event) -> None:
        """gdb.events.exited"""
        try:
            seen = self._seen
        except program.Problem:
            return
        seen.card = seen.entry = None
        seen.ended, seen.exit_code = True, getattr(event, "exit_code", None)

    @property
    def now(self) -> Snapshot:
        """The last stop's Snapshot, or None."""
        return self._decoded(history.kept.last())

    @property
    def before(self) -> Snapshot | None:
        """The Snapshot of the stop before that."""
        return self._decoded(history.kept.last(1))

    @property
    def entry(self) -> Snapshot | None:
        """The Snapshot at the program's first instruction."""
        return self._decoded(self._seen.entry)

    def _decoded(self, moment):
        return None if moment is None or self.ended else moment.snapshot

    def snapshot(self) -> Snapshot:
        """The present moment."""
        return snapshot.Snapshot()


so_far = SoFar()


def not_running() -> str:
    """The sentence for when there is no process."""
    if so_far.ended:
        # gdb tells of no exit code where a signal ended it, and where it was killed or let go.
        how = "" if so_far.exit_code is None else tr(" with exit code {exit_code}", exit_code=so_far.exit_code)
        return tr("the program has ended{how}: `rt0 run` starts it again at its first instruction.", how=how)
    return tr("the program is not running: `rt0 run` starts it and stops at its very first instruction.")


def need_process() -> None:
    program.world()
    if not program.alive():
        raise program.Problem(not_running())


def need_runnable() -> None:
    program.world()
    if program.alive() and program.on_core():
        raise program.Problem(
            tr("this is a core file: it can be looked at (`rt0 dump`, `rt0 check`, `info goroutines`), not run.")
        )
    if program.alive() and program.on_view():
        raise program.Problem(tr("{what}.", what=tr(packets.VIEW)))


# ---- the frame of every command --------------------------------------------------------------------------------------


def _fitting(text):
    """What gdb will print as an error."""
    return "\n".join(part for line in text.split("\n") for part in fitted(line))


def careful(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Turns what can go wrong into one sentence."""

    @functools.wraps(invoke)
    def wrapped(self, *arguments):
        try:
            return invoke(self, *arguments)
        except gdb.GdbError as error:
            text = untrusted.shown_lines(untrusted.unstyled(str(error)), untrusted.LINE)
            raise gdb.GdbError(_fitting(text)) from None
        except KeyboardInterrupt:
            raise gdb.GdbError("interrupted.") from None
        except Exception as error:  # the boundary to the user: a bug must not look like one of Python's
            if gdb.parameter("rt0 debug"):
                gdb.write(untrusted.shown_lines(traceback.format_exc()), gdb.STDERR)
            if isinstance(error, (program.Problem, untrusted.Unquotable)):
                raise gdb.GdbError(_fitting(untrusted.shown(str(error), untrusted.LINE))) from None
            if isinstance(error, gdb.error):
                raise gdb.GdbError(
                    _fitting(
                        tr(
                            "gdb says: {error}",
                            error=untrusted.shown_lines(untrusted.unstyled(str(error)), untrusted.LINE),
                        )
                    )
                ) from None
            what = untrusted.shown(f"{type(error).__name__}: {error}")
            raise gdb.GdbError(
                _fitting(tr("rt0 itself failed ({what}): `set rt0 debug on` shows where.", what=what))
            ) from None

    return wrapped


def translate(thing: gdb.Command | gdb.Parameter | gdb.Function) -> None:
    """Before gdb is given something: its help is in the learner's language."""
    for name in ("__doc__", "set_doc", "show_doc"):
        text = getattr(type(thing), name, None)
        if text:
            setattr(thing, name, screen.reflowed(tr(inspect.cleandoc(text))))


class Command(gdb.Command):
    """A command whose docstring is its help."""

    name, kind, complete_with = "", gdb.COMMAND_RUNNING, gdb.COMPLETE_NONE

    def __init__(self) -> None:
        # A method `complete` is only asked where no completer of gdb's is named.
        translate(self)
        super().__init__(self.name, self.kind, *(() if hasattr(self, "complete") else (self.complete_with,)))

    @careful
    def invoke(self, argument: str, from_tty: bool) -> None:
        self.dont_repeat()
        data = without_json(argument)[1]
        if program.recorded():
            program.moved()  # `record goto` tells nobody
        with settings.looking(), words.spoken("en" if data else words.language()):
            if not data:
                builds.warn()
            self.run(argument.strip())

    def run(self, argument: str) -> None:
        """What the command does."""
        raise NotImplementedError


class Function(gdb.Function):
    """A function whose docstring is its help."""

    def __init__(self, name: str) -> None:
        translate(self)
        super().__init__(name)


class Switch(gdb.Parameter):
    """A setting that is on or off."""

    name, kind, at_first = "", gdb.COMMAND_SUPPORT, False

    def __init__(self):
        translate(self)
        super().__init__(self.name, self.kind, gdb.PARAM_BOOLEAN)
        self.value = self.at_first

    def get_set_string(self) -> str:
        return ""

    def get_show_string(self, value: str) -> str:
        return tr("{name} is {value}.", name=self.name, value=value)

"""What all commands share: printing, what happened so far, and turning what goes wrong into one sentence."""

import functools
import os
import sys
import traceback

import gdb

from . import history, model, snapshot

# ---- printing ------------------------------------------------------------------------------------------------------

_PLAIN = str.maketrans({"→": "->", "…": "."})


def say(text=""):
    """One line to the terminal, in its character set."""
    gdb.write(printable(text) + "\n")


def printable(text):
    """A text as the terminal's character set can show it."""
    try:
        text.encode(_charset())
    except (UnicodeEncodeError, LookupError):
        text = text.translate(_PLAIN).encode("ascii", "replace").decode()
    return text


def _charset():
    name = gdb.host_charset() if hasattr(gdb, "host_charset") else sys.getfilesystemencoding()
    return "ascii" if name.startswith("ANSI_X3") else name


def bold(text):
    """Bold, if a terminal is there to show it."""
    return f"\033[1m{text}\033[m" if os.isatty(1) and gdb.parameter("style enabled") else text


def table(rows):
    """Rows of texts in aligned columns; the last column is as wide as it likes."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    for row in rows:
        say(" ".join([*(text.ljust(width) for text, width in zip(row, widths)), row[-1]]).rstrip())


# ---- what happened so far --------------------------------------------------------------------------------------------


class Session:
    """The last two stops and the last card, for `rt0 diff` and for what a card says has changed."""

    def __init__(self):
        self.card = self._entry = None
        self.exit_code, self.ended = None, False

    def stopped(self, _event):
        """gdb.events.stop: keep what is there, to be looked at when somebody asks."""
        self.ended = False
        try:
            moment = history.kept.keep()
        except (model.Problem, gdb.error):
            return
        if moment.number == 1:
            self.card = self._entry = None
        if self._entry is None and moment.pc == moment.world.elf.entry + moment.slide:
            self._entry = moment

    def exited(self, event):
        """gdb.events.exited"""
        self.card = self._entry = None
        self.ended, self.exit_code = True, getattr(event, "exit_code", None)

    @property
    def now(self):
        """The last stop's Snapshot, or None."""
        return self._decoded(history.kept.last())

    @property
    def before(self):
        """The Snapshot of the stop before that."""
        return self._decoded(history.kept.last(1))

    @property
    def entry(self):
        """The Snapshot at the program's first instruction."""
        return self._decoded(self._entry)

    def _decoded(self, moment):
        return None if moment is None or self.ended else moment.snapshot

    def snapshot(self):
        """The present moment."""
        return snapshot.Snapshot()


session = Session()


def not_running():
    """The sentence for when there is no process."""
    if session.ended:
        how = "by a signal" if session.exit_code is None else f"with exit code {session.exit_code}"
        return f"the program has ended {how}: `rt0 run` starts it again at its first instruction."
    return "the program is not running: `rt0 run` starts it and stops at its very first instruction."


def need_process():
    model.world()
    if not model.alive():
        raise model.Problem(not_running())


def need_runnable():
    model.world()
    if model.alive() and model.on_core():
        raise model.Problem("this is a core file: it can be looked at (`rt0 dump`, `rt0 check`, `info goroutines`), not run.")


# ---- the frame of every command --------------------------------------------------------------------------------------


def careful(invoke):
    """Turns what can go wrong into one sentence."""

    @functools.wraps(invoke)
    def wrapped(self, *arguments):
        try:
            return invoke(self, *arguments)
        except gdb.GdbError:
            raise
        except KeyboardInterrupt:
            raise gdb.GdbError("interrupted.") from None
        except Exception as error:  # the boundary to the user: a bug must not look like one of Python's
            if gdb.parameter("rt0 debug"):
                traceback.print_exc()
            if isinstance(error, model.Problem):
                raise gdb.GdbError(str(error)) from None
            if isinstance(error, gdb.error):
                raise gdb.GdbError(f"gdb says: {error}") from None
            raise gdb.GdbError(f"rt0 itself failed ({type(error).__name__}: {error}): `set rt0 debug on` shows where.") from None

    return wrapped


class Command(gdb.Command):
    """A command whose docstring is its help."""

    name, kind, complete_with = "", gdb.COMMAND_RUNNING, gdb.COMPLETE_NONE

    def __init__(self):
        # A method `complete` is only asked where no completer of gdb's is named.
        super().__init__(self.name, self.kind, *(() if hasattr(self, "complete") else (self.complete_with,)))

    @careful
    def invoke(self, argument, from_tty):
        """gdb calls this."""
        self.dont_repeat()
        self.run(argument.strip())

    def run(self, argument):
        """What the command does."""
        raise NotImplementedError

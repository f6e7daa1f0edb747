"""gdb's own next, step, nexti, stepi and finish, followed; `until` and `advance` for a goroutine; `$goid()`.

gdb offers hooks before and after a command and at every stop, and it tells nobody of a stop whose hook has selected
another thread. That is how a stop in the midst of a step is taken back, at the prompt, in MI and in DAP alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gdb

from .. import program
from ..boot import stops
from ..formats import untrusted
from ..goroutines import following
from ..program import settings
from ..words import tr
from . import console

# `step` into a function goes past its prologue, also if that has to make room or to give way.
_PROLOGUES = "^(__morestack|runtime[.]morestack[._a-z0-9]*)$"
_PREEMPTION = ("runtime.asyncPreempt", "runtime.asyncPreempt.abi0")  # and what Go calls it from 1.17 on
_FOLLOWED = ("next", "step", "nexti", "stepi", "finish")

_MOST_LINES = 512  # that `until` waits at

_step: following.Step | None = None  # the step that goes on
_next = None  # (what gdb is to do now, a sentence, the thread) after a stop that was taken back
_going = False  # we let the program run
# the command that began the step has returned before the program stopped: nobody but gdb's own loop will come to it
_unattended = False


def begin(kind: str) -> None:
    """The hook before one of gdb's commands."""
    if _going:
        return
    _end()
    try:
        if gdb.selected_thread() is None or not _is_free() or gdb.current_recording() is not None:
            return
        with settings.looking():
            _hook("hook-stop", "stopped()")  # the user may have defined his own meanwhile
            who = following.current()
            # One instruction leaves its thread only where Go preempts goroutines at any instruction.
            if who is None or kind == "stepi" and not any(map(program.world().address, _PREEMPTION)):
                return
            step = following.Step(kind, who, gdb.selected_frame())
            step.watch()
            _follow(step)
    # the boundary to the user: a program may say anything of itself. Then it is gdb's step of a thread
    except Exception as error:
        _give_up(error)


def _give_up(error):
    _end()
    if gdb.parameter("rt0 debug"):
        gdb.write(
            tr(
                "rt0: this step follows its thread: {error}\n",
                error=untrusted.shown(f"{type(error).__name__}: {error}"),
            ),
            gdb.STDERR,
        )


def _is_free():
    """May other threads run, and does gdb stop them all with one? Else a step cannot be followed. And does the user
    want it?"""
    locked = gdb.parameter("scheduler-locking") in ("on", "step")
    return gdb.parameter("rt0 follow") and not gdb.parameter("non-stop") and not locked


def _follow(step):
    global _step, _unattended
    _step, _unattended = step, False
    step.runs(step.kind)


def started() -> None:
    """The hook after one of gdb's commands: in a script the program has stopped by now, at a prompt and in an editor it
    has just started."""
    global _unattended
    if _next is None:
        _unattended = True
    go_on()


def _tell():
    """gdb drops the stop whose hook this is and tells of a finished step: an editor knows no breakpoint of ours."""
    global _going
    _going = True
    try:
        gdb.execute(following.TELL)
    except gdb.error:  # then gdb tells of the stop as it is
        pass
    finally:
        _going = False


def stopped() -> None:
    """The hook of every stop: takes it back if it is in the midst of a step."""
    global _next
    gdb.set_convenience_variable("_rt0_goes_on", 0)
    try:
        if stops.arrived():
            _tell()
        if _step is None:
            return
        with settings.looking():
            thread = gdb.selected_thread()
            decided = _step.stopped()
    except Exception as error:  # the same boundary: gdb tells of this stop
        _give_up(error)
        return
    if decided is None:
        return
    if not following.several_threads():  # there is no other one to select, and nothing but an end to tell
        _end()
        _tell()
        return
    _next = *decided, thread
    gdb.set_convenience_variable("_rt0_goes_on", int(decided[0] != following.TELL))
    next(each for each in gdb.selected_inferior().threads() if each.ptid != thread.ptid).switch()
    if _unattended:
        gdb.post_event(go_on)


def go_on() -> None:
    """Goes on after stops that were taken back: after a command, before a prompt, or when gdb's own loop comes to
    it."""
    global _next, _going
    if _going or _next is None:
        return
    _going = True
    try:
        while _next is not None:
            (command, sentence, thread), _next = _next, None
            thread.switch()
            if sentence:
                console.say(sentence)
            if command == following.TELL:
                _end()
            elif _step is not None:
                _step.runs(command)
            # Where gdb takes an editor's requests while the program runs, it does so only for what runs in the
            # background.
            gdb.execute(command + (" &" if gdb.parameter("mi-async") and command != following.TELL else ""))
    finally:
        _going = False


def _end(_event=None):
    """A stop that is told ends the step."""
    global _step, _next
    if _step is not None:
        _step.end()
        _step = _next = None


class Follow(console.Switch):
    """Let next, step, nexti, stepi, finish, until and advance stay with the goroutine; off: with its thread, as gdb
    does by itself."""

    set_doc = show_doc = "Let steps stay with the goroutine, whatever thread runs it."
    name, kind, at_first = "rt0 follow", gdb.COMMAND_RUNNING, True


class _Until(console.Command):
    """What both commands share: places to wait at, for the goroutine, or the thread where there is none."""

    complete_with = gdb.COMPLETE_LOCATION

    def run(self, argument):
        if gdb.selected_thread() is None:
            raise program.Problem(tr("the program is not being run."))
        frame = gdb.selected_frame()
        step = following.Step(self.name, _is_free() and following.current() or following.Thread(), frame)
        places = self.places(step, frame, argument)
        outer = list(following.frames(frame, 2))[1:]
        if outer:
            pc, position, _ = following.placed(outer[0], step.position)
            places.append((pc, position))
        _end()
        step.wait(*places)
        _follow(step)
        gdb.execute("continue")
        go_on()

    @staticmethod
    def places(step, frame, argument):
        """What There is made of, for each place."""
        raise NotImplementedError


class Advance(_Until):
    """Go on until this goroutine reaches a location, or the function that it is in returns. Other goroutines that come
    there go on.
    Usage: advance LOCATION

    (gdb) advance prodcons.cpp:28"""

    name = "advance"

    @staticmethod
    def places(step: following.Step, frame: gdb.Frame, argument: str) -> Iterable[tuple[Any, ...]]:
        """The location's addresses."""
        if not argument:
            raise program.Problem(tr("Usage: advance LOCATION"))
        return [(address,) for address in following.addresses(argument)]


class Until(_Until):
    """Go on until this goroutine comes to a line past the one it is in, or the function that it is in returns: out of a
    loop, say. With a location: until it is reached, in this call of a function or further out.
    Usage: until [LOCATION]

    (gdb) until"""

    name = "until"

    @staticmethod
    def places(step: following.Step, frame: gdb.Frame, argument: str) -> Iterable[tuple[Any, ...]]:
        """The location's addresses, or those of the lines past this one."""
        block = following.function(frame.pc())
        here = step.frames[0]
        if argument:
            return [
                (at, None, here if block and block.start <= at < block.end else None)
                for at in following.addresses(argument)
            ]
        sal = frame.find_sal()
        if block is None or not sal.symtab:
            raise program.Problem(tr("this function has no lines: `until LOCATION` and `finish` do without."))
        table = sal.symtab.linetable()
        found = {entry.pc for line in table.source_lines() if line != sal.line for entry in table.line(line) or ()}
        return [(at, None, here) for at in sorted(found) if (sal.last or sal.pc) < at < block.end][:_MOST_LINES]


class Goid(console.Function):
    """The id of the goroutine that the selected thread is on; 0 on g0 and before there is one. For conditions of
    breakpoints.

    (gdb) break main.worker if $goid() == 5"""

    @console.careful
    def invoke(self) -> int:
        who = following.current()
        return who.goid or 0 if who else 0


def register() -> None:
    """Adds it all to gdb."""
    Follow()
    Advance()
    Until()
    for name in _FOLLOWED:
        _hook(f"hook-{name}", f"begin({name!r})")
        _hook(f"hookpost-{name}", "started()")
    _hook("hook-stop", "stopped()")
    gdb.execute(f"skip -rfunction {_PROLOGUES}", to_string=True)
    gdb.events.stop.connect(_end)
    gdb.events.exited.connect(_end)
    gdb.events.before_prompt.connect(go_on)


def _hook(name, call):
    hook(name, __name__, call, tr("Lets a step follow its goroutine."))


def hook(name: str, module: str, call: str, about: str) -> None:
    """Defines a hook, which calls a function of a module of ours; what the user has there already is done after it,
    unless the stop that it is for is taken back."""
    ours = f"python __import__('sys').modules[{module!r}].{call}"
    lines = _lines(name)
    if lines and lines[0] == ours:
        return
    if lines and name == "hook-stop":
        lines = ["if ! $_rt0_goes_on", *lines, "end"]
    gdb.execute("\n".join([f"define {name}", ours, *lines, "end"]))
    gdb.execute(f"document {name}\n{about}\nend")


def _lines(name):
    """What a command that the user has defined does."""
    try:
        return [line.strip() for line in program.done(f"show user {name}").splitlines()[1:] if line.strip()]
    except gdb.error:
        return []

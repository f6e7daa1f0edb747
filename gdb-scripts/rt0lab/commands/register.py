"""Gives gdb the commands: `rt0` itself, its settings, and those of every file here."""

from __future__ import annotations

import gdb

from .. import program
from ..boot import stops
from ..goroutines import naming
from ..program import begun, editors
from ..rerun import launches
from ..words import tr
from . import (
    boot,
    compat,
    console,
    functions,
    goroutine,
    holders,
    info,
    language,
    leaks,
    panel,
    panic,
    paths,
    past,
    rewind,
    state,
    step,
    styles,
    threads,
    timers,
    tour,
    waits,
    why,
    wide,
    window,
)


class Rt0(gdb.Command):
    """Watch a Go program start, from the kernel's first instruction to main.main.
    (rt0) alone says where the program is.

    (gdb) rt0 run
    (gdb) rt0 next"""

    def __init__(self) -> None:
        console.translate(self)
        super().__init__("rt0", gdb.COMMAND_RUNNING, gdb.COMPLETE_COMMAND, True)

    @console.careful
    def invoke(self, argument: str, from_tty: bool) -> None:
        """gdb calls this for a bare `rt0` or an unknown word."""
        if argument.strip():
            raise gdb.GdbError(
                tr("there is no `rt0 {word}`: `help rt0` lists what there is.", word=argument.split()[0])
            )
        program.world()
        if not program.alive():
            console.say(console.not_running())
            return
        stage, exactly = stops.current()
        if stage is not None:
            where = tr("at stage `{name}`" if exactly else "after stage `{name}`", name=stage.name)
        else:  # a core, or a process that gdb came to later
            where = (
                tr("at no stage yet")
                if begun.trace_of("tie") == ""
                else tr("at no stage; those that it has passed were not seen")
            )
        on = (
            tr("a core file cannot go on")
            if program.on_core()
            else (tr("a view cannot go on") if program.on_view() else tr("`rt0 next` goes on"))
        )
        console.say(
            tr("{where}; {on}, `rt0 stages` lists all, `help rt0` says what else there is.", where=where, on=on)
        )


# ---- settings and registration ---------------------------------------------------------------------------------------


class _SetPrefix(gdb.Command):
    """Settings of the rt0 commands."""

    def __init__(self, name):
        console.translate(self)
        super().__init__(name, gdb.COMMAND_SUPPORT, gdb.COMPLETE_NONE, True)


class _Debug(console.Switch):
    """Show Python's traceback when an rt0 command fails."""

    set_doc = show_doc = "Show Python's traceback when an rt0 command fails."
    name, kind = "rt0 debug", gdb.COMMAND_SUPPORT


def _commands():
    """Gives gdb the commands with their help; again, when the help is to be in another language."""
    Rt0()
    for command in (boot.Stages, boot.Run, boot.Next, boot.Until, tour.Tour, boot.Record, compat.Compat):
        command()
    for command in (
        state.Dump,
        state.Diff,
        state.Check,
        threads.Threads,
        info.Goroutines,
        info.Ms,
        info.Ps,
        info.Sched,
        timers.Timers,
    ):
        command()
    for command in (goroutine.Goroutine, waits.Waits, leaks.Leaks, holders.Holders, paths.Paths, panic.Panics):
        command()
    why.Why()
    for command in (past.History, past.Back, past.When, past.Replay, rewind.Rewind, panel.Panel):
        command()


def _functions():
    """The same for the functions."""
    functions.GetG("getg")
    functions.StageName("stage")
    functions.At("at")
    step.Goid("goid")
    for function in (functions.G, functions.M, functions.P):
        function()


def _anew():
    """Tells the help in another language. The settings keep theirs: gdb reads it as it is given one, and one that was
    given anew would begin with its first value."""
    _commands()
    _functions()


_registered = False


def register() -> int | None:
    """Adds everything to gdb, once; True if that was now."""
    global _registered
    if _registered:
        return False
    _registered = True
    language.begin()
    for event in (gdb.events.cont, gdb.events.stop, gdb.events.exited):
        event.connect(program.moved)
    for event in (gdb.events.new_objfile, gdb.events.clear_objfiles):
        event.connect(program.loaded)
    for event in (gdb.events.memory_changed, gdb.events.register_changed):
        event.connect(program.written)
    _SetPrefix("set rt0")
    _SetPrefix("show rt0")
    _Debug()
    _commands()
    language.Language(_anew)
    past.Limit()
    leaks.Seconds()
    styles.register()
    window.register()
    step.register()
    step.hook(
        "hook-help", wide.__name__, "begin()", tr("Keeps characters of help whole, whatever the terminal's width.")
    )
    gdb.events.before_prompt.connect(wide.end)
    _functions()
    gdb.events.stop.connect(launches.seen)
    gdb.events.stop.connect(console.so_far.stopped)
    gdb.events.exited.connect(console.so_far.exited)
    gdb.events.stop.connect(functions.called.stopped)
    gdb.events.exited.connect(functions.called.exited)
    gdb.events.before_prompt.connect(functions.called.refresh)
    gdb.events.stop.connect(editors.remind)
    gdb.events.stop.connect(naming.names.stopped)
    gdb.events.cont.connect(naming.names.moves)
    gdb.events.cont.connect(stops.walk.runs)
    gdb.events.exited.connect(naming.names.ended)
    return True

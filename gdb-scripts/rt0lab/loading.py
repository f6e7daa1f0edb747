"""Puts the package's parts into gdb, for one program."""

from __future__ import annotations


import gdb

from .words import tr
from . import program
from .commands import register
from .formats import untrusted
from .program import settings
from .show import packages
from .show.install import install


def load(objfile: gdb.Objfile | None) -> None:
    """Registers everything; `objfile` is the program being loaded, None if the script was sourced by hand."""
    gdb.execute("set backtrace past-main on")  # gdb takes Go's main.main for C's main and would stop there
    _safely(_load, objfile)


def _safely(function, argument):
    try:
        with settings.looking():
            function(argument)
    # the boundary to the user: a program may say anything of itself, gdb would show Python's traceback
    except Exception as error:
        gdb.write(
            tr(
                "rt0 cannot look at this program ({value}).\n",
                value=untrusted.shown(f"{type(error).__name__}: {error}"),
            ),
            gdb.STDERR,
        )


def _load(objfile):
    if register.register():
        gdb.events.new_objfile.connect(lambda event: _safely(_follow, event.new_objfile))
    _choose_names()
    objfile = objfile or program.home()
    install(objfile)
    packages.register()
    # Else gdb 13 resumes thread by thread and fails ("No such process") if the first one has ended the process
    # meanwhile.
    if not program.alive():  # gdb refuses to change it later
        gdb.execute("maintenance set target-non-stop off")
    _choose_language()


def _follow(objfile):
    """gdb.events.new_objfile: another program takes the place of this one, by `file`, by exec, after a rebuild, or gdb
    has a second; or a program of C's loads a library with the runtime."""
    if objfile is not program.objfile() and objfile is not program.home():
        return
    _choose_names()
    try:
        program.glanced()
    except program.Problem:
        return
    install(objfile)
    packages.register()
    _choose_language()


_style = None  # gdb's demangle-style before we chose one


def _choose_names():
    """Our runtime's functions are called as their ELF symbols are: newer gdbs say runtime_main for runtime.main, also
    where no frame filter helps (an editor's stop, `break`). gdb names a symbol once, when it reads it, so this comes
    before we look anything up."""
    global _style
    _style = _style or gdb.parameter("demangle-style")
    gdb.execute("set demangle-style none")
    try:
        ours = not program.glanced().is_go
        if settings.for_an_editor():
            program.glanced().know_names()
    except program.Problem:
        ours = False
    if not ours:
        gdb.execute(f"set demangle-style {untrusted.word(_style)}")


_for_now = False  # gdb's language is one that we chose


def _choose_language():
    """gdb sees a main.main and believes in Go until a frame of ours tells it otherwise; our runtime is C++."""
    global _for_now
    try:
        ours = not program.glanced().is_go
    except program.Problem:
        return
    if not ours:
        _language_of_the_frame()
    elif gdb.parameter("language") == "auto" and not program.alive():
        gdb.execute("set language c++")
        gdb.events.new_thread.connect(_language_of_the_frame)
        _for_now = True


def _language_of_the_frame(_event=None):
    """Once the program runs, frames say what language they are in, assembly too, and gdb need not warn of another."""
    global _for_now
    if not _for_now:
        return
    _for_now = False
    gdb.events.new_thread.disconnect(_language_of_the_frame)
    if gdb.parameter("language") == "c++":
        gdb.execute("set language auto")

"""Puts the package's parts into gdb, for one program."""

import gdb

from . import commands, model, printers, untrusted, unwinder


def load(objfile):
    """Registers everything; `objfile` is the program being loaded, None if the script was sourced by hand."""
    try:
        _load(objfile)
    except Exception as error:  # the boundary to the user: a program may say anything of itself, gdb would show Python's traceback
        gdb.write(f"rt0 cannot look at this program ({untrusted.shown(f'{type(error).__name__}: {error}')}).\n", gdb.STDERR)


def _load(objfile):
    commands.register()
    objfile = objfile or model.objfile()
    printers.register(objfile)
    unwinder.register(objfile)
    gdb.execute("set backtrace past-main on")  # gdb takes Go's main.main for C's main and would stop there
    # Else gdb 13 resumes thread by thread and fails ("No such process") if the first one has ended the process meanwhile.
    if not model.alive():  # gdb refuses to change it later
        gdb.execute("maintenance set target-non-stop off")
    _choose_language()


def _choose_language():
    """gdb sees a main.main and believes in Go until a frame of ours tells it otherwise; our runtime is C++."""
    try:
        if not model.world().is_go and gdb.parameter("language") == "auto" and not model.alive():
            gdb.execute("set language c++")
            gdb.events.new_thread.connect(_language_of_the_frame)
    except model.Problem:
        pass


def _language_of_the_frame(_event):
    """Once the program runs, frames say what language they are in, assembly too, and gdb need not warn of another."""
    gdb.events.new_thread.disconnect(_language_of_the_frame)
    if gdb.parameter("language") == "c++":
        gdb.execute("set language auto")

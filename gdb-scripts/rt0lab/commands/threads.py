"""`rt0 threads`: the goroutines as the threads of a second inferior, which is a core file made in memory."""

from __future__ import annotations

import os

import gdb

from .. import program
from ..formats import corefile, untrusted
from ..frames import view
from ..goroutines import threads
from ..program import begun, editors, settings
from ..show.install import install
from ..words import tr, trn
from . import console

MANY = 1000  # threads
_views = {}  # number of an inferior: (number of the one that shows its goroutines, the core file it reads)


class Threads(console.Command):
    """Show the goroutines as threads of a second inferior.
    What gdb does with threads works there: `info threads`, `thread apply all bt`, `up`, `print`.
    With a file name, write them there as a core file instead. With more than 1000,
    frames are shown without what their functions were called with. A parked one keeps few registers: the others read 0,
    for a core file has no word for what is not known.

    (gdb) rt0 threads
    1004 goroutines are the threads of inferior 2; `inferior 1` comes back here.
    (gdb) inferior 2"""

    name, kind, complete_with = "rt0 threads", gdb.COMMAND_DATA, gdb.COMPLETE_FILENAME

    def run(self, argument: str) -> None:
        """Makes the core, and the inferior."""
        console.need_process()
        here = gdb.selected_inferior()
        for number, (shown, _) in _views.items():
            if shown == here.num:
                raise program.Problem(
                    tr(
                        "these threads are the goroutines already: `inferior {number}` goes to the program.",
                        number=number,
                    )
                )
        # it knows the threads of one inferior, and ends where another one comes
        if not argument and editors.speaks_dap():
            raise program.Problem(
                tr(
                    "an editor's debug adapter shows one inferior: `rt0 threads FILE` writes the goroutines as a"
                    " core file."
                )
            )
        if program.on_view():
            raise program.Problem(tr("these threads are the goroutines already."))
        found = threads.threads()
        if not found:
            raise program.Problem(begun.sentence("gs"))
        if argument:
            try:
                with open(os.path.expanduser(argument), "wb") as file:
                    left_out = _write(file, here.pid, found)
            except OSError as error:
                raise program.Problem(
                    tr("{argument} cannot be written: {strerror}.", argument=argument, strerror=error.strerror)
                ) from None
            console.say(
                tr(
                    "{found} are in {argument}: gdb {path} {argument}",
                    found=_count(found),
                    argument=argument,
                    path=program.world().path,
                )
            )
        else:
            file = os.fdopen(os.memfd_create("goroutines"), "wb")
            left_out = _write(file, here.pid, found)
            shown = _show(here, file, found)
            console.say(
                tr(
                    "{found} are the threads of inferior {shown}; `inferior {num}` comes back here.",
                    found=_count(found),
                    shown=shown,
                    num=here.num,
                )
            )
            _spare(len(found))
        if left_out:
            console.say(
                tr(
                    "{left_out} MiB of its memory are not with them: what points there cannot be followed.",
                    left_out=left_out >> 20,
                )
            )


def _spare(count):
    """A list of so many takes gdb four times as long with what every function was called with, and more the longer it
    is."""
    if count > MANY and gdb.parameter("print frame-arguments") == "scalars":  # as gdb has it by itself
        gdb.execute("set print frame-arguments presence", to_string=True)
        console.say(tr("What functions were called with is left out: lists of so many take gdb long."))
        console.say(tr("`set print frame-arguments scalars` shows it again."))


def _count(found):
    return trn("{n} goroutine", "{n} goroutines", len(found))


def _write(file, pid, found):
    """Returns how many bytes of the program's memory are left out."""
    memory, left_out = threads.memory(found)
    name = os.path.basename(program.world().path)
    corefile.write(file, pid, name, program.auxv(), [(t.id, t.registers) for t in found], memory, program.read)
    return left_out


def _show(here, file, found):
    """Gives the core to the inferior that shows this one's goroutines, a new one at first; nothing else is selected."""
    path = program.world().path
    shown, old = _views.get(here.num, (None, None))
    with view.keeping_place():
        if shown not in [inferior.num for inferior in gdb.inferiors()]:
            before = {inferior.num for inferior in gdb.inferiors()}
            program.done(f"add-inferior -no-connection -exec {untrusted.argument(path)}")
            shown = next(inferior.num for inferior in gdb.inferiors() if inferior.num not in before)
        threads_there = next(inferior for inferior in gdb.inferiors() if inferior.num == shown).threads()
        if threads_there:
            threads_there[0].switch()  # an editor would follow `inferior`
        else:
            gdb.execute(f"with suppress-cli-notifications on -- inferior {shown:d}", to_string=True)
        # libc's list of threads, which is in that memory, is not of these: gdb is not to find what reads it
        with settings.changed({"libthread-db-search-path": os.devnull}):
            gdb.execute(f"core-file /proc/self/fd/{file.fileno()}", to_string=True)
        _views[here.num] = shown, file
        objfile = program.home()
        install(objfile)
        names = {t.id: t.name for t in found}
        for each in gdb.selected_inferior().threads():
            each.name = names.get(each.ptid[1])
    if old:
        old.close()
    return shown

"""The program that an editor is told of, and what starts our gdb on it."""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from ..host.debugger import CHOICE, DAP
from ..tree import ROOT

LAB = str(ROOT / "lab")
# What starts behind the pipe looks at a whole process first; gdb waits 2 s by itself.
PATIENT = ["-iex", "set remotetimeout 60"]


@dataclass
class Subject:
    """The program: how people call it, its file, how `lab gdb` is told of it (one of ours is built anew where it must
    be); and the gdb."""

    name: str
    path: str
    word: str
    gdb: str
    dap: bool  # whether this gdb speaks the debug adapter protocol

    def command(self, *words: str) -> list[str]:
        """What starts gdb on the program, `words` ending its command line: not PATH's gdb, an editor may have another
        PATH."""
        return [LAB, "gdb", CHOICE + self.gdb, self.word, *words]


def pipe(process: str) -> str:
    """What gdb is told to connect to: a process's goroutines, served for as long as it looks."""
    return f"| {shlex.quote(LAB)} serve --stdio {process}"


def filled(text: str, subject: Subject, quoted: Callable[[str], str], comma: str) -> str:
    """A template whose @NAME@ become what the program has by that name, quoted."""
    values = {
        "name": [subject.name],
        "path": [subject.path],
        "serve": [pipe("")],
        "lab": [LAB],
        "patient": PATIENT,
        "command": subject.command(),
        "adapter": subject.command(*PATIENT, DAP)[1:],
    }
    return re.sub("@([a-z]+)@", lambda found: comma.join(map(quoted, values[found[1]])), text)

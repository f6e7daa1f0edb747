"""`lab editor vscode|nvim|emacs`: writes what an editor must be told to debug a program in our gdb, and to look at
goroutines.

Every file starts gdb through `lab gdb`, so that the editor's gdb is the one of the prompt: same choice, same settings,
our commands. Editors speak DAP with it where gdb can (from 14 on), else MI, with what is built into them. What is there
already is added to or written over only if the user says so.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from rt0lab.formats import untrusted

from rt0lab.words import in_a_row, tr

from ..editors import emacs, files, nvim, vscode
from ..editors.subject import LAB, Subject
from ..failure import USAGE, Failure
from ..host import debugger, permits
from ..tree import ROOT
from . import Verbs, add_program

WRITERS: dict[str, Callable[[Subject], tuple[files.Files, str]]] = {
    "vscode": vscode.files,
    "nvim": nvim.files,
    "emacs": emacs.files,
}


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "editor",
        help=tr("write what VS Code, Neovim or Emacs need to debug a program here"),
        example="./lab editor nvim hello\n./lab editor vscode ./my-go-program",
        description=(
            tr(
                "Writes the files with which an editor starts a program in gdb with the rt0 commands, "
                "and looks at a process's goroutines as threads: .vscode/launch.json (and a small "
                "extension, if gdb speaks the debug adapter protocol), rt0lab.lua, or rt0lab.el. A "
                "launch.json that is there is added to, any other file is written over, and only after a "
                "question."
            )
        ),
    )
    verb.add_argument("editor", choices=WRITERS, help=tr("the editor"))
    add_program(verb)
    verb.add_argument(
        "--folder", default=".", metavar="FOLDER", help=tr("the folder that the editor opens (default: this one)")
    )
    verb.add_argument("--print", action="store_true", help=tr("print what would be written, and write nothing"))
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Writes the files, or prints them; says what to do next."""
    target = debugger.program(args.program)
    try:
        f"{target.path}{LAB}".encode()
    except UnicodeEncodeError:
        raise Failure(tr("{path}: editors know only names in UTF-8; rename it", path=target.path), USAGE) from None
    folder = Path(args.folder).resolve()
    if not folder.is_dir():
        raise Failure(tr("{folder} is no folder", folder=args.folder), USAGE)
    ours = target.path.startswith(str(ROOT / "build"))
    name, chosen = os.path.basename(target.path), os.path.abspath(permits.find_gdb())
    subject = Subject(name, target.path, name if ours else target.path, chosen, permits.speaks_dap(chosen))
    made, after = WRITERS[args.editor](subject)
    if args.print:
        for file, content in made.items():
            print(f"{content.comment} {folder / file}\n{content.fresh()}")
        return 0
    # All that can be refused is, before the first file is written.
    writes = [write for file, content in made.items() if (write := files.due(folder / file, content))]
    for path, text, question in writes:
        if question and not agreed(f"{untrusted.shown(str(path))} {question}"):
            print(tr("nothing was changed"))
            return 0
    for path, text, question in writes:
        files.written(path, text)
        print(tr("wrote {path}", path=path))
    if not writes:
        print(tr("nothing to do: {files}", files=in_a_row(made)))
    print(tr(after))
    return 0


def agreed(question: str) -> bool:
    """Whether the user, who is at a terminal, says yes."""
    print(f"{question} [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")

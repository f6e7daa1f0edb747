"""`lab gdb`: gdb on a program, with our commands loaded and everything else as gdb has it."""

import json
import sys
from argparse import REMAINDER

from rt0lab.formats import untrusted

from rt0lab.words import tr

from .. import failure as status
from ..failure import MACHINE, Failure
from ..host import debugger, permits
from ..host.debugger import CHOICE, DAP
from . import Verbs, add_program

WRITTEN = "./lab gdb [--gdb FILE] [PROGRAM|GO-BINARY] [GDB ARGUMENTS...]"
MAX_REQUEST = 1 << 20  # bytes of an editor's first request


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "gdb",
        help=tr("gdb on a program, with the rt0 commands loaded"),
        description=tr(
            "gdb on a program (default: hello), with the rt0 commands loaded; further arguments go to "
            "gdb. RT0LAB_GDB=FILE names another gdb for every verb that runs one."
        ),
        usage=WRITTEN,
        example="./lab gdb\n./lab gdb ./my-go-program -ex run",
    )
    verb.add_argument("--gdb", metavar="FILE", help=tr("another gdb, for this time"))
    add_program(verb)
    verb.add_argument("words", nargs=REMAINDER, metavar="GDB ARGUMENTS", help=tr("further arguments go to gdb"))


def run(argv: list[str]) -> int:
    """Starts gdb; the first word that is no option names the program."""
    try:
        chosen = choice(argv)
        name = argv.pop(0) if argv and not argv[0].startswith("-") else "hello"
        target = debugger.program(name)
        words = debugger.command(target.path, shell=True, gdb=chosen)
        if DAP in argv and not permits.speaks_dap(words[0]):
            raise Failure(
                tr(
                    "{words} does not speak the debug adapter protocol (gdb does from 14 on); ./lab "
                    "editor writes what it needs",
                    words=words[0],
                ),
                MACHINE,
            )
    except Failure as failure:
        if DAP in argv and not sys.stdin.isatty():
            refuse(untrusted.shown(f"lab: {failure}", untrusted.LINE))
        raise
    return debugger.interactive(words, argv)


def choice(argv: list[str]) -> str | None:
    """Takes the gdb that is chosen off the command line; None if none is."""
    if argv[:1] == [CHOICE.removesuffix("=")]:
        if len(argv) < 2:
            raise Failure(tr("--gdb wants a gdb: {written}", written=WRITTEN), status.USAGE)
        return [argv.pop(0), argv.pop(0)][1]
    return argv.pop(0).removeprefix(CHOICE) if argv and argv[0].startswith(CHOICE) else None


def refuse(sentence: str) -> None:
    """Answers an editor's first request with the reason why there is no gdb: what an adapter writes to standard error,
    editors drop."""
    stream, length = sys.stdin.buffer, 0
    while (line := stream.readline(MAX_REQUEST)).strip():
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" and value.strip().isdigit() else length
    try:
        asked = json.loads(stream.read(min(length, MAX_REQUEST)))
        answer = {"seq": 1, "type": "response", "request_seq": asked["seq"], "command": asked["command"]}
    except (ValueError, TypeError, KeyError):
        return  # no editor
    body = json.dumps(
        answer | {"success": False, "message": sentence, "body": {"error": {"id": 1, "format": sentence}}}
    ).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

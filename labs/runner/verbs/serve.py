"""`lab serve PID|CORE`: shows goroutines as threads to any debugger that speaks gdb's remote protocol.

A gdb of its own, without a terminal, holds the process or reads the core file and answers (rt0lab/remote.py); here is
what surrounds it: what to look at, where to listen, and an end that always lets the process go on.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import tempfile
from argparse import Namespace
from typing import Any

from rt0lab.words import tr, trn

from ..failure import FAILED, MACHINE, USAGE, Failure, progress
from ..host import debugger, interruption, needs, packages
from ..host.listener import listening
from ..host.owner import program_of_core, program_of_process
from ..host.target import Program, examine
from . import Verbs

ROOT_USER = 0
MANY = 1000  # goroutines of which a list takes a debugger long
PATIENCE = 4  # seconds that gdb gets to let go of the process


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "serve",
        help=tr("goroutines as threads, for any gdb and for editors"),
        example="./lab serve $(pidof my-go-program)\n./lab serve core my-go-program --port 0",
        description=tr(
            "Holds a process, or reads a core file, and shows its goroutines as threads to a debugger. "
            "Read only; Ctrl-C ends it and the process goes on. Without --port, --unix or --stdio it "
            "listens on a socket in a folder of yours, which only you (and root) can open, and says "
            "which."
        ),
    )
    verb.add_argument("what", metavar="PID|CORE", help=tr("a process, or a core file, of a Go program or one of ours"))
    verb.add_argument(
        "program", nargs="?", metavar="PROGRAM", help=tr("the program of the core file, if it is elsewhere now")
    )
    where = verb.add_mutually_exclusive_group()
    where.add_argument(
        "--port",
        metavar="[HOST:]N",
        help=tr(
            "listen on a TCP port, for editors that know nothing else (HOST: this machine alone; N = 0: "
            "any free port). Any user can knock there; only your own debuggers, and root's, are let in"
        ),
    )
    where.add_argument("--unix", metavar="PATH", help=tr("listen on a socket at this place in the file system"))
    where.add_argument(
        "--stdio",
        action="store_true",
        help=tr(
            "speak on standard input and output: target remote | lab serve ... (after `set remotetimeout "
            "60`: gdb does not wait long for what must start first)"
        ),
    )
    verb.add_argument(
        "--any-user",
        action="store_true",
        help=tr(
            "with --port: let in whoever can reach it. They can read all of the program's memory. Needed "
            "for a HOST that other machines reach, because it cannot be known whose debuggers come from "
            "there"
        ),
    )
    verb.add_argument(
        "--idle",
        metavar="SECONDS",
        type=seconds,
        default=60,
        help=tr(
            "one debugger looks at a time, others are told so; one that has asked nothing for this long "
            "gives way to the next that comes (default: 60)"
        ),
    )
    verb.set_defaults(run=run)


def seconds(text: str) -> float:
    """A number of seconds on the command line."""
    number = float(text)
    if not 0 <= number < 1e9:
        raise ValueError
    return number


def run(args: Namespace) -> int:
    """Serves until a client detaches, or Ctrl-C."""
    packages.ensure(needs.TO_RUN)
    process = int(args.what) if args.what.isascii() and args.what.isdigit() else None
    path = args.program or (program_of_process(process) if process is not None else program_of_core(args.what))
    target = examine(os.path.abspath(path))
    if args.any_user and not args.port:
        raise Failure(tr("--any-user goes with --port: a socket in the file system is for you alone"), USAGE)
    with contextlib.ExitStack() as stack:
        asked: dict[str, Any] = {"program": target.path}
        place: str | None = None
        asked |= {"core": os.path.abspath(args.what)} if process is None else {"attach": process}
        if args.stdio:
            asked["stdio"] = descriptors = [0, 1]
        else:
            listener, place = stack.enter_context(
                listening(args.port, args.unix, _name(args.what, process), args.any_user)
            )
            descriptors = [listener.fileno()]
            asked |= {
                "listen": listener.fileno(),
                "idle": args.idle,
                "users": None if args.any_user else sorted({os.geteuid(), ROOT_USER}),
            }
        session(target, asked, descriptors, place)
    return 0


def _name(what, process):
    """What the socket is called, in a folder of the user's own."""
    return (
        f"process-{process}"
        if process is not None
        else "core-" + re.sub(r"[^\w.-]", "_", os.path.basename(what), flags=re.ASCII)[-40:]
    )


def session(target: Program, asked: dict[str, Any], descriptors: list[int], place: str | None) -> None:
    """Starts the gdb that serves, says where, and waits; whatever happens, that gdb ends, and so lets the process
    go."""
    ours, its = socket.socketpair()
    # The descriptors keep their numbers in gdb, but 0 and 1 are its own: standard input and output go under others.
    inherited = [os.dup(number) if number < 3 else number for number in descriptors]
    if "stdio" in asked:
        asked["stdio"] = inherited
    words = debugger.command(target.path, batch=True, traced="attach" in asked)
    words += ["-ex", f"python from rt0lab.remote import server; server.main({its.fileno()})"]
    with ours, its, tempfile.TemporaryFile("w+") as said:
        # A session of its own: Ctrl-C at the terminal reaches this process alone.
        gdb = debugger.started(
            words,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            pass_fds=[its.fileno(), *inherited],
            start_new_session=True,
        )
        its.close()
        try:
            ours.sendall(json.dumps(asked).encode() + b"\n")
            answer = ours.makefile("r").readline()
            if not answer:
                said.seek(0)
                raise Failure(tr("gdb ended without a word to us: {text}", text=" ".join(said.read().split())[-300:]))
            check(json.loads(answer), asked)
            if place:
                count = json.loads(answer)["ready"]
                where = trn(
                    "{n} goroutine at {place}, read only; Ctrl-C ends.",
                    "{n} goroutines at {place}, read only; Ctrl-C ends.",
                    count,
                    place=place,
                )
                advice = tr("A list of so many is faster after `set print frame-arguments presence`.")
                # All of it at once: who has read that it is ready may end it.
                print("\n".join([where, advice] if count > MANY else [where]), flush=True)
            if gdb.wait():
                said.seek(0)
                raise Failure(tr("gdb ended badly: {text}", text=" ".join(said.read().split())[-300:]))
        except KeyboardInterrupt:
            pass
        finally:
            with interruption.held():
                ours.close()  # tells gdb to come to an end
                with contextlib.suppress(subprocess.TimeoutExpired):
                    gdb.wait(PATIENCE)
                debugger.stop(gdb)


def check(answer: dict[str, Any], asked: dict[str, Any]) -> None:
    """Failure if gdb could not look; says what it warns of."""
    if "failed" in answer:
        refused = "attach" in asked and "ptrace" in answer["failed"]
        what = asked.get("core") or f"process {asked['attach']}"
        raise Failure(f"{what}: {answer['failed'].splitlines()[0]}", MACHINE if refused else FAILED)
    if answer["warning"]:
        progress(tr("warning: {text}", text=answer["warning"]))

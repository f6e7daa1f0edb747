"""`lab serve PID|CORE`: shows goroutines as threads to any debugger that speaks gdb's remote protocol.

A gdb of its own, without a terminal, holds the process or reads the core file and answers (rt0lab/remote.py); here is
what surrounds it: what to look at, where to listen, and an end that always lets the process go on.
"""

import contextlib
import json
import os
import re
import socket
import struct
import subprocess
import tempfile

from rt0lab import untrusted

from . import debugger, elf, needs, setup
from .failure import FAILED, MACHINE, USAGE, Failure, progress

PORT = 2345
MAX_CORE = 1 << 46  # bytes; a core file is never read as a whole
AT_ENTRY = 9


def register(verbs):
    """Adds the verb to the command line."""
    verb = verbs.add_parser("serve", help="goroutines as threads, for any gdb and for editors",
                            description="Holds a process, or reads a core file, and shows its goroutines as threads to a "
                            "debugger (target remote :PORT). Read only; Ctrl-C ends it and the process goes on.")
    verb.add_argument("what", metavar="PID|CORE", help="a process, or a core file, of a Go program or one of ours")
    verb.add_argument("program", nargs="?", metavar="PROGRAM", help="the program of the core file, if it is elsewhere now")
    where = verb.add_mutually_exclusive_group()
    where.add_argument("--port", metavar="[HOST:]N", default=str(PORT),
                       help=f"where to listen (default: {PORT}, reachable from this machine alone; 0: any free port)")
    where.add_argument("--unix", metavar="PATH", help="listen on a socket in the file system instead")
    where.add_argument("--stdio", action="store_true", help="speak on standard input and output: target remote | lab serve ... "
                       "(after `set remotetimeout 60`: gdb does not wait long for what must start first)")
    verb.set_defaults(run=run)


def run(args):
    """Serves until a client detaches, or Ctrl-C."""
    setup.ensure(needs.TO_RUN)
    process = int(args.what) if args.what.isascii() and args.what.isdigit() else None
    path = args.program or (program_of_process(process) if process is not None else program_of_core(args.what))
    target = elf.examine(os.path.abspath(path))
    with contextlib.ExitStack() as stack:
        asked, descriptors = {"program": target.path}, []
        asked |= {"core": os.path.abspath(args.what)} if process is None else {"attach": process}
        if args.stdio:
            asked["stdio"] = descriptors = [0, 1]
            place = None
        else:
            listener, place = stack.enter_context(listening(args))
            asked["listen"] = listener.fileno()
            descriptors = [listener.fileno()]
        return session(target, asked, descriptors, place)


def session(target, asked, descriptors, place):
    """Starts the gdb that serves, says where, and waits; whatever happens, that gdb ends, and so lets the process go."""
    ours, its = socket.socketpair()
    # The descriptors keep their numbers in gdb, but 0 and 1 are its own: standard input and output go under others.
    inherited = [os.dup(number) if number < 3 else number for number in descriptors]
    if "stdio" in asked:
        asked["stdio"] = inherited
    words = debugger.command(target, batch=True, traced="attach" in asked)
    words += ["-ex", f"python import rt0lab.remote; rt0lab.remote.main({its.fileno()})"]
    with ours, its, tempfile.TemporaryFile("w+") as said:
        # A session of its own: Ctrl-C at the terminal reaches this process alone.
        gdb = subprocess.Popen(words, env=debugger.environment(), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                               pass_fds=[its.fileno(), *inherited], start_new_session=True)
        its.close()
        try:
            ours.sendall(json.dumps(asked).encode() + b"\n")
            answer = ours.makefile("r").readline()
            if not answer:
                said.seek(0)
                raise Failure(f"gdb ended without a word to us: {' '.join(said.read().split())[-300:]}")
            check(json.loads(answer), asked)
            if place:
                print(f"{json.loads(answer)['ready']} goroutines at {place}, read only; Ctrl-C ends.", flush=True)
            gdb.wait()
        except KeyboardInterrupt:
            pass
        finally:
            ours.close()  # tells gdb to come to an end
            with contextlib.suppress(subprocess.TimeoutExpired):
                gdb.wait(10)
            debugger.stop(gdb)
    return 0


def check(answer, asked):
    """Failure if gdb could not look; says what it warns of."""
    if "failed" in answer:
        refused = "attach" in asked and "ptrace" in answer["failed"]
        what = asked.get("core") or f"process {asked['attach']}"
        raise Failure(f"{what}: {answer['failed'].splitlines()[0]}", MACHINE if refused else FAILED)
    if answer["warning"]:
        progress(f"warning: {answer['warning']}")


# ---- where -------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def listening(args):
    """(listening socket, how a debugger gets there). Comes before the process is held: a port may be taken."""
    if args.unix:
        family, address = socket.AF_UNIX, args.unix
    else:
        host, _, port = args.port.rpartition(":")
        if not port.isdigit() or int(port) > 65535:
            raise Failure(f"--port {args.port} is no port number", USAGE)
        family, address = socket.AF_INET, (host or "127.0.0.1", int(port))
    with socket.socket(family) as listener:
        if family == socket.AF_INET:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen()
        except OSError as error:
            raise Failure(f"cannot listen at {args.unix or args.port}: {error.strerror}; --port 0 takes any free port") from None
        try:
            yield listener, f"`target remote {args.unix or '%s:%d' % listener.getsockname()}`"
        finally:
            if args.unix:
                os.unlink(args.unix)


# ---- whose program -------------------------------------------------------------------------------------------------------


def program_of_process(number):
    """The file that a process runs, also one that was replaced or is in another container."""
    link = f"/proc/{number}/exe"
    try:
        with open(f"/proc/{number}/status") as file:
            holder = re.search(r"^TracerPid:\s*(\d+)", file.read(), re.M)[1]
        path = os.readlink(link)
        path = path if os.path.exists(path) and os.path.samefile(path, link) else link
    except FileNotFoundError:
        raise Failure(f"there is no process {number}", USAGE) from None
    except PermissionError:
        raise Failure(f"process {number} may not be looked at: it is somebody else's, or ptrace is refused here", MACHINE) from None
    if holder != "0":
        raise Failure(f"process {number} is held by a debugger already (process {holder})")
    return path


def program_of_core(path):
    """The program whose core file this is: the file in which the core says execution began."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with untrusted.regular(path, MAX_CORE) as stream:
            core = ELFFile(stream)
            if core["e_type"] != "ET_CORE":
                raise Failure(f"{path} is neither a process nor a core file", USAGE)
            notes = {note["n_type"]: note["n_desc"] for segment in core.iter_segments("PT_NOTE") for note in segment.iter_notes()}
            entry = dict(struct.iter_unpack("<QQ", notes["NT_AUXV"]))[AT_ENTRY]
            files = notes["NT_FILE"]
            names = [name.decode("utf-8", "surrogateescape") for name in files["filename"]]
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}", USAGE) from None
    except KeyError:
        raise Failure(f"{path} does not say whose core file it is; name the program behind it", USAGE) from None
    except (ELFError, OverflowError, ValueError, AttributeError, TypeError, struct.error):
        raise Failure(f"{path} is neither a process nor a core file (or a damaged one)", USAGE) from None
    for mapping, name in zip(files["Elf_Nt_File_Entry"], names):
        if mapping["vm_start"] <= entry < mapping["vm_end"]:
            return name
    raise Failure(f"{path} does not say whose core file it is; name the program behind it", USAGE)

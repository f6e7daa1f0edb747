"""`lab serve PID|CORE`: shows goroutines as threads to any debugger that speaks gdb's remote protocol.

A gdb of its own, without a terminal, holds the process or reads the core file and answers (rt0lab/remote.py); here is
what surrounds it: what to look at, where to listen, and an end that always lets the process go on.
"""

import contextlib
import errno
import ipaddress
import json
import os
import re
import socket
import stat
import struct
import subprocess
import tempfile

from rt0lab.formats import untrusted

from ..failure import FAILED, MACHINE, USAGE, Failure, progress
from ..host import debugger, interruption, needs, packages
from ..host.target import examine

MAX_CORE = 1 << 46  # bytes; a core file is never read as a whole
AT_ENTRY = 9
ROOT_USER = 0
MANY = 1000  # goroutines of which a list takes a debugger long
PATIENCE = 4  # seconds that gdb gets to let go of the process
LONGEST_PATH = 107  # bytes of a socket's name, as the kernel has it


def register(verbs):
    verb = verbs.add_parser(
        "serve",
        help="goroutines as threads, for any gdb and for editors",
        description="Holds a process, or reads a core file, and shows its goroutines as threads to a "
        "debugger. Read only; Ctrl-C ends it and the process goes on. Without --port, --unix or --stdio it "
        "listens on a socket in a folder of yours, which only you (and root) can open, and says which.",
    )
    verb.add_argument("what", metavar="PID|CORE", help="a process, or a core file, of a Go program or one of ours")
    verb.add_argument(
        "program", nargs="?", metavar="PROGRAM", help="the program of the core file, if it is elsewhere now"
    )
    where = verb.add_mutually_exclusive_group()
    where.add_argument(
        "--port",
        metavar="[HOST:]N",
        help="listen on a TCP port, for editors that know nothing else (HOST: this machine alone; N = 0: any free "
        "port). Any user can knock there; only your own debuggers, and root's, are let in",
    )
    where.add_argument("--unix", metavar="PATH", help="listen on a socket at this place in the file system")
    where.add_argument(
        "--stdio",
        action="store_true",
        help="speak on standard input and output: target remote | lab serve ... "
        "(after `set remotetimeout 60`: gdb does not wait long for what must start first)",
    )
    verb.add_argument(
        "--any-user",
        action="store_true",
        help="with --port: let in whoever can reach it. They can read all of the program's memory. Needed for a "
        "HOST that other machines reach, because it cannot be known whose debuggers come from there",
    )
    verb.add_argument(
        "--idle",
        metavar="SECONDS",
        type=seconds,
        default=60,
        help="one debugger looks at a time, others are told so; one that has asked nothing for this long gives way "
        "to the next that comes (default: 60)",
    )
    verb.set_defaults(run=run)


def seconds(text):
    """A number of seconds on the command line."""
    number = float(text)
    if not 0 <= number < 1e9:
        raise ValueError
    return number


def run(args):
    """Serves until a client detaches, or Ctrl-C."""
    packages.ensure(needs.TO_RUN)
    process = int(args.what) if args.what.isascii() and args.what.isdigit() else None
    path = args.program or (program_of_process(process) if process is not None else program_of_core(args.what))
    target = examine(os.path.abspath(path))
    if args.any_user and not args.port:
        raise Failure("--any-user goes with --port: a socket in the file system is for you alone", USAGE)
    with contextlib.ExitStack() as stack:
        asked, descriptors = {"program": target.path}, []
        asked |= {"core": os.path.abspath(args.what)} if process is None else {"attach": process}
        if args.stdio:
            asked["stdio"] = descriptors = [0, 1]
            place = None
        else:
            listener, place = stack.enter_context(listening(args, process))
            descriptors = [listener.fileno()]
            asked |= {
                "listen": listener.fileno(),
                "idle": args.idle,
                "users": None if args.any_user else sorted({os.geteuid(), ROOT_USER}),
            }
        return session(target, asked, descriptors, place)


def session(target, asked, descriptors, place):
    """Starts the gdb that serves, says where, and waits; whatever happens, that gdb ends, and so lets the process
    go."""
    ours, its = socket.socketpair()
    # The descriptors keep their numbers in gdb, but 0 and 1 are its own: standard input and output go under others.
    inherited = [os.dup(number) if number < 3 else number for number in descriptors]
    if "stdio" in asked:
        asked["stdio"] = inherited
    words = debugger.command(target, batch=True, traced="attach" in asked)
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
                raise Failure(f"gdb ended without a word to us: {' '.join(said.read().split())[-300:]}")
            check(json.loads(answer), asked)
            if place:
                count = json.loads(answer)["ready"]
                print(
                    f"{count} goroutines at {place}, read only; Ctrl-C ends."
                    + (
                        "\nA list of so many is faster after `set print frame-arguments presence`."
                        if count > MANY
                        else ""
                    ),
                    flush=True,
                )
            if gdb.wait():
                said.seek(0)
                raise Failure(f"gdb ended badly: {' '.join(said.read().split())[-300:]}")
        except KeyboardInterrupt:
            pass
        finally:
            with interruption.held():
                ours.close()  # tells gdb to come to an end
                with contextlib.suppress(subprocess.TimeoutExpired):
                    gdb.wait(PATIENCE)
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


# ---- where -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def listening(args, process):
    """(bound socket, how a debugger gets there). Comes before the process is held: a place may be taken.

    The gdb that serves listens to it once it is ready; until then whoever comes is turned away by the kernel.
    """
    family = _address(args.port)[0] if args.port else socket.AF_UNIX
    with socket.socket(family) as listener:
        if args.port:
            yield listener, _bound_to_port(listener, args)
        else:
            path = (
                os.path.abspath(args.unix) if args.unix else os.path.join(private_folder(), _name(args.what, process))
            )
            made = _bound_to_file(listener, path)
            try:
                yield listener, f"`target remote {path}`"
            finally:
                with contextlib.suppress(OSError):  # gone already
                    if _identity(path) == made:
                        os.unlink(path)


def _address(text):
    """(family, address) of [HOST:]N."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not (port.isascii() and port.isdigit()) or int(port[:6]) > 65535:
        raise Failure(f"--port {text} is no port number", USAGE)
    try:
        family, _, _, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise Failure(f"{host} is no address", USAGE) from None
    return family, address


def _bound_to_port(listener, args):
    _, address = _address(args.port)
    if not args.any_user and not ipaddress.ip_address(address[0].partition("%")[0]).is_loopback:
        raise Failure(
            f"at {address[0]} other machines can come, and whose debuggers those are cannot be known; "
            "--any-user lets them read all of the program's memory",
            USAGE,
        )
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        raise Failure(f"cannot listen at {args.port}: {error.strerror}; --port 0 takes any free port") from None
    host, port = listener.getsockname()[:2]
    return f"`target remote {f'[{host}]' if ':' in host else host}:{port}`"


def private_folder():
    """A folder that no other user can enter, made if there is none; Failure if what is there is not one."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = (
        os.path.join(runtime, "rt0lab")
        if _private(runtime)
        else os.path.join(tempfile.gettempdir(), f"rt0lab-{os.geteuid()}")
    )
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
            os.chmod(folder, 0o700)  # whatever the umask has left of it
    except OSError as error:
        raise Failure(
            f"cannot make {folder}, a folder for the socket: {error.strerror}; --unix PATH names another place"
        ) from None
    if not _private(folder):
        raise Failure(
            f"{folder} is not a folder of yours alone, so no socket is put there; --unix PATH names another place"
        )
    return folder


def _private(folder):
    try:
        about = os.lstat(folder)
    except (OSError, ValueError):
        return False
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o077


def _name(what, process):
    return (
        f"process-{process}"
        if process is not None
        else "core-" + re.sub(r"[^\w.-]", "_", os.path.basename(what), flags=re.ASCII)[-40:]
    )


def _bound_to_file(listener, path):
    """Makes the socket, for its owner alone; returns what tells it from another one that may be there later."""
    if ":" in path or not path.isprintable():
        raise Failure(
            f"{path} cannot be typed behind `target remote` (gdb takes what has a colon for HOST:PORT); "
            "--unix PATH names another place",
            USAGE,
        )
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise Failure(
            f"{path} is too long for a socket: {LONGEST_PATH} bytes at most; --unix PATH names another place", USAGE
        )
    try:
        _remove_stale(path)
        before = os.umask(0o177)
        try:
            listener.bind(path)
        finally:
            os.umask(before)
        # whatever the folder's access control list adds; nobody can connect before it is listened to
        os.chmod(path, 0o600)
        return _identity(path)
    except OSError as error:
        raise Failure(f"cannot listen at {path}: {error.strerror}; --unix PATH names another place") from None


def _remove_stale(path):
    """Removes a socket that nobody has any more; Failure for everything else that is there."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise Failure(f"cannot listen at {path}: it is there already and is no socket")
    # of another kind, so it never becomes somebody's client
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:  # nobody has it, not even one that does not listen yet
            if _identity(path) == (found.st_dev, found.st_ino):
                os.unlink(path)
            return
        except OSError as error:
            if error.errno != errno.EPROTOTYPE:
                raise
    raise Failure(f"cannot listen at {path}: a server does so already; --unix PATH names another place")


def _identity(path):
    about = os.lstat(path)
    return about.st_dev, about.st_ino


# ---- whose program ---------------------------------------------------------------------------------------------------


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
        raise Failure(
            f"process {number} may not be looked at: it is somebody else's, or ptrace is refused here", MACHINE
        ) from None
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
            notes = {
                note["n_type"]: note["n_desc"]
                for segment in core.iter_segments("PT_NOTE")
                for note in segment.iter_notes()
            }
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

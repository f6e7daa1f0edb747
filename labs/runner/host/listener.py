"""Where a server of the lab's listens: at a port, or at a socket that nobody but the user can open."""

import contextlib
import errno
import ipaddress
import os
import socket
import stat
import tempfile
from collections.abc import Iterator

from rt0lab.words import tr

from ..failure import USAGE, Failure

LONGEST_PATH = 107  # bytes of a socket's name, as the kernel has it


@contextlib.contextmanager
def listening(port: str | None, unix: str | None, name: str, any_user: bool) -> Iterator[tuple[socket.socket, str]]:
    """(bound socket, how a debugger gets there): at a port, at a place in the file system, or by this name in a folder
    of the user's own. Comes before the process is held: a place may be taken.

    The gdb that serves listens to it once it is ready; until then whoever comes is turned away by the kernel.
    """
    family = _address(port)[0] if port else socket.AF_UNIX
    with socket.socket(family) as listener:
        if port:
            yield listener, _bound_to_port(listener, port, any_user)
        else:
            path = os.path.abspath(unix) if unix else os.path.join(private_folder(), name)
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
        raise Failure(tr("--port {text} is no port number", text=text), USAGE)
    try:
        family, _, _, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise Failure(tr("{host} is no address", host=host), USAGE) from None
    return family, address


def _bound_to_port(listener, port, any_user):
    _, address = _address(port)
    if not any_user and not ipaddress.ip_address(address[0].partition("%")[0]).is_loopback:
        raise Failure(
            tr(
                "at {address} other machines can come, and whose debuggers those are cannot be known; "
                "--any-user lets them read all of the program's memory",
                address=address[0],
            ),
            USAGE,
        )
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        raise Failure(
            tr("cannot listen at {port}: {why}; --port 0 takes any free port", port=port, why=error.strerror)
        ) from None
    host, number = listener.getsockname()[:2]
    return f"`target remote {f'[{host}]' if ':' in host else host}:{number}`"


def private_folder() -> str:
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
            tr(
                "cannot make {folder}, a folder for the socket: {why}; --unix PATH names another place",
                folder=folder,
                why=error.strerror,
            )
        ) from None
    if not _private(folder):
        raise Failure(
            tr(
                "{folder} is not a folder of yours alone, so no socket is put there; --unix PATH names another place",
                folder=folder,
            )
        )
    return folder


def _private(folder):
    try:
        about = os.lstat(folder)
    except (OSError, ValueError):
        return False
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o077


def _bound_to_file(listener, path):
    """Makes the socket, for its owner alone; returns what tells it from another one that may be there later."""
    if ":" in path or not path.isprintable():
        raise Failure(
            tr(
                "{path} cannot be typed behind `target remote` (gdb takes what has a colon for "
                "HOST:PORT); --unix PATH names another place",
                path=path,
            ),
            USAGE,
        )
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise Failure(
            tr(
                "{path} is too long for a socket: {longest_path} bytes at most; --unix PATH names another place",
                path=path,
                longest_path=LONGEST_PATH,
            ),
            USAGE,
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
        raise Failure(
            tr("cannot listen at {path}: {why}; --unix PATH names another place", path=path, why=error.strerror)
        ) from None


def _remove_stale(path):
    """Removes a socket that nobody has any more; Failure for everything else that is there."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise Failure(tr("cannot listen at {path}: it is there already and is no socket", path=path))
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
    raise Failure(tr("cannot listen at {path}: a server does so already; --unix PATH names another place", path=path))


def _identity(path):
    about = os.lstat(path)
    return about.st_dev, about.st_ino

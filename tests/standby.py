"""A lab that has read its modules, kept for the next test that wants one: it forks, and the child does what was asked.
Most of a short verb's time was the start of its Python. Run as a program this file is that lab; tests/gdb keeps gdbs in
the same way."""

import fcntl
import functools
import gc
import json
import os
import pathlib
import selectors
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PIPE = 1 << 16  # bytes that a pipe holds

# ---- in the tests --------------------------------------------------------------------------------------------------


def lab(words, typed="", timeout=300, env=None, cwd=None, together=False):
    """As subprocess.run of ./lab with these words, this typed into it, and its text as text; standard error may go
    together with standard output."""
    message = json.dumps([words, str(cwd or os.getcwd()), dict(os.environ if env is None else env)])
    given, write = os.pipe()
    data = typed.encode()
    if len(data) > PIPE:  # nobody reads it yet
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, len(data))
    os.write(write, data)
    os.close(write)
    try:
        return asked(_lab()[0], message.encode(), timeout, ["lab", *words], [given], together)
    finally:
        os.close(given)


@functools.cache
def _lab():
    """What one asks for labs, and whom: one for each of pytest's workers. As its children it has pipes for streams."""
    asking, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    words = ["/usr/bin/env", "--block-signal=INT", "/usr/bin/python3", "-I", __file__, str(theirs.fileno())]  # as ./lab
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = subprocess.Popen(words, **pipes, pass_fds=[theirs.fileno()])
    theirs.close()
    asking.recv(100)  # that it is ready
    return asking, process


def asked(asking, message, timeout, words, given=(), together=False):
    """What came of the child that is forked for this message, which gets the given files and then its two streams."""
    pipes = [os.pipe() for _ in range(1 if together else 2)]
    writes = [write for _, write in pipes]
    socket.send_fds(asking, [message], [*given, *writes, *writes][: len(given) + 2])
    for write in writes:
        os.close(write)
    child = int(asking.recv(100))
    try:
        out, *err = _read([read for read, _ in pipes], time.monotonic() + timeout)
    except BaseException as error:  # Ctrl-C too
        os.kill(child, signal.SIGKILL)
        if isinstance(error, TimeoutError):
            raise subprocess.TimeoutExpired(words, timeout) from None
        raise
    finally:
        code = int(asking.recv(100))
    return subprocess.CompletedProcess(words, code, out, err[0] if err else None)


def _read(streams, end):
    """The text of each of these, which are closed, until all who write have ended."""
    data = dict.fromkeys(streams, b"")
    with selectors.DefaultSelector() as waiting:
        for stream in streams:
            waiting.register(stream, selectors.EVENT_READ)
        try:
            while waiting.get_map():
                ready = waiting.select(max(end - time.monotonic(), 0))
                if not ready:
                    raise TimeoutError
                for key, _ in ready:
                    piece = os.read(key.fd, 1 << 16)
                    data[key.fd] += piece
                    if not piece:
                        waiting.unregister(key.fd)
        finally:
            for stream in streams:
                os.close(stream)
    return [text.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n") for text in data.values()]


# ---- in what forks -------------------------------------------------------------------------------------------------


def fork(asking, files, last=lambda: None):
    """Returns in each child what was asked and the files that came with it; the process itself ends with the one who
    asks, however that one ended, and does the last thing before."""
    gc.collect()
    gc.freeze()  # else a child touches, and so copies, all of Python's memory only to end
    child = None
    try:
        asking.send(b"ready")
        while child != 0:
            message, given, *_ = socket.recv_fds(asking, 1 << 20, files)
            if not message:
                break
            child = os.fork()
            if child:
                for file in given:
                    os.close(file)
                asking.send(b"%d" % child)
                asking.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    finally:
        if child != 0:
            last()
            os._exit(0)
    asking.close()
    return message, given


def _main():
    sys.path[0] = str(ROOT / "labs")
    from runner.cli import main

    message, streams = fork(socket.socket(fileno=int(sys.argv[1])), 3)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    words, folder, environment = json.loads(message)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.exit(main(words))


if __name__ == "__main__":
    _main()

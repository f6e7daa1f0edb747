"""How headings and marks look in a terminal: as the user has gdb show them, where gdb lets scripts have styles."""

import os
import pty

import pytest

from gdbrun import GDB, LOADER


def on_a_terminal(program, *commands):
    """What gdb writes to a terminal."""
    pid, fd = pty.fork()
    if not pid:
        os.environ.update(TERM="xterm", COLUMNS="80", LINES="24", HOME="/nonexistent")
        arguments = [word for c in ("set style enabled on", f"source {LOADER}", *commands) for word in ("-ex", c)]
        os.execvp(GDB, [GDB, "-nx", "-q", "-batch", "-iex", "set auto-load off", str(program), *arguments])
    text = b""
    try:
        while more := os.read(fd, 65536):
            text += more
    except OSError:
        pass
    os.close(fd)
    os.waitpid(pid, 0)
    return text.decode("utf-8", "replace")


def head(text):
    """The line that the panel begins with."""
    return next(line for line in text.splitlines() if "stop 1 " in line)


def test_a_heading_stands_out_on_a_terminal_of_any_gdb(hello):
    assert head(on_a_terminal(hello, "rt0 run", "rt0 panel")).startswith("\033[")


def test_a_heading_looks_as_the_user_sets_it(gdb_json, hello):
    if not gdb_json(hello, "result = hasattr(gdb, 'StyleParameterSet')"):
        pytest.skip("this gdb lets scripts have no styles: RT0LAB_GDB names one from 18 on")
    commands = ("rt0 run", "set style rt0 heading foreground red", "rt0 panel")
    assert head(on_a_terminal(hello, *commands)).startswith("\033[31")

"""A job whose program is a stranger's: that cannot look into this gdb, and the word that makes a line of gdb's output
ours is gone before it runs."""

import ctypes
import functools
import json
import os
from collections.abc import Iterable
from typing import Any

import gdb
from rt0lab.program import settings

_PR_SET_DUMPABLE = 4


def job(file: str) -> dict[str, Any]:
    """Reads a job from a file, which is gone then."""
    with open(file, encoding="utf-8") as opened:
        found: dict[str, Any] = json.load(opened)
    os.unlink(file)
    return found


def take(program: str, arguments: Iterable[str]) -> None:
    """Makes it the program that gdb runs, with these arguments."""
    with settings.quiet():
        gdb.execute(f"file {program}", to_string=True)
        gdb.execute(f"set args {' '.join(arguments)}", to_string=True)
        _close()


@functools.cache
def _close():
    """Nobody looks into this gdb from now on, before the program has run an instruction.

    gdb looks, the first time it touches a program's memory, whether it can write to /proc/self/mem. If it cannot,
    it takes that memory a word at a time from then on, which makes all four times as slow.
    """
    gdb.execute("starti", to_string=True)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    gdb.execute("kill", to_string=True)


def tell(word: str, result: dict[str, Any]) -> None:
    """Prints what came of it as a line that begins with the word."""
    gdb.write(f"\n{word} {json.dumps(result, sort_keys=True, default=sorted)}\n")  # a set becomes a list
    gdb.flush()

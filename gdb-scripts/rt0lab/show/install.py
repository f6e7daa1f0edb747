"""Gives one program what gdb asks when it shows values and frames: printers, the frame filter, the unwinders."""

from __future__ import annotations

import gdb

from ..frames import unwinder
from . import backtrace, printers


def install(objfile: gdb.Objfile | None) -> None:
    """For gdb's objfile of the program, or for all programs if it is None. A second time changes nothing."""
    printers.register(objfile)
    backtrace.register(objfile)
    unwinder.register(objfile)

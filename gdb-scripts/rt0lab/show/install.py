"""Gives one program's objfile what gdb asks when it shows values and frames: printers, the frame filter, the unwinders."""

from ..frames import unwinder
from . import backtrace, printers


def install(objfile):
    """Once more for the same objfile changes nothing. `objfile` is None if gdb has none: then it is for all programs."""
    printers.register(objfile)
    backtrace.register(objfile)
    unwinder.register(objfile)

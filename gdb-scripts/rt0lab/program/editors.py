"""What is different where this gdb is an editor's debug adapter (DAP): whether it is one, and what the editor would not
hear of."""

from __future__ import annotations

import sys
import threading

import gdb

from ..formats import packets
from ..words import tr
from . import memory


def speaks_dap() -> bool:
    """Is this gdb a debug adapter? Then it serves its requests in a thread that it calls DAP."""
    return "gdb.dap" in sys.modules and any(thread.name == "DAP" for thread in threading.enumerate())


def remind(_event: gdb.Event) -> None:
    """gdb.events.stop: in a view that is the connection's beginning, or a refusal to run. gdb warns of the latter, but
    as an adapter it throws away what its `next` prints."""
    if speaks_dap() and memory.on_view():
        gdb.post_event(_remind)


def _remind():
    gdb.write(tr("{what}.", what=tr(packets.VIEW)) + "\n")
    gdb.flush()

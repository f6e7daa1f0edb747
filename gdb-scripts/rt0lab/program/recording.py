"""Does gdb record what the program does (`record`), and does the program stand in that recorded past?"""

from __future__ import annotations

import re

import gdb

from . import answers


def recorded() -> bool:
    """Is what the program does being recorded?"""
    return gdb.current_recording() is not None


def rewound() -> bool:
    """Does the program stand at an earlier place of what was recorded, so that going on only repeats?"""
    if not recorded():
        return False
    try:
        return re.search(r"^Replay mode", answers.done("info record"), re.M) is not None
    except gdb.error:
        return False

"""Lines that gdb's pager does not break: it counts bytes, and would ask for the next page within a character of
Chinese, which has three."""

from __future__ import annotations

import os

import gdb

from ..program import settings

_NOT_OURS = -1
_users: int | None = _NOT_OURS  # the width that the user has, while gdb has ours


def columns() -> int | None:
    """The columns of the terminal, as the user has told gdb; None where nothing has to fit: in a file, a pipe, an
    editor."""
    if not os.isatty(1) or settings.for_an_editor():
        return None
    return (gdb.parameter("width") if _users == _NOT_OURS else _users) or None


def begin() -> None:
    """From here to the next prompt lines are as long as they are."""
    global _users
    if _users == _NOT_OURS and columns():
        _users = gdb.parameter("width")
        gdb.execute("set width unlimited")  # to a string, gdb would put the width back


def end() -> None:
    """gdb.events.before_prompt: the user's width is back."""
    global _users
    if _users != _NOT_OURS:
        width, _users = _users, _NOT_OURS
        gdb.execute(f"set width {width or 0:d}")

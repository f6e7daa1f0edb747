"""What gdb answers, whatever bytes the names in it have, and also when an editor (MI) is on its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import gdb


def told(ask: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What a function of gdb's answers. gdb means UTF-8 and fails at a name or a path that is none; here such bytes are
    kept."""
    try:
        return ask(*arguments, **options)
    except UnicodeDecodeError as error:
        return error.object.decode("utf-8", "surrogateescape")


def done(command: str) -> str:
    """What gdb prints for a command."""
    text = told(gdb.execute, command, to_string=True)
    return _undressed(text) if in_records() else text


_TEXT = re.compile(r'~"((?:[^"\\]|\\.)*)"')
_RECORD = re.compile(r"\d*[=*+^][a-z-]+(,.*)?|&\"(?:[^\"\\]|\\.)*\"|\(gdb\) ?")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.S)
_CONTROL = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"e": b"\033", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def in_records() -> bool:
    """Is an editor on the line (MI), and does gdb put what is meant for it into the strings that we ask for? gdb 13
    does not."""
    return gdb.execute("echo ?", to_string=True) != "?"


def _undressed(text):
    """The text in such a string: part of it stands in records (`~"..."`), what was to tell the editor of events
    (`=...`) is none."""
    parts = []
    for line in text.splitlines(keepends=True):
        record = line.rstrip("\n")
        if said := _TEXT.fullmatch(record):
            raw = said[1].encode("utf-8", "surrogateescape")
            raw = _ESCAPE.sub(
                lambda found: (
                    bytes([int(found[1], 8) & 0xFF]) if len(found[1]) == 3 else _CONTROL.get(found[1], found[1])
                ),
                raw,
            )
            parts.append(raw.decode("utf-8", "surrogateescape"))
        elif not _RECORD.fullmatch(record):
            parts.append(line)
    return "".join(parts)

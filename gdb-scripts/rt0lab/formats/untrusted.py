"""What others wrote (names, paths and texts of a program, a core, a trace, a learner): how it is shown, quoted and
opened.

Three doors, and no other way round them. `shown` is how such a text reaches a terminal, `argument` how it becomes part
of a gdb command, `regular` how a file is opened that somebody else named. No gdb in it; the lab's command line uses it,
too.

A text may hold bytes that are no UTF-8, as halves of surrogate pairs: Python's way for names of files
(`surrogateescape`).
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from typing import BinaryIO

from ..words import tr

LONGEST = 400  # characters of one text that are shown; gdb cuts its own values at 200
LINE = 4096  # characters of one line that are shown
MAX_FILE = 1 << 30  # bytes of one file that are read
MAX_SOURCE = 1 << 23  # bytes of a file of source text that are read

# What a terminal would obey, or show as something else than it is: controls (Cc: ESC, newline, U+009B), format
# characters (Cf: U+202E turns the line round, U+200B cannot be seen), line and paragraph separators, halves of
# surrogate pairs.
_OBEYED = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}
_WORD = re.compile(r"[\w.$@/+,:%=-]+", re.ASCII)  # nothing in it has a meaning to gdb's commands
_SURROGATE = re.compile("[\ud800-\udfff]")


class Unquotable(Exception):
    """A text that no quoting makes a part of a gdb command; its text is one sentence."""


def shown(text: str, most: int = LONGEST) -> str:
    """A text on one line, as what it is: what a terminal would obey is escaped (`\\x1b`, `\\n`, `\\u202e`), the rest is
    cut after `most` characters, which ends in `...(N characters)`."""
    part = text[:most]
    if not part.isascii() or not part.isprintable():
        part = "".join(map(_escaped, part))
    return part if len(text) <= most else part + _rest(text)


def cut(text: str, most: int = LONGEST) -> str:
    """A text as it is, up to `most` characters; a longer one ends as `shown` lets it end."""
    return text if len(text) <= most else text[:most] + _rest(text)


def _rest(text):
    return tr("...({text} characters)", text=len(text))


_STYLE = re.compile("\x1b\\[[0-9;]*m")


def unstyled(text: str) -> str:
    """A text without the colours that gdb puts into its messages where its terminal has some."""
    return _STYLE.sub("", text)


def shown_lines(text: str, most: int = LONGEST) -> str:
    """The same for what has lines of its own (what gdb printed): they stay lines, tabs stay tabs."""
    return "\n".join("\t".join(shown(part, most) for part in line.split("\t")) for line in text.split("\n"))


def _escaped(character):
    if character.isascii():
        return (
            character
            if character.isprintable()
            else {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character, f"\\x{ord(character):02x}")
        )
    if unicodedata.category(character) not in _OBEYED:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def argument(text: str) -> str:
    """A text as one argument of a gdb command that reads its arguments as a shell does; Unquotable if it cannot be one.

    gdb ends a command at a newline, whatever quotes stand around it, and knows no way to write a NUL; Python hands it
    UTF-8 only.
    """
    if not text or "\n" in text or "\r" in text or "\0" in text or _SURROGATE.search(text):
        raise Unquotable(tr("gdb cannot be given the name {text}: rename it.", text=shown(text)))
    return text if _WORD.fullmatch(text) else re.sub(r"([^\w.$@/+,:%=-])", r"\\\1", text, flags=re.ASCII)


def word(text: str) -> str:
    """The text, if it is one word of letters, digits and what has no meaning to gdb; else Unquotable."""
    if not _WORD.fullmatch(text) or text.startswith("-"):
        raise Unquotable(tr("{text} cannot be part of a command.", text=shown(text)))
    return text


class Irregular(OSError):
    """What has this name is no regular file, and was not opened."""


def regular(path: str | os.PathLike[str], most: int | None = MAX_FILE) -> BinaryIO:
    """A file opened for reading, in bytes, if it is a regular one of no more than `most` bytes (None: its reader looks
    after that); else OSError with a sentence.

    Whoever named the file may have named a device without end, or a pipe that nobody writes to: opening it must not
    wait.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening alone may do something: a tape is wound back
            raise Irregular(0, tr("it is no regular file"), path)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except ValueError:  # it has a NUL, or is no name in any encoding
        raise OSError(0, tr("it is no name of a file"), path) from None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise Irregular(0, tr("it is no regular file"), path)
        if most is not None and about.st_size > most:
            raise OSError(
                0,
                tr(
                    "it has {st_size} MiB, more than the {most} that are read",
                    st_size=about.st_size >> 20,
                    most=most >> 20,
                ),
                path,
            )
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def contents(path: str | os.PathLike[str], most: int = MAX_FILE) -> bytes:
    """What `regular` finds in a file; OSError if it cannot be read."""
    with regular(path, most) as file:
        return file.read(most) or b""  # some files of /proc are regular, have no size, and let a reader wait: None


def source(path: str) -> tuple[str, ...]:
    """The lines of a file of source text, as they are; none if it is not to be read."""
    try:
        return tuple(contents(path, MAX_SOURCE).decode("utf-8", "surrogateescape").split("\n"))
    except OSError:
        return ()

"""Text on a terminal of 80 columns, where a Chinese character takes two."""

from __future__ import annotations

import re
import unicodedata

WIDTH = 79
_TYPED = ("(gdb) ", "(rt0) ", "(lab ", " ")  # beginnings of lines that stay as they are in a help text
_BEGINNINGS = (*_TYPED, "Usage:", "用法")
_NO_BREAK_BEFORE = "，。；：！？、）」』》”’…"
_TOUCHING = re.compile("[\u4e00-\u9fff][`A-Za-z0-9]|[`A-Za-z0-9][\u4e00-\u9fff]")
_NO_BREAK_AFTER = "（「『《“‘"


def width(text: str) -> int:
    """The columns a text takes."""
    if text.isascii():
        return len(text)
    return sum(2 if _wide(c) else 0 if unicodedata.combining(c) else 1 for c in text)


def _wide(c):
    return unicodedata.east_asian_width(c) in "WF"


def pad(text: str, columns: int) -> str:
    """The text with spaces up to this many columns."""
    return text + " " * max(0, columns - width(text))


def joined(first: str, second: str) -> str:
    """Two sentences on one line; after a Chinese full stop there is no space."""
    return first + ("" if first and first[-1] in _NO_BREAK_BEFORE else " ") + second


def touching(text: str) -> list[str]:
    """The lines in which Chinese runs into `code`, letters or digits without a space."""
    return [line for line in text.splitlines() if _TOUCHING.search(re.sub("`[^`]*`", "`", line))]


def wrap(text: str, first: str = "", rest: str | None = None, columns: int = WIDTH) -> list[str]:
    """Lines of at most `columns`, broken at spaces and between Chinese characters; line breaks in the text stay."""
    rest = first if rest is None else rest
    lines = []
    for paragraph in text.strip().splitlines():
        line = rest if lines else first
        empty = True
        for piece in _pieces(paragraph.strip()):
            if not empty and width(line + piece.rstrip()) > columns:
                lines.append(line.rstrip())
                line, piece = rest, piece.lstrip()
            line += piece
            empty = False
        lines.append(line.rstrip())
    return lines


def _pieces(text):
    """The parts between which a line may be broken; a space goes before the part it introduces."""
    pieces, current = [], ""
    for c in text:
        breakable = c == " " or _wide(c) or current and _wide(current[-1])
        if breakable and current.strip() and c not in _NO_BREAK_BEFORE and current[-1] not in _NO_BREAK_AFTER:
            pieces.append(current)
            current = ""
        current += c
    return [*pieces, current] if current else pieces


def reflowed(text: str, columns: int = WIDTH) -> str:
    """A help text with its paragraphs within so many columns; the first line stays one, because gdb lists commands by
    it, and what is shown as typed stays as it is."""
    first, _, rest = text.partition("\n")
    lines, paragraph = [first], list[str]()
    for line in [*rest.splitlines(), ""]:
        usage_ends = paragraph and paragraph[-1].endswith("]") and not line.startswith("[")
        if line.startswith(_BEGINNINGS) or not line or usage_ends:
            wide = any(width(each) > columns for each in paragraph)
            lines += wrap(" ".join(paragraph), columns=columns) if wide else paragraph
            paragraph = []
        if line.startswith(_TYPED) or not line:
            lines.append(line)
        else:
            paragraph.append(line)
    return "\n".join(lines[:-1])

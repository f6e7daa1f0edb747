"""Reads what a learner typed as a plain value: an integer, a name, a list of those. Nothing is ever evaluated."""

import re
import unicodedata

MAX_TEXT = 200
MAX_ITEMS = 64
MAX_NUMBER = 1 << 64  # nothing in a 64-bit machine is larger

_NUMBER = re.compile(r"[+-]?(0x[0-9a-f]{1,16}|[0-9]{1,20})", re.IGNORECASE | re.ASCII)
_NAME = re.compile(r"[&*]?([A-Za-z_][A-Za-z0-9_.]{0,99})( ?\(\))?", re.ASCII)
_LINE = re.compile(r"[A-Za-z0-9_./-]{1,100}:[0-9]{1,7}", re.ASCII)  # `main.go:60`
# What gdb and our own screens print around a value: `$1 = 5`, `0x401000 <main.main>`, `main.main in section .text`.
_PRINTED = re.compile(r"(?:\$\d+ = )?(?:(0x[0-9a-f]+) <[^<>]*>|(.*?)(?: in section \.\w+)?)", re.ASCII)
_GOROUTINE = re.compile(r"goroutine (\d+)", re.ASCII)
_QUOTES = str.maketrans("“”„‘’「」『』", '"""\'\'""""')
_PLACE = re.compile(r"(?:[\w+-]+/|\.{1,2}/){0,20}[\w+-]+\.[A-Za-z]{1,3}:[0-9]{1,7}", re.ASCII)
_ARROW = re.compile(r"\s*(?:->|=>|→|⇒|>)\s*")
_BETWEEN = re.compile(r"[\s,、;]+")
_BRACKETS = ("[]", "{}", "()", "【】")
_NOTHING = ("", "none", "nothing", "nil", "empty", "∅", "无", "没有")
_WORDS = {"nil": 0, "null": 0, "nullptr": 0, "none": 0, "true": 1, "false": 0}


class BadLiteral(ValueError):
    """This text is no value; the argument is the part that is wrong, cut to a printable length."""


class Name(str):
    """A name as people write it, without the `&`, quotes, `<>` and `()` that gdb puts around it."""


Answer = int | Name | list["Answer"]


def parse(text: str) -> Answer:
    """An int, a Name or a list of those."""
    text = _plain(text)
    if text.startswith("[") and text.endswith("]"):
        inner = text[1:-1].strip().removesuffix(",")
        items = inner.split(",") if inner else []
        if len(items) > MAX_ITEMS:
            raise BadLiteral(shown(text))
        return [_scalar(item) for item in items]
    return _scalar(text)


def listed(text: str, arrows: bool = False) -> list[Answer]:
    """A list as people type it: with brackets or without, spaces or commas between; `a -> b` is one item, or two in an
    order."""
    text = _plain(text)
    if text[:1] + text[-1:] in _BRACKETS:
        text = text[1:-1].strip()
    if nothing(text):
        return []
    items = _BETWEEN.split(_ARROW.sub("," if arrows else "->", text).strip(" ,、;"))
    if len(items) > MAX_ITEMS:
        raise BadLiteral(shown(text))
    return [_scalar(item) for item in items]


def nothing(text: str) -> bool:
    """Does it say in some way that there is none?"""
    return _plain(text).lower() in _NOTHING


def placed(text: str) -> Answer:
    """A place in the source, `proc.cpp:123`, or a name."""
    text = _plain(text)
    place = text.strip("'\"`").replace(" ", "")
    return Name(place) if _PLACE.fullmatch(place) else _scalar(text)


def _plain(text):
    """The text without what an input method makes of digits, commas and quotes."""
    if len(text) > MAX_TEXT:
        raise BadLiteral(shown(text))
    return unicodedata.normalize("NFKC", text).translate(_QUOTES).strip()


def _scalar(text):
    text = text.strip()
    if printed := _PRINTED.fullmatch(text):
        text = printed[1] or printed[2]
    text = _GOROUTINE.sub(r"g\1", text)
    if "->" in text.strip("<>"):
        sides = text.split("->")
        if len(sides) != 2:
            raise BadLiteral(shown(text))
        return Name("->".join(str(_scalar(side)) for side in sides))
    for left, right in (("'", "'"), ('"', '"'), ("<", ">")):
        if len(text) > 2 and text.startswith(left) and text.endswith(right):
            text = text[1:-1]
    if _NUMBER.fullmatch(text):
        return _bounded(int(text, 16 if "x" in text.lower() else 10), text)
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _LINE.fullmatch(text):
        return Name(text)
    name = _NAME.fullmatch(text.replace("·", "."))
    if not name:
        raise BadLiteral(shown(text))
    return Name(name[1])


def _bounded(number, text):
    if abs(number) >= MAX_NUMBER:
        raise BadLiteral(shown(text))
    return number


def from_toml(value: object) -> Answer:
    """The same for a value of an answers file."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return _bounded(value, "a number beyond 64 bits")
    if isinstance(value, str):
        return parse(value)
    if isinstance(value, list) and len(value) <= MAX_ITEMS and not any(isinstance(item, list) for item in value):
        return [_scalar(_plain(item)) if isinstance(item, str) else from_toml(item) for item in value]
    raise BadLiteral(shown(str(type(value).__name__)))


def written(value: Answer) -> str:
    """A parsed value as text that parses to it again."""
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]" if value else "none"
    return str(value)


def shown(text: str) -> str:
    """A learner's text, safe to print: one line, no control characters, 40 characters at most."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 40 else text[:37] + "..."

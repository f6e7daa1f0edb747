"""Reads a witness: an expression that is true of one program and false of another, in a small grammar of our own.

    expr     = all { "||" all }             all   = not { "&&" not }
    not      = "!" not | compared           compared = sum [ "==" | "!=" | "<" | "<=" | ">" | ">=" sum ]
    sum      = place { "+" | "-" place }    place = [ "&" ] start { "." NAME | "->" NAME | "[" sum "]" }
    start    = NUMBER | nil | NAME | "(" expr ")"

A NAME is a variable of the runtime (sched, allp, m0), a constant (_Prunning), or g1, m0, p0 as the lab's screens name
them. Nothing here asks a program: that is labs/gdb/inside/witnessed.py's.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .literals import BadLiteral

MAX_TEXT = 300
MAX_DEPTH = 20

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0x[0-9a-f]+|\d+)(?!\w)|(?P<name>[a-z_]\w*)"
    r"|(?P<sign>->|==|!=|<=|>=|&&|\|\||[-+.()\[\]<>!&])|$)",
    re.IGNORECASE | re.ASCII,
)
# an input method writes wide signs and digits
_WIDE = {0x3000: " "} | {wide: chr(wide - ord("！") + ord("!")) for wide in range(ord("！"), ord("～") + 1)}
_PACKAGE = re.compile(r"\bruntime\s*\.(?=\s*[A-Za-z_])")  # Go's full names of variables are understood, too
_COMPARES = ("==", "!=", "<", "<=", ">", ">=")
_NOTHING = ("nil", "null", "nullptr", "NULL")


class BadWitness(BadLiteral):
    """This text is no witness: `key` of the sentence that says why, `at` the place of it, `what` stands there."""

    def __init__(self, key: str, at: int = 0, what: str = "") -> None:
        super().__init__(key)
        self.key, self.at, self.what = key, at, what


@dataclass(frozen=True)
class Node:
    """A part of a witness. `kind`: number, name, field, index, address, not, or a sign that stands between two parts;
    `at` is where it stands in the text."""

    kind: str
    at: int
    parts: tuple["Node", ...] = ()
    value: int = 0
    name: str = ""


def parse(text: str) -> Node:
    """The tree of a witness; BadWitness says what is wrong with it, and where."""
    if len(text) > MAX_TEXT:
        raise BadWitness("witness-long")
    reader = _Reader(_PACKAGE.sub(lambda found: " " * len(found[0]), text.translate(_WIDE)))
    tree = reader.any_of()
    if reader.kind:
        raise BadWitness("witness-left", reader.at, reader.word)
    if tree.kind in ("number", "name", "field", "index", "address", "+", "-"):
        raise BadWitness("witness-compares-nothing", tree.at)
    return tree


class _Reader:
    """Goes through a text word by word; each rule of the grammar is a method."""

    def __init__(self, text):
        self._text, self._end, self._depth = text, 0, 0
        self._next()

    def _next(self):
        found = _TOKEN.match(self._text, self._end)
        if not found:
            at = self._end + len(self._text[self._end :]) - len(self._text[self._end :].lstrip())
            raise BadWitness("witness-sign", at, self._text[at])
        self.kind, self._end = found.lastgroup, found.end()
        self.word = found[self.kind] if self.kind else ""
        self.at = found.start(self.kind) if self.kind else len(self._text)

    def _take(self, *words):
        """The word here and its place, if it is one of these signs, and goes on behind it."""
        if self.kind != "sign" or self.word not in words:
            return None
        taken = self.word, self.at
        self._next()
        return taken

    def _need(self, sign):
        if not self._take(sign):
            raise BadWitness("witness-missing", self.at, sign)

    def _between(self, signs, part):
        left = part()
        while taken := self._take(*signs):
            left = Node(taken[0], taken[1], (left, part()))
        return left

    def any_of(self):
        return self._between(("||",), self._all_of)

    def _all_of(self):
        return self._between(("&&",), self._not)

    def _deeper(self):
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadWitness("witness-deep", self.at)

    def _not(self):
        if not (taken := self._take("!")):
            return self._compared()
        self._deeper()
        inner = self._not()
        self._depth -= 1
        return Node("not", taken[1], (inner,))

    def _compared(self):
        left = self._sum()
        taken = self._take(*_COMPARES)
        if not taken:
            return left
        node = Node(taken[0], taken[1], (left, self._sum()))
        if self.kind == "sign" and self.word in _COMPARES:
            raise BadWitness("witness-chain", self.at, self.word)
        return node

    def _sum(self):
        return self._between(("+", "-"), self._place)

    def _place(self):
        if taken := self._take("&"):
            inner = self._place()
            if inner.kind not in ("name", "field", "index"):
                raise BadWitness("witness-address", taken[1])
            return Node("address", taken[1], (inner,))
        node = self._start()
        while taken := self._take(".", "->", "["):
            if taken[0] == "[":
                self._deeper()
                node = Node("index", taken[1], (node, self._sum()))
                self._depth -= 1
                self._need("]")
                continue
            if self.kind != "name":
                raise BadWitness("witness-field", self.at, self.word)
            node = Node("field", self.at, (node,), name=self.word)
            self._next()
        return node

    def _start(self):
        kind, word, at = self.kind, self.word, self.at
        if self._take("("):
            self._deeper()
            inner = self.any_of()
            self._depth -= 1
            self._need(")")
            return inner
        if sign := self._take("-"):
            if self.kind != "number":
                raise BadWitness("witness-value", sign[1], "-")
            return Node("number", sign[1], value=-self._number())
        if kind == "number":
            return Node("number", at, value=self._number())
        if kind != "name":
            raise BadWitness("witness-value", at, word)
        self._next()
        return Node("number", at) if word in _NOTHING else Node("name", at, name=word)

    def _number(self):
        value = int(self.word, 16 if self.word.lower().startswith("0x") else 10)
        if value >= 1 << 64:
            raise BadWitness("witness-number", self.at, self.word)
        self._next()
        return value


def evidence(say: Callable[..., str], detail: Sequence[Sequence[Any]] | None) -> str:
    """What a witness said of this program and of the healthy one, in a learner's language; "" for other answers. Each
    is [true, false or None, the key of why it cannot be evaluated, the place, what stands there]."""
    if detail is None:
        return ""
    for program, (value, key, at, what) in zip(("here", "healthy"), detail):
        if value is None:
            return say("witness-cannot", program=say("witness-in-" + program), why=why(say, key, at, what))
    here, healthy = (say("witness-true" if value else "witness-false") for value, *_ in detail)
    return say("witness-both", here=here, healthy=healthy)


def why(say: Callable[..., str], key: str, at: int, what: str) -> str:
    """Why a text is no witness, or cannot be evaluated, with the place in it."""
    return say(key, at=at + 1, what=what[:40] or say("witness-end"))

"""Goroutines as Go's runtime writes them: runtime.Stack's text, and what GOTRACEBACK=crash leaves on standard error."""

import re
from dataclasses import dataclass, field
from pathlib import PurePath

_HEAD = re.compile(r"goroutine (\d+)(?: gp=(0x\w+))?(?: m=(\w+))?(?: mp=\w+)? \[([^\]]+)\].*:$")
_PLACE = re.compile(r"\t(.+):(\d+)(?: \+0x\w+)?(?:.* pc=(0x\w+))?")
_ELIDED = re.compile(r"\.\.\..*frames elided\.\.\.")
_MOST = 90  # frames; from here on Go up to 1.20 may leave out some without a word
_CREATED = re.compile(r"created by (.+?)(?: in goroutine \d+)?$")


@dataclass(frozen=True)
class Frame:
    """A line of a backtrace: Go's name of the function without type arguments, the file's last part, the line."""

    function: str
    file: str
    line: int
    pc: int | None = None

    def __str__(self) -> str:
        return f"{self.function} ({self.file}:{self.line})"


@dataclass
class Goroutine:
    """What the runtime says of one goroutine; `outer` are the frames behind those that it leaves out."""

    id: int
    state: str
    address: int | None = None
    frames: list[Frame] = field(default_factory=list)
    outer: list[Frame] | None = None
    creator: Frame | None = None


def name(text: str) -> str:
    """A function's name as Go's tracebacks have it: type arguments left out, gopanic called panic."""
    first, last = text.find("["), text.rfind("]")
    text = f"{text[:first]}[...]{text[last + 1:]}" if 0 <= first < last else text
    text = text.removesuffix(".abi0")
    return "panic" if text == "runtime.gopanic" else text


def goroutines(text: str) -> dict[int, Goroutine]:
    """{id: Goroutine} of a text; one that comes twice counts as what has more frames. g0s are left out."""
    found: dict[int, Goroutine] = {}
    for block in re.split(r"\n\s*\n", text):
        lines = block.splitlines()
        start = next((i for i, line in enumerate(lines) if _HEAD.match(line)), None)
        if start is None:
            continue
        one = _goroutine(lines[start:])
        if one.id and (one.id not in found or len(one.frames) > len(found[one.id].frames)):
            found[one.id] = one
    return found


def _goroutine(lines):
    number, address, _, state = _HEAD.match(lines[0]).groups()
    one = Goroutine(int(number), state.partition(",")[0].removesuffix(" (scan)"), int(address, 16) if address else None)
    into, function = one.frames, None
    for line in lines[1:]:
        place, created = _PLACE.match(line), _CREATED.match(line)
        if _ELIDED.match(line):
            into = one.outer = []
        elif place and isinstance(function, re.Match):
            one.creator = _frame(function[1], place)
        elif place and function:
            into.append(_frame(function.rpartition("(")[0], place))
        function = None if place else created or line
    if one.outer is None and len(one.frames) > _MOST:
        one.outer = []
    return one


def _frame(function, place):
    pc = int(place[3], 16) if place[3] else None
    return Frame(name(function), PurePath(place[1]).name, int(place[2]), pc)

"""Changes that nobody thought of: what can go wrong in each line of the runtime, found by the form in which all of the
source stands (clang-format's: a statement a line, a function from the left edge to the left edge)."""

import random
import re
from collections.abc import Iterator
from typing import NamedTuple

from .decisions import RUNTIME, Change

FILES = ["proc_*.cpp", "chan.cpp", "select.cpp", "sema.cpp", "std/sync.cpp", "time.cpp", "netpoll.cpp"]
FILES += ["lock_futex.cpp", "stack.cpp", "malloc.cpp", "panic.cpp", "signal_unix.cpp"]

_HEAD = re.compile(r"(?!struct|union|enum|class|namespace|extern|static_assert|#|//|using|typedef)\S.*\(.*\{")
_VOID = re.compile(r"(static |\[\[\w+\]\] )*void ")
_PLACE = r"[*(]*[A-Za-z_][\w.:\[\]()*&]*(?:->[\w.:\[\]()*&]+)*"  # what can be assigned to, with no space in it
_STORE = re.compile(rf"(?:{_PLACE}(?:, \w+)* [-+|&]?= .*|atomic::Store\w*\(.*\));")
_CALL = re.compile(
    r"(?!throw_|print|static_assert|return|sizeof)[A-Za-z_][\w:.>\-<]*\(.*\);|(?:\+\+|--)?[\w.>\-]+(?:\+\+|--);"
)
_LEAVE = re.compile(r"(?:return|continue|break|goto)\b.*;")
_BEFORE = re.compile(r"[;{})]$|\belse$|^$|:$")  # how a line ends before a statement begins
_WORDS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ", " != ": " == "}
_WORDS |= {" && ": " || ", " || ": " && ", " + 1": "", " - 1": "", "++": "--", "--": "++"}
_TURNED = re.compile("|".join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True)))


class Line(NamedTuple):
    """A line in a function: its number from 0, what of it is code, and the number of the line where the function
    begins."""

    number: int
    code: str
    head: int


def code(line: str) -> str:
    """The line without its comment, with what stands in quotes made blank: as long as before, up to the comment."""
    blank = re.sub(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", lambda quoted: "\0" * len(quoted[0]), line)
    return blank.partition("//")[0].rstrip()


def inside(lines: list[str]) -> Iterator[Line]:
    """The lines that stand in functions."""
    head = -1
    for number, line in enumerate(lines):
        if head < 0 and _HEAD.match(code(line)):
            if code(line).endswith("}"):
                continue  # the whole function on one line
            head = number
        elif line.startswith("}"):
            head = -1
        elif head >= 0:
            yield Line(number, code(line), head)


def head(text: str, at: int) -> int:
    """The number of the line where the function begins that has this place of the text in it, or -1."""
    number = text.count("\n", 0, at)
    return next((line.head for line in inside(text.splitlines()) if line.number >= number), -1)


def changes(file: str) -> Iterator[Change]:
    """All of one file."""
    text = (RUNTIME / file).read_text("utf-8")
    lines = text.splitlines(keepends=True)
    seen: dict[str, int] = {}
    stands = list(inside(lines))
    after = {one.number: other for one, other in zip(stands, stands[1:]) if other.number == one.number + 1}
    for line in stands:
        before = code(lines[line.number - 1])
        whole = bool(_BEFORE.search(before))
        for kind, new in _of_a_line(line, lines[line.number], whole, bool(_VOID.match(lines[line.head]))):
            yield _named(file, text, lines, line.number, 1, kind, new, seen)
        beside = after.get(line.number)
        if whole and beside and _STORE.fullmatch(line.code.strip()) and _STORE.fullmatch(beside.code.strip()):
            if not before.endswith((")", "else")):
                new = lines[beside.number] + lines[line.number]
                yield _named(file, text, lines, line.number, 2, "swap", new, seen)


def _of_a_line(line: Line, full: str, whole: bool, void: bool) -> Iterator[tuple[str, str]]:
    """(kind, the line then) of each change."""
    stripped = line.code.strip()
    first = len(line.code) - len(line.code.lstrip())
    if stripped.startswith("static_assert"):
        return
    condition = _condition(line.code)
    if condition:
        begin, end = condition
        yield "not", f"{full[:begin]}!({full[begin:end]}){full[end:]}"
        rest = line.code[end + 1 :].strip()
        if _STORE.fullmatch(rest) or _CALL.fullmatch(rest) or _LEAVE.fullmatch(rest):
            yield "drop", full[: end + 1] + " {}\n"
    elif whole and (_STORE.fullmatch(stripped) or _CALL.fullmatch(stripped)):
        yield "drop", " " * first + ";\n"
        if void:
            yield "return", " " * first + "return;\n"
    if stripped == "} else {":
        yield "else", " " * first + "} else if (false) {\n"
    elif stripped.startswith("else ") and not condition and stripped.endswith(";"):
        yield "else", " " * first + "else {}\n"
    for found in _TURNED.finditer(line.code):
        yield "turn", full[: found.start()] + _WORDS[found[0]] + full[found.end() :]


def _condition(text):
    """Where an if's or while's condition begins and ends, if it is one and whole."""
    found = re.match(r"\s*(?:\} )?(?:else )?(?:if|while) \(", text)
    if not found:
        return None
    depth = 1
    for at in range(found.end(), len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            declares = re.match(r"(?:auto|[\w:]+) ?[*&]* ?\w+ = |.*;", text[found.end() : at])
            return None if declares else (found.end(), at)
    return None


def _named(file, text, lines, number, count, kind, new, seen):
    """The change, told by its place, with as much around it as makes its old text stand once."""
    name = f"{file}:{number + 1}:{kind}"
    seen[name] = seen.get(name, 0) + 1
    if seen[name] > 1:
        name += f".{seen[name]}"
    begin, end = number, number + count
    while text.count("".join(lines[begin:end])) != 1:
        begin, end = max(0, begin - 1), min(len(lines), end + 1)
    around = ("".join(lines[begin:number]), "".join(lines[number + count : end]))
    return Change(name, file, "".join(lines[begin:end]), around[0] + new + around[1])


def files() -> list[str]:
    """Those that are changed, in runtime/."""
    return sorted(str(path.relative_to(RUNTIME)) for pattern in FILES for path in RUNTIME.glob(pattern))


def drawn(wanted: list[str], seed: int) -> list[Change]:
    """All changes of these files, in the order in which this seed draws them."""
    found = [change for file in wanted for change in changes(file)]
    random.Random(seed).shuffle(found)
    return found

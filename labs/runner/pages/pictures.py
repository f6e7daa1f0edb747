"""The pictures that the pages show: finds them in a page, draws them again from a run of today, compares, rewrites.

A picture is a Markdown image whose title is the command that makes it: `./lab report PROGRAM --svg`, with what it shows
and at which moment. It is read here and never handed to a shell; the programs are ours.
"""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..failure import Failure
from ..host import debugger, traces
from ..report import film, sources
from ..report import pictures as report
from ..tree import programs
from . import sessions
from .shelf import NOTES, language, spoken

IMAGE = re.compile(r'!\[([^\]]*)\]\(([^)\s]+)(?: "([^"]*)")?\)')
PLACE = re.compile(r"pictures/\w[\w.-]*(?<!\.zh)\.svg")
OPTIONS = {"--show": "show", "--at": "at"}
VALUE = re.compile(r"\w[\w.]*(?:/\w+)*")
BEGINS, WANTED = "./lab report ", "--svg"
MOST = 8  # lines of a difference that are shown


class BadPicture(Exception):
    """A picture that cannot be made, with the reason."""


@dataclass(frozen=True)
class Command:
    """What makes a picture: a program of ours, what is shown, and when; "" where the command leaves that open."""

    program: str
    show: str = ""
    at: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture of a page: the line (from 1) it stands in, its file, and what makes it."""

    line: int
    file: Path
    command: Command


def find(page: Path, text: str) -> list[Picture]:
    """The pictures of a page that are made from a run, in order."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for _, place, title in IMAGE.findall(line):
            if title.startswith(BEGINS.rstrip()):
                if not PLACE.fullmatch(place.removesuffix(".svg").removesuffix(language(page)) + ".svg"):
                    raise BadPicture(f"line {number}: {place} is no pictures/NAME{language(page)}.svg")
                found.append(Picture(number, NOTES / place, command(title)))
    return found


def command(title: str) -> Command:
    """The command in a title; BadPicture says what it has that no picture needs."""
    words = title.removeprefix(BEGINS).split()
    if not title.startswith(BEGINS) or not words or words[0] not in programs():
        raise BadPicture(f"`{title}` is not {BEGINS}PROGRAM ...")
    if words.count(WANTED) != 1:
        raise BadPicture(f"`{title}` has no {WANTED}")
    words.remove(WANTED)
    given = dict(zip(words[1::2], words[2::2]))
    for option, value in given.items():
        if option not in OPTIONS or not VALUE.fullmatch(value):
            raise BadPicture(f"`{option} {value}`: a picture takes {', '.join(OPTIONS)} with a name")
    if 2 * len(given) != len(words) - 1:
        raise BadPicture(f"`{title}`: each option once, with its value")
    return Command(words[0], **{OPTIONS[option]: value for option, value in given.items()})


# ---- making them again -----------------------------------------------------------------------------------------------


class Runs:
    """Runs of the programs that pictures show, each recorded once."""

    def __init__(self) -> None:
        self._films: dict[str, dict[str, Any]] = {}

    def drawn(self, made: Command, language: str) -> str:
        """The picture that a command makes for a reader of this language; Failure says why there is none."""
        if made.program not in self._films:
            trace = self.recorded(made.program)
            self._films[made.program] = film.of([(trace, sources.finder(trace["runtime"]))])
        return report.svg(self._films[made.program], made.show, made.at, language)

    def recorded(self, program: str) -> dict[str, Any]:
        """The trace of one run of a program, on the processors that a page's programs have."""
        return traces.live(debugger.program(program), affinity=sessions.processors())


def differences(shown: str, real: str) -> str:
    """What is wrong with a picture, as some lines of a diff; empty if a reader sees what the page shows."""
    one, other = ([sessions.normal(part) for part in split(svg)] for svg in (shown, real))
    lines = [line for line in difflib.unified_diff(one, other, n=0, lineterm="") if line[:3] not in ("---", "+++")]
    more = [f"... (of {len(lines)})"] if len(lines) > MOST else []
    return "\n".join([line for line in lines if not line.startswith("@@")][:MOST] + more)


def split(svg: str) -> list[str]:
    """An SVG file, one element a line."""
    return svg.replace("><", ">\n<").splitlines()


def checked(page: Path, text: str, runs: Runs, update: bool = False) -> tuple[list[Picture], list[str]]:
    """(the pictures of a page, what is wrong with them); `update` writes those that are not as they are made now."""
    try:
        found = find(page, text)
    except BadPicture as reason:
        return [], [str(reason)]
    wrong = []
    for picture in found:
        try:
            real = runs.drawn(picture.command, spoken(page))
        except Failure as failure:
            wrong.append(f"the picture of line {picture.line}: {failure}")
            continue
        there = picture.file.read_text("utf-8") if picture.file.is_file() else ""
        if difference := differences(there, real):
            if update:
                picture.file.parent.mkdir(exist_ok=True)
                picture.file.write_text(real, "utf-8")
            else:
                wrong.append(f"the picture of line {picture.line}, {picture.file.name}:\n{difference}")
    return found, wrong

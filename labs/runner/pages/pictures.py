"""The pictures that the pages show: finds them in a page, draws them again from a run of today, compares, rewrites.

A picture is a Markdown image whose title is the command that makes it: `./lab report PROGRAM --svg`, with what it shows
and at which moment. It is read here and never handed to a shell; the programs are ours.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ..tree import programs
from .shelf import NOTES, language

IMAGE = re.compile(r'!\[([^\]]*)\]\(([^)\s]+)(?: "([^"]*)")?\)')
PLACE = re.compile(r"pictures/[\w-]+\.svg")
OPTIONS = {"--show": "show", "--at": "at"}
VALUE = re.compile(r"\w[\w.]*(?:/\w+)*")
BEGINS, WANTED = "./lab report ", "--svg"


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

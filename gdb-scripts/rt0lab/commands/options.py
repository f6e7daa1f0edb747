"""What is typed behind a command's name: options, ids, and what gdb completes."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable
from typing import Any, NoReturn

from .. import program
from ..words import later, tr


# What argparse says, of which we take the places out again.
_OF_ARGPARSE = (
    later("argument {option}: {what}"),
    later("unrecognized arguments: {what}"),
    later("the following arguments are required: {what}"),
    later("expected one argument"),
    later("invalid int value: {what}"),
)


def _said(message):
    """A sentence of argparse's in the learner's language."""
    for sentence in _OF_ARGPARSE:
        found = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(sentence)), message, re.S)
        if found:
            return tr(sentence, **{name: _said(text) for name, text in found.groupdict().items()})
    return message


class Options(argparse.ArgumentParser):
    """A command's options; what is wrong with them is one sentence with the usage."""

    def __init__(self, command: str, usage: str = "[-json]") -> None:
        self.flags: list[str] = []  # what gdb can complete
        super().__init__(prog=command, usage=f"{command} {usage}", add_help=False, allow_abbrev=False)
        self.add_argument("-json", action="store_true")

    def add_argument(self, *names: Any, **how: Any) -> argparse.Action:
        """One more option, or a word that is none."""
        self.flags += [name for name in names if name.startswith("-")]
        return super().add_argument(*names, **how)

    def error(self, message: str) -> NoReturn:
        """Of argparse, which would end the program: gdb."""
        raise program.Problem(tr("{message}. Usage: {usage}", message=_said(message), usage=self.usage))

    def of(self, argument: str) -> argparse.Namespace:
        """What was typed, parsed."""
        try:
            return self.parse_args(shlex.split(argument))
        except ValueError as error:
            return self.error(str(error).lower())


def without_json(argument: str) -> tuple[str, bool]:
    """(what was typed but for the word -json, was that among it?), where what is typed is no list of options."""
    rest, count = re.subn(r"(?<!\S)-json(?!\S)", "", argument)
    return rest.strip(), count > 0


def complete(text: str, word: str | None, candidates: Iterable[str]) -> list[str]:
    """Those candidates that continue the last word of `text`; gdb breaks words at - and =, people do not.

    gdb asks twice: first, with no word, only where words break.
    """
    if word is None:
        return []
    last = text.rpartition(" ")[2]
    return [candidate[len(last) - len(word) :] for candidate in candidates if candidate.startswith(last)]


def ids(text: str) -> list[tuple[int, int]]:
    """`7`, `1-5`, `1,3,7-9`: a list of (first, last)."""
    found = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or dash and not last.isdecimal():
            raise program.Problem(tr("`{text}` names no goroutines: say 7, or 1-5, or 1,3,7-9, or all.", text=text))
        found.append((int(first), int(last or first)))
    return found

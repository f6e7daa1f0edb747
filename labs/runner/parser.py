"""How the command line explains itself and refuses: argparse's parser, with help that fits a terminal, an example for
every verb, and one sentence with what was probably meant."""

import argparse
import difflib
import re
from collections.abc import Iterable
from typing import Any, NoReturn

from rt0lab.words import in_a_row, later, screen, tr

from .failure import USAGE, Failure

# What argparse says, and how we say it; {first}, {second} are its groups.
REFUSALS = (
    (r"the following arguments are required: (.*)", later("{verb} wants {first}")),
    (
        r"argument (.*): invalid choice: '(.*)' \(choose from .*",
        later("{verb}: there is no {second}{near}; there are: {choices}"),
    ),
    (r"argument (.*): expected .*argument.*", later("{verb}: {first} wants a value")),
    (r"argument (.*): not allowed with argument (.*)", later("{verb}: {first} does not go with {second}")),
    (r"argument (.*): invalid .* value: '(.*)'", later("{verb}: {second} is no value for {first}")),
    (r"argument (.*): ignored explicit argument '(.*)'", later("{verb}: {first} takes no value, so not {second}")),
    (r"argument (.*?): (.*)", later("{verb}: {second}")),
)


class Parser(argparse.ArgumentParser):
    """A verb, or all of them: its `purpose` in some words, an `example` of every use, perhaps a description; `here`:
    it is about the exercise one is at."""

    def __init__(self, *, purpose: str = "", example: str = "", here: bool = False, **options: Any) -> None:
        super().__init__(**options, add_help=False)
        self.purpose, self.example = purpose, example
        self.here = here
        self.groups: list[tuple[str, list[str]]] = []  # the verbs below it, under titles
        self._below: Verbs | None = None
        self.add_argument("-h", "--help", action="help", help=tr("show this and do nothing"))

    def add_subparsers(self, **options: Any) -> Any:
        """Where the verbs below this one are added."""
        self._below = Verbs(super().add_subparsers(**options))
        return self._below

    def verbs(self) -> dict[str, "Parser"]:
        """The verbs below this one."""
        return self._below.parsers if self._below else {}

    def arguments(self) -> list[argparse.Action]:
        """What can stand behind it: options and words, verbs left out."""
        return [action for action in self._actions if action.nargs != argparse.PARSER]

    def command(self) -> str:
        """`./lab tour`: how people call it."""
        return "./" + self.prog

    def error(self, message: str) -> NoReturn:
        """argparse calls this: one sentence, and where to read more."""
        for pattern, said in REFUSALS:
            if found := re.fullmatch(pattern, message, re.S):
                choices = [word for a in self.arguments() if a.choices for word in map(str, a.choices)]
                names = choices or list(self.verbs())
                near = meant(found[found.lastindex or 0], names)
                first, second = (*found.groups(), "")[:2]
                message = tr(said, first=first, second=second, verb=self.command(), near=near, choices=in_a_row(names))
                break
        else:
            message = f"{self.command()}: {message}"
        raise self.refusal(message)

    def refusal(self, sentence: str) -> Failure:
        """A Failure that says where to read more."""
        more = f"./lab help{self.prog.removeprefix('lab')}"
        return Failure(tr("{sentence} ({more})", sentence=sentence, more=more), USAGE)

    def too_much(self, words: list[str]) -> Failure:
        """What is said about words that nobody knows."""
        word = words[0].partition("=")[0]
        options = [name for action in self.arguments() for name in action.option_strings]
        if word.startswith("-") and len(word) > 1:
            return self.refusal(
                tr("{verb} has no option {word}{meant}", verb=self.command(), word=word, meant=meant(word, options))
            )
        if self.here and re.fullmatch(r"\d\d?(-[\w-]*)?", word):
            return self.refusal(
                tr("{verb} is for the exercise you are at; ./lab goto {word} first", verb=self.command(), word=word)
            )
        return self.refusal(tr("{verb} does not know what to do with {word}", verb=self.command(), word=word))

    # ---- help --------------------------------------------------------------------------------------------------------

    def format_usage(self) -> str:
        """How it is written, in one line."""
        if self.usage:
            return f"{self.usage}\n"
        words = [bracketed(action) for action in self.arguments() if action.dest != "help"]
        words += [tr("VERB ...")] if self.verbs() else []
        return "\n".join(folded(" ".join([self.command(), *words]), "", "    ")) + "\n"

    def format_help(self) -> str:
        """What `-h` prints."""
        parts = [self.format_usage().rstrip("\n")]
        if self.description:
            parts.append("\n".join(folded(self.description)))
        below, titled = self.verbs(), self.groups or [("", list(self.verbs()))]
        for title, names in titled:
            rows = [row for name in names if name in below for row in described(name, below[name].purpose)]
            if rows:
                parts.append("\n".join([title, *rows] if title else rows))
        if rows := [row for a in self.arguments() for row in described(written(a), a.help or "")]:
            parts.append("\n".join(rows))
        if self.example:
            parts.append("\n".join([tr("For example:"), *(f"  {line}" for line in self.example.splitlines())]))
        return "\n\n".join(parts) + "\n"


class Verbs:
    """Where verbs are added."""

    def __init__(self, made: Any) -> None:
        self._made = made  # argparse's sub-commands
        self.parsers: dict[str, Parser] = {}

    def add_parser(self, name: str, *, help: str, example: str = "", description: str = "", **options: Any) -> Parser:
        """The parser of a new verb: what it is for, how it is used, and what more there is to say."""
        described = description or tr("{what}.", what=f"{help[:1].upper()}{help[1:]}")
        made = self._made.add_parser(name, purpose=help, example=example, description=described, **options)
        self.parsers[name] = made
        return made


def written(action: argparse.Action) -> str:
    """An argument as it is written: `--json FILE`, `PROGRAM`."""
    value = str(action.metavar or (action.dest.upper() if action.option_strings else action.dest))
    takes = "" if action.nargs == 0 else value
    return " ".join(filter(None, [", ".join(action.option_strings), takes]))


def bracketed(action: argparse.Action) -> str:
    """The same in the line that says how a verb is written: brackets around what may be left out."""
    if not action.option_strings:
        dots = "..." if action.nargs in ("*", "+", argparse.REMAINDER) else ""
        return (
            f"[{written(action)}{dots}]" if action.nargs in ("?", "*", argparse.REMAINDER) else written(action) + dots
        )
    text = written(action)
    return text if action.required else f"[{text}]"


def described(name: str, text: str, column: int = 14) -> list[str]:
    """Rows of a table of two columns: a name, and what it is."""
    first = screen.pad(f"  {name}", column)
    if screen.width(first) > column or not first.endswith(" "):
        return [first, *folded(text, " " * column)]
    return folded(text, first, " " * column)


def folded(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """The text in lines that fit a terminal."""
    return screen.wrap(text, first, rest)


def meant(word: str, names: Iterable[str]) -> str:
    """`; did you mean run?` for rnu, nothing where nothing is near."""
    near = difflib.get_close_matches(word, list(names), 1, 0.5) if len(word) > 2 else []
    return tr("; did you mean {word}?", word=near[0]) if near else ""

"""`lab man`: the manual page, made from what the parser knows."""

from argparse import Namespace
from collections.abc import Iterator

from rt0lab.words import tr

from ..parser import Parser, written
from . import Verbs, help


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "man",
        help=tr("the manual page of ./lab"),
        description=tr("Prints the manual page, for man or for a folder of manual pages."),
        example="./lab man | man -l -\n./lab man > ~/.local/share/man/man1/lab.1",
    )
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Prints it."""
    print(*page(args.top), sep="\n")
    return 0


def page(top: Parser) -> Iterator[str]:
    """The lines of the page, in man's own macros."""
    yield f'.TH LAB 1 "" "{help.version()}" "rt0lab"'
    yield from (".SH NAME", f"lab \\- {_plain(top.description)}", ".SH SYNOPSIS", ".B ./lab", f"[{tr('VERB ...')}]")
    for title, names in top.groups:
        yield f'.SH "{_plain(title.rstrip(":")).upper()}"'
        for name in names:
            yield from _verb(top.verbs()[name])
    yield from (".SH ENVIRONMENT",)
    for name, text in VARIABLES.items():
        yield from (".TP", f".B {name}", _plain(text))
    yield from (".SH EXIT STATUS", "0: it went well; 1: the work failed, or an answer is not right;")
    yield "2: wrong usage; 3: the machine cannot; 130: Ctrl\\-C."


VARIABLES = {
    "LAB_LANG": "en or zh: the language, instead of the locale's",
    "RT0LAB_STATE": "the file of your progress, instead of .lab/state.json",
    "RT0LAB_GDB": "the gdb to use, instead of the one in PATH",
    "NO_COLOR": "no colour",
}


def _verb(verb):
    yield f'.SS "{_plain(verb.format_usage().strip())}"'.replace("\n", " ")
    yield _plain(verb.description)
    for action in verb.arguments():
        if action.dest != "help":
            yield from (".TP", f".B {_plain(written(action))}", _plain(action.help))
    if verb.example:
        yield from (".PP", ".nf", ".RS", *(_plain(line) for line in verb.example.splitlines()), ".RE", ".fi")
    for below in verb.verbs().values():
        yield from _verb(below)


def _plain(text):
    """A text in which man finds nothing to obey."""
    text = " ".join((text or "").split()).replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{text}" if text[:1] in (".", "'") else text

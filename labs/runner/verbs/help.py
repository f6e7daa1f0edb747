"""`lab help [VERB...]`, `lab --version`, and what is said about a word that is no verb."""

import re
from argparse import Namespace

from rt0lab.words import tr

from ..exercises import answers
from ..failure import USAGE, Failure
from ..parser import Parser, meant
from ..tree import ROOT
from . import Verbs, exercises

# Typed in gdb, below the `lab` that an exercise has there.
IN_GDB = ("task", "snap", "diff", "when")
ANSWERS = ("answer", "predict")
# Commands of gdb itself, as far as the texts use them.
GDBS = ("rt0", "info", "print", "p", "x", "b", "break", "bt", "backtrace", "finish", "si", "stepi", "start", "starti")


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("help", help=tr("what a verb does, and how it is written"), example="./lab help check")
    verb.add_argument("words", nargs="*", metavar="VERB", help=tr("a verb (default: all of them)"))
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Prints the help of the verb that these words name."""
    found: Parser = args.top
    for word in args.words:
        if word not in found.verbs():
            raise unknown(found, [word])
        found = found.verbs()[word]
    found.print_help()
    return 0


def version() -> str:
    """Which lab this is: the build file says it."""
    number = re.search(r"\bversion: '([^']+)'", (ROOT / "meson.build").read_text())
    return f"rt0lab {number[1] if number else '?'}"


def unknown(parser: Parser, argv: list[str]) -> Failure:
    """What is said about a word that is no verb: where it is typed, or which verb was meant."""
    word = argv[0]
    if word in ANSWERS:
        return Failure(_answered(word, " ".join(argv[1:])), USAGE)
    if word in IN_GDB:
        return Failure(tr("`lab {word}` is typed in gdb: ./lab run opens it on your exercise", word=word), USAGE)
    if word in GDBS:
        return Failure(
            tr("`{word}` is typed in gdb: ./lab gdb opens it on our hello, ./lab run on your exercise", word=word),
            USAGE,
        )
    if word.startswith("-"):
        return parser.too_much([word])
    return Failure(
        tr(
            "there is no verb {word}{meant}",
            word=word,
            meant=meant(word, parser.verbs()) or tr("; ./lab help lists what there is"),
        ),
        USAGE,
    )


def _answered(word, rest):
    """Where the answer that somebody types at the shell belongs."""
    said = tr(
        "answers are typed in gdb, which ./lab run opens: lab {verb} {answer}",
        verb=word,
        answer=rest or "QUESTION = VALUE",
    )
    guide = exercises.guide()
    exercise = guide.current(guide.store.read())
    if not exercise.questions:
        return said
    file = answers.location(exercise)
    named = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    return said + tr("; or written to {file}, one a line, and judged by ./lab check", file=named)

"""`lab help [VERB...]`, `lab --version`, and what is said about a word that is no verb."""

import re
from argparse import Namespace

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
    verb = verbs.add_parser("help", help="what a verb does, and how it is written", example="./lab help check")
    verb.add_argument("words", nargs="*", metavar="VERB", help="a verb (default: all of them)")
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
        return Failure(f"`lab {word}` is typed in gdb: ./lab run opens it on your exercise", USAGE)
    if word in GDBS:
        return Failure(f"`{word}` is typed in gdb: ./lab gdb opens it on our hello, ./lab run on your exercise", USAGE)
    if word.startswith("-"):
        return parser.too_much([word])
    return Failure(f"there is no verb {word}{meant(word, parser.verbs()) or '; ./lab help lists what there is'}", USAGE)


def _answered(word, rest):
    """Where the answer that somebody types at the shell belongs."""
    said = f"answers are typed in gdb, which ./lab run opens: lab {word} {rest or 'QUESTION = VALUE'}"
    guide = exercises.guide()
    exercise = guide.current(guide.store.read())
    if not exercise.questions:
        return said
    file = answers.location(exercise)
    named = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    return f"{said}; or written to {named}, one a line, and judged by ./lab check"

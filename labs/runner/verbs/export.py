"""`lab export`: what a student hands in, as one file."""

import json
from argparse import Namespace

from rt0lab.words import screen, tr

from ..classes import roster, submission
from ..exercises import files
from ..failure import FAILED, USAGE, Failure
from ..host.output import writable
from . import Verbs, exercises


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "export", help=tr("write what you hand in to your teacher, as one file"), example="./lab export"
    )
    verb.add_argument("--student", metavar="ID", help=tr("who you are (default: who you joined a class as)"))
    verb.add_argument("-o", "--output", metavar="FILE", help=tr("the file (default: ID.json)"))
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Writes the file whole, or not at all."""
    this = exercises.guide()
    with this.store.change() as known:  # the seed is kept from now on
        progress = dict(known)
    student = args.student or submission.joined(progress)[1]
    if not student:
        raise Failure(this.say("export-who"), USAGE)
    if not roster.usable(student):
        raise Failure(this.say("export-no-id"), USAGE)
    path = writable(args.output or f"{student}.json")
    text = json.dumps(submission.made(this.exercises, progress, student), indent=1, sort_keys=True) + "\n"
    try:
        files.whole(path, text.encode())
    except OSError as error:
        raise Failure(tr("{path}: {why}", path=path, why=error.strerror), FAILED) from None
    print(*screen.wrap(this.say("exported", file=path, student=student)), sep="\n")
    return 0

"""`lab class new|join|exercises`: a class from a list of students, a student's seed of it, what there is to choose
from."""

from argparse import Namespace
from pathlib import Path

from rt0lab.words import screen, tr, trn

from ..classes import course, roster, submission
from ..exercises import forms
from ..failure import FAILED, Failure
from . import Verbs, exercises


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "class", help=tr("make a class of students; join one"), example="./lab class new students.csv"
    )
    parts = verb.add_subparsers(dest="part", metavar="new|join|exercises", required=True)
    part = parts.add_parser(
        "new",
        help=tr("a class from a list of students, or a new list for one that is there"),
        example="./lab class new students.csv --into autumn",
    )
    part.add_argument("roster", metavar="ROSTER.csv", help=tr("a column `id`, perhaps `name`; or one column of ids"))
    part.add_argument("--into", metavar="FOLDER", help=tr("where (default: what the list is called, without .csv)"))
    part.set_defaults(run=new)
    part = parts.add_parser(
        "join", help=tr("take your seed from the token that your teacher gave you"), example="./lab class join rt0-..."
    )
    part.add_argument("token", metavar="TOKEN", help=tr("the word that begins with rt0-"))
    part.set_defaults(run=join)
    part = parts.add_parser("exercises", help=tr("what there is to choose from"), example="./lab class exercises")
    part.set_defaults(run=listing)


def listing(args: Namespace) -> int:
    """Prints the exercises as a teacher needs them: ids for class.toml, minutes, points, the page to read before."""
    heads = ((tr("min"), 4), (tr("points"), 8))
    minutes, points = (" " * (columns - screen.width(head)) + head for head, columns in heads)
    print(f"{'id':18}{screen.pad(tr('kind'), 13)}{minutes}{points}  notes/")
    for exercise in forms.load_all():
        points = sum(question.points for question in exercise.questions)
        print(f"{exercise.id:18}{exercise.kind:13}{exercise.minutes:4}{points:8}  {exercise.note or '-'}")
    return 0


def new(args: Namespace) -> int:
    """Writes the folder of a class and says what is in it."""
    path = Path(args.roster)
    students = roster.read(path)
    folder = Path(args.into) if args.into else path.with_suffix("")
    if folder == path:
        raise Failure(tr("say where the class is to be: ./lab class new {path} --into FOLDER", path=path), FAILED)
    fresh = course.make(folder, students)
    what = tr("a new class") if fresh else tr("the class that was there, its key kept")
    count = trn("{n} student", "{n} students", len(students))
    print(tr("{folder}: {what}, {students}", folder=folder, what=what, students=count))
    print("  class.toml  ", tr("its policy: which exercises, what hints cost, the language of reports"))
    print("  key         ", tr("a secret: every seed follows from it; keep it, and give it to nobody"))
    print("  roster.csv  ", tr("each student's token; `./lab class join TOKEN` gives them their seed"))
    return 0


def join(args: Namespace) -> int:
    """Gives the learner here a class's seed; their own progress until now is kept aside."""
    found = course.membership(args.token)
    this = exercises.guide()
    with this.store.change() as known:
        other = known["seed"] != found.seed and known["exercises"]
        aside = this.store.aside("before-class") if other else None
        submission.join(known, found.course, found.student, found.seed)
    if aside:
        print(*screen.wrap(this.say("class-aside", file=aside.name)), sep="\n")
    print(*screen.wrap(this.say("class-joined", student=found.student, course=found.course)), sep="\n")
    return 0

"""`lab grade DIR`: judges what a class handed in, each submission in a process of its own, and writes one report."""

import os
import shutil
from argparse import Namespace
from pathlib import Path

from rt0lab import words
from rt0lab.words import in_a_row, tr, trn

from ..classes import course, entries, marks, reports, spread
from ..classes.grading import Grader
from ..exercises import files, forms
from ..failure import FAILED, USAGE, Failure, progress
from ..host import build, permits
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "grade",
        help=tr("for teachers: judge what a class handed in"),
        example="./lab grade handed-in --class autumn --format csv --out marks.csv",
    )
    verb.add_argument(
        "folder", metavar="DIR", help=tr("a file ID.json, or a folder ID with one in it, for each student")
    )
    verb.add_argument("--class", dest="course", metavar="CLASS", required=True, help=tr("the folder of the class"))
    verb.add_argument("--format", choices=(*reports.EACH, *reports.WHOLE), help=tr("of the report"))
    verb.add_argument("--out", metavar="OUT", help=tr("the report (a folder, for one file a student)"))
    verb.add_argument("--jobs", metavar="N", type=jobs, default=os.cpu_count() or 1, help=tr("how many at a time"))
    verb.add_argument("--results", metavar="FOLDER", help=tr("where single results are kept (default: OUT.results)"))
    verb.add_argument("--similar", metavar="FILE", help=tr("write who handed in the same source or witness, as CSV"))
    verb.add_argument("--student", metavar="ID", help=tr("DIR is what this one student handed in"))
    how = verb.add_mutually_exclusive_group()
    how.add_argument("--plan", action="store_true", help=tr("print one command for each submission without a result"))
    how.add_argument("--one", metavar="KEY", help=tr("judge this one alone, as a line of the plan says"))
    how.add_argument("--merge", action="store_true", help=tr("write the report from the results that are there"))
    verb.set_defaults(run=run)


def jobs(text: str) -> int:
    """How many at a time."""
    if not text.isdecimal() or not 0 < int(text[:6]) <= 1024:
        raise ValueError(text)
    return int(text)


def run(args: Namespace) -> int:
    """Grades; exit status 0 says that the grading worked, whatever the verdicts are."""
    writes = not (args.plan or args.one)
    if writes and not (args.format and args.out) or not (args.out or args.results):
        raise Failure(tr("say what to write: --format FORMAT --out OUT (--plan and --one: --results FOLDER)"), USAGE)
    folder, results = Path(args.folder), Path(args.results or f"{args.out}.results").resolve()
    _outside(folder, results, *(Path(name) for name in (args.out, args.similar) if name))
    this = course.load(Path(args.course))
    words.choose(this.policy.language)
    if args.student and this.student(args.student) is None:
        raise Failure(tr("{student} is not in the class", student=args.student[:40]), USAGE)
    found = [entries.single(folder, args.student)] if args.student else entries.load(folder)
    results.mkdir(parents=True, exist_ok=True)
    grader = Grader(this, forms.load_all(), results / "programs")
    if args.plan:
        for line in spread.plan(folder, this.folder, results, spread.open_entries(grader, found, results)):
            print(line)
        return 0
    chosen = [entry for entry in found if entry.key == args.one] if args.one else found
    if args.one and not chosen:
        raise Failure(tr("no submission has the key {one}", one=args.one[:20]), USAGE)
    if not args.merge:
        _grade(grader, chosen, results, args.jobs)
    if writes:
        _report(grader, spread.merge(grader, found, results, everybody=args.format == "csv"), args)
        shutil.rmtree(results / "programs", ignore_errors=True)
    return 0


def _outside(folder, *places):
    """What is written does not lie among what was handed in, where it would be graded next time."""
    for place in places:
        if place.resolve() == folder.resolve() or folder.resolve() in place.resolve().parents:
            raise Failure(
                tr("{place} lies in {folder}, where it would be taken for a submission", place=place, folder=folder),
                USAGE,
            )


def _grade(grader, chosen, results, count):
    """What all submissions need is made once, before the first of them."""
    permits.find_gdb()
    if not permits.ptrace_permitted():
        progress(
            tr("ptrace is refused here: programs are looked at in cores; what needs more than that is inconclusive")
        )
    build.build("debug")
    left = spread.open_entries(grader, chosen, results)
    if len(left) < len(chosen):
        progress(
            tr(
                "{before} of {all} graded before",
                before=len(chosen) - len(left),
                all=trn("{n} submission", "{n} submissions", len(chosen)),
            )
        )
    spread.grade(grader, left, results, count)


def _report(grader, results, args):
    report = reports.Report(grader.course.policy, grader.exercises)
    out = Path(args.out)
    try:
        if args.format in reports.WHOLE:
            files.whole(out, reports.WHOLE[args.format](report, results).encode())
        elif len(results) == 1:
            files.whole(out, reports.EACH[args.format](report, results[0]).encode())
        else:
            out.mkdir(exist_ok=True)
            for result in results:
                files.whole(out / f"{_name(result, results)}.json", reports.EACH[args.format](report, result).encode())
        if args.similar:
            files.whole(Path(args.similar), reports.similar(report, results).encode())
    except OSError as error:
        raise Failure(tr("{path}: {why}", path=error.filename or out, why=error.strerror), FAILED) from None
    retried = sum(bool(result.retried) for result in results)
    if retried:
        progress(
            trn(
                "for {n} submission something took too long and was judged twice",
                "for {n} submissions something took too long and was judged twice",
                retried,
            )
        )
    whats = [mark.what for result in results for mark in result.marks]
    counts = in_a_row(f"{whats.count(what)} {what}" for what in marks.VERDICTS)
    print(tr("{out}: {students}; {counts}", out=out, students=_students(len(results)), counts=counts))


def _students(n):
    return trn("{n} student", "{n} students", n)


def _name(result, results):
    """What a student's file is called: the id, or the key if somebody handed in twice."""
    alone = sum(other.student == result.student for other in results) == 1
    return result.student if alone and len(result.student.encode()) <= 200 else result.key

"""`lab bench grade`: how long a class takes to be graded, and whether two runs say the same."""

import os
import resource
import tempfile
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from ..classes import entries, invented, reports, spread
from ..classes.grading import Grader
from ..exercises import forms
from ..failure import progress
from ..host import build
from .peers import met
from .table import line, number

SUBMISSIONS = 20
# seconds of one processor for one submission: 200 of them on two processors in eight minutes
GOAL = {"cpu": 2 * 8 * 60 / 200}


def run(args: Namespace) -> list[dict[str, Any]]:
    """Grades a class of --rounds students twice, prints what that took, and returns the figure, if it is asked for."""
    if not "grade".startswith(args.only):
        return []
    figure = graded(args.rounds or SUBMISSIONS)
    widths = (34, 10)
    of = f"{figure['submissions']} submissions of {figure['exercises']} exercises, {figure['jobs']} at a time"
    print(f"grading a class: {of}\n")
    for title, key in (("by the clock, all (s)", "ours"), ("processor time, each (s)", "cpu")):
        print(line(title, [number(figure[key], 2)], widths))
    print(line("the second run says the same", ["yes" if figure["same"] else "NO"], widths))
    print(f"\n  goal at most {GOAL['cpu']:.1f} s of a processor each: {'met' if figure['met']['cpu'] else 'NOT met'}")
    return [figure]


def graded(count: int) -> dict[str, Any]:
    """The figure: a class of so many, graded twice from nothing."""
    build.build("debug")
    jobs = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        course = invented.make(Path(folder), forms.load_all(), count)
        said, times = [], []
        for number_of_run in (1, 2):
            progress(f"grading {count} submissions, run {number_of_run} of 2")
            results = Path(folder) / f"results-{number_of_run}"
            results.mkdir()
            grader = Grader(course, forms.load_all(), results / "programs")
            found = entries.load(Path(folder) / "in")
            before = _spent()
            spread.grade(grader, found, results, jobs)
            times.append([now - then for now, then in zip(_spent(), before)])
            merged = spread.merge(grader, found, results, everybody=True)
            said.append(reports.table(reports.Report(course.policy, grader.exercises), merged))
    clock, cpu = min(times)
    figure = {
        "name": "grade",
        "unit": "s",
        "submissions": count,
        "exercises": len(grader.exercises),
        "jobs": jobs,
        "ours": round(clock, 2),
        "cpu": round(cpu / count, 3),
        "same": said[0] == said[1],
        "goal": GOAL,
    }
    figure["met"] = met(figure)
    return figure


def _spent():
    """(the clock, processor time of all that has ended here)"""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic(), usage.ru_utime + usage.ru_stime

"""`lab bench grade`: how long a class takes to be graded, and whether two runs say the same."""

import os
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
GOAL = {"each": 2 * 8 * 60 / 200}


def run(args: Namespace) -> list[dict[str, Any]]:
    """Grades a class of --rounds students twice, prints what that took, and returns the figure, if it is asked for."""
    if not "grade".startswith(args.only):
        return []
    figure = graded(args.rounds or SUBMISSIONS)
    widths = (34, 10)
    of = f"{figure['submissions']} submissions of {figure['exercises']} exercises, {figure['jobs']} at a time"
    print(f"grading a class: {of}\n")
    for title, key in (("by the clock, all (s)", "ours"), ("one, on one processor (s)", "each")):
        print(line(title, [number(figure[key], 2)], widths))
    print(line("the second run says the same", ["yes" if figure["same"] else "NO"], widths))
    print(f"\n  goal at most {GOAL['each']:.1f} s for one: {'met' if figure['met']['each'] else 'NOT met'}")
    return [figure]


def graded(count: int) -> dict[str, Any]:
    """The figure: a class of so many, graded twice from nothing."""
    build.build("debug")
    jobs = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        # The goal was set for the first fifteen of them.
        exercises = [exercise for exercise in forms.load_all() if not exercise.go]
        course = invented.make(Path(folder), exercises, count)
        said, times = [], []
        for number_of_run in (1, 2):
            progress(f"grading {count} submissions, run {number_of_run} of 2")
            results = Path(folder) / f"results-{number_of_run}"
            results.mkdir()
            grader = Grader(course, exercises, results / "programs")
            found = entries.load(Path(folder) / "in")
            began = time.monotonic()
            spread.grade(grader, found, results, jobs)
            times.append(time.monotonic() - began)
            merged = spread.merge(grader, found, results, everybody=True)
            said.append(reports.table(reports.Report(course.policy, grader.exercises), merged))
    figure = {
        "name": "grade",
        "unit": "s",
        "submissions": count,
        "exercises": len(grader.exercises),
        "jobs": jobs,
        "ours": round(min(times), 2),
        "each": round(min(times) * jobs / count, 3),
        "same": said[0] == said[1],
        "goal": GOAL,
    }
    figure["met"] = met(figure)
    return figure

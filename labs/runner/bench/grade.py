"""`lab bench grade`: how long a class takes to be graded, and whether two runs say the same."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..classes import entries, invented, reports, spread
from ..classes.grading import Grader
from ..exercises import forms
from ..host import build
from .rounds import Asked, Pace
from .table import line, number

SUBMISSIONS, QUICK = 20, 4
RUNS = 2
SECONDS = 4  # of one submission, graded twice
# seconds of one processor for one submission: 200 of them on two processors in eight minutes
GOAL = {"each": 2 * 8 * 60 / 200}


def planned(asked: Asked) -> dict[str, float]:
    """The seconds it takes, if it is asked for."""
    return {"grade": SECONDS * submissions(asked)} if asked.wants("grade") else {}


def submissions(asked: Asked) -> int:
    """How large the class is."""
    return asked.rounds or (QUICK if asked.quick else SUBMISSIONS)


def run(asked: Asked, pace: Pace) -> Iterator[dict[str, Any]]:
    """Grades a class twice, prints what that took, and yields the figure, if there was time."""
    figure = graded(submissions(asked), pace)
    if not figure:
        return
    widths = (34, 10)
    of = f"{figure['submissions']} submissions of {figure['exercises']} exercises, {figure['jobs']} at a time"
    print(f"grading a class: {of}\n")
    for title, key in (("by the clock, all (s)", "ours"), ("one, on one processor (s)", "each")):
        print(line(title, [number(figure[key], 2)], widths))
    if asked.since:
        print(line("since the file", [asked.change(figure)], widths))
    print(line("the second run says the same", ["yes" if figure["same"] else "NO"], widths))
    print(f"\n  goal at most {GOAL['each']:.1f} s for one: {'met' if figure['met']['each'] else 'NOT met'}")
    yield figure


def graded(count: int, pace: Pace) -> dict[str, Any] | None:
    """The figure: a class of so many, graded twice from nothing; None if there was no time."""
    with pace.apart():
        build.build("debug")
    jobs = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        # The goal was set for the first fifteen of them.
        exercises = [exercise for exercise in forms.load_all() if not exercise.go]
        course = invented.make(Path(folder), exercises, count)
        said, times = [], []
        for turn in pace.rounds("grade", RUNS):
            results = Path(folder) / f"results-{turn}"
            results.mkdir()
            grader = Grader(course, exercises, results / "programs")
            found = entries.load(Path(folder) / "in")
            began = time.monotonic()
            spread.grade(grader, found, results, jobs)
            times.append(time.monotonic() - began)
            merged = spread.merge(grader, found, results, everybody=True)
            said.append(reports.table(reports.Report(course.policy, grader.exercises), merged))
    if len(times) < RUNS:
        return None
    each = min(times) * jobs / count
    return {
        "name": "grade",
        "unit": "s",
        "submissions": count,
        "exercises": len(grader.exercises),
        "jobs": jobs,
        "ours": round(min(times), 2),
        "each": round(each, 3),
        "same": said[0] == said[1],
        "goal": GOAL,
        "met": {"each": each <= GOAL["each"]},
    }

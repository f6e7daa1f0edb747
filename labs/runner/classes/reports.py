"""Writes results as course systems read them: a table, JUnit's XML, Gradescope's and Exercism's JSON."""

import csv
import io
import json
from collections.abc import Callable
from xml.etree import ElementTree

from rt0lab.formats import untrusted
from rt0lab.words import tr

from ..exercises import judge
from ..exercises.forms import Exercise
from .course import Policy
from .marks import Mark, Result

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 1000


class Report:
    """How verdicts are told in one class."""

    def __init__(self, policy: Policy, exercises: list[Exercise]) -> None:
        self.exercises = {exercise.id: exercise for exercise in exercises}
        self._texts = {exercise.id: exercise.texts(policy.language) for exercise in exercises}

    def number(self, mark: Mark) -> str:
        """`10.2`: the second question of exercise 10."""
        exercise = self.exercises[mark.exercise]
        ids = [question.id for question in exercise.questions]
        return f"{exercise.number}.{ids.index(mark.question) + 1}"

    def told(self, mark: Mark) -> str:
        """What the student is told about one verdict; never the truth."""
        texts = self._texts[mark.exercise]
        if mark.what == judge.PASS:
            return texts.to_right(mark.question)
        if mark.what == judge.WRONG:
            return texts.to_wrong(mark.question, mark.reason)
        if mark.said:
            return tr("it does not compile:") + "\n" + untrusted.shown_lines(mark.said)
        if mark.what == judge.INCOMPLETE:
            return tr("not answered, or not with anything that could be an answer")
        return tr("inconclusive, and no fault of yours: {reason}", reason=_reason(mark.reason))


def _reason(code):
    """Why nothing can be said, in a sentence."""
    known = {
        "seed": tr("the answers are for another seed than yours; join the class with your token and answer again"),
        "build": tr("your runtime was built from other sources or by another compiler than the grader's"),
        "exercise": tr("the exercise was another one than the grader's"),
    }
    return known.get(code) or untrusted.shown(code, _LONGEST)


def table(report: Report, results: list[Result]) -> str:
    """CSV: a row a student; points of each exercise, then the verdict on each question."""
    questions = [(e.id, q.id) for e in report.exercises.values() for q in e.questions]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [f"{exercise}.{question}" for exercise, question in questions]
    writer.writerow(["student", "name", "points", "of", *report.exercises, *names, "remarks"])
    for result in results:
        what = {(mark.exercise, mark.question): mark.what for mark in result.marks}
        points = [
            _number(sum(mark.points for mark in result.marks if mark.exercise == name)) for name in report.exercises
        ]
        row = [result.student, result.name, _number(result.points), result.of, *points]
        row += [what.get(question, judge.INCOMPLETE) for question in questions]
        writer.writerow([_cell(cell) for cell in [*row, "; ".join(result.remarks)]])
    return text.getvalue()


def _number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _cell(value):
    """A cell that no spreadsheet takes for a formula."""
    text = str(value)
    return "'" + text if text.startswith(_FORMULA) else text


def junit(report: Report, results: list[Result]) -> str:
    """JUnit's XML: a suite a student, a case a question. What could not be judged is an error, not a failure."""
    top = ElementTree.Element("testsuites", name="rt0lab")
    for result in results:
        counts = [mark.what for mark in result.marks]
        suite = ElementTree.SubElement(
            top,
            "testsuite",
            name=untrusted.shown(result.student),
            tests=str(len(counts)),
            failures=str(counts.count(judge.WRONG) + counts.count(judge.INCOMPLETE)),
            errors=str(counts.count(judge.INCONCLUSIVE)),
        )
        for mark in result.marks:
            folder = report.exercises[mark.exercise].folder.name
            case = ElementTree.SubElement(suite, "testcase", classname=folder, name=mark.question)
            if mark.what != judge.PASS:
                kind = "error" if mark.what == judge.INCONCLUSIVE else "failure"
                ElementTree.SubElement(case, kind, type=mark.what, message=report.told(mark))
        if result.remarks:
            ElementTree.SubElement(suite, "system-out").text = "\n".join(result.remarks)
    ElementTree.indent(top, " ")
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=False) + "\n"


def gradescope(report: Report, result: Result) -> str:
    """results.json of a Gradescope autograder, for one submission."""
    tests = [
        {
            "name": f"{mark.exercise}: {mark.question}",
            "number": report.number(mark),
            "score": mark.points,
            "max_score": mark.of,
            "status": "passed" if mark.what == judge.PASS else "failed",
            "output": report.told(mark),
            "output_format": "text",
            "tags": [report.exercises[mark.exercise].kind, mark.what],
            "visibility": "visible",
        }
        for mark in result.marks
    ]
    return _json(
        {
            "output": "\n".join(result.remarks),
            "output_format": "text",
            "stdout_visibility": "hidden",
            "score": result.points,
            "tests": tests,
            "extra_data": {"attempts": result.attempts},
        }
    )


def exercism(report: Report, result: Result) -> str:
    """results.json of an Exercism test runner, for one submission."""
    statuses = {judge.PASS: "pass", judge.INCONCLUSIVE: "error"}
    tests = [
        {
            "name": f"{mark.exercise}: {mark.question}",
            "status": statuses.get(mark.what, "fail"),
            "message": None if mark.what == judge.PASS else report.told(mark),
        }
        for mark in result.marks
    ]
    found = {str(test["status"]) for test in tests}
    status = "error" if "error" in found or not tests else "fail" if "fail" in found else "pass"
    message = "\n".join(result.remarks) or None
    return _json({"version": 2, "status": status, "message": message, "tests": tests})


def similar(report: Report, results: list[Result]) -> str:
    """CSV: the students who handed in the same file of source or the same witness. A list to look at, no verdict."""
    same: dict[tuple[str, str, str], list[str]] = {}
    for result in results:
        for name, gist in result.sources.items():
            same.setdefault((name, "source", gist), []).append(result.student)
        for mark in result.marks:
            question = report.exercises[mark.exercise].question(mark.question)
            if mark.answer and question and question.type == "witness":
                same.setdefault((mark.exercise, mark.question, "".join(mark.answer.split())), []).append(result.student)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["exercise", "what", "students"])
    for (exercise, what, _), students in sorted(same.items()):
        if len(students) > 1:
            writer.writerow([_cell(cell) for cell in (exercise, what, "; ".join(students))])
    return text.getvalue()


def _json(value):
    return json.dumps(value, indent=1, sort_keys=True) + "\n"


WHOLE: dict[str, Callable[[Report, list[Result]], str]] = {"csv": table, "junit": junit}
EACH: dict[str, Callable[[Report, Result], str]] = {"gradescope": gradescope, "exercism": exercism}

"""Grades one submission: whose it is, whether its seed is theirs, and what its answers come to on this machine."""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from rt0lab.formats import untrusted
from rt0lab.words import in_a_row, tr

from ..exercises import ask, golang, judge, judging, literals, types
from ..exercises.forms import Exercise
from ..exercises.judge import Verdict
from ..exercises.making import source
from ..failure import Failure
from . import identity, marks, submission
from .course import Course
from .entries import Entry
from .marks import Result
from .roster import Student
from .submission import Malformed, Submission, Work

_NOTHING = Verdict(judge.INCOMPLETE)


class Grader:
    """One class, the exercises that count in it, and where programs are built."""

    def __init__(self, course: Course, exercises: list[Exercise], home: Path) -> None:
        self.course, self.exercises, self.home = course, marks.counted(course, exercises), home
        forms = [(exercise.id, identity.form(exercise)) for exercise in self.exercises]
        self.retried: list[str] = []  # exercises of the last submission that were judged twice
        built = (identity.runtime(), identity.compiler(), forms)
        self._ground = marks.basis(course.key, course.students, course.policy, built)

    def basis(self, entry: Entry) -> str:
        """The hash of all that this entry's result follows from."""
        sha = ""
        if not entry.trouble:
            try:
                sha = submission.content(entry.path)
            except Malformed as problem:
                sha = str(problem)
        return marks.basis(self._ground, entry.name, entry.trouble, sha)

    def failed(self, entry: Entry, why: str) -> Result:
        """The result of a submission that could not be judged; not its student's fault, or not for sure."""
        verdict = Verdict(judge.INCONCLUSIVE, why)
        return self._result(entry, self.course.student(entry.name), [why], {}, {e.id: verdict for e in self.exercises})

    def missing(self, student: Student) -> Result:
        """The result of a student who has handed in nothing."""
        none = Entry(hashlib.sha256(f"missing {student.id}".encode()).hexdigest()[:16], student.id, Path())
        return self._result(none, student, [tr("nothing was handed in")], {}, {})

    def grade(self, entry: Entry) -> Result:
        """The result of one submission."""
        self.retried = []
        student = self.course.student(entry.name)
        try:
            if entry.trouble:
                raise Malformed(entry.trouble)
            found = submission.read(entry.path)
        except Malformed as problem:
            return self._result(entry, student, [tr("this is no submission: {problem}", problem=problem)], {}, {})
        if student is None:
            student = self.course.student(found.student)
        if student is None:
            who = untrusted.shown(found.student, 60)
            return self._result(entry, None, [tr("{who} is not in the class", who=who)], {}, {})
        works = {e.id: found.exercises[e.id] for e in self.exercises if e.id in found.exercises}
        remarks = [*self._remarks(student, found)]
        if found.seed != self.course.seed(student.id):
            verdicts = {e.id: _all(e, works[e.id], "seed") for e in self.exercises if e.id in works}
            return self._result(entry, student, remarks, works, verdicts)
        return self._result(entry, student, remarks, works, self._verdicts(student, found, works))

    def _remarks(self, student: Student, found: Submission) -> Iterator[str]:
        """What is odd about a submission, in sentences for the teacher."""
        if found.seed != self.course.seed(student.id):
            owner = self.course.owner(found.seed)
            yield (
                tr("these are answers to the seed of another student, {other}", other=owner.id)
                if owner
                else tr("these are answers to a seed that nobody in the class has; the student has not joined it")
            )
        if found.student != student.id:
            yield tr("the file says it is {other}'s", other=untrusted.shown(found.student, 60))
        if (found.runtime, found.compiler) != (identity.runtime(), identity.compiler()):
            yield tr("made with another runtime or compiler than the grader's")
        strange = sorted(set(found.exercises) - {e.id for e in self.exercises})
        if strange:
            names = in_a_row(untrusted.shown(name, 40) for name in strange[:5])
            yield tr("exercises that do not count here: {names}", names=names)

    def _verdicts(self, student, found, works):
        """{exercise: {question: Verdict}} of what was answered; one exercise that cannot be judged costs no other."""
        cases = [(e, _judgeable(e, works[e.id])) for e in self.exercises if e.id in works]
        cases = [case for case in cases if case[1]]
        seed = self.course.seed(student.id)
        judged = self._tried(cases, works, seed)
        for exercise, _ in cases:
            golang.forget(exercise, self.home, seed)
        other = (found.runtime, found.compiler) != (identity.runtime(), identity.compiler())
        return {e.id: _fair(e, works[e.id], other, rows) for (e, _), rows in zip(cases, judged)}

    def _tried(self, cases, works, seed):
        """The verdicts of these cases; what took too long is judged once more, alone, and that is recorded."""
        try:
            judged = judging.verdicts(cases, self.home, seed) if cases else []
        except Failure:
            judged = [self._alone(case, works[case[0].id], seed) for case in cases]
        late = [any(found.reason.startswith(tr(ask.LATE)) for found in rows.values()) for rows in judged]
        self.retried = [exercise.id for (exercise, _), again in zip(cases, late) if again]
        again = {e.id: self._alone((e, answers), works[e.id], seed) for e, answers in cases if e.id in self.retried}
        return [again.get(exercise.id, rows) for (exercise, _), rows in zip(cases, judged)]

    def _alone(self, case, work, seed):
        try:
            return judging.verdicts([case], self.home, seed)[0]
        except Failure as failure:
            return _all(case[0], work, str(failure))

    def _result(self, entry, student, remarks, works, verdicts):
        """A Result from {exercise: Verdict, or {question: Verdict}}; what is not in it is incomplete."""
        rows = []
        for exercise in self.exercises:
            work, found = works.get(exercise.id, Work()), verdicts.get(exercise.id, {})
            for question in exercise.questions:
                verdict = found if isinstance(found, Verdict) else found.get(question.id, _NOTHING)
                rows.append(marks.mark(exercise, question, verdict, self.course.policy, work.hints.get(question.id, 0)))
        return Result(
            entry.key,
            self.basis(entry) if entry.path != Path() else "",
            student.id if student else untrusted.shown(entry.name, 100),
            student.name if student else "",
            [untrusted.shown(remark, 300) for remark in remarks],
            rows,
            {name: work.attempts for name, work in works.items()},
            self.retried,
            {e.id: _gist(works[e.id].file) for e in self.exercises if e.id in works and _begun(e, works[e.id].file)},
        )


def _all(exercise, work, why):
    """Every answer inconclusive, for one reason."""
    given = [q.id for q in exercise.questions if q.id in work.answers or exercise.written and work.file.strip()]
    return {name: Verdict(judge.INCONCLUSIVE, why, work.answers.get(name)) for name in given}


def _judgeable(exercise: Exercise, work: Work) -> dict[str, str]:
    """The answers that could be some at all, of whatever type is asked for."""
    if exercise.written:
        return {source.FILE: work.file} if work.file.strip() else {}
    found = {}
    for question in exercise.questions:
        with contextlib.suppress(literals.BadLiteral, KeyError):
            types.TYPES[question.type].read(work.answers[question.id])
            found[question.id] = work.answers[question.id]
    return found


def _fair(exercise, work, other, verdicts):
    """Where the student had another runtime or exercise than the grader, what is wrong here may have been right
    there."""
    reason = "build" if other else "exercise" if work.form != identity.form(exercise) else ""
    if not reason:
        return verdicts
    return {
        name: Verdict(judge.INCONCLUSIVE, reason, found.text) if found.what == judge.WRONG else found
        for name, found in verdicts.items()
    }


def _begun(exercise, text):
    """Did the student write more than what all begin with? A bug of the runtime is mended by all in the same way."""
    return exercise.written and not exercise.sources and text.strip() and source.begun(exercise, text, 0)


def _gist(text: str) -> str:
    """A hash of a file of source that blanks do not change."""
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()

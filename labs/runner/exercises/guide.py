"""What a learner is shown besides verdicts, on the command line as in gdb: the task, the hints, the list, what comes
next."""

import re
from collections.abc import Collection, Iterator

from rt0lab.boot import stages
from rt0lab.words import in_a_row, screen

from ..failure import FAILED, USAGE, Failure
from . import forms, state
from .forms import Exercise
from .language import Messages
from .state import Progress, Store

_TASK = re.compile(r"(\d+)\. `([a-z0-9-]+)`")

TITLE = 50  # columns of `NN id: title` in the list


class Guide:
    """The exercises, one learner's progress and language."""

    def __init__(self, language: str, store: Store, exercises: list[Exercise] | None = None) -> None:
        self.language, self.store = language, store
        self.say = Messages(language)
        self.exercises = forms.load_all() if exercises is None else exercises

    def find(self, word: str) -> Exercise:
        """The exercise of that id, number or folder name; Failure names those there are."""
        for exercise in self.exercises:
            if word in (exercise.id, exercise.number, exercise.number.lstrip("0"), exercise.folder.name):
                return exercise
        names = in_a_row(e.id for e in self.exercises)
        raise Failure(self.say("no-exercise", word=word[:40], names=names), USAGE)

    def current(self, progress: Progress) -> Exercise:
        """The exercise the learner is at: the one chosen last, else the first."""
        return next((e for e in self.exercises if e.id == progress["current"]), self.exercises[0])

    def following(self, progress: Progress, exercise: Exercise) -> Exercise | None:
        """The next exercise after this one that is not passed, behind the last one the first; None if all are."""
        after = self.exercises.index(exercise) + 1
        around = self.exercises[after:] + self.exercises[: after - 1]
        return next((e for e in around if not passed(progress, e)), None)

    def move(self, exercise: Exercise) -> None:
        """Makes this exercise the current one."""
        with self.store.change() as progress:
            progress["current"] = exercise.id

    def head(self, exercise: Exercise) -> str:
        """One line about an exercise: kind, minutes, what it builds on, where Go has it, the page that goes with it."""
        parts = [self.say("kind-" + exercise.kind), self.say("minutes", n=exercise.minutes)]
        if exercise.needs:
            parts.append(self.say("after", names=in_a_row(exercise.needs)))
        if exercise.stage:
            parts.append(f"Go 1.10: {go_place(exercise)}")
        if exercise.note:
            parts.append(self.note(exercise))
        return " | ".join(parts)

    def note(self, exercise: Exercise) -> str:
        """The page that goes with an exercise, in the learner's language: `notes/tls-g0-and-m0.zh.md`."""
        ending = ".md" if self.language == "en" else f".{self.language}.md"
        return f"notes/{exercise.note}{ending}"

    def task(self, exercise: Exercise, done: Collection[str] = (), wrong: Collection[str] = ()) -> list[str]:
        """The screen that says what to do; what is done is ticked off, what was answered wrong is marked."""
        texts = exercise.texts(self.language)
        lines = [f"== {exercise.number} {texts.title}", *screen.wrap(self.head(exercise), "   ")]
        for line in texts.body.splitlines():
            task = _TASK.match(line)
            lines.append(marked(task[2] in done, task[2] in wrong) + line if task else line)
        return lines

    def name(self, exercise: Exercise) -> str:
        """`01 entry: What does the kernel run first?`"""
        return f"{exercise.number} {exercise.texts(self.language).title}"

    def rows(self, progress: Progress) -> Iterator[str]:
        """The list of exercises, one line each."""
        now = self.current(progress)
        for exercise in self.exercises:
            entry = state.look(progress, exercise.id)
            mark = "->" if exercise is now else "  "
            left = "status-tried" if tried(progress, exercise) else "status-open"
            status = self.say("status-pass" if entry["status"] == "pass" else left)
            points = sum(q.points for q in exercise.questions)
            score = f"{entry['best']}/{points}" if points else ""
            title, minutes = self.name(exercise), self.say("minutes", n=exercise.minutes)
            yield f"{mark} {screen.pad(title, TITLE)} {screen.pad(status, 7)} {score:5} {minutes}"

    def hint(self, exercise: Exercise, words: list[str], done: Collection[str], command: str) -> list[str]:
        """The lines of the next hint, or of the one asked for by [QUESTION] [LEVEL] behind the `command`."""
        question, level = self._asked(exercise, words, done, command)
        with self.store.change() as progress:
            used = state.record(progress, exercise.id)["hints_used"]
            level = level or min(used.get(question.id, 0) + 1, forms.HINTS)
            used[question.id] = max(level, used.get(question.id, 0))
        text = exercise.texts(self.language).hints[question.id][level - 1]
        return ["  " + self.say("hint", question=question.id, n=level, of=forms.HINTS), *screen.wrap(text, "  ")]

    def _asked(self, exercise, words, done, command):
        if not exercise.questions:
            raise Failure(self.say("nothing-to-solve"), FAILED)
        question, level = None, 0
        for word in words:
            if word.isdecimal() and 1 <= int(word[:9]) <= forms.HINTS:
                level = int(word)
            elif exercise.question(word):
                question = exercise.question(word)
            else:
                names = " | ".join(q.id for q in exercise.questions)
                raise Failure(self.say("hint-usage", command=command, names=names), USAGE)
        return question or next((q for q in exercise.questions if q.id not in done), exercise.questions[0]), level

    def solution(self, exercise: Exercise, progress: Progress) -> list[str]:
        """The explained solution's lines; Failure before the pass."""
        if not passed(progress, exercise):
            raise Failure(self.say("solution-closed"), FAILED)
        return exercise.texts(self.language).solution.splitlines()

    def where(self, progress: Progress, exercise: Exercise, run: str, following: str) -> str:
        """One line: what is open, or what comes after the pass. `run` and `following` are the commands to name."""
        done = answered(progress, exercise)
        wrong = tried(progress, exercise)
        left = [q.id for q in exercise.questions if q.id not in done]
        if not passed(progress, exercise):
            names = [self.say("left-tried", name=name) if name in wrong else name for name in left]
            return self.say("left-open", names=in_a_row(names), command=run) if left else ""
        after = self.following(progress, exercise)
        return self.say("then-next", command=following, name=self.name(after)) if after else self.say("all-done")


def passed(progress: Progress, exercise: Exercise) -> bool:
    """Has the learner passed it?"""
    return state.look(progress, exercise.id)["status"] == "pass"


def answered(progress: Progress, exercise: Exercise) -> list[str]:
    """The steps that are done: goals that were reached, questions with a right answer."""
    entry = state.look(progress, exercise.id)
    return [name for _, name in exercise.steps() if name in entry["answers"] or name in entry["reached"]]


def tried(progress: Progress, exercise: Exercise) -> list[str]:
    """The questions that were answered, and only wrong."""
    done = answered(progress, exercise)
    return [name for name in state.look(progress, exercise.id)["wrong"] if name not in done]


def marked(done: bool, wrong: bool) -> str:
    """What stands before a step: `[x] `, or `[~] ` where an answer was wrong, or `[ ] `."""
    return f"[{'x' if done else '~' if wrong else ' '}] "


def go_place(exercise: Exercise) -> str:
    """`rt0_linux_amd64.s:8, _rt0_amd64_linux`: where Go 1.10 has what the exercise is about."""
    stage = stages.named(stages.load(), exercise.stage)
    if stage is None:
        raise forms.BadForm(f"{exercise.folder}/exercise.toml: there is no stage {exercise.stage}")
    return f"{stage.go}, {stage.symbols[0]}"

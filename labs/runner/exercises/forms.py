"""Reads an exercise's folder: exercise.toml, checked key by key, and its texts in one language. labs/README.md has
every key."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..failure import Failure
from ..tree import ROOT
from . import literals
from . import seed as seeds
from .types import TYPES, Misconception, Witness

FORMAT = 1
LABS = ROOT / "labs"
KINDS = ("observe", "predict", "order", "find-bug", "implement", "gdb-command")
JUDGED_KINDS = ("observe", "predict", "order", "find-bug", "implement", "gdb-command")
WRITTEN_KINDS = ("implement", "gdb-command")  # the learner writes a file,
MADE = "made"  # and what is asked is what it does
TRIED = ("alone", "earlier", "schedules")  # how a step of that type is seen that no truth is given for
LATER_TYPES = ("free",)  # known, and not judged yet
HUNTED = ("line", "witness")  # their truth is what the patch changed
HINTS = 4
AT = re.compile(r"entry|core|(fn|body|return):[\w.]+|insn:\+[0-9]{1,3}|event:(exit|signal)")
TRUTHS = ("expr", "text", "each", "order", "changed", "fact")  # labs/gdb/inside/observe.py computes them
PARTIAL = ("per-question", "lcs", "jaccard")

# key: (type, is it needed?)
_EXERCISE = {
    "format": (int, True),
    "id": (str, True),
    "kind": (str, True),
    "stage": (str, False),
    "note": (str, False),
    "needs": (list, False),
    "minutes": (int, True),
    "run": (dict, False),
    "checkpoint": (list, False),
    "question": (list, False),
    "invariant": (list, False),
    "variant": (list, False),
    "broken": (list, False),
    "stub": (str, False),
    "replaces": (str, False),
    "sources": (list, False),
    "continues": (str, False),
    "grade": (dict, False),
}
_RUN = {
    "program": (str, False),
    "also": (list, False),
    "timeout_s": (int, False),
    "go": (bool, False),
    "mode": (str, False),
    "beside": (str, False),
    "has": (str, False),
    "env": (dict, False),
}
MODES = ("live", "core")
_CHECKPOINT = {
    "name": (str, True),
    "at": (str, True),
    "from": (str, False),
    "when": (str, False),
    "keep": (dict, False),
    "goal": (bool, False),
}
_QUESTION = {
    "id": (str, True),
    "type": (str, True),
    "points": (int, True),
    "predict": (bool, False),
    "truth": (dict, False),
    "tried": (str, False),
    "options": (list, False),
    "prefix": (str, False),
    "misconception": (list, False),
}
_TRUTH = {
    "at": (str, True),
    "expr": (str, False),
    "text": (str, False),
    "each": (dict, False),
    "order": (list, False),
    "changed": (str, False),
    "fact": (str, False),
    "when": (str, False),
}
_MISCONCEPTION = {
    "id": (str, True),
    "expr": (str, False),
    "fact": (str, False),
    "is": (list, False),
    "has": (list, False),
    "before": (list, False),
}
_INVARIANT = {"id": (str, True), "at": (str, False), "expr": (str, True)}
_VARIANT = {"name": (str, True), "patch": (str, True)}
_BROKEN = {"name": (str, True), "patch": (str, True), "field": (str, True), "idea": (str, False)}
_GRADE = {"partial": (str, False), "hidden_seeds": (int, False)}
_ID = re.compile(r"[a-z][a-z0-9-]*")


class BadForm(Failure):
    """An exercise's file is wrong; the text names file, place and reason."""


@dataclass
class Checkpoint:
    """A moment of the program's run: reached when the program counter is there for the first time."""

    name: str
    at: str
    caller: str
    keep: dict
    goal: bool
    when: str = ""  # only where this is true


@dataclass
class Question:
    """One thing to answer, and where in the run and how its truth is found: by a form of TRUTHS, from a source."""

    id: str
    type: str
    points: int
    predict: bool
    at: str
    form: str
    source: Any
    misconceptions: list[Misconception]
    options: tuple[str, ...] = ()  # what there is to choose from
    partial: str = "per-question"  # how a wrong answer is measured, if it is
    prefix: str = ""  # of the constants' names, which may be left out: `_G`
    when: str = ""  # of a step that is judged each time its moment comes: only then does that say anything
    tried: str = ""  # one of TRIED, of a step that has no moment


@dataclass
class Variant:
    """The runtime with a patch."""

    name: str
    patch: Path


@dataclass
class Invariant:
    """What must hold at a checkpoint for the answers to mean anything."""

    id: str
    at: str
    expr: str


@dataclass
class Texts:
    """An exercise in one language."""

    title: str
    body: str
    hints: dict
    replies: dict
    solution: str

    def to_right(self, name: str) -> str:
        """What the right answer to the question of this id is told."""
        return self.replies["right"][name]

    def to_wrong(self, name: str, misconception: str) -> str:
        """What a wrong answer is told: the misconception's own reply, else where to look."""
        return self.replies["misconception"][misconception] if misconception else self.replies["look"][name]


@dataclass
class Exercise:
    """An exercise: what is asked, when, and what is true."""

    folder: Path
    id: str
    kind: str
    stage: str
    needs: list
    minutes: int
    program: str
    timeout: int
    note: str = ""
    go: bool = False  # a program of real Go, in the exercise's folder
    core: bool = False  # looked at as the core it left
    env: dict = field(default_factory=dict)
    beside: str = ""  # a program of the mirror's that is looked at, too
    has: str = ""  # a symbol without which the Go here is too old for it
    stub: str = ""
    replaces: str = ""
    sources: list = field(default_factory=list)  # of the runtime, which the learner's file begins as and stands for
    continues: str = ""  # the exercise whose bug these sources have, beside one of this exercise's own
    also: list = field(default_factory=list)
    hidden: int = 0
    broken: list = field(default_factory=list)
    checkpoints: list = field(default_factory=list)
    questions: list = field(default_factory=list)
    invariants: list = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)

    @property
    def number(self) -> str:
        """`05`, from the folder's name."""
        return self.folder.name[:2]

    @property
    def written(self) -> bool:
        """Does the learner write a file, in place of answers?"""
        return self.kind in WRITTEN_KINDS

    @property
    def judged(self) -> bool:
        """Can this exercise be judged yet?"""
        return self.kind in JUDGED_KINDS and all(q.type in (*TYPES, MADE) for q in self.questions)

    def patch(self, seed: int) -> Path | None:
        """The patch of the runtime that this learner's program has; None for the healthy one."""
        if not self.variants or self.written:
            return None
        return self._chosen(seed)

    def bugs(self, seed: int) -> list[Path]:
        """The patches of the sources that this learner's file begins as."""
        if not self.sources:
            return []
        return [path for path in (self.before().patch(seed), self._chosen(seed)) if path]

    def before(self) -> "Exercise":
        """The exercise that this one continues."""
        return load(next(self.folder.parent.glob(f"[0-9][0-9]-{self.continues}")))

    def _chosen(self, seed):
        return self.variants[seeds.chosen(seed, f"variant of {self.id}", len(self.variants))].patch

    @property
    def needed(self) -> list[Invariant]:
        """What must hold for the answers to mean anything: nothing, where just that is looked for."""
        return [] if self.kind == "find-bug" else self.invariants

    def question(self, name: str) -> Question | None:
        """The question of this id, or None."""
        return next((q for q in self.questions if q.id == name), None)

    def steps(self) -> list[tuple[str, str]]:
        """What can be ticked off, in order: (kind, id) of goals and questions."""
        return [("goal", c.name) for c in self.checkpoints if c.goal] + [("question", q.id) for q in self.questions]

    def texts(self, language: str) -> Texts:
        """The exercise's texts in a language."""
        title, _, body = _read(self.folder / f"text.{language}.md").partition("\n")
        hints = {name: entry["levels"] for name, entry in self._table(f"hints.{language}.toml").items()}
        return Texts(
            title.removeprefix("# ").strip(),
            body.strip("\n"),
            hints,
            self._table(f"replies.{language}.toml"),
            _read(self.folder / f"solution.{language}.md").strip("\n"),
        )

    def tests(self) -> dict[str, Any]:
        """tests.toml: the right answers and the wrong ones."""
        return self._table("tests.toml")

    def typed(self, row: dict[str, Any]) -> dict[str, Any]:
        """The answers in a row of tests.toml as a learner types them; what is to be computed stays as it is."""
        kinds = {question.id: TYPES[question.type] for question in self.questions if question.type in TYPES}
        given = {name: value for name, value in row.items() if name in kinds}
        return {
            name: value if isinstance(value, dict) else literals.written(kinds[name].of_toml(value))
            for name, value in given.items()
        }

    def _table(self, name):
        if not self.questions and not (self.folder / name).exists():
            return {}  # nothing to answer, so nothing to hint at
        return _toml(self.folder / name)


def load_all(root: Path = LABS) -> list[Exercise]:
    """Every exercise, in the order of their numbers."""
    return [load(file.parent) for file in sorted(root.glob("[0-9][0-9]-*/exercise.toml"))]


def load(folder: str | Path) -> Exercise:
    """The exercise in a folder; BadForm if a file is missing or wrong."""
    folder = Path(folder)
    file = folder / "exercise.toml"
    table = _toml(file)
    if table.get("format") != FORMAT:
        raise BadForm(
            f"{file}: format {table.get('format')!r}; this lab reads format {FORMAT}, a newer one may read more"
        )
    _check(file, "exercise", table, _EXERCISE)
    run = table.get("run", {})
    _check(file, "run", run, _RUN)
    _check(file, "grade", table.get("grade", {}), _GRADE)
    exercise = Exercise(
        folder,
        table["id"],
        table["kind"],
        table.get("stage", ""),
        table.get("needs", []),
        table["minutes"],
        _program(file, run),
        run.get("timeout_s", 20),
        table.get("note", ""),
        run.get("go", False),
        run.get("mode", "live") == "core",
        run.get("env", {}),
        run.get("beside", ""),
        run.get("has", ""),
    )
    exercise.stub, exercise.replaces = table.get("stub", ""), table.get("replaces", "")
    exercise.sources, exercise.continues = table.get("sources", []), table.get("continues", "")
    exercise.broken = table.get("broken", [])
    for row in exercise.broken:
        _check(file, "broken", row, _BROKEN)
    exercise.also, exercise.hidden = run.get("also", []), table.get("grade", {}).get("hidden_seeds", 0)
    exercise.checkpoints = [_checkpoint(file, row) for row in table.get("checkpoint", [])]
    partial = table.get("grade", {}).get("partial", PARTIAL[0])
    if partial not in PARTIAL:
        raise BadForm(f"{file}: grade: partial {partial!r} is none of {', '.join(PARTIAL)}")
    exercise.questions = [_question(file, row, partial) for row in table.get("question", [])]
    exercise.invariants = [_invariant(file, row) for row in table.get("invariant", [])]
    exercise.variants = [_variant(file, row) for row in table.get("variant", [])]
    _check_links(file, exercise)
    return exercise


def _program(file, run):
    """What names the program: one of runtime/programs, or the folder of the exercise whose Go program it is."""
    if run.get("mode", "live") not in MODES:
        raise BadForm(f"{file}: run: mode {run['mode']!r} is none of {', '.join(MODES)}")
    for name, value in run.get("env", {}).items():
        if not isinstance(value, str) or not re.fullmatch(r"[A-Z]+", name) or not re.fullmatch(r"[\w=,.-]*", value):
            raise BadForm(f"{file}: run: env: {name} = {value!r} is no plain variable")
    return file.parent.name if run.get("go") else run.get("program", "hello")


def _checkpoint(file, row):
    _check(file, "checkpoint", row, _CHECKPOINT)
    if not AT.fullmatch(row["at"]):
        raise BadForm(f"{file}: checkpoint {row['name']}: at = {row['at']!r} is no moment")
    return Checkpoint(
        row["name"], row["at"], row.get("from", ""), row.get("keep", {}), row.get("goal", False), row.get("when", "")
    )


def _question(file, row, partial):
    _check(file, "question", row, _QUESTION)
    place = f"question {row['id']}"
    if row["type"] not in (*TYPES, MADE, *LATER_TYPES):
        raise BadForm(f"{file}: {place}: type {row['type']!r} is none of {', '.join((*TYPES, MADE, *LATER_TYPES))}")
    form, source, at = _truth(file, place, row)
    wrong = []
    for entry in row.get("misconception", []):
        _check(file, f"{place}: misconception", entry, _MISCONCEPTION)
        names, has, before = (tuple(entry.get(group, ())) for group in ("is", "has", "before"))
        wrong.append(Misconception(entry["id"], entry.get("expr", ""), names, has, before, entry.get("fact", "")))
    if row["type"] == "witness":  # what every witness can be
        wrong += [Misconception(Witness.SAME), Misconception(Witness.UNREAD)]
    options = tuple(row.get("options", source if form in ("each", "order") else ()))
    predict, prefix = row.get("predict", False), row.get("prefix", "")
    when = row.get("truth", {}).get("when", "")
    tried = row.get("tried", "" if at or row["type"] != MADE else TRIED[0])
    if tried and (at or row["type"] != MADE or tried not in TRIED):
        raise BadForm(f"{file}: {place}: tried = {tried!r} is none of {', '.join(TRIED)}, or there is a truth")
    return Question(
        row["id"], row["type"], row["points"], predict, at, form, source, wrong, options, partial, prefix, when, tried
    )


def _truth(file, place, row):
    """(form, source, checkpoint) of a question's truth."""
    if "truth" not in row:
        if row["type"] in TYPES:
            raise BadForm(f"{file}: {place}: the key truth is missing")
        return "", "", ""
    truth = row["truth"]
    _check(file, f"{place}: truth", truth, _TRUTH)
    forms = [form for form in TRUTHS if form in truth]
    if row["type"] in HUNTED and not forms:
        return row["type"], None, truth["at"]
    if len(forms) != 1:
        raise BadForm(f"{file}: {place}: truth has {len(forms)} of {', '.join(TRUTHS)} instead of one")
    return forms[0], truth[forms[0]], truth["at"]


def _invariant(file, row):
    _check(file, "invariant", row, _INVARIANT)
    return Invariant(row["id"], row.get("at", ""), row["expr"])


def _variant(file, row):
    _check(file, "variant", row, _VARIANT)
    if not re.fullmatch(r"[\w-]+\.patch", row["patch"]):
        raise BadForm(f"{file}: variant {row['name']}: {row['patch']!r} is no patch in this folder")
    return Variant(row["name"], file.parent / row["patch"])


def _check(file, place, table, keys):
    """Every needed key is there, every key is known and of its type."""
    if not isinstance(table, dict):
        raise BadForm(f"{file}: {place} is no table")
    for key, (kind, needed) in keys.items():
        if key not in table and needed:
            raise BadForm(f"{file}: {place}: the key {key} is missing")
        if key in table and (not isinstance(table[key], kind) or kind is int and isinstance(table[key], bool)):
            raise BadForm(f"{file}: {place}: {key} is not of type {kind.__name__}")
    for key in table:
        if key not in keys:
            raise BadForm(f"{file}: {place}: there is no key {key}")


def _check_links(file, exercise):
    """Ids are well-formed and unique, and every `at` names a checkpoint."""
    if not _ID.fullmatch(exercise.id) or exercise.folder.name != f"{exercise.number}-{exercise.id}":
        raise BadForm(f"{file}: the folder must be named NN-{exercise.id}")
    if exercise.kind not in KINDS:
        raise BadForm(f"{file}: kind {exercise.kind!r} is none of {', '.join(KINDS)}")
    names = [c.name for c in exercise.checkpoints]
    ids = [q.id for q in exercise.questions]
    wrong = [m.id for q in exercise.questions for m in q.misconceptions]
    for group in (names + ids, wrong):
        twice = {name for name in group if group.count(name) > 1}
        if twice:
            raise BadForm(f"{file}: used twice: {', '.join(sorted(twice))}")
    for item in [*exercise.questions, *exercise.invariants]:
        if item.at and item.at not in names:
            raise BadForm(f"{file}: {item.id}: there is no checkpoint {item.at}")
    for question in exercise.questions:
        used = {"order": question.source, "changed": [question.source]}.get(question.form, [])
        for name in used:
            if name not in names:
                raise BadForm(f"{file}: {question.id}: there is no checkpoint {name}")
    for i, checkpoint in enumerate(exercise.checkpoints):
        if checkpoint.at.startswith("return:") and not checkpoint.caller:
            raise BadForm(f"{file}: checkpoint {checkpoint.name}: return: needs `from`, the calling function")
        if checkpoint.at.startswith("insn:") and checkpoint.caller not in names[:i]:
            raise BadForm(f"{file}: checkpoint {checkpoint.name}: insn: needs `from`, an earlier checkpoint")


def _toml(file):
    try:
        return tomllib.loads(_read(file))
    except tomllib.TOMLDecodeError as error:
        raise BadForm(f"{file}: {error}") from None


def _read(file):
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise BadForm(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadForm(f"{file}: not UTF-8") from None

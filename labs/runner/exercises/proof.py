"""Proves the exercises: what is wrong with their files, and what shows only in runs of the program.

That unsolved is incomplete, the solution passes, every listed wrong answer is rejected with its own reply and not told
the truth, no two ideas have the same value, both languages say the same things, and what they name exists, commands in
backticks among it.
"""

import functools
import re
import string
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from rt0lab.formats.elf import Elf
from rt0lab.words import screen

from ..host import build
from ..tree import ROOT
from . import ask, forms, guide, hunts, judge, language, register, skeleton
from .forms import Exercise
from .making import trial

SEEDS = range(1, 21)
JUDGED_SEEDS = 5  # the first of them: on these, answers are judged
LINES, COLUMNS = 22, 79  # of a terminal of 24 by 80, the prompt left out
_TASK = re.compile(r"\d+\. `([a-z0-9-]+)`")
_QUOTED = re.compile(r"`([^`]+)`")
_SYMBOL = re.compile(r"(?:runtime|main)\.[A-Za-z]\w*|_rt0\w+")
_FILE = re.compile(r"[\w/-]+\.(?:S|cpp|hpp|h)\b")
_GROUPS = ("also", "wrong")  # of tests.toml
_COMMAND = re.compile(r"(?:p|x/\w+|info|bt|show)(?: .*)?")
_LIKE_A_COMMAND = re.compile(r"[a-z]+(/\w+)?( .*)?")
# What stands in backticks and is code (an instruction, a statement, a call), or checked with our own commands.
_NO_COMMAND = re.compile(r"(?:go|jmp|call|mov|lea|and|sub|add|push|cmp|int|long|uintptr|lab|rt0) .*|\w+\(.*|.*[%;].*")
_OURS = re.compile(r"(lab|rt0) ([a-z]+)")


# ---- without a program -------------------------------------------------------------------------------------------


def messages_problems() -> list[str]:
    """The engine's own sentences: the same keys and places in every language."""
    tables = {name: language.table(name) for name in language.LANGUAGES}
    first = tables[language.LANGUAGES[0]]
    found = []
    for name, table in tables.items():
        screens = [text for key, text in table.items() if key.startswith(("here-", "in-gdb", "on-shell"))]
        shown = [line for text in screens for line in text.splitlines()]
        found += [
            f"messages.{name}.toml: {screen.width(line)} columns: {line}"
            for line in shown
            if screen.width(line) > COLUMNS
        ]
        found += [f"messages.{name}.toml: {key} is in one language only" for key in sorted(set(first) ^ set(table))]
        found += [
            f"messages.{name}.toml: {key} has other places than in {language.LANGUAGES[0]}"
            for key in sorted(set(first) & set(table))
            if _places(first[key]) != _places(table[key])
        ]
    return found


def _places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def static_problems(exercise: Exercise, languages: Sequence[str] = language.LANGUAGES) -> list[str]:
    """What can be seen in the files alone; an exercise can begin in one language."""
    found, beliefs = skeleton.unfilled(exercise), register.load()
    if not exercise.judged:
        found.append(f"a kind, type or moment that is not judged yet ({exercise.kind})")
    if exercise.stage:
        guide.go_place(exercise)
    if exercise.questions and not (ROOT / "notes" / f"{exercise.note}.md").exists():
        found.append(f"there is no page {exercise.note!r} in notes/ to read with it")
    for name in languages:
        texts = exercise.texts(name)
        problems = [*_text_problems(exercise, texts), *_word_problems(exercise, texts)]
        problems += register.without_evidence(exercise, name, beliefs)
        found += [f"{name}: {problem}" for problem in problems]
    if exercise.questions:
        found += _test_problems(exercise)
    return [f"{exercise.folder.name}: {problem}" for problem in found]


def _text_problems(exercise, texts):
    """Keys, counts and sizes in one language."""
    goals = {name for kind, name in exercise.steps() if kind == "goal"}
    ids = {q.id for q in exercise.questions}
    wrong = {m.id for q in exercise.questions for m in q.misconceptions}
    if not re.match(rf"{exercise.id}\s*[:：]", texts.title):
        yield "text: the first line is not `# ID: title`"
    if screen.width(f"{exercise.number} {texts.title}") > guide.TITLE:
        yield f"text: the title is wider than the list has room for, {guide.TITLE} columns with the number"
    tasks = [m[1] for m in map(_TASK.match, texts.body.splitlines()) if m]
    if tasks != [name for _, name in exercise.steps()]:
        yield f"text: the tasks are {tasks}"
    screens = {
        "text": [f"[ ] {line}" if _TASK.match(line) else line for line in ["", "", *texts.body.splitlines()]],
        "solution": texts.solution.splitlines(),
    }
    for name, lines in screens.items():
        if len(lines) > LINES:
            yield f"{name}: {len(lines)} lines, a terminal has room for {LINES}"
        yield from (f"{name}: {screen.width(line)} columns: {line}" for line in lines if screen.width(line) > COLUMNS)
    if set(texts.hints) != ids or any(len(levels) != forms.HINTS for levels in texts.hints.values()):
        yield f"hints: not {forms.HINTS} for each question"
    wanted = {"reached": goals, "right": ids, "look": ids, "misconception": wrong}
    for group, keys in wanted.items():
        for key in sorted(set(texts.replies.get(group, {})) ^ keys):
            yield f"replies: {group}.{key} is missing or too much"


def _word_problems(exercise, texts):
    """Commands of ours that there are not, and Chinese that runs into code."""
    known = {"rt0": _names(ROOT / "gdb-scripts", "rt0"), "lab": _names(ROOT / "labs" / "gdb", "lab")}
    for text in _said(texts):
        for quoted in _QUOTED.findall(text):
            ours = _OURS.match(quoted)
            if ours and ours[2] not in known[ours[1]]:
                yield f"there is no command `{ours[0]}`"
        yield from (f"no space between code and Chinese: {line}" for line in screen.touching(text))


@functools.cache
def _names(folder, first):
    """What may stand behind `rt0` or `lab` in gdb: our commands say it."""
    sources = "\n".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    return set(re.findall(rf'"{first} ([a-z]+)"', sources))


def _said(texts):
    """All that an exercise says in one language."""
    yield from (texts.title, texts.body, texts.solution)
    yield from (hint for levels in texts.hints.values() for hint in levels)
    yield from (reply for group in texts.replies.values() for reply in group.values())


def _test_problems(exercise):
    """Every question has a right answer, every misconception and plain mistake a wrong one."""
    tests = exercise.tests()
    if exercise.written:
        yield from trial.missing(exercise)
        return
    rights = tests.get("right", {})
    for question in exercise.questions:
        for name, right in {v.name: rights.get(v.name, {}) for v in exercise.variants}.items() or [("", rights)]:
            if question.id not in right:
                yield f"tests: no right answer for {question.id} {name}".rstrip()
        rows = [row.get("reply") for row in tests.get("wrong", []) if question.id in row]
        plain = [] if question.type == "witness" else [""]  # what is no proof always has a reason of its own
        for reply in [*plain, *(m.id for m in question.misconceptions)]:
            if reply not in rows:
                yield f"tests: no wrong answer to {question.id} for the reply {reply or 'look'!r}"


# ---- with a program of each seed -----------------------------------------------------------------------------------


def live_problems(
    exercises: list[Exercise], languages: Sequence[str] = language.LANGUAGES, seeds: Sequence[int] = SEEDS
) -> list[str]:
    """What shows only in runs of the program, on these seeds."""
    found = list(_name_problems(exercises))
    for exercise in exercises:
        if exercise.written:
            found += trial.problems(exercise, seeds[:JUDGED_SEEDS])
        elif exercise.variants:
            found += hunts.problems(
                exercise,
                _cases,
                sorted(set(_commands(exercise, languages))),
                partial(_differences, languages=languages),
            )
    looked = [exercise for exercise in exercises if not exercise.written and not exercise.variants]
    return list(dict.fromkeys([*found, *(_seen_problems(looked, languages, seeds) if looked else [])]))


def _seen_problems(exercises, languages, seeds):
    """What shows in the programs that learners look at, one run for all exercises on a program. A program of real Go is
    looked at on fewer seeds: each takes a run of its own."""
    groups = [[e for e in exercises if e.program == name] for name in dict.fromkeys(e.program for e in exercises)]
    on_these = seeds[:JUDGED_SEEDS]
    runs = [(group, seed) for group in groups for seed in (on_these if group[0].go else seeds)]
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(2) as pool:

        def one(run):
            group, seed = run
            judged = [case for exercise in group for case in _cases(exercise)] if seed in on_these else []
            asked = (
                [command for exercise in group for command in _commands(exercise, languages)]
                if seed == seeds[0]
                else []
            )
            return _seed_problems(group, judged, asked, Path(home), seed, languages)

        return [problem for problems in pool.map(one, runs) for problem in problems]


def _cases(exercise, variant=""):
    """(exercise, answers, expected {question: (verdict, reason)}) of everything in tests.toml that is for a variant, or
    for all."""
    tests = exercise.tests()
    yield exercise, {}, {q.id: (judge.INCOMPLETE, "") for q in exercise.questions}
    right = tests["right"][variant] if variant else tests["right"]
    also, wrong = ([row for row in tests.get(key, []) if row.get("variant", variant) == variant] for key in _GROUPS)
    for row in [right, *also]:
        answers = exercise.typed(row)
        yield exercise, answers, {name: (judge.PASS, "") for name in answers}
    for row in wrong:
        answers = exercise.typed(row)
        yield exercise, answers, {name: (judge.WRONG, row["reply"]) for name in answers}


def _commands(exercise, languages):
    """(exercise id, checkpoint, command) of the gdb commands that hints and replies tell the learner to type, and
    `help` for everything in backticks that must be one."""
    code = _code_words()
    for texts in map(exercise.texts, languages):
        spoken = [(c.name, texts.replies["reached"][c.name]) for c in exercise.checkpoints if c.goal]
        for question in exercise.questions:
            replies = [texts.replies[group][question.id] for group in ("right", "look")]
            replies += [texts.replies["misconception"][m.id] for m in question.misconceptions]
            spoken += [(question.at, text) for text in [*texts.hints[question.id], *replies]]
        typed = {(at, q) for at, text in spoken for q in _QUOTED.findall(text) if _COMMAND.fullmatch(q)}
        yield from ((exercise.id, at, quoted) for at, quoted in typed if at and "..." not in quoted)
        named = {quoted for text in _said(texts) for quoted in _QUOTED.findall(text)} - code
        yield from (
            (exercise.id, "", f"help {quoted}")
            for quoted in named
            if _LIKE_A_COMMAND.fullmatch(quoted) and not _NO_COMMAND.fullmatch(quoted)
        )


@functools.cache
def _code_words():
    """Words of the runtime's source and of the exercises' tables: in backticks, they are no commands."""
    sources = [file for file in (ROOT / "runtime").rglob("*") if file.suffix in (".S", ".cpp", ".hpp")]
    sources += [*forms.LABS.glob("*/exercise.toml"), *forms.LABS.glob("*/tests.toml")]
    texts = [file.read_text("utf-8") for file in sources]
    return {word for text in texts for word in re.findall(r"\w+", text)}


def _seed_problems(exercises, cases, commands, home, seed, languages):
    """The problems of one learner's program."""
    result = ask.judged(
        exercises, [(exercise, answers) for exercise, answers, _ in cases], home, seed, sorted(set(commands))
    )
    return _differences(exercises, seed, cases, result, languages)


def _differences(exercises, seed, cases, result, languages):
    """What the runs of one learner's program say that the files do not, or the other way round."""
    found = [
        f"{name}: at {at or 'the prompt'}, `{command}`: {error}" for name, at, command, error in result["commands"]
    ]
    if result["trouble"]:
        return [f"seed {seed}: {result['trouble']}"]
    for exercise in exercises:
        found += _coincidences(exercise, result["seen"].get(exercise.id, {}))
    for (exercise, answers, expected), verdicts in zip(cases, result["verdicts"]):
        for name, wanted in expected.items():
            if tuple(verdicts[name][:2]) != wanted:
                what, reason, text = verdicts[name][:3]
                found.append(
                    f"{exercise.folder.name}: {name} = {text}: {what} {reason} instead of {' '.join(wanted)}".rstrip()
                )
            seen = result["seen"].get(exercise.id, {}).get(name, {"trouble": "never seen"})
            if wanted[0] == judge.WRONG and not seen["trouble"]:
                found += _told(exercise, name, wanted[1], seen, languages)
    return found


def _coincidences(exercise, seen):
    """Truths that were not seen, and ideas that cannot be told apart."""
    for question in exercise.questions:
        got = seen.get(question.id, {"trouble": "never seen"})
        if got["trouble"]:
            yield f"{exercise.folder.name}: {question.id}: {got['trouble']}"
            continue
        wrong = [(m.id, got["misconceptions"][m.id]) for m in question.misconceptions if m.expr or m.fact]
        values = [("the truth", got["truth"]), *wrong]
        for i, (name, value) in enumerate(values):
            for other, same in values[:i]:
                if value == same:
                    yield f"{exercise.folder.name}: {question.id}: {name} has the same value as {other}, {value}"


def _told(exercise, name, reason, seen, languages):
    """A reply to a wrong answer must not contain the right one (commands to type apart)."""
    for lang in languages:
        text = _QUOTED.sub("", exercise.texts(lang).to_wrong(name, reason))
        truth = seen["truth"]
        shown = [seen["shown"], *([str(truth), hex(truth)] if isinstance(truth, int) else [])]
        if any(re.search(rf"(?<![\w.]){re.escape(value)}(?![\w.])", text) for value in shown if value):
            yield f"{exercise.folder.name}: {lang}: the reply {reason or 'look'} to {name} tells the truth"


# ---- names -----------------------------------------------------------------------------------------------------------


def _name_problems(exercises):
    """Symbols and files named anywhere in an exercise's folder that do not exist."""
    symbols = Elf(build.executable("hello")).symbols
    folders = [ROOT, ROOT / "runtime", ROOT / "runtime" / "programs"]
    for exercise in exercises:
        for file in filter(Path.is_file, sorted(exercise.folder.iterdir())):
            text = file.read_text("utf-8") if file.suffix != ".patch" else ""  # that must fit the runtime anyhow
            files = sorted(set(_FILE.findall(text)))
            for name in sorted(set(_SYMBOL.findall(text)).difference(files)):
                if name not in symbols and not exercise.go:  # each Go has symbols of its own
                    yield f"{exercise.folder.name}/{file.name}: there is no symbol {name}"
            for name in files:
                if not any((folder / name).exists() for folder in (*folders, exercise.folder)):
                    yield f"{exercise.folder.name}/{file.name}: there is no file {name}"

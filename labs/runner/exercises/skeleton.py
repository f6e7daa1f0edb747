"""`dev new`: the folder of a new exercise, every file there, every line that its author has to write marked."""

import re
from collections.abc import Sequence
from pathlib import Path

from ..failure import FAILED, USAGE, Failure
from . import forms

MARK = "FILL"  # stands wherever something is to be written; `dev check` finds those that are left

_TABLE = """\
# FILL what this exercise is about, in one sentence.
# The keys are explained in labs/README.md; this one asks one question about one moment.
format = 1
id = "{id}"
kind = "observe"
stage = "check"                 # a stage of gdb-scripts/rt0lab/stages.toml: the place in Go's source
needs = ["tour"]                # the exercises it builds on
note = "rt0_go-block-by-block"  # the page of notes/ to read with it
minutes = 5

[[checkpoint]]                  # a moment of the run
name = "there"
at = "fn:runtime.check"         # entry, fn:SYMBOL, return:SYMBOL with from = CALLER
goal = true                     # getting there is a task of its own

[[question]]
id = "goroutines"               # the learner writes: lab answer goroutines = ...
type = "uint"
points = 2
truth = {{ at = "there", expr = "allglen" }}     # never a constant where the program can be asked

[[question.misconception]]      # a wrong idea, and the answer it leads to
id = "main-is-there-already"
expr = "allglen + 1"
"""
_TESTS = """\
# What must pass, and what must be rejected with which reply ("" is the plain one).
[right]
goroutines = 0

[[wrong]]
goroutines = 1
reply = "main-is-there-already"

[[wrong]]
goroutines = 7
reply = ""
"""
_TEXTS = {
    "text.en.md": """\
# {id}: FILL the question, in some words

Goal: FILL what the learner will be able to say.

Why: FILL why it matters.

Tasks
1. `there`: FILL how to get there.
2. `goroutines`: FILL what to answer.
""",
    "text.zh.md": """\
# {id}：FILL 用几个字写出问题

目标：FILL 做完之后能说出什么。

为什么：FILL 为什么重要。

任务
1. `there`：FILL 怎样走到那里。
2. `goroutines`：FILL 要回答什么。
""",
    "hints.en.toml": """\
# From a nudge to nearly the solution; a command in backticks is run by `dev check` where the question is asked.
[goroutines]
levels = [
  "FILL a question that makes one think.",
  "FILL where to look.",
  "FILL a command: `p allglen`.",
  "FILL nearly the solution.",
]
""",
    "hints.zh.toml": """\
# 从轻轻一点到差不多是答案；反引号里的命令会由 `dev check` 在提问的地方执行。
[goroutines]
levels = [
  "FILL 一个引人思考的问题。",
  "FILL 该看哪里。",
  "FILL 一条命令：`p allglen`。",
  "FILL 差不多就是答案。",
]
""",
    "replies.en.toml": """\
[reached]
there = "FILL what one sees at this moment."

[right]
goroutines = "FILL why it is so."

[look]   # a wrong answer: which evidence, and how to see it; never the value
goroutines = "FILL where to look: `p allglen`."

[misconception]   # names the belief, and the evidence in the learner's own process
main-is-there-already = "FILL what speaks against it: `p allglen`."
""",
    "replies.zh.toml": """\
[reached]
there = "FILL 此刻能看到什么。"

[right]
goroutines = "FILL 为什么是这样。"

[look]   # 答错时：看什么证据、怎么看；绝不说出答案
goroutines = "FILL 该看哪里：`p allglen`。"

[misconception]   # 说出这个想法，再给出学习者自己的进程里的证据
main-is-there-already = "FILL 什么与它矛盾：`p allglen`。"
""",
    "solution.en.md": """\
FILL the answers, and why; shown after the pass.
""",
    "solution.zh.md": """\
FILL 答案和原因；通过之后才显示。
""",
}


def make(root: Path, name: str, languages: Sequence[str]) -> Path:
    """Writes the folder of an exercise with this id, with the next free number; Failure if there is one already."""
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        raise Failure(f"{name} is no id of an exercise: small letters, digits and dashes, a letter first", USAGE)
    there = {path.name[:2]: path.name[3:] for path in root.glob("[0-9][0-9]-*")}
    if name in there.values():
        raise Failure(f"there is an exercise {name} already, in {root}", USAGE)
    number = next((f"{n:02}" for n in range(100) if f"{n:02}" not in there and n >= len(there)), None)
    if number is None:
        raise Failure(f"{root} has no number left for an exercise", USAGE)
    folder = root / f"{number}-{name}"
    texts = {file: text for file, text in _TEXTS.items() if file.split(".")[1] in languages}
    try:
        folder.mkdir()
        for file, text in ({"exercise.toml": _TABLE, "tests.toml": _TESTS} | texts).items():
            (folder / file).write_text(text.replace("{id}", name).replace("{{", "{").replace("}}", "}"), "utf-8")
    except OSError as error:
        raise Failure(f"cannot write {folder}: {error.strerror}", FAILED) from None
    return folder


def unfilled(exercise: forms.Exercise) -> list[str]:
    """Where something is still to be written."""
    return [
        f"{file.name}:{number}: still to be written: {line.strip()}"
        for file in sorted(exercise.folder.glob("*.*"))
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if re.search(rf"\b{MARK}\b", line)
    ]

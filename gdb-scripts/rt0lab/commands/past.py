"""The commands about earlier stops: `rt0 history|back|diff|when|replay`, and `set rt0 history`."""

from __future__ import annotations

import json
import os
from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from ..show import panel
from ..state import history, question, standing, told
from ..words import in_a_row, tr, trn
from . import console
from .options import without_json
from .panel import show

_MAX_TRACE = 1 << 28  # bytes of a recorded run
_DEPTH = 32  # how deep a recorded run is nested at most

# ---- which stops: of this process, or of a trace --------------------------------------------------------------------


class _Past:
    """A sequence of moments, decoded one at a time."""

    def __init__(self, raw, decode):
        self._raw, self._decode = raw, decode

    def __len__(self):
        return len(self._raw)

    def __getitem__(self, i):
        return self._decode(self._raw[i])

    def numbered(self, number):
        """The stop of that number."""
        first = self[0].number
        if not 0 <= number - first < len(self):
            raise program.Problem(
                tr(
                    "there is no stop {number}: those kept are {first} to {last}.",
                    number=number,
                    first=first,
                    last=first + len(self) - 1,
                )
            )
        return self[number - first]


_replayed = None  # (file name, trace)


def replaying() -> bool:
    """Is it a recorded run that the commands speak of?"""
    return _replayed is not None


def past() -> _Past | None:
    """The stops that the commands speak of; Problem if there are none."""
    if _replayed is not None:
        return _Past(list(enumerate(_replayed[1]["stages"], 1)), lambda pair: told.Recorded(pair[1], pair[0]))
    if not history.kept.moments:
        raise program.Problem(
            tr("no stop has been kept yet: `rt0 next` makes one, `rt0 replay FILE` shows a recorded run.")
        )
    return _Past(history.kept.moments, told.Kept)


def _need_history():
    if _replayed is None and not history.kept.limit:
        raise program.Problem(tr("earlier stops are not kept: `set rt0 history 200` keeps so many from now on."))
    return past()


def _number(word, what):
    if not word.isdecimal():
        raise program.Problem(tr("{what}, and `{word}` is no number.", what=what, word=word))
    return int(word)


# ---- the commands ----------------------------------------------------------------------------------------------------


class History(console.Command):
    """List the stops that are kept, and how much changed at each.
    `set rt0 history N` keeps the last N stops; -json prints data: `as_of` is
    the stop at which all goroutines were read (see the notes on history).

    (gdb) rt0 history
     1  osinit     thread 1              runtime.osinit (os_linux.cpp:72)
     2  schedinit  thread 1  1 changed   runtime.schedinit (proc.cpp:50)"""

    name, kind = "rt0 history", gdb.COMMAND_STATUS

    def run(self, argument: str) -> None:
        rest, as_json = without_json(argument)
        if rest:
            raise program.Problem(
                tr("`rt0 history` takes nothing or -json; `set rt0 history N` says how many stops to keep.")
            )
        rows, before = [], None
        for moment in _need_history():
            changed = None if before is None else len(moment.changes(before))
            rows.append(
                {
                    "stop": moment.number,
                    "stage": moment.stage,
                    "thread": moment.thread,
                    "changed": changed,
                    "place": moment.place,
                    "as_of": moment.as_of,
                }
            )
            before = moment
        if as_json:
            return console.dump(rows)
        width = len(str(rows[-1]["stop"]))
        console.table(
            [
                (
                    f" {row['stop']:{width}} ",
                    row["stage"] or "-",
                    tr(" thread {num}", num=row["thread"]),
                    "" if row["changed"] is None else tr(" {changed} changed", changed=row["changed"]),
                    " " + row["place"],
                )
                for row in rows
            ]
        )
        if _replayed is None and program.rewound():
            console.say(tr(" The program stands in its recorded past; such stops are not counted."))
        if any(row["as_of"] != row["stop"] for row in rows):
            console.say(
                tr(
                    " Of more than {whole} goroutines, where no P has scheduled since the stop before, only those"
                    " were read again that run or are to run.",
                    whole=history.WHOLE,
                )
            )


class Back(console.Command):
    """Show the state as it was N stops ago.
    The program stays where it is.
    Without N it is the stop before; @N is stop number N of `rt0 history`.
    A command behind it sees the program as it was then: `rt0 dump`,
    `info goroutines`, `ms` or `ps`, `goroutine N bt`. -json prints data.

    (gdb) rt0 back 2
    (gdb) rt0 back @7 info goroutines
    (gdb) rt0 back 3 goroutine 18 bt"""

    name, kind = "rt0 back", gdb.COMMAND_DATA
    _SEES = ("rt0 dump", "info goroutines", "info ms", "info ps", "info sched", "goroutine")

    def run(self, argument: str) -> None:
        found = _need_history()
        word, _, command = argument.partition(" ")
        if not word.startswith("@") and not word.isdecimal():
            word, command = "1", argument
        command = command.strip()
        if word.startswith("@"):
            moment = found.numbered(_number(word[1:], tr("`rt0 back @N` needs a stop's number")))
        elif int(word) < len(found):
            moment = found[len(found) - 1 - int(word)]
        else:
            raise program.Problem(
                tr("only {found} earlier stops are kept: `rt0 history` lists them.", found=len(found) - 1)
            )
        if without_json(command) == ("", True):
            return console.dump(moment.json())
        if command:
            return self._command(moment, command)
        i = moment.number - found[0].number
        show(panel.text(moment, found[i - 1] if i else None))

    def _command(self, moment, command):
        if not any(command == known or command.startswith(known + " ") for known in self._SEES):
            raise program.Problem(
                tr("that cannot look at an earlier stop; these can: {sees}.", sees=in_a_row(self._SEES))
            )
        if not isinstance(moment, told.Kept):
            raise program.Problem(
                tr("a recorded stop has no bytes to look at: `rt0 back N` and `rt0 back N -json` show what it has.")
            )
        with moment.moment.seen():
            gdb.execute(command)
        stacks = moment.moment.stacks
        if "goroutine" in command and stacks.as_of != moment.number and not without_json(command)[1]:
            console.say(
                tr(
                    " Of more than {whole} goroutines, the stack of one whose g had not changed was not read again:"
                    " it is that of stop {stop} at the earliest.",
                    whole=standing.ALL,
                    stop=stacks.as_of,
                )
            )


def between(argument: str) -> Any:
    """`rt0 diff A B`: all that changed from one stop to another."""
    rest, as_json = without_json(argument)
    words = rest.split()
    if len(words) not in (0, 2):
        raise program.Problem(
            tr("`rt0 diff` takes nothing (since the stop before this one) or two stops' numbers: `rt0 diff 3 7`.")
        )
    found = _need_history()
    if words:
        old, new = (found.numbered(_number(word, tr("`rt0 diff A B` needs two stops' numbers"))) for word in words)
    elif len(found) < 2:
        raise program.Problem(tr("there is no earlier stop to compare with: `rt0 next` makes one."))
    else:
        old, new = found[len(found) - 2], found[len(found) - 1]
    changed = new.changes(old)
    if as_json:
        return console.dump(
            {"from": old.number, "to": new.number, "changed": {path: [was, now] for path, was, now in changed}}
        )
    if not changed:
        console.say(tr("nothing changed from stop {old} to stop {new}.", old=old.number, new=new.number))
    for change in changed:
        console.say("  " + new.line(change))


class When(console.Command):
    """Say at which stops a field changed, or became what you ask for.
    A g or p alone means its status. Tests: -> or ==, != < <= > >=, and `has`
    for a queue. What came and went between two stops was not seen.
    -json prints data.

    (gdb) rt0 when g4 -> waiting
    (gdb) rt0 when p0.runnext
    (gdb) rt0 when sched.npidle > 0
    (gdb) rt0 when p0.runq has g4"""

    name, kind = "rt0 when", gdb.COMMAND_DATA

    def run(self, argument: str) -> None:
        text, as_json = without_json(argument)
        asked = question.Question(" ".join(text.split()))
        found = _need_history()
        answers = question.answers(asked, found)
        if as_json:
            return console.dump(
                [
                    {
                        "stop": m.number,
                        "stage": m.stage,
                        "thread": m.thread,
                        "place": m.place,
                        "before": was,
                        "after": now,
                    }
                    for m, was, now in answers
                ]
            )
        if not answers:
            console.say(
                tr(
                    "at none of the stops {first} to {last}.",
                    first=found[0].number,
                    last=found[len(found) - 1].number,
                )
            )
            return
        console.table(
            [
                (tr("  stop {number} ", number=m.number), m.stage or m.place, self._change(m, asked, was, now, found))
                for m, was, now in answers
            ]
        )

    @staticmethod
    def _change(moment, asked, was, now, found):
        if moment.number == found[0].number:
            return tr(" {path}: {now} already, at the first stop there is", path=asked.path, now=moment.text(now))
        return f" {asked.path}: {moment.text(was)} → {moment.text(now)}"


class Replay(console.Command):
    """Let `rt0 history`, `back`, `diff`, `when` speak of a trace.
    `rt0 record` or `./lab trace` writes one; no process is needed to look at it.
    `rt0 replay off` returns to this process's stops.

    (gdb) rt0 replay boot.json
    (gdb) rt0 when g1 -> running"""

    name, kind, complete_with = "rt0 replay", gdb.COMMAND_FILES, gdb.COMPLETE_FILENAME

    def run(self, argument: str) -> None:
        global _replayed
        words = gdb.string_to_argv(argument)
        if len(words) != 1:
            raise program.Problem(
                tr("`rt0 replay` needs the file of a recorded run, or `off`: `rt0 record boot.json` writes one.")
            )
        if words == ["off"]:
            _replayed = None
            console.say(tr("the commands speak of this process again."))
            return
        path = os.path.expanduser(words[0])
        trace = self._load(path)
        _replayed = path, trace
        console.say(
            trn(
                "{n} stop of {program} ({runtime}): `rt0 history` lists it, `rt0 replay off` leaves it.",
                "{n} stops of {program} ({runtime}): `rt0 history` lists them, `rt0 replay off` leaves them.",
                len(trace["stages"]),
                program=trace["program"],
                runtime=trace["runtime"],
            )
        )

    @staticmethod
    def _load(path):
        try:
            trace = json.loads(untrusted.contents(path, _MAX_TRACE))
            if (
                trace["format"] == 1
                and trace["stages"]
                and trace["program"]
                and trace["runtime"]
                and _is_shallow(trace)
            ):
                before = None
                for number, stop in enumerate(trace["stages"], 1):
                    moment = told.Recorded(stop, number)
                    panel.text(moment, before)
                    before = moment
                return trace
        except OSError as error:
            raise program.Problem(tr("cannot read {path}: {strerror}.", path=path, strerror=error.strerror)) from None
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
            pass
        raise program.Problem(
            tr("{path} is no recorded run: `rt0 record FILE` or `./lab trace hello -o FILE` writes one.", path=path)
        )


def _is_shallow(trace):
    """Is it nested no deeper than traces are? Python cannot show what is."""
    level = [trace]
    for _ in range(_DEPTH):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, (dict, list))
        ]
    return not level


class Limit(gdb.Parameter):
    """The last N stops are kept for `rt0 history`, `back`, `diff A B` and `when`.
    0 keeps none of them."""

    set_doc, show_doc = "Set how many stops are kept.", "Show how many stops are kept."

    def __init__(self) -> None:
        console.translate(self)
        super().__init__("rt0 history", gdb.COMMAND_DATA, gdb.PARAM_ZUINTEGER)
        self.value = history.DEFAULT

    def get_set_string(self) -> str:
        history.kept.limit = self.value
        history.kept.trim()
        return ""

    def get_show_string(self, value: str) -> str:
        kept = len(history.kept.moments)
        return trn(
            "rt0 history is {value}; {n} stop kept in {size} KiB, of which stacks are {stacks}; {most} MiB at most.",
            "rt0 history is {value}; {n} stops kept in {size} KiB, of which stacks are {stacks}; {most} MiB at most.",
            kept,
            value=value,
            size=-(-sum(moment.size for moment in history.kept.moments) >> 10),
            stacks=-(-sum(moment.stacks.size for moment in history.kept.moments) >> 10),
            most=history.MAX_BYTES >> 20,
        )

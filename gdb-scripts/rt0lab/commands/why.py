"""`rt0 why FIELD`: which instruction gave a field the value that it has."""

from __future__ import annotations

import dataclasses
import os
import re
from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from ..rerun import fields, present, writes
from ..rerun.writes import Write, Writes
from ..state import changes, history, told
from ..words import tr
from . import console, past
from .options import Options


class Why(console.Command):
    """Say which instruction gave a field the value that it has.
    Function, line, instruction, stage of the boot, and the value before.
    -all tells every write of the boot (* is the one that counts now), -json
    prints data. The first question runs the program once more, in a process
    of its own, one instruction at a time up to its second thread; yours stays
    as it is. Of what is written later the stops that are kept tell between
    which two. A write that leaves a value as it was is none.

    (gdb) rt0 why g1.sched.pc
    (gdb) rt0 why sched.npidle -all"""

    name, kind = "rt0 why", gdb.COMMAND_DATA

    def run(self, argument: str) -> None:
        options = Options("rt0 why", "FIELD [-all] [-json]")
        options.add_argument("field")
        options.add_argument("-all", action="store_true")
        asked = options.of(argument)
        if past.replaying():
            return _recorded(fields.plain(asked.field), asked.all, asked.json)
        answer = _Answer(fields.plain(asked.field), asked.json, asked.all)
        if asked.json:
            return console.dump(answer.data(asked.all))
        answer.say_all() if asked.all else answer.say()


def _writes(quiet):
    """Writes; Problem where they cannot be had."""
    if not quiet and not writes.ready():
        console.say(
            tr(
                "the program is run once more, in a process of its own, one instruction at a time: some seconds, this"
                " once. Your session stays as it is; Ctrl-C gives up."
            )
        )
        gdb.flush()
    return writes.of_program()


def _recorded(path, every, as_json):
    """The same of a recorded run, as far as it was recorded who wrote what."""
    found = []
    for moment in past.past() or ():
        writers, changed = moment.stop.get("writers"), moment.stop.get("changed")
        for key, who in writers.items() if isinstance(writers, dict) and isinstance(changed, dict) else ():
            if told.head_of(key) == told.head_of(path) and isinstance(who, dict) and isinstance(changed.get(key), list):
                found.append((moment, *changed[key][:2], who))
    if as_json:
        rows = [{"stop": moment.number, "before": was, "after": now, "writer": who} for moment, was, now, who in found]
        return console.dump({"field": path, "writer": rows[-1]["writer"] if rows else None, "writes": rows})
    if not found:
        raise program.Problem(tr("it was not recorded who wrote to {path}: `rt0 record FILE` does that.", path=path))
    for moment, was, now, who in found if every else found[-1:]:
        console.say(f"{path}: {moment.text(was)} → {moment.text(now)}")
        place = f"{who.get('function')} ({who.get('file')}:{who.get('line')})"
        console.say(
            tr("  by {where}, before stop {number}, {place}", where=place, number=moment.number, place=moment.place)
        )
        console.say(f"  {who.get('pc')}  {who.get('instruction')}")


@dataclasses.dataclass(frozen=True)
class _Change:
    """A field had another value at a kept stop than before: at the stop of number `since`, or, `at_boots_end`, where
    the second thread was made, which was later (None if no stop before that is kept)."""

    since: int | None
    was: Any
    now: Any
    moment: told.Kept
    at_boots_end: bool = False


class _Answer:
    """What is known of why a field has its value: `last`, the write of the boot's that counts; `change`, what the kept
    stops show instead; `problem`, why it cannot be asked of the boot."""

    def __init__(self, path: str, quiet: bool, every: bool) -> None:
        self.path, self.problem = path, ""
        self.found: Writes | None = None
        self.writes: list[Write] = []
        self.last: Write | None = None
        self.change: _Change | None = None
        self.place = present.Place(None)
        try:
            found = _writes(quiet)
            self.writes = [_named(write, path) for write in found.of(path)]
            self.found = found
            by_hand = present.by_hand(found, path)
            self.place = present.Place(None, _by_hand(path)) if by_hand else self._place(found)
        except program.Problem as problem:
            by_hand, self.problem = False, str(problem)
        if not by_hand and (self.place.step is None or self.place.after):
            self.change = self._later()
        self.problem, step = self.problem or self.place.problem or "", self.place.step
        if self.problem and not self.change and not (every and self.found):
            raise program.Problem(self.problem)
        earlier = [write for write in self.writes if step is not None and write.step < step]
        self.last = earlier[-1] if earlier and not self.change else None

    def _place(self, found):
        """Where the present is in the boot; not known where it has another value in this field."""
        place = present.of(found)
        if place.step is None or place.after or present.agrees(found, self.path, place.step):
            return place
        return self._another()

    def _another(self):
        return present.Place(
            None,
            tr(
                "the boot, run once more, has another value in {path} here: it has gone another way, or somebody has"
                " written to it.",
                path=self.path,
            ),
        )

    def _later(self):
        """The last _Change there was; None if there was none, or if nothing is kept that has this field."""
        if self.path in ("stage", "thread"):
            return None
        after, now = None, None
        try:
            for kept in reversed(history.kept.moments):
                if self.place.after and len(kept.threads) <= 1:
                    if present.is_like(self.found, self.path, kept):
                        return self._since_the_boot(kept.number, after, now)
                    self.place = self._another()
                moment = told.Kept(kept)
                was, now = now, moment.value(self.path)
                if after is not None and now != was:
                    return _Change(moment.number, now, was, after)
                after = moment
        except program.Problem:
            return None
        return self._since_the_boot(None, after, now) if self.place.after else None

    def _since_the_boot(self, since, after, now):
        """The change from the boot's end to `after`, the first stop since, with its value."""
        if after is None or self.found.is_volatile(self.path):
            return None
        was = _status(self.path, told.plain(self.found.value(self.path)))
        if was == now or present.had(self.found, self.path, self.found.steps, after.moment):
            return None
        return _Change(since, was, now, after, True)

    def data(self, every: bool) -> dict[str, Any]:
        """As data."""
        stops, change = None, self.change
        if change:
            stops = {
                "from": change.since,
                "to": change.moment.number,
                "place": change.moment.place,
                "before": change.was,
                "after": change.now,
            }
        return {
            "field": self.path,
            "steps": self.place.step,
            "boot_is_over": self.place.after,
            "problem": self.problem or None,
            "writer": None if self.last is None else dataclasses.asdict(self.last),
            "between": stops,
        } | ({"writes": [dataclasses.asdict(write) for write in self.writes]} if every else {})

    # -- as text

    def say(self) -> None:
        """The one that counts now."""
        if self.change:
            self._say_change(self.change)
            if self.change.at_boots_end and self.writes:
                console.say(tr("The boot's last write to it was in {where}.", where=_where(self.writes[-1])))
        elif self.last is not None:
            self._say_write(self.last)
            self._say_chance()
            if self.place.after:
                console.say(
                    tr(
                        "That was before there was a second thread. At no stop kept since had it another value; what"
                        " came and went between two stops was not seen."
                    )
                )
        elif self.place.after:
            console.say(
                tr("{path}: the boot does not write to it, and no stop kept since shows another value.", path=self.path)
            )
        else:
            console.say(tr("{path}: nothing has written to it in this boot so far.", path=self.path))
            if self.writes:
                console.say(tr("The first that will is {where}.", where=_where(self.writes[0])))

    def _say_chance(self):
        """Of what is not the same in each run."""
        kept = history.kept.last()
        here = told.Kept(kept).value(self.path) if kept is not None and self.found.is_volatile(self.path) else None
        if here is not None and here != told.plain(self.last.after):
            console.say(
                tr(
                    "In the run that was watched; here it is {here}: that hangs on time, chance or a process's number.",
                    here=changes.value_text(here),
                )
            )

    def _say_change(self, change):
        words = {
            "path": self.path,
            "was": change.moment.text(change.was),
            "now": change.moment.text(change.now),
            "number": change.moment.number,
            "place": change.moment.place,
        }
        console.say(
            tr(
                "{path}: {was} → {now} between the making of the second thread and stop {number}, which is in {place}.",
                **words,
            )
            if change.at_boots_end
            else tr(
                "{path}: {was} → {now} between stop {before} and stop {number}, which is in {place}.",
                before=change.since,
                **words,
            )
        )
        console.say(
            self.problem or tr("Which instruction is not known: it was written once there was a second thread.")
        )

    def _say_write(self, write):
        snap = self.found.replay.snapshot
        console.say(changes.change_line((self.path, write.before, write.after), snap))
        console.say(tr("  by {where}, after stage `{stage}`", where=_where(write), stage=write.stage or "-"))
        if write.source:
            console.say(untrusted.shown(f"  {write.line:6}  {write.source}"))
        console.say(
            tr(
                "  {pc:#x}  {instruction}   (instruction {step} of {steps})",
                pc=write.pc,
                instruction=write.instruction,
                step=write.step + 1,
                steps=self.found.steps,
            )
        )

    def say_all(self) -> None:
        """All of the boot's."""
        if self.found is None:
            raise program.Problem(self.problem)
        if not self.writes:
            console.say(tr("{path}: the boot does not write to it.", path=self.path))
        rows = [
            (
                f"{'*' if write is self.last else ' '} {write.step + 1}",
                write.stage or "-",
                f"{changes.value_text(write.before)} → {changes.value_text(write.after)}",
                _where(write),
            )
            for write in self.writes
        ]
        if rows:
            console.table(rows)
        if self.change:
            self._say_change(self.change)


def _where(write):
    name = os.path.basename(write.file) if write.file else None
    return f"{write.function} ({untrusted.shown(name)}:{write.line})" if name else write.function


def _by_hand(path):
    """Why nobody knows who wrote what stands there."""
    return tr(
        "{path} is not what it was at stop {number}, the last one: somebody has written to it in gdb, or a thread"
        " runs.",
        path=path,
        number=history.kept.last().number,
    )


def _named(write, path):
    """A write, with the names of statuses."""
    return dataclasses.replace(write, before=_status(path, write.before), after=_status(path, write.after))


def _status(path, value):
    """A P's status by its name, as `rt0 diff` has it."""
    is_one = re.fullmatch(r"p\d+\.status", path) and isinstance(value, int)
    return program.world().p_status(value) if is_one else value

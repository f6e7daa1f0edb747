"""`rt0 why FIELD`: which instruction gave a field the value that it has."""

from __future__ import annotations

import dataclasses
import os
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
        raise program.Problem(
            tr("it was not recorded who wrote to {path}: `rt0 record FILE` does that.", path=path)
        )
    for moment, was, now, who in found if every else found[-1:]:
        console.say(f"{path}: {moment.text(was)} → {moment.text(now)}")
        place = f"{who.get('function')} ({who.get('file')}:{who.get('line')})"
        console.say(
            tr("  by {where}, before stop {number}, {place}", where=place, number=moment.number, place=moment.place)
        )
        console.say(f"  {who.get('pc')}  {who.get('instruction')}")


class _Answer:
    """What is known of why a field has its value."""

    def __init__(self, path: str, quiet: bool, every: bool) -> None:
        self.path, self.problem = path, ""
        self.found: Writes | None = None
        self.writes: list[Write] = []
        self.place = present.Place(None)
        try:
            found = _writes(quiet)
            self.writes = found.of(path)
            self.found, self.place = found, self._place(found)
            self.problem = self.place.problem or ""
        except program.Problem as problem:
            self.problem = str(problem)
        step = self.place.step
        self.seen = None if step is not None and not self.place.after else _last_change(path)
        if self.problem and not self.seen and not (every and self.found):
            raise program.Problem(self.problem)
        self.late = self.found is not None and self.place.after and self._is_late(self.found)
        earlier = [write for write in self.writes if step is not None and write.step < step]
        self.last = earlier[-1] if earlier and not self.late else None

    def _place(self, found):
        """Where the present is in the boot; not known where it has another value in this field."""
        place = present.of(found)
        if place.step is None or place.after or present.agrees(found, self.path, place.step):
            return place
        return present.Place(
            None,
            tr(
                "the boot, run once more, has another value in {path} here: it has gone another way, or somebody has"
                " written to it.",
                path=self.path,
            ),
        )

    def _is_late(self, found):
        """Is it seen that somebody wrote after the boot?"""
        if self.seen and len(_stop(self.seen[0].number - 1).threads) > 1:
            return True
        kept = history.kept.last()
        now = None if kept is None else told.Kept(kept).value(self.path)
        return now != told.plain(found.value(self.path)) and not found.is_volatile(self.path)

    def data(self, every: bool) -> dict[str, Any]:
        """As data."""
        stops = None
        if self.seen and self.last is None:
            moment, was, now = self.seen
            stops = {"from": moment.number - 1, "to": moment.number, "place": moment.place, "before": was, "after": now}
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
        if self.last is not None:
            self._say_write(self.last)
            self._say_chance()
            if self.place.after:
                console.say(
                    tr(
                        "That was before there was a second thread. At no stop kept since had it another value; what"
                        " came and went between two stops was not seen."
                    )
                )
        elif self.seen:
            self._say_between()
        elif self.late:
            console.say(
                tr(
                    "{path}: which instruction is not known: it was written once there was a second thread, before the"
                    " first stop that is kept.",
                    path=self.path,
                )
            )
        else:
            console.say(tr("{path}: nothing has written to it in this boot so far.", path=self.path))
            if self.writes and not self.place.after:
                console.say(tr("The first that will is {where}.", where=_where(self.writes[0])))

    def _say_chance(self):
        """Of what is not the same in each run."""
        kept = history.kept.last()
        here = told.Kept(kept).value(self.path) if kept is not None else None
        if here is not None and here != told.plain(self.last.after):
            console.say(
                tr(
                    "In the run that was watched; here it is {here}: that hangs on time, chance or a process's number.",
                    here=changes.value_text(here),
                )
            )

    def _say_between(self):
        moment, was, now = self.seen
        console.say(
            tr(
                "{path}: {was} → {now} between stop {before} and stop {number}, which is in {place}.",
                path=self.path,
                was=moment.text(was),
                now=moment.text(now),
                before=moment.number - 1,
                number=moment.number,
                place=moment.place,
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
            return
        console.table(
            [
                (
                    f"{'*' if write is self.last else ' '} {write.step + 1}",
                    write.stage or "-",
                    f"{changes.value_text(write.before)} → {changes.value_text(write.after)}",
                    _where(write),
                )
                for write in self.writes
            ]
        )


def _where(write):
    name = os.path.basename(write.file) if write.file else None
    return f"{write.function} ({untrusted.shown(name)}:{write.line})" if name else write.function


def _stop(number):
    """The stop of this number that is kept."""
    return next(moment for moment in history.kept.moments if moment.number == number)


def _last_change(path):
    """(stop, value at the stop before, value) of the last stop kept at which a field had another value than at the one
    before; () if it had the same at all of them, None if there is no such field or no stop."""
    after, now = None, None
    try:
        for moment in map(told.Kept, reversed(history.kept.moments)):
            was, now = now, moment.value(path)
            if after is not None and now != was:
                return after, now, was
            after = moment
    except program.Problem:
        return None
    return () if now is not None else None

"""`rt0 compat`: what of all that is asked of a program's runtime this one has, has by another name, or lacks."""

from __future__ import annotations

from typing import Any

import gdb

from .. import program
from ..boot import stages, stops
from ..program import names, uses
from ..words import screen, tr
from . import console
from .options import Options


class Compat(console.Command):
    """Say what of a program's runtime is there as expected.
    That is fields, variables, types, constants and the boot's stages.
    What has another name is found by it; what is missing is named, with what is lost by it. Nothing has to run.

    (gdb) rt0 compat
    (gdb) rt0 compat -json"""

    name, kind = "rt0 compat", gdb.COMMAND_STATUS
    _options = Options("rt0 compat")

    def run(self, argument: str) -> None:
        chosen = self._options.of(argument)
        answers, version = uses.answers(), program.text("buildVersion") or tr("a runtime that does not say its version")
        if chosen.json:
            console.dump({"runtime": version, "uses": [vars(answer) for answer in answers], "stages": _stages()})
            return
        console.say(tr("{version}, and what is asked of it:", version=version))
        for answer in answers:
            verdict = tr("ok") if not answer.lacks else tr("in part") if answer.has else tr("lost")
            has, all_ = len(answer.has), len(answer.has) + len(answer.lacks)
            said = tr("{what} ({has} of {all})", what=tr(answer.what), has=has, all=all_)
            console.say(f"{screen.pad(verdict, 8)} {said}")
            _list(tr("lacks"), answer.lacks)
        _list(
            tr("By another name:"),
            [tr("{a} is {b}", a=a, b=b) for answer in answers for a, b in answer.renamed.items()],
            "",
            ", ",
        )
        _list(tr("Not in it, and not missed:"), [name for answer in answers for name in answer.without], "")
        self._boot(_stages())
        less = [answer.what for answer in answers if answer.lacks]
        lost = tr("{less} of {answers} are lost, or less than they could be.", less=len(less), answers=len(answers))
        console.say(lost if less else tr("Nothing is lost."))

    @staticmethod
    def _boot(boot):
        console.say(tr("Stages of the boot: {found} of {all}.", found=len(boot["found"]), all=len(stages.load())))
        _list(tr("By another name:"), [tr("{a} is {b}", a=a, b=b) for a, b in boot["renamed"].items()], "", ", ")
        _list(tr("Left out, inlined, or without source here:"), boot["missing"], "")


def _list(head, words, indent=" " * 9, between=" "):
    """These words behind a heading, over as many lines as they take; nothing for none."""
    if words:
        text = screen.joined(head, between.join(words))
        for line in screen.wrap(text, indent, indent + "  ", console.columns()):
            console.say(line)


def _stages() -> dict[str, Any]:
    """The boot's stages that the program has, {one: the function that stands for it}, and those that it has not."""
    places = stops.places().values()
    found = [place for place in places if place.address is not None]
    return {
        "found": [place.stage.name for place in found],
        "renamed": {
            place.stage.name: place.symbol
            for place in found
            if place.stage.kind == "entry" and names.function(str(place.symbol)) != place.stage.symbols[0]
        },
        "missing": [place.stage.name for place in places if place.address is None],
    }

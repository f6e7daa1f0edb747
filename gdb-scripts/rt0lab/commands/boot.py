"""The commands that run the program: `rt0 run|next|until|record`, and `rt0 stages`."""

from __future__ import annotations

import os
from typing import NamedTuple

import gdb

from .. import program
from ..boot import stages, stops
from ..goroutines import naming
from ..rerun import writers
from ..show import card
from ..state import recorder, trace
from ..words import tr, trn
from . import console, functions, rewind


class Stages(console.Command):
    """List the boot's stages in order, and mark where the program is.
    `t` marks the stops of the tour.

    (gdb) rt0 stages
    -> t schedinit   0x4288b0  proc.go:477"""

    name, kind = "rt0 stages", gdb.COMMAND_STATUS

    def run(self, argument: str) -> None:
        places = stops.places()
        stage, exactly = stops.current()
        rows = []
        for place in places.values():
            here = stage is not None and place.stage.name == stage.name
            mark = ("->" if exactly else "~>") if here else "  "
            if place.address is None:
                at = tr("not in this program: {reason}", reason=place.reason)
            else:
                file, line = program.world().line_at(place.address)
                at = f"{place.address:#x}  {os.path.basename(file) + ':' + str(line) if file else ''}"
            rows.append((mark, "t" if place.stage.tour else " ", place.stage.name, at))
        console.table(rows)
        if not program.alive():
            console.say(console.not_running())


class Run(console.Command):
    """Start the program and stop it at its very first instruction.

    (gdb) rt0 run
    (gdb) rt0 next"""

    name = "rt0 run"

    def run(self, argument: str) -> None:
        console.need_runnable()
        if argument:
            raise program.Problem(tr("`rt0 run` takes no arguments: `set args ...` sets the program's."))
        outcome = stops.start()
        show(outcome)


class Next(console.Command):
    """Go on to the next stage of the tour, and show its card.
    Before `run` it starts the program. Cards are numbered as this program reaches
    them; once it has run without the rt0 commands, as `rt0 stages` lists them.

    (gdb) rt0 next
    == stage 1/45  _rt0_amd64_linux == thread 1, on the kernel's stack, no g yet =="""

    name = "rt0 next"

    def run(self, argument: str) -> None:
        console.need_runnable()
        if not program.alive() and console.so_far.ended:
            raise program.Problem(console.not_running())
        show(_step())


def _step():
    """To the next stage of the tour."""
    if not program.alive():
        return stops.start()
    stops.walk.refresh()
    here = stops.at(program.register("rip"))
    if here is not None and here.tour and here.name not in stops.walk.reached:
        stops.walk.reach(here.name)
    targets = stops.tour_addresses(() if program.rewound() else stops.walk.reached)
    return stops.toward(targets) if targets else stops.go("continue")


def show(outcome: stops.Outcome) -> None:
    """Prints how a step ended. A card is of a stage that the program came to, not of one that it repeats."""
    if outcome.what in ("stage", "stopped") and program.rewound():
        console.say(tr("in the recorded past:"))
        console.pass_on(stops.where() + "\n")
    elif outcome.what == "stage" and outcome.stage is not None:
        keep(outcome.stage)
        head, *rest = kept()[outcome.stage.name].lines
        console.say(head, "head")
        console.write(rest)
    elif outcome.what == "exited":
        console.say(
            tr("the program was ended by a signal.")
            if outcome.code is None
            else tr("the program has ended with exit code {code}.", code=outcome.code)
        )
    elif outcome.what == "signal":
        console.say(
            tr(
                "the program received {signal}: `bt` shows where, `rt0 check` whether the runtime's state is sound.",
                signal=outcome.text,
            )
        )
        console.pass_on(outcome.place + "\n")
    elif not outcome.place:
        console.say(
            tr(
                "the thread that ran has ended, it seems: `info threads` lists those that are left, `thread N` goes to"
                " one."
            )
        )
    else:
        console.say(outcome.text + ":")
        console.pass_on(outcome.place + "\n")
        if said := rewind.remark():
            console.say(said)


# ---- cards -----------------------------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """A card as it was shown."""

    number: int | None  # of the stage, on the tour
    lines: list[str]


def kept() -> dict[str, Kept]:
    """{stage: its card} of this run of the program, in the order in which it came to them."""
    return program.world().own(("cards", stops.walk.pid), dict)


def keep(stage: stages.Stage) -> int | None:
    """Makes the card of the stage that the program is at, and returns its number. Where nothing has moved since it is
    the one that was made then."""
    so_far, cards = console.so_far, kept()
    if stage.name in cards and list(cards)[-1] == stage.name and so_far.card is not None and so_far.card is so_far.now:
        return cards[stage.name].number
    snap = so_far.now if so_far.now is not None and so_far.now.live else so_far.snapshot()
    before = so_far.card or (so_far.entry if so_far.entry is not snap else None) or so_far.before
    cards.pop(stage.name, None)
    cards[stage.name] = Kept(card.position(stage)[0], card.card(stage, snap, before, console.columns()))
    so_far.card = snap
    functions.called.refresh()
    return cards[stage.name].number


class Until(console.Command):
    """Go on until a stage is reached, and show its card.

    (gdb) rt0 until schedinit
    (gdb) rt0 until main.main"""

    name = "rt0 until"

    def run(self, argument: str) -> None:
        console.need_runnable()
        if not argument:
            raise program.Problem(tr("`rt0 until` needs a stage's name: `rt0 stages` lists them."))
        stage = stages.named(tuple(stops.table()), argument)
        if stage is None:
            raise program.Problem(tr("there is no stage `{stage}`: `rt0 stages` lists them.", stage=argument))
        place = stops.places()[stage.name]
        if place.address is None:
            raise program.Problem(
                tr("stage `{stage}` is not in this program: {reason}.", stage=stage.name, reason=place.reason)
            )
        outcome = stops.start() if not program.alive() else None
        stops.walk.refresh()
        again, repeats = stage.name in stops.walk.reached, program.rewound()
        if outcome is None or outcome.stage is not None and outcome.stage.name != stage.name:
            outcome = stops.toward({place.address})
        if repeats and program.alive() and program.register("rip") != place.address:
            raise program.Problem(
                tr(
                    "stage `{stage}` does not come between there and the end of what is recorded, where the program"
                    " stands now.",
                    stage=stage.name,
                )
            )
        order = [s.name for s in stops.table()]
        if outcome.what == "stage" and program.register("rip") == place.address:
            outcome.stage = stops.walk.last = stage  # two labels may stand at one address
        if outcome.stage is not None and outcome.what == "stage":
            stops.walk.reach(*order[: order.index(outcome.stage.name) + 1], anew=not again)
        elif outcome.what == "exited":
            console.say(tr("stage `{stage}` was not reached.", stage=stage.name))
        else:
            stops.walk.unwatch()
        show(outcome)

    def complete(self, text: str, word: str | None) -> list[str]:
        """Stage names."""
        return [s.name for s in stops.table() if s.name.startswith(text)]


def _add_writers(run, pcs):
    try:
        count = writers.add(run["stages"], pcs)
    except program.Problem as problem:
        console.say(tr("who wrote what is not known: {problem}", problem=str(problem)))
        return
    console.say(trn("of {n} change it is known who wrote it", "of {n} changes it is known who wrote them", count))


class Record(console.Command):
    """Run the program to its end and write every stage to a file.
    That is each stage's entry and return, as JSON. Each change up to the
    second thread says which instruction made it: for that the program is run
    once more, as by `rt0 why`. -bare leaves that out.

    (gdb) rt0 record boot.json
    207 stops, exit code 0, written to boot.json"""

    name, complete_with = "rt0 record", gdb.COMPLETE_FILENAME

    def run(self, argument: str) -> None:
        console.need_runnable()
        words = gdb.string_to_argv(argument)
        bare = "-bare" in words[:-1]
        if len(words) != 1 + bare:
            raise program.Problem(tr("`rt0 record` needs one file name: `rt0 record boot.json`."))
        path = os.path.expanduser(words[-1])
        if not os.path.isdir(os.path.dirname(path) or ".") or os.path.isdir(path):
            raise program.Problem(tr("cannot write {path}: name a file in a folder that exists.", path=path))
        others = (console.so_far.stopped, naming.names.stopped)  # nobody sees these stops
        for other in others:
            gdb.events.stop.disconnect(other)
        try:
            recording = recorder.Recorder()
            run = recording.run()
        finally:
            for other in others:
                gdb.events.stop.connect(other)
        if not bare:
            _add_writers(run, recording.pcs)
        trace.write(run, path)
        if run["exit"] is not None:
            ended = tr("exit code {code}", code=run["exit"])
        else:
            ended = tr("ended by {signal}", signal=run.get("signal", tr("a signal")))
        said = trn(
            "{n} stop, {ended}, written to {path}",
            "{n} stops, {ended}, written to {path}",
            len(run["stages"]),
            ended=ended,
            path=path,
        )
        console.say(said)

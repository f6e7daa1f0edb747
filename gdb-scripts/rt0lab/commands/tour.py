"""`rt0 tour`: the walk through the boot, a card a stage, led by single keys."""

from __future__ import annotations

import unicodedata

import gdb

from .. import program
from ..boot import stages, stops
from ..program import hidden, settings
from ..show import card
from ..words import in_a_row, screen, tr, trn
from . import boot, console, keys

_NEXT = ("enter", "space", "n", "right", "down")
_STOP = 20  # columns between the places where a list's next cell may begin
_BACK = ("p", "b", "left", "up", "backspace")


class Tour(console.Command):
    """A guided walk through the boot: one card a stage.
    A key is enough: Enter goes on, p shows the
    card before, j jumps, l lists the stages, g leaves for the gdb prompt right
    there, q or Ctrl-C ends it all, h tells of all keys.
    `rt0 tour -batch` prints all cards without asking.

    (gdb) rt0 tour
    (gdb) rt0 tour -batch"""

    name = "rt0 tour"

    def run(self, argument: str) -> None:
        console.need_runnable()
        if argument not in ("", "-batch"):
            raise program.Problem(tr("`rt0 tour` takes nothing or `-batch`."))
        with settings.off("pagination"):  # a card is shorter than a screen
            _Walk(argument == "-batch" or not keys.there()).walk()


class _Walk:
    """From where the program is to its end, or to where the learner leaves."""

    def __init__(self, batch):
        self._batch = batch
        self._points = []  # where the program will stop
        self._goal = None  # the number or the name of the stage that was jumped to
        self._cards = {}  # those of this run of the program
        self._shown = 0  # which of them

    def walk(self):
        """All of it."""
        try:
            outcome = self._here() or self._on()
            while outcome.what == "stage":
                if not self._arrived(outcome.stage):
                    return
                outcome = self._on()
            self._end(outcome)
        finally:
            hidden.remove(self._points)

    def _here(self):
        """The stage that the program stands at already."""
        if not program.alive():
            return None
        stage, exactly = stops.current()
        if not exactly:
            return None
        stops.walk.last = stage
        stops.walk.reach(stage.name)
        return stops.Outcome("stage", stage)

    def _on(self):
        """Lets the program run to the next stage. It has all its breakpoints from the beginning, for there are many."""
        if not program.alive():
            return stops.start()
        if not self._points and not stops.at_the_end():
            self._points = [stops.Point(address) for address in stops.tour_addresses(stops.walk.reached)]
        outcome = stops.go("continue")
        if outcome.what == "stage":
            here = f"*{program.register('rip'):#x}"
            for point in [p for p in self._points if stops.at_the_end() or p.location == here]:
                self._points.remove(point)
                point.delete()
        return outcome

    def _arrived(self, stage):
        """Shows the card, unless a jump goes further; True to go on."""
        number, self._cards = boot.keep(stage), boot.kept()
        if self._goal in (None, stage.name, number):
            self._goal = None
            self._show(len(self._cards) - 1)
            console.say()
            return self._batch or self._ask()
        return True

    def _end(self, outcome):
        boot.show(outcome)
        if outcome.what != "exited":
            return
        if self._goal is not None:
            console.say(tr("Stage {stage} was not reached.", stage=self._goal))
        on_way = [s.name for s in card.tour_stages()]
        missed = [name for name in on_way if name not in self._cards]
        if missed:
            console.say(tr("The tour did not come by: {stages}.", stages=in_a_row(missed)))
        n = len(on_way) - len(missed)
        console.say()
        for text in (
            trn(
                "That was the boot: {n} stage, from the kernel's first instruction to main.main and the end.",
                "That was the boot: {n} stages, from the kernel's first instruction to main.main and the end.",
                n,
            ),
            tr(
                "Next: `./lab` shows the exercises, `./lab run` begins the first; `./lab gdb` is gdb with what you saw."
            ),
        ):
            console.write(screen.wrap(text, columns=console.columns()))

    # -- what the learner presses

    def _show(self, index):
        self._shown = index
        head, *rest = list(self._cards.values())[index].lines
        console.say(head, "head")
        console.write(rest)

    def _ask(self):
        """True to go on."""
        while True:
            key = unicodedata.normalize("NFKC", keys.pressed(self._prompt()))
            console.say()
            if key in _NEXT and self._shown == len(self._cards) - 1:
                return True
            if key in ("j", "/") or len(key) == 1 and key.isdecimal():
                if self._jump(key if key.isdecimal() else ""):
                    return True
            elif key in ("g", ""):
                self._leave()
                return False
            elif key in ("q", "ctrl-c", "ctrl-d"):
                gdb.execute("set confirm off")
                gdb.execute("quit 130" if key == "ctrl-c" else "quit")
            else:
                self._look(key)

    def _prompt(self):
        parts = tr("-- Enter: next   p: previous   j: jump   g: gdb, here   h: help   q: quit --").split("   ")
        text = parts[0]
        for part in parts[1:]:
            last = screen.width(text.rpartition("\n")[2])
            text += ("\n" if last + 4 + screen.width(part) > console.columns() else "   ") + part
        return text + " "

    def _look(self, key):
        """What lets the program stand where it is."""
        if key in _NEXT:
            self._again(self._shown + 1)
        elif key in _BACK and self._shown > 0:
            self._again(self._shown - 1)
        elif key in _BACK:
            console.say(tr("this is the first card."))
        elif key == "l":
            self._list()
        elif key in ("h", "?"):
            console.write(_help())
        else:
            name = key if len(key) > 1 and key.isprintable() else f"`{key}`"
            console.say(
                tr("the key {key} does nothing here. There are Enter, p, j, l, g, q; h says what they do.", key=name)
            )

    def _again(self, index):
        self._show(index)
        if index < len(self._cards) - 1:
            last = list(self._cards)[-1]
            console.say(tr("(as it was then; the program is at {stage})", stage=f"`{last}`"))
        console.say()

    def _jump(self, begun):
        """To a stage by its number or name; True if the program must run there."""
        typed = keys.line(tr("to the stage (number or name): "), begun) or ""
        wanted = unicodedata.normalize("NFKC", typed).strip()  # digits of a Chinese input method, too
        console.say()
        if not wanted:
            return False
        for index, (name, each) in enumerate(self._cards.items()):
            if wanted == str(each.number) or wanted == name:
                self._again(index)
                return False
        on_way = card.tour_stages()
        if not wanted.isdecimal():
            return self._jump_to(wanted, on_way)
        number = int(wanted[:9])
        if not 1 <= number <= len(on_way):
            console.say(tr("the stages have the numbers 1 to {n}.", n=len(on_way)))
            return False
        if not stops.walk.watched:  # then they are counted as the table has them
            return self._jump_to(on_way[number - 1].name, on_way)
        self._goal = number
        return True

    def _jump_to(self, wanted, on_way):
        """To one by its name, or by how that begins."""
        exact = stages.named(tuple(on_way), wanted)
        found = [exact] if exact else [s for s in on_way if s.name.lower().startswith(wanted.lower())]
        names = list(self._cards)
        if len(found) > 1:
            console.say(tr("that may be {stages}.", stages=in_a_row(s.name for s in found)))
        elif not found and stages.named(tuple(stops.table()), wanted):
            console.say(tr("that stage is not on the tour: g, then `rt0 until {stage}` goes there.", stage=wanted))
        elif not found:
            console.say(tr("there is no stage `{stage}`: l lists them.", stage=wanted))
        elif found[0].name in names:
            self._again(names.index(found[0].name))
        elif found[0].name in stops.walk.reached:
            console.say(tr("the program has passed that stage, and the tour was not there."))
        else:
            self._goal = found[0].name
            return True
        return False

    def _list(self):
        """The stages as they came, then the others as the table has them; as many in a line as fit."""
        kept = list(self._cards)
        names = kept + [s.name for s in card.tour_stages() if s.name not in kept]
        cells = []
        for i, name in enumerate(names):
            mark = ">" if i == self._shown else "*" if i < len(kept) else " "
            cells.append(f"{mark} {i + 1:2} {name}")
        line = ""
        for cell in cells:
            if len(line + cell) > console.columns():
                console.say(line.rstrip())
                line = ""
            line += cell + " " * (_STOP - len(cell) % _STOP)
        console.say(line.rstrip())
        console.say(tr("* seen   > shown now   j jumps to one"))

    @staticmethod
    def _leave():
        console.say(tr("here is gdb: `rt0 next` goes on by a stage, `rt0 tour` resumes the walk, `q` quits."))
        console.say(tr("What cards name can be typed: `rt0 dump m0`, `print *$m0`; once it is there, `$g1`, `$p0`."))


def _help():
    rows = [
        (tr("Enter, n, space"), tr("the next card")),
        ("p, b", tr("the card before, as it was")),
        ("j", tr("jump to a stage, by its number or name; a digit begins its number")),
        ("l", tr("list the stages")),
        ("g", tr("leave for gdb's prompt, here; `rt0 tour` comes back")),
        ("q, Ctrl-C", tr("end it all")),
    ]
    for keys_, what in rows:
        yield from screen.wrap(what, "  " + screen.pad(keys_, 17), " " * 19, console.columns())
    for text in (
        tr("The arrow keys go on and back, too."),
        tr(
            "G is a goroutine, M a thread, P the right to run Go code; "
            "g0 is the goroutine whose stack an M schedules on."
        ),
        tr("What cards name can be typed in gdb: `rt0 dump g1`, `print *$g1`, `print $m0.curg`; `$g(1)` finds by id."),
    ):
        yield from screen.wrap(text, columns=console.columns())

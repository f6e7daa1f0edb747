"""What is asked of `lab bench`, how long it may take, and the line on a terminal that says how far it has got."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TextIO

from ..failure import progress
from .against import Earlier


@dataclass(frozen=True)
class Asked:
    """What each part is told. `quick`: no part was named, and all of them share some minutes."""

    only: str = ""
    rounds: int | None = None
    cpu: bool = False
    quick: bool = False
    since: Earlier | None = None

    def wants(self, name: str) -> bool:
        """Whether a figure is asked for."""
        return name.startswith(self.only)

    def change(self, figure: dict[str, Any]) -> str:
        """How far a figure is from the earlier one; nothing if there is none to compare with."""
        return self.since.change(figure) if self.since else ""


def terminal() -> TextIO | None:
    """Where the line goes that comes and goes: only to a person."""
    here = sys.stdout.isatty() and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return sys.__stderr__ if here else None


@dataclass
class Pace:
    """Hands out rounds. `planned` has each figure with the seconds that all its rounds take on a quiet machine; where
    there is a `limit`, a figure gets its share of what is left of it: fewer rounds on a busy machine, none if not even
    one fits."""

    planned: dict[str, float]
    limit: float | None = None
    screen: TextIO | None = None
    clock: Callable[[], float] = time.monotonic
    left_out: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._began = self.clock()
        self._ahead = dict(self.planned)
        self._done = 0.0  # planned seconds of what has been measured
        self._shown = False

    def rounds(self, name: str, most: int) -> Iterator[int]:
        """0, 1, 2... for at most so many rounds of a figure that was planned; whatever stands on the screen's last line
        is gone when they end."""
        planned = self._ahead.pop(name)
        if not most:
            return
        slower, left = self._slower(), self._left()
        share = left * planned / (planned + sum(self._ahead.values()))
        if planned / most * slower > left:
            self.left_out.append(name)
            return
        began = self.clock()
        try:
            for turn in range(most):
                taken = self.clock() - began
                a_round = taken / turn if turn else planned / most * slower
                if turn and taken + a_round > share:
                    break
                self._show(name, turn, most, planned, taken)
                yield turn
                self._done += planned / most
        finally:
            self.erase()

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """What is done inside, building for one, does not count."""
        began = self.clock()
        yield
        self._began += self.clock() - began

    def over(self) -> bool:
        """Whether the limit is reached: a round is broken off, then."""
        return self._left() == 0

    def say(self, message: str) -> None:
        """Says what a person is to know besides."""
        self.erase()
        progress(message)

    def erase(self) -> None:
        """Takes the line away."""
        if self._shown and self.screen:
            self.screen.write("\r\x1b[K")
            self.screen.flush()
        self._shown = False

    def _left(self) -> float:
        """Seconds until the limit."""
        return float("inf") if self.limit is None else max(0.0, self._began + self.limit - self.clock())

    def _slower(self) -> float:
        """How many times slower than planned it went so far."""
        return (self.clock() - self._began) / self._done if self._done else 1.0

    def _show(self, name: str, turn: int, most: int, planned: float, taken: float) -> None:
        """The line: which figure, how far, and how long it will still take."""
        if not self.screen:
            return
        mine = taken / turn * (most - turn) if turn else planned * self._slower()
        left = min(self._left(), mine + sum(self._ahead.values()) * self._slower())
        number = len(self.planned) - len(self._ahead)
        text = f"{name}, round {turn + 1} of {most}; figure {number} of {len(self.planned)}; about {left:.0f} s left"
        self.screen.write("\r\x1b[K" + text[: shutil.get_terminal_size().columns - 1])
        self.screen.flush()
        self._shown = True

"""When something is late: after so many seconds, and after more where the machine is slow just then.

Nothing is measured as long as nothing is late. When a limit is reached, gdb comes up with our scripts once more, which
is known to end: as many times as long as usual as that takes, so many times as long becomes the limit. Limits of the
processor's time do not grow: what others do does not count there.
"""

import math
import subprocess
import threading
import time

from rt0lab.words import tr

from ..failure import Failure
from ..tree import GDB_SCRIPT
from . import permits

USUAL = 0.5  # seconds in which gdb comes up where there is little else to do
MOST = 10  # times as long as it says a limit may become
_MOMENT = 0.05  # seconds between two looks whether it is measured


class Limit:
    """So many seconds, from now on."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.factor = seconds, 1
        self._began = time.monotonic()
        self._measuring: threading.Thread | None = None

    def left(self) -> float:
        """Seconds until it is reached, then 0. While it is measured how slow the machine is, a moment is left."""
        if self._rest() > 0:
            return self._rest()
        if self._measuring is None:
            self._measuring = threading.Thread(target=self._measure)
            self._measuring.start()
        return _MOMENT if self._measuring.is_alive() else max(0.0, self._rest())

    def _rest(self):
        return self.seconds * self.factor - (time.monotonic() - self._began)

    def _measure(self):
        self.factor = factor()

    def __str__(self) -> str:
        """`20 s`; where it became longer, why."""
        if self.factor == 1:
            return tr("{n:g} s", n=self.seconds)
        return tr(
            "{all:g} s ({factor} times {n:g} s, because this machine is slow just now)",
            all=self.seconds * self.factor,
            factor=self.factor,
            n=self.seconds,
        )


def factor() -> int:
    """How many times as long as usual a healthy run of gdb takes here and now, measured."""
    began = time.monotonic()
    try:
        subprocess.run(
            [permits.find_gdb(), "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off", "-x", str(GDB_SCRIPT)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin"} | permits.ISOLATED,
            timeout=USUAL * MOST,
        )
    except subprocess.TimeoutExpired:
        return MOST
    except (OSError, Failure):  # nothing to measure with
        return 1
    return times(time.monotonic() - began)


def times(seconds: float) -> int:
    """The factor of a run that took so long: whole, so that the same slowness says the same."""
    return min(MOST, max(1, math.ceil(seconds / USUAL)))

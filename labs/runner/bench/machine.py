"""The machine that figures come from, what is missing there to measure beside, and how busy others keep it."""

import contextlib
import itertools
import os
import platform
import re
import resource
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from ..host import needs

CPUINFO, STAT = Path("/proc/cpuinfo"), Path("/proc/stat")
MAKERS = {"GenuineIntel": "Intel", "AuthenticAMD": "AMD"}
WAIT = 0.3  # seconds that are looked at before the first figure
BUSY = 0.15  # of all processors; what others may use without a word
TICK = os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, Any]:
    """Who made it, its model, how many processors there are, and what builds for it."""
    said = processor()
    return {
        "maker": maker(),
        "cpu": said.get("model name", platform.machine()),
        "model": " ".join(
            f"{word} {said.get(key, '?')}" for word, key in (("family", "cpu family"), ("model", "model"))
        ),
        "cpus": os.cpu_count(),
        "usable": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "compiler": first_line(["c++", "--version"]),
        "go": first_line(["go", "version"]),
    }


def processor() -> dict[str, str]:
    """What the kernel says of the first processor."""
    with contextlib.suppress(OSError), CPUINFO.open(errors="replace") as stream:
        first = "".join(itertools.takewhile(str.strip, stream))
        return dict(re.findall(r"^(\w[\w ]*?)\s*: (.*)$", first, re.MULTILINE))
    return {}


def maker() -> str:
    """Who made the processor."""
    vendor = processor().get("vendor_id", "unknown maker")
    return MAKERS.get(vendor, vendor)


def first_line(command: list[str]) -> str | None:
    """What a program says of its version; None if it is not here."""
    if not shutil.which(command[0]):
        return None
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace").stdout
    return (said.splitlines() or [""])[0].strip()


def lines(here: dict[str, Any]) -> list[str]:
    """The machine in words."""
    usable = "" if here["usable"] == here["cpus"] else f", {here['usable']} of them for us"
    built = [here["compiler"] or "no C++ compiler", (here["go"] or "no Go").removeprefix("go version ")]
    return [
        f"{here['cpu']} ({here['maker']}, {here['model']})",
        f"{here['cpus']} processors{usable}; Linux {here['kernel']}",
        ", ".join(built),
    ]


def missing() -> list[str]:
    """What one cannot measure beside, or with, and which package brings it."""
    said = []
    if not shutil.which("go"):
        said.append("there is no Go here, so nothing is measured beside it (apt-get install golang-go)")
    if not needs.TO_TEST["libboost-fiber-dev"][0]():
        said.append("there is no Boost.Fiber here to measure beside (apt-get install libboost-fiber-dev)")
    if not shutil.which("gdbserver"):
        said.append("there is no gdbserver here, so nothing is measured through it (apt-get install gdbserver)")
    return said


class Others:
    """What everybody else uses of the processors, and the host of a virtual machine takes away, since `began`."""

    def __init__(self) -> None:
        self._before = used()

    def part(self) -> float:
        """That part of all the processors' time, 0 to 1."""
        total, busy, mine = (now - before for now, before in zip(used(), self._before))
        return min(1.0, max(0.0, (busy - mine) / total)) if total > 0 else 0.0


def used() -> tuple[float, float, float]:
    """Seconds so far: of all processors, of those that were busy or taken away, of us and what we have run."""
    with contextlib.suppress(OSError, ValueError):
        user, nice, system, idle, wait, irq, soft, steal = map(int, STAT.read_text().split("\n", 1)[0].split()[1:9])
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        busy = user + nice + system + irq + soft + steal
        mine = sum(usage.ru_utime + usage.ru_stime for usage in usages)
        return (busy + idle + wait) / TICK, busy / TICK, mine
    return 0.0, 0.0, 0.0


def busy_now() -> str | None:
    """A sentence if others keep the machine busy, before anything is measured."""
    others = Others()
    time.sleep(WAIT)
    part = others.part()
    if part <= BUSY:
        return None
    load = os.getloadavg()[0]
    return f"this machine is busy: others use {part:.0%} of its processors (load {load:.1f}); figures will vary"

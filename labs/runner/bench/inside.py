"""Runs inside gdb for `lab bench gdb`: brings the program to main.ready, does a command and says how long it took each
time."""

import json
import statistics
import sys
import time

import gdb

TIMES = 3
STEPS = 40


def listing(command: str, anew: bool = False) -> list[float]:
    """The seconds that the command takes, the first time and then some; each time at another stop, if it is to be done
    `anew`."""
    gdb.execute("break main.ready", to_string=True)
    gdb.execute("continue" if gdb.selected_inferior().pid else "run", to_string=True)
    seconds = []
    for _ in range(TIMES):
        if anew:
            gdb.execute("stepi", to_string=True)
        began = time.perf_counter()
        text = gdb.execute(command, to_string=True)
        seconds.append(time.perf_counter() - began)
        if len(text.splitlines()) < 2:
            raise gdb.GdbError(f"`{command}` said: {text}")
        if seconds[-1] > 5:  # the others would not be faster
            break
    return seconds


def listing_anew(command: str) -> list[float]:
    """The same of a command behind the word `anew`."""
    return listing(command.partition(" ")[2], True)


def recording(command: str) -> list[float]:
    """[the seconds of one whole run, how many stops it made]: of `record bare` without stops, of `record empty` with
    stops that do nothing, of `record full` noting all."""
    from rt0lab.boot import stops
    from rt0lab.state.recorder import Recorder

    class Empty(stops.Point):
        """A stop that only counts."""

        def stop(self):
            rows.append({})
            return False

    began = time.perf_counter()
    if command == "record full":
        recorder = Recorder()
        recorder.run()
        rows = recorder.rows
    else:
        rows = []
        stops.start()
        for place in stops.places().values() if command == "record empty" else ():
            if place.address is not None:
                Empty(place.address)
        while gdb.selected_inferior().pid:
            stops.go("continue")
    return [time.perf_counter() - began, len(rows)]


def stepping(command: str) -> list[float]:
    """[the seconds that following the goroutine adds to one of gdb's steps]: `step nexti PLACE` steps on from there,
    `step finish PLACE` whenever a goroutine comes there. One P, so that gdb's own step finds its goroutine again,
    too."""
    _, step, place = command.split()
    gdb.execute("set environment GOMAXPROCS 1")
    gdb.execute(f"break {place}", to_string=True)
    gdb.execute("run", to_string=True)
    seconds = {"on": [], "off": []}
    for turn in range(STEPS):
        follow = ("on", "off")[turn % 2]
        gdb.execute(f"set rt0 follow {follow}")
        began = time.perf_counter()
        try:
            gdb.execute(step, to_string=True)
            seconds[follow].append(time.perf_counter() - began)
            if step == "finish":
                gdb.execute("continue", to_string=True)
        except gdb.error:  # the program has ended
            break
    return [statistics.median(seconds["on"]) - statistics.median(seconds["off"])]


def asking(command: str) -> list[float]:
    """[the seconds of an answer of `rt0 why`]: of the first, for which the boot is run again, or of another."""
    gdb.execute("rt0 until mstart", to_string=True)
    seconds = []
    for field in ("g1.sched.pc", "p0.runnext"):
        began = time.perf_counter()
        gdb.execute(f"rt0 why {field}", to_string=True)
        seconds.append(time.perf_counter() - began)
    return [seconds[command == "why again"]]


def keeping(command: str) -> list[float]:
    """[the seconds that history adds to a stop]: `keep next` steps on in main.turn, where nobody else runs."""
    from rt0lab.commands import console

    step = command.split()[1]
    gdb.execute("set environment GODEBUG asyncpreemptoff=1")  # else a step may lead into a signal's handler
    gdb.execute("break main.ready", to_string=True)
    gdb.execute("run", to_string=True)
    gdb.execute("break main.turn", to_string=True)
    gdb.execute("continue", to_string=True)
    seconds = {True: [], False: []}
    gdb.events.stop.disconnect(console.so_far.stopped)
    for turn in range(2 * STEPS):
        kept = turn % 2 == 0
        if kept:
            gdb.events.stop.connect(console.so_far.stopped)
        began = time.perf_counter()
        gdb.execute(step, to_string=True)
        if turn > 5:  # the first find out where things are
            seconds[kept].append(time.perf_counter() - began)
        if kept:
            gdb.events.stop.disconnect(console.so_far.stopped)
    return [statistics.median(seconds[True]) - statistics.median(seconds[False])]


def searching(command: str) -> list[float]:
    """[the seconds of the first `rt0 leaks`, however long it takes]."""
    gdb.execute("set rt0 reach-seconds 60")
    gdb.execute("break main.ready", to_string=True)
    gdb.execute("run", to_string=True)
    began = time.perf_counter()
    text = gdb.execute("rt0 leaks", to_string=True)
    seconds = time.perf_counter() - began
    if not text.startswith(f"{int(gdb.parameter('args')) // 2} "):  # every other one
        raise gdb.GdbError(f"`rt0 {command}` said: {text}")
    return [seconds]


command = sys.argv[1]
kinds = {
    "anew": listing_anew,
    "record": recording,
    "step": stepping,
    "keep": keeping,
    "why": asking,
    "leaks": searching,
}
print(json.dumps({"seconds": kinds.get(command.split()[0], listing)(command)}))

"""What keeping history costs: stage stops with and without it, in one run of gdb, turn by turn. Runs inside gdb.

gdb -nx -batch PROGRAM -ex 'source gdb-scripts/rt0lab-gdb.py' \\
    -ex 'source tests/bench/gdb_history.py' -ex 'python print(figure())'
"""

import statistics
import time

import gdb
from rt0lab.boot import stops
from rt0lab.commands import console
from rt0lab.program import settings
from rt0lab.state import history

GOAL = 1500.0  # microseconds over an empty stop


def figure(rounds=4):
    """Medians in microseconds: a stop at a stage with nothing kept, with everything kept, the difference, the keeping
    alone."""
    times = {True: [], False: []}
    alone = []
    for number in range(rounds):
        _run(times, alone, number % 2)
    empty, kept = (statistics.median(times[way]) * 1e6 for way in (False, True))
    return {
        "name": "history",
        "unit": "us",
        "stops": len(times[True]),
        "empty": round(empty, 1),
        "kept": round(kept, 1),
        "ours": round(kept - empty, 1),
        "alone": round(statistics.median(alone) * 1e6, 1),
        "alone_95": round(statistics.quantiles(alone, n=20)[-1] * 1e6, 1),
        "goal": GOAL,
        "met": kept - empty <= GOAL,
    }


def _run(times, alone, turn):
    """One run from the first instruction on, stopping at every stage; every other stop is kept, the other ones next
    time."""
    gdb.events.stop.disconnect(console.so_far.stopped)
    points = []
    try:
        with settings.quiet():
            stops.start()
            points = [stops.Point(place.address) for place in stops.places().values() if place.address is not None]
            for number in range(400):
                keeps = number % 2 == turn
                begin = time.perf_counter()
                gdb.execute("continue", to_string=True)
                if not gdb.selected_inferior().pid or stops.at(int(gdb.newest_frame().pc())) is stops.table()[-1]:
                    break
                middle = time.perf_counter()
                if keeps:
                    history.kept.keep()
                end = time.perf_counter()
                times[keeps].append(end - begin)
                alone += [end - middle] if keeps else []
            gdb.execute("kill", to_string=True)
    finally:
        for point in points:
            point.delete()
        gdb.events.stop.connect(console.so_far.stopped)

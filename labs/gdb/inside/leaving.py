"""Leaves a core of the program at the moment at which all of its goroutines stand: main.stands."""

import os

import gdb
from rt0lab import program
from rt0lab.boot import stops
from rt0lab.formats import corefile
from rt0lab.frames import view
from rt0lab.goroutines import threads

MOMENT = "main.stands"


def leave(path: str) -> None:
    """Runs the program up to there, writes the core and ends the program. It stays small: pages of zeros are holes."""
    address = program.world().address(MOMENT)
    if address is None:
        raise program.Problem(f"the program has no {MOMENT}.")
    point = stops.Point(address)
    try:
        stops.go("run")
        if program.register("rip") != address:
            raise program.Problem(f"the program did not get to {MOMENT}.")
        memory, _ = threads.memory([])
        with open(path, "wb") as file:
            name = os.path.basename(program.world().path)
            corefile.write(file, program.pid(), name, program.auxv(), _threads(), memory, _read)
    finally:
        point.delete()
        if program.alive():
            gdb.execute("kill", to_string=True)


def _read(address: int, size: int) -> bytes | None:
    data = program.read(address, size)
    return data if isinstance(data, bytes) else None


def _threads():
    """[(id, {register: value})] of the system's threads, the selected one first."""
    first, found = gdb.selected_thread(), []
    with view.keeping_place():
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda each: each is not first):
            thread.switch()
            found.append((thread.ptid[1], {name: program.register(name) or 0 for name in corefile.REGISTERS}))
    return found

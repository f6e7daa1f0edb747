"""The program whose goroutines change threads, grow, recurse, panic and end, in both worlds."""

import pathlib
import re

SOURCES = {
    "go": pathlib.Path(__file__).parent / "cases" / "moves.go",
    "mirror": pathlib.Path(__file__).parents[1] / "runtime" / "moves.cpp",
}


class Moves:
    """A build of the program: `line(MARK)` is where its source says `// MARK`, `at(MARK)` a location for gdb."""

    def __init__(self, world, program):
        self.program, self.source, self.is_go = program, SOURCES[world], world == "go"

    def line(self, mark):
        """The number of the marked line."""
        lines = self.source.read_text().splitlines()
        return next(number for number, text in enumerate(lines, 1) if re.search(rf"// {mark}$", text))

    @property
    def path(self):
        """The source that the program was built from."""
        return self.program.parent / self.source.name if self.is_go else self.source

    def at(self, mark):
        """FILE:LINE of it."""
        return f"{self.source.name}:{self.line(mark)}"


def built(request, world, optimised=False):
    """The program of a world, made as for debugging or for use."""
    if world == "mirror":
        make = request.getfixturevalue("mirror_program")
        return Moves(world, make("moves", "tests/runtime", "release" if optimised else "debug"))
    flags = ["-gcflags=-l"] if optimised else ["-gcflags=all=-N -l"]
    return Moves(world, request.getfixturevalue("go_build")("moves", SOURCES["go"].read_text(), *flags))

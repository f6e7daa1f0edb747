"""The lines of source around the stops of a run, from the files that are on this machine."""

import re
from pathlib import Path

from rt0lab.formats import untrusted

from ..tree import ROOT

AROUND = 4  # lines before and after
SUFFIXES = {".go", ".s", ".S", ".c", ".h", ".cpp", ".hpp"}  # nothing else is source of a runtime's

Place = tuple[str, str, object]  # file (its last name), symbol, line
Lines = dict[str, dict[int, str]]  # file: {number of the line: its text}


class Finder:
    """Finds a file of source by its last name in these folders."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders

    def around(self, places: set[Place]) -> Lines:
        """The lines around these places; a file that is not here is left out."""
        wanted: dict[str, set[int]] = {}
        for file, _, line in places:
            if isinstance(line, int) and re.fullmatch(r"[\w.+-]+", file) and Path(file).suffix in SUFFIXES:
                wanted.setdefault(file, set()).update(range(max(1, line - AROUND), line + AROUND + 1))
        found = {file: self._lines(file, numbers) for file, numbers in sorted(wanted.items())}
        return {file: lines for file, lines in found.items() if lines}

    def _lines(self, file, numbers):
        for folder in self._folders:
            for path in sorted(folder.rglob(file)):
                try:
                    with untrusted.regular(path, untrusted.MAX_SOURCE) as stream:
                        text = stream.read().decode("utf-8", "replace").splitlines()
                except OSError:
                    continue
                return {number: text[number - 1] for number in sorted(numbers) if number <= len(text)}
        return {}


def finder(runtime: str) -> Finder:
    """What finds the source of a run of this runtime ("rt0lab", "go1.19.8")."""
    return Finder([ROOT / "runtime"] if runtime == "rt0lab" else [])

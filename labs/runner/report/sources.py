"""The lines of source around the stops of a run, from the files that are on this machine: our own runtime's, an
installed Go's of just that version, and the main package's of a program that was recorded here.

A trace names files by their last names only, and which folders are looked into is decided here; a program's debug
information is believed only as far as it names Go's source.
"""

import functools
import os
import re
import shutil
from pathlib import Path

from rt0lab.formats import untrusted

from ..tree import ROOT

AROUND = 4  # lines before and after
SUFFIXES = {".go", ".s", ".S", ".c", ".h", ".cpp", ".hpp"}  # nothing else is source of a runtime's
_GO_SUFFIXES = {".go", ".s"}
_GOROOTS = ("/usr/lib/go", "/usr/lib/go-*", "/usr/local/go", "~/sdk/go*", "~/.cache/rt0lab/suites/*/root/usr/lib/go-*")
_LONGEST_VERSION = 1 << 12  # bytes of Go's VERSION

Place = tuple[str, str, object]  # file (its last name), symbol, line
Lines = dict[str, dict[int, str]]  # file: {number of the line: its text}


class Finder:
    """Finds a file of source by its last name: the runtime's in these folders, the main package's among its files."""

    def __init__(self, folders: list[Path], main: dict[str, Path] | None = None) -> None:
        self._folders = folders
        self._main = main or {}

    def around(self, places: set[Place]) -> Lines:
        """The lines around these places; a file that is not here is left out."""
        wanted: dict[str, set[int]] = {}
        for file, _, line in places:
            if isinstance(line, int) and re.fullmatch(r"[\w.+-]+", file) and Path(file).suffix in SUFFIXES:
                wanted.setdefault(file, set()).update(range(max(1, line - AROUND), line + AROUND + 1))
        found = {file: self._lines(file, numbers) for file, numbers in sorted(wanted.items())}
        return {file: lines for file, lines in found.items() if lines}

    def _lines(self, file, numbers):
        paths = [path for path in (folder / file for folder in self._folders) if path.is_file()]
        if file in self._main:
            paths = [] if paths else [self._main[file]]  # of two files of one name, nobody can say which is meant
        for path in paths[:1]:
            try:
                with untrusted.regular(path, untrusted.MAX_SOURCE) as stream:
                    text = stream.read().decode("utf-8", "replace").splitlines()
            except OSError:
                return {}
            return {number: text[number - 1] for number in sorted(numbers) if number <= len(text)}
        return {}


def finder(runtime: str, program: str | os.PathLike[str] | None = None) -> Finder:
    """What finds the source of a run of this runtime ("rt0lab", "go1.19.8"); `program` is the file that ran, if it ran
    here."""
    if runtime == "rt0lab":
        return Finder(sorted(path for path in [ROOT / "runtime", *(ROOT / "runtime").rglob("*")] if path.is_dir()))
    main, beside = built_from(program) if program else ({}, [])
    roots = [root for root in [*beside, *installed()] if version(root) == runtime]
    return Finder([roots[0] / "src" / "runtime"] if roots else [], main)


# ---- Go ------------------------------------------------------------------------------------------------------------


@functools.cache
def installed() -> tuple[Path, ...]:
    """The roots of all Gos in the usual places, that of the `go` in PATH first."""
    command = shutil.which("go")
    found = [Path(command).resolve().parent.parent] if command else []
    for pattern in _GOROOTS:
        found += sorted(Path("/").glob(os.path.expanduser(pattern).lstrip("/")))
    return tuple(dict.fromkeys(path for path in found if (path / "src" / "runtime").is_dir()))


def version(root: Path) -> str:
    """Which Go this is, by its own word: "go1.19.8"; "" if it does not say."""
    try:
        with untrusted.regular(root / "VERSION", _LONGEST_VERSION) as stream:
            return (stream.read().decode("utf-8", "replace").split() or [""])[0]
    except OSError:
        return ""


def built_from(program: str | os.PathLike[str]) -> tuple[dict[str, Path], list[Path]]:
    """The files of a Go program's main package by their last names, and the root of the Go that built it, by its debug
    information; nothing where that does not say, or is damaged."""
    from elftools.common.exceptions import DWARFError, ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with untrusted.regular(program, None) as stream:
            dwarf = ELFFile(stream).get_dwarf_info()
            files = {name: _files(dwarf, unit) for name, unit in _units(dwarf) if name in ("main", "runtime")}
    except (ELFError, DWARFError, OSError, ValueError, LookupError, AttributeError, TypeError, OverflowError):
        return {}, []
    roots = sorted({path.parents[2] for path in files.get("runtime", []) if path.parts[-3:-1] == ("src", "runtime")})
    own = [path for path in files.get("main", []) if not any(path.is_relative_to(root) for root in roots)]
    own = [path for path in own if path.is_file() and path.stat().st_mtime <= os.stat(program).st_mtime]  # as it was
    return {path.name: path for path in own}, roots


def _units(dwarf):
    for unit in dwarf.iter_CUs():
        name = unit.get_top_DIE().attributes.get("DW_AT_name")
        if name:
            yield name.value.decode("utf-8", "replace"), unit


def _files(dwarf, unit):
    """The absolute paths of a unit's files of Go's source."""
    table = dwarf.line_program_for_CU(unit)
    folders = [b"", *table["include_directory"]] if table["version"] < 5 else table["include_directory"]
    paths = [Path(os.fsdecode(os.path.join(folders[file.dir_index], file.name))) for file in table["file_entry"]]
    return [path for path in paths if path.is_absolute() and path.suffix in _GO_SUFFIXES]

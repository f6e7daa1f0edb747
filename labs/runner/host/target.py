"""Reads from an ELF file whether the lab can show it: what it is, and whether it still has symbols and debug
information."""

import os
from dataclasses import dataclass
from typing import BinaryIO

from rt0lab.formats import elf, untrusted

from rt0lab.words import tr

from ..failure import USAGE, Failure

_DEBUG_FILES = "/usr/lib/debug/.build-id"  # where systems keep them


@dataclass
class Program:
    """A program that gdb can show: its path and its runtime, "rt0lab" or "go"."""

    path: str
    runtime: str


def examine(path: str | os.PathLike[str]) -> Program:
    """The Program in this file, or a Failure that says what is wrong with it and what to do."""
    if os.path.isdir(path):
        raise Failure(tr("{path} is a directory, not a program", path=path), USAGE)
    if not os.path.exists(path):
        raise Failure(tr("{path}: no such file", path=path), USAGE)
    if not os.path.isfile(path):
        raise Failure(tr("{path} is not a regular file", path=path), USAGE)
    try:
        with untrusted.regular(path) as stream:
            program = Program(str(path), runtime_of(path, stream))
    except OSError as error:
        raise Failure(tr("{path}: {why}", path=path, why=error.strerror), USAGE) from None
    if not os.access(path, os.X_OK):
        raise Failure(tr("{path} is not executable; chmod +x {path}", path=path), USAGE)
    return program


def runtime_of(path: str | os.PathLike[str], stream: BinaryIO) -> str:
    """Whose runtime it has: `rt0lab` or `go`; Failure for everything else."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        file = ELFFile(stream)
        sections = {section.name: section for section in file.iter_sections()}
        scripts = sections[".debug_gdb_scripts"].data() if ".debug_gdb_scripts" in sections else b""
        elsewhere = _has_debug_file(sections)  # then gdb finds what this file lacks
    except (ELFError, OverflowError, ValueError, UnicodeDecodeError, AttributeError, TypeError, KeyError):
        raise Failure(tr("{path} is not an ELF program (or a damaged one)", path=path), USAGE) from None
    if file["e_machine"] != "EM_X86_64":
        machine = str(file["e_machine"]).removeprefix("EM_")
        raise Failure(
            tr(
                "{path} is for another machine ({machine}); the lab shows linux/amd64 programs",
                path=path,
                machine=machine,
            ),
            USAGE,
        )
    if file["e_type"] not in ("ET_EXEC", "ET_DYN"):
        raise Failure(tr("{path} is an ELF file, but not a program", path=path), USAGE)
    go = any(name in sections for name in (".gopclntab", ".note.go.buildid", ".go.buildinfo"))
    if ".symtab" not in sections and not elsewhere:
        hint = tr("build it without -ldflags=-s") if go else tr("use the program before `strip`")
        raise Failure(tr("{path} is stripped: gdb has no names to show; {hint}", path=path, hint=hint), USAGE)
    if b"rt0lab-gdb.py" in scripts:
        return "rt0lab"
    if not go:
        raise Failure(
            tr("{path} has neither rt0lab's runtime nor Go's; try ./lab tour hello, or a Go program", path=path), USAGE
        )
    if not elsewhere and not any(name in sections for name in (".debug_info", ".zdebug_info")):
        raise Failure(
            tr("{path} is a Go program without DWARF; build it without -w: go build -ldflags=", path=path), USAGE
        )
    return "go"


def _has_debug_file(sections):
    """Is its debug information in a file of its own? The program names that, or gdb finds it by the build id."""
    note = sections.get(".note.gnu.build-id")
    number = elf.build_ids(note.data()).get("GNU", "") if note is not None else ""
    return ".gnu_debuglink" in sections or os.path.exists(f"{_DEBUG_FILES}/{number[:2]}/{number[2:]}.debug")

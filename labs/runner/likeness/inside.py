"""Runs inside gdb for `lab dev moved`: asks a Go program what its runtime looks like, and writes the answers.

sys.argv: the file to write; the fields and the structures that are asked for, as JSON.
"""

import json
import pathlib
import sys
from typing import Any

import gdb
from rt0lab import program
from rt0lab.formats import elf


def main(file: str, fields: str, structures: str) -> None:
    """First what the program says of itself, then its boot."""
    types = {name: gdb.lookup_type(f"runtime.{name}") for name in (*json.loads(structures), "gobuf")}
    names = elf.Elf(gdb.current_progspace().filename)
    said: dict[str, Any] = {
        "version": program.text("buildVersion") or "?",
        "entry": (names.symbol_at(names.entry) or ["?"])[0],
        "rt0_go": next((name for name in ("runtime.rt0_go.abi0", "runtime.rt0_go") if name in names.symbols), None),
        "prologue": gdb.execute("x/i 'main.main'", to_string=True).partition(":")[2].strip(),
        "sizes": {name: type.sizeof for name, type in types.items()},
        "counts": {name: len(type.fields()) for name, type in types.items()},
        "offsets": {name: at for name in json.loads(fields) if (at := offset(types, name)) is not None},
        "reason": field(types["g"], "waitreason").type.sizeof,
        "status": str(field(types["g"], "atomicstatus").type),
        "allp": str(value("'runtime.allp'").type),
        "mainStarted": "runtime.mainStarted" in names.symbols,
    }
    gdb.execute("rt0 until mstart", to_string=True)
    said["stack"] = size(value("$g(1)")["stack"])
    gdb.execute("rt0 until main.main", to_string=True)
    said["sysmon"] = size(value("$m(1)")["g0"]["stack"])
    goroutines = json.loads(gdb.execute("info goroutines -json", to_string=True))
    said["goroutines"] = sorted((each["start"] or {}).get("function", "?") for each in goroutines)
    pathlib.Path(file).write_text(json.dumps(said), "utf-8")


def value(expression: str) -> gdb.Value:
    """What gdb makes of an expression."""
    return gdb.parse_and_eval(expression)


def field(type: gdb.Type, name: str) -> Any:
    """The field of that name, or None."""
    return next((each for each in type.fields() if each.name == name), None)


def offset(types: dict[str, gdb.Type], name: str) -> int | None:
    """Where the field of a name such as `g.m` lies, or None if there is none."""
    found = field(types[name.partition(".")[0]], name.partition(".")[2])
    return None if found is None else found.bitpos // 8


def size(stack: gdb.Value) -> int:
    """How many bytes a stack has."""
    return int(stack["hi"]) - int(stack["lo"])


main(*sys.argv[1:])

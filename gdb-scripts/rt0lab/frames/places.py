"""Places in the code as people say them: function, file and line of an instruction, of a go statement, of where a
goroutine began."""

from __future__ import annotations

import operator
import os
import re

import gdb

from .. import program
from ..formats import untrusted
from ..program import names


def where(function: str, file: str | None, line: int) -> str:
    """`main.leaf (parked.go:21)`"""
    return f"{function} ({untrusted.shown(os.path.basename(file))}:{line})" if file else function


def brief(function: str) -> str:
    """A generic function's name as Go's tracebacks write it: `main.Map[...]` for main.Map[go.shape.int]."""
    before, bracket, rest = function.partition("[")
    inside, end, after = rest.rpartition("]")
    return f"{before}[...]{after}" if bracket and end else function


_CLOSURE = re.compile("_ZN6detail7closureI.*E3runEP7funcval")


def function(pc: int) -> str:
    """The function of an instruction that is about to be executed: gdb reads no lines for it, which in a large program
    take long."""
    symbol = program.world().symbol_at(pc)
    return names.function(symbol[0]) if symbol else f"{pc:#x}"


def code(pc: int) -> tuple[str, str | None, int]:
    """(function, file, line) of an instruction that is about to be executed."""
    world = program.world()
    return world.cached(("code", pc), lambda: (function(pc), *world.line_at(pc)))


def creator(gopc: int) -> tuple[str, str | None, int]:
    """(function, file, line) of a go statement. In C++ it is an inlined template, whose line to gdb is that of the
    call."""
    function, file, line = code(gopc - 1)
    block = gdb.block_for_pc(gopc - 1)
    while block is not None and (
        block.function is None or program.told(getattr, block.function, "name").startswith("go<")
    ):
        if block.function is not None:
            file, line = program.file_of(block.function.symtab), block.function.line
        block = block.superblock
    return function, file, line


def _start(world, pc):
    function, file, line = code(pc)
    raw = world.elf.symbol_at(pc - world.slide)
    body = raw and _CLOSURE.match(raw[0]) and program.read(pc, world.elf.symbols[raw[0]][1]) or b""
    places = [world.line_at(to) for _, to in program.calls(pc, body) if _is_lambda(gdb.block_for_pc(to))]
    places = places or list(filter(None, map(_line_of_lambda, range(pc, pc + len(body)))))
    return (function, *min(places, key=operator.itemgetter(1), default=(file, line)))


def _is_lambda(block):
    return (
        block is not None
        and block.function is not None
        and "operator()" in program.told(getattr, block.function, "name")
    )


def _line_of_lambda(pc):
    """(file, line) of the part of an inlined lambda that an instruction belongs to, or None."""
    block, inner = gdb.block_for_pc(pc), None
    while block is not None and not _is_lambda(block):
        block, inner = block.superblock, block.function or inner
    if block is None:
        return None
    # to gdb, the line of an inlined function is that of its call
    found = gdb.find_pc_line(pc) if inner is None else inner
    return (program.file_of(found.symtab), found.line) if found.symtab else None


def start(pc: int) -> tuple[str, str | None, int]:
    """(function, file, line) of the function that a goroutine began with. In C++ that is one which go() made to call a
    lambda: the lambda's line is given."""
    world = program.world()
    return world.cached(("start", pc), lambda: _start(world, pc))

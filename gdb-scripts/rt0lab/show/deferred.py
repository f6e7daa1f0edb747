"""The calls that a goroutine has deferred and not made yet: those on its list, and those that only the frames of their
functions know.

A function that defers few calls, and none in a loop, keeps them in its own frame (Go calls that open-coded): a byte has
a bit for each that is pending, slots have the closures, and the function's table says where both are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gdb

from .. import program
from ..frames import places, view
from ..program import dynamic, pclntab
from ..words import tr
from . import interfaces

_MOST, _SLOTS = 1 << 10, 8


def lines(row: Any, frame: gdb.Frame | None) -> Iterator[str]:
    """A line for each, the next one to be made first; `frame` is the goroutine's innermost, None where that cannot be
    seen."""
    chain = program.chain("_defer", row.defers or 0, "link", _MOST)
    found = [(call.get("sp"), _listed(call)) for call in chain if not call.get("openDefer")]
    index = dynamic.constant("internal/abi.FUNCDATA_OpenCodedDeferInfo", "runtime._FUNCDATA_OpenCodedDeferInfo")
    for level, (each, name, sp) in enumerate(view.physical(frame) if index is not None else ()):
        if each.type() == gdb.INLINE_FRAME:
            continue
        found += (
            (sp, tr("{call}, deferred in {name}, whose frame keeps it", call=call, name=name))
            for call in _in_frame(each.pc() - (level > 0), sp, index)
        )
    yield from (f"  {text}" for _, text in sorted(found, key=lambda one: one[0]))
    if chain.end:
        yield tr("  and their list {end}", end=chain.end)
    if frame is None:
        yield tr("  its frames cannot be seen: what they keep of deferred calls is not known")
    elif not found:
        yield tr("  none")


def _listed(call):
    begun = tr(", which has begun") if call.get("started") else ""
    function = interfaces.function_at(call.get("fn") or 0)
    if call.get("rangefunc"):
        function = tr("those of a loop over a function")
    pc = call.get("pc")
    return f"{function}{begun}" + (tr(", deferred in {pc}", pc=places.where(*places.code(pc - 1))) if pc else "")


def _in_frame(pc, sp, index):
    """The functions that a frame's own calls are of, the last one first."""
    function = pclntab.function_at(pc)
    size = function.frame_size(pc) if function is not None else None
    at = function.data(index) if size else None
    numbers = pclntab.numbers(at, 2 + _SLOTS) if at else []
    if len(numbers) < 2:
        return
    variables = sp + size - 8  # below the return address is the caller's frame pointer
    bits = program.read(variables - numbers[0], 1)
    for i in reversed(range(_SLOTS)) if isinstance(bits, bytes) else ():
        if bits[0] >> i & 1:
            closure = _slot(variables, numbers, i)
            word = program.read_word(closure) if closure else None
            yield interfaces.function_at(word) if isinstance(word, int) else tr("a call whose function is not known")


def _slot(variables, numbers, i):
    """Where the closure of a frame's i-th call is. Up to Go 1.21 a number for each says that, the last one first, after
    how many there are; since then one says where the first is."""
    if "openDefer" not in program.world().layout("_defer").at:
        return variables - numbers[1] + 8 * i
    place = 2 + numbers[1] - 1 - i
    return variables - numbers[place] if 2 <= place < len(numbers) else None

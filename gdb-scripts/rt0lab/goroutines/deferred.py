"""The calls that a goroutine has deferred and not made yet, as data: those on its list, and those that only the frames
of their functions know.

A function that defers few calls, and none in a loop, keeps them in its own frame (Go calls that open-coded): a byte has
a bit for each that is pending, slots have the closures, and the function's table says where both are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import program
from ..program import dynamic, pclntab

_MOST, _SLOTS = 1 << 10, 8


def listed(row: Any) -> program.Chain:
    """The records on its list, the one to be made next first: a Chain, without those that stand for a frame's own."""
    chain = program.chain("_defer", row.defers or 0, "link", _MOST)
    return program.Chain(call for call in chain if not call.get("openDefer")).ended(chain.end, chain.cut)


def in_frame(pc: int, sp: int) -> Iterator[int]:
    """The closures that a frame's own calls are of, the last one first; 0 for one that cannot be read."""
    index = dynamic.constant("internal/abi.FUNCDATA_OpenCodedDeferInfo", "runtime._FUNCDATA_OpenCodedDeferInfo")
    function = pclntab.function_at(pc) if index is not None else None
    size = function.frame_size(pc) if function is not None else None
    at = function.data(index) if function is not None and index is not None and size else None
    numbers = pclntab.numbers(at, 2 + _SLOTS) if at else []
    if len(numbers) < 2 or not size:
        return
    variables = sp + size - 8  # below the return address is the caller's frame pointer
    bits = program.read(variables - numbers[0], 1)
    pending = bits[0] if isinstance(bits, bytes) else 0
    for i in reversed(range(_SLOTS)):
        if pending >> i & 1:
            closure = program.read_word(at) if (at := _slot(variables, numbers, i)) else 0
            yield closure if isinstance(closure, int) else 0


def _slot(variables, numbers, i):
    """Where the closure of a frame's i-th call is. Up to Go 1.21 a number for each says that, the last one first, after
    how many there are; since then one says where the first is."""
    if "openDefer" not in program.world().layout("_defer").at:
        return variables - numbers[1] + 8 * i
    place = 2 + numbers[1] - 1 - i
    return variables - numbers[place] if 2 <= place < len(numbers) else None

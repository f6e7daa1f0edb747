"""An address as people say it: `&runtime.g0`, `g1.stack.hi-40`, `allp[0]`, `runtime.goexit+1`, `entry_sp+0x8`, `heap`.

The same program state gives the same text on any machine and in any run, so texts can be compared where addresses
cannot.
"""

from __future__ import annotations

import bisect
import re
from typing import Any

from . import memory, worlds
from .layout import Leaf
from .problem import Unreadable


def function(symbol: str) -> str:
    """A symbol's function as Go's source has it: the linker marks with .abi0 those that are called as assembly is."""
    return symbol.removesuffix(".abi0")


def unmarked(name: object) -> str:
    """A name as people say it: `&runtime.m0` is `m0`."""
    return str(name).removeprefix("&runtime.")


def plain(name: str) -> str:
    """The same, and `allp[1]` is `p1`."""
    return re.sub(r"^allp\[(\d+)\]$", r"p\1", unmarked(name))


def slot(offset: int | None) -> str:
    """The word of a thread's that holds its current g: `-8(FS)`."""
    if offset is None:
        return "the word for g"
    return f"{offset}(FS)" if -10 < offset < 0 else f"{'-' * (offset < 0)}{abs(offset):#x}(FS)"


def short_of(known: Names, value: int | None) -> str:
    """What people call a g, m or p by its address; `nil`, or the number where it is none that is known."""
    if isinstance(value, Unreadable) or value is None:
        return str(value)
    if not value:
        return "nil"
    text = known.word(value)
    return plain(text) if isinstance(text, str) else f"{value:#x}"


# Two conventions that no debug information states: where the kernel puts what is mapped, and the guard that asks for
# preemption.
_MMAP = range(0x7E00_0000_0000, 0x8000_0000_0000)
_ALL_ONES = (1 << 64) - 1
_STACK_PREEMPT = _ALL_ONES + 1 - 1314


def remember_entry(pid: int, sp: int | None) -> None:
    """Called by whoever stops at the very first instruction."""
    entries = worlds.world().own("entry", dict)
    entries.clear()
    entries[pid] = sp


def entry_sp(pid: int) -> int | None:
    """SP at the first instruction: seen there, or 8 below argv, which is where the kernel puts argc."""
    seen = worlds.world().own("entry", dict).get(pid)
    if seen is not None:
        return seen
    argv = memory.scalar("argv")
    return argv - 8 if argv else None


class Names:
    """The names that addresses have at one moment."""

    def __init__(self, snap: Any) -> None:
        self.world = snap.world
        self.entry = snap.entry_sp
        self.exact = {}
        self._stacks = []
        self._cache = {}
        self._in_heap = memory.in_heap()
        g0, m0 = snap.g0 or None, snap.m0 or None
        for i, address in enumerate(snap.p_addresses):
            if address:
                self.exact.setdefault(address, f"allp[{i}]")
        for i, (address, goid, lo, hi) in enumerate(snap.g_rows):
            name = self.exact[address] = f"g{goid}" if goid else f"allgs[{i}]"
            if lo and lo < hi:
                self._stacks.append((lo, hi, name))
        for m in [*reversed(snap.ms), *([m0] if m0 else [])]:
            self._m(m, m0, snap.system)
        if g0:
            self.exact[g0.addr] = "&runtime.g0"
            self._stack(g0, "g0")
        self._stacks.sort()
        self._los = [stack[0] for stack in self._stacks]

    def _m(self, m, m0, system):
        is_m0 = m0 is not None and m.addr == m0.addr
        name = "m0" if is_m0 else f"m{m.get('id')}"
        self.exact[m.addr] = "&runtime.m0" if is_m0 else name
        for field in ("g0", "gsignal"):
            address = m.get(field)
            if address in system and not (is_m0 and field == "g0"):
                self.exact[address] = f"{name}.{field}"
                self._stack(system[address], f"{name}.{field}")

    def _stack(self, g, name):
        lo, hi = g.get("stack.lo"), g.get("stack.hi")
        if lo and lo < hi:
            self._stacks.append((lo, hi, name))

    def find(self, value: int, low: bool = False, owner: str | None = None) -> str | None:
        """The name of an address, or None. `low` counts stack addresses from the low end, `owner` is whose they may
        be."""
        key = value, low, owner
        if key not in self._cache:
            self._cache[key] = self._find(value, low, owner)
        return self._cache[key]

    def _find(self, value, low, owner):
        if value in self.exact:
            return self.exact[value]
        stack = self._on_stack(value, owner)
        if stack:
            lo, hi, name = stack
            return f"{name}.stack.lo+{value - lo}" if low else f"{name}.stack.hi-{hi - value}"
        if self.entry and 0 <= value - self.entry < 1 << 20:
            return f"entry_sp+{value - self.entry:#x}"
        if self.entry and 0 < self.entry - value <= 256:
            return f"entry_sp-{self.entry - value:#x}"
        section = self.world.section_at(value)
        if section is not None:
            symbol = self.world.symbol_at(value)
            if symbol is None:
                return f"{section.name}+{value - self.world.slide - section.lo:#x}"
            name, offset = symbol
            if section.code:
                return f"{name}+{offset}" if offset else name
            mark = "&" if section.writable else ""
            return f"{mark}{name}+{offset:#x}" if offset else mark + name
        if self._in_heap(value):
            return "heap"
        if value in _MMAP:
            return "mmap/os-stack"
        return None

    def _on_stack(self, value, owner):
        if owner:
            for stack in self._stacks:
                if stack[2] == owner and stack[0] <= value <= stack[1]:
                    return stack
        i = bisect.bisect_right(self._los, value) - 1
        if i >= 0 and value < self._stacks[i][1]:
            return self._stacks[i]
        for stack in self._stacks[max(i - 1, 0) : i + 1]:  # SP of an empty stack points at its end
            if value == stack[1] and stack[2].endswith("g0"):
                return stack
        return None

    def pointer(self, value: Any, low: bool = False, owner: str | None = None) -> int | str:
        """A pointer for a trace or a card: 0, a name, or the plain number in hex if nothing is known about it."""
        if not value or isinstance(value, Unreadable):
            return str(value) if isinstance(value, Unreadable) else 0
        return self.find(value, low, owner) or f"{value:#x}"

    def word(self, value: int | None, low: bool = False, owner: str | None = None) -> int | str:
        """A uintptr: a name if it is an address, `~0`, `stackPreempt`, else the number."""
        if value == _ALL_ONES:
            return "~0"
        if value == _STACK_PREEMPT:
            return "stackPreempt"
        if not value:
            return 0
        return self.find(value, low, owner) or value

    def code(self, value: int | None) -> int | str:
        """A code address: `runtime.main+530`."""
        return self.pointer(value)

    def value(self, leaf: Leaf, value: Any, owner: str | None = None) -> Any:
        """A decoded field as it stands in a trace."""
        if leaf.kind == "bool" or leaf.kind == "int":
            return value
        low = leaf.path.endswith("stack.lo") or "guard" in leaf.path
        if leaf.kind == "ptr":
            return self.pointer(value, low, owner)
        if leaf.path.startswith("tls."):
            return self.pointer(value)
        return self.word(value, low, owner)

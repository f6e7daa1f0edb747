"""The runtime's own variables as bytes: a copy of them at one moment, and which of them differ at another.

Which there are says the ELF file's table of symbols; their fields come from DWARF.
"""

from __future__ import annotations


from rt0lab import program

_PACKAGE = "runtime."
_MOST = 1 << 16  # bytes of one variable that are looked at

Copy = dict[str, bytes]  # {name without `runtime.`: its bytes}


def copy() -> Copy:
    """The bytes of every variable of the runtime that can be read now."""
    found = {}
    for name, (address, size) in _places().items():
        data = program.read(address, size)
        if isinstance(data, bytes):
            found[name] = data
    return found


def _places():
    """{name: (address, size)} of what lies in .data, .bss and the like."""
    world = program.world()
    return world.cached("runtime's variables", lambda: dict(_listed(world)))


def _listed(world):
    for symbol in world.elf.symbols.beginning(_PACKAGE):
        address, size = world.address(symbol), world.elf.symbols[symbol][1]
        section = None if address is None else world.section_at(address)
        if size and section is not None and section.writable and not section.code:
            yield symbol.removeprefix(_PACKAGE), (address, min(size, _MOST))


def changed(before: Copy, after: Copy) -> frozenset[str]:
    """The variables whose bytes differ."""
    return frozenset(name for name, data in after.items() if name in before and before[name] != data)

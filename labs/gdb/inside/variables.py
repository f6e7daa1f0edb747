"""The runtime's own variables as bytes: a copy of them at one moment, and which of them differ at another.

Which there are says the ELF file's table of symbols; their fields come from DWARF.
"""

from __future__ import annotations


from rt0lab import program

_PACKAGE = "runtime."
_MOST, _MOST_OF_ALL = 1 << 16, 1 << 24  # bytes of one variable that are looked at, and of all together
_SHOWN = 8  # bytes of what has no fields

Copy = dict[str, bytes]  # {name without `runtime.`: its bytes}


def copy() -> Copy:
    """The bytes of every variable of the runtime that can be read now."""
    found, left = {}, _MOST_OF_ALL
    for name, (address, size) in _places().items():
        data = program.read(address, size) if size <= left else None
        if isinstance(data, bytes):
            found[name] = data
            left -= size
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


def differences(before: Copy, after: Copy) -> list[tuple[str, str, str]]:
    """[(`sched.npidle`, before, after)] of the fields that differ; a variable whose fields nobody knows as a whole."""
    return [row for name in sorted(changed(before, after)) for row in _fields(name, before[name], after[name])]


def _fields(name, before, after):
    known = program.world().variable(name)
    if known is not None and known[1].size <= min(len(before), len(after)):
        layout = known[1]
        rows = [
            (f"{name}.{leaf.path}" if leaf.path else name, _text(leaf, old), _text(leaf, new))
            for leaf, old, new in zip(layout.leaves, layout.decode(before), layout.decode(after))
            if old != new
        ]
        if rows:
            return rows
    at = next((i for i, (old, new) in enumerate(zip(before, after)) if old != new), 0)
    part = slice(at, at + _SHOWN)  # of a long array, or of a type that nobody knows
    return [(f"{name}+{at}", before[part].hex(" "), after[part].hex(" "))]


def _text(leaf, value):
    """A field's value as a person would write it."""
    if leaf.kind not in ("ptr", "word"):
        return str(value).lower()
    found = program.world().symbol_at(value) if value else None
    inside = f" {found[0]}" + (f"+{found[1]}" if found[1] else "") if found else ""
    return f"{value:#x}{inside}" if value else "nil" if leaf.kind == "ptr" else "0"


class Snaps:
    """The copies that a learner made, by the names they gave them."""

    def __init__(self) -> None:
        self._copies: dict[str, Copy] = {}

    @property
    def names(self) -> list[str]:
        """Of all of them, in the order in which they were made."""
        return list(self._copies)

    @staticmethod
    def able(name: str) -> bool:
        """Can a snapshot be called so?"""
        return not name or name.isascii() and name.isidentifier() or name.isdecimal() and len(name) < 4

    def take(self, name: str) -> tuple[str, int]:
        """Makes one: (its name, how many variables it holds). Without a name it gets a number."""
        name = name or str(1 + len(self._copies))
        self._copies.pop(name, None)
        self._copies[name] = copy()
        return name, len(self._copies[name])

    def named(self, name: str) -> Copy | None:
        """The one of that name, or None."""
        return self._copies.get(name)

"""Makes damaged copies of what the lab reads: ELF files, their symbols and debug information, recorded runs, progress
files.

No gdb in it. A seed picks; the same seed makes the same copies. damage.py does the same to memory.
"""

import copy
import json
import random

from elftools.elf.elffile import ELFFile

WORDS = (0, 1, 2, 7, 0x40, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
# What stands in the place of a value: of every type, too large, too deep, and not fit for a terminal.
VALUES = (
    None,
    True,
    -1,
    0,
    1.5,
    1 << 70,
    1e308,
    "",
    "x" * 100_000,
    "\x1b]0;owned\x07",
    "a\nb",
    "\u202egnp.exe",
    "\x9b31m",
    "\ud800",
    "%s%n",
    "\0",
    [],
    {},
    [[]],
    {"": {}},
    {"name": None},
    ["g1"] * 5000,
    "g1",
    "_Grunning",
    "runtime.main+530",
    "allp[0]",
    "&runtime.g0",
)


DEEP = "@deep@"  # stands for a list in a list in a list, until it is text


# ---- JSON ------------------------------------------------------------------------------------------------------------


def json_mutants(data, count, seed):
    """Yields (what was done, the text of the data with that done to it)."""
    pick = random.Random(seed)
    places = list(_places(data))
    for _ in range(count):
        changed = copy.deepcopy(data)
        path = pick.choice(places)
        holder = changed
        for key in path[:-1]:
            holder = holder[key]
        how = pick.choice(("value", "value", "value", "gone", "deep", "renamed"))
        if how == "gone":
            del holder[path[-1]]
        elif how == "renamed" and isinstance(holder, dict):
            holder[pick.choice([v for v in VALUES if isinstance(v, str)])] = holder.pop(path[-1])
        else:
            holder[path[-1]] = DEEP if how == "deep" else pick.choice(VALUES)
        yield f"{how} at {'/'.join(map(str, path))}", json.dumps(changed).replace(
            json.dumps(DEEP), "[" * 3000 + "]" * 3000
        )


def _places(data, path=()):
    """The paths of all values below this one."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from _places(value, (*path, key))


# ---- ELF -------------------------------------------------------------------------------------------------------------

_EHDR = [(16, 2), (18, 2), (24, 8), (32, 8), (40, 8), (52, 2), (54, 2), (56, 2), (58, 2), (60, 2), (62, 2)]
_SHDR = [(0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 4), (44, 4), (48, 8), (56, 8)]
_SYM = [(0, 4), (4, 1), (5, 1), (6, 2), (8, 8), (16, 8)]


def elf_mutants(path, count, seed):
    """Yields (what was done, the bytes of the damaged file): heads, section heads, symbols, their names, notes; a part
    is cut off."""
    with open(path, "rb") as file:
        elf = ELFFile(file)
        shoff, size, number = elf["e_shoff"], elf["e_shentsize"], elf["e_shnum"]
        sections = {s.name: (s["sh_offset"], s["sh_size"]) for s in elf.iter_sections()}
        symbols = elf.get_section_by_name(".symtab")
        ours = [i for i, symbol in enumerate(symbols.iter_symbols()) if symbol.name.startswith("runtime.")]
        file.seek(0)
        data = file.read()
    table, strings = sections[".symtab"][0], sections[".strtab"]
    notes = [place for name, place in sections.items() if name.startswith(".note")]
    pick = random.Random(seed)
    for _ in range(count):
        how = pick.choice(("head", "section", "section", "symbol", "symbol", "symbol", "name", "note", "cut"))
        if how == "cut":
            at = pick.randrange(len(data))
            yield f"cut at {at}", data[:at]
            continue
        base, fields = {
            "head": lambda: (0, _EHDR),
            "section": lambda: (shoff + pick.randrange(number) * size, _SHDR),
            "symbol": lambda: (table + 24 * pick.choice(ours), _SYM),
            "name": lambda: (strings[0] + pick.randrange(strings[1] - 8), [(0, 1), (0, 8)]),
            "note": lambda: (lambda place: (place[0] + pick.randrange(max(place[1] - 4, 1)), [(0, 4)]))(
                pick.choice(notes)
            ),
        }[how]()
        offset, width = pick.choice(fields)
        value = pick.choice(WORDS) & (1 << 8 * width) - 1
        yield f"{how} {base:#x}+{offset} = {value:#x}", _patched(data, base + offset, value.to_bytes(width, "little"))


def dwarf_mutants(path, count, seed):
    """Yields (what was done, the bytes of the file with some bytes of its debug information changed)."""
    with open(path, "rb") as file:
        sections = [
            (s.name, s["sh_offset"], s["sh_size"])
            for s in ELFFile(file).iter_sections()
            if s.name.startswith(".debug_")
        ]
        file.seek(0)
        data = file.read()
    sections = [
        s
        for s in sections
        if s[0] in (".debug_info", ".debug_abbrev", ".debug_line", ".debug_str", ".debug_line_str", ".debug_frame")
    ]
    pick = random.Random(seed)
    for _ in range(count):
        name, start, size = pick.choice(sections)
        changed, spots = data, []
        for _ in range(pick.choice((1, 1, 3, 20))):
            at = pick.randrange(size - 8)
            spots.append(at)
            changed = _patched(
                changed,
                start + at,
                pick.choice((pick.randbytes(1), pick.randbytes(4), b"\xff" * 8, bytes(8), b"\x1b[7m")),
            )
        yield f"{name} at {' '.join(map(hex, spots))}", changed


def _patched(data, at, new):
    return data[:at] + new + data[at + len(new) :]

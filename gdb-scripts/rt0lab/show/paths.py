"""How something is reached, in words: `g18: main.serve (srv.go:40) jobs []*job → [3] *job → .done`.

Variables, fields and indices have names where the debug information tells the types on the way; where it does not,
an object's address and the offset of the word that leads on stand.
"""

from __future__ import annotations

from typing import NamedTuple

import gdb

from .. import program
from ..formats import untrusted
from ..frames import places, view
from ..goroutines import reach
from ..goroutines.census import Census, Was
from ..program import dynamic
from ..words import tr
from . import interfaces

_MOST = 12  # steps that are told of; of longer ways the first and the last
_DEEP = 16  # fields of fields
_NAME = 60  # characters of a name
_NEAR = 4  # frames whose variables may lie at a place
_RAW = " 0x"  # before the address of what has no name
_MAPS = ("hash<", "bucket<", "map<", "table<", "group<", "groupReference<")  # what maps are made of


class _To(NamedTuple):
    """What a pointer leads to: values of a type (None: not known) from an address on, one or many."""

    type: gdb.Type | None
    address: int
    many: bool = False
    closure: bool = False


def _shown(name):
    return untrusted.shown(name, _NAME)


def _type_name(gdb_type):
    """As Go writes it, without `main.`; gdb writes `job *` for a pointer."""
    name = program.type_name(gdb_type).replace("main.", "")
    while name.endswith(" *"):
        name = "*" + name[:-2]
    return _shown(name)


def _word(address):
    word = program.read_word(address)
    return word if isinstance(word, int) else 0


def _leads(gdb_type, address):
    """What the word at an address leads to, as the type of what begins there says; None if it is no pointer."""
    if program.type_name(gdb_type).startswith("func("):
        return _To(None, _word(address), closure=True)
    plain = gdb_type.strip_typedefs()
    if plain.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF):
        target = plain.target()
        known = target.strip_typedefs().code not in (gdb.TYPE_CODE_VOID, gdb.TYPE_CODE_FUNC)
        return _To(target if known and target.sizeof else None, _word(address))
    return None


def _leads_struct(plain, address, offset):
    """The same where a structure is one of Go's own: a slice, a string, an interface; None of others."""
    fields = program.fields_of(plain)
    names = tuple(program.bare(f.name) for f in fields if f.name)
    if names in (program.SLICE, program.STRING) and not offset:
        return _To(fields[0].type.strip_typedefs().target(), _word(address), many=True)
    if len(names) == 2 and names[1] == "data" and names[0] in ("tab", "_type") and offset == 8:
        value = gdb.Value(address).cast(plain.pointer()).dereference()
        found = dynamic.in_interface(value)
        kind, data = (found[0], found[2]) if found else (None, 0)
        if kind is None or kind.type is None:
            return _To(None, data)
        inside = kind.type.strip_typedefs() if kind.direct else None
        if inside is not None and inside.code == gdb.TYPE_CODE_PTR:
            return _To(inside.target(), data)
        return _To(None if kind.direct else kind.type, data)
    return None


def _descend(gdb_type, address, offset):
    """(the way to what is at an offset in a value, its type, what it leads to): `.jobs[3].done`."""
    text = ""
    for _ in range(_DEEP):
        plain = gdb_type.strip_typedefs()
        if plain.code == gdb.TYPE_CODE_STRUCT and not program.type_name(gdb_type).startswith("func("):
            own = _leads_struct(plain, address, offset)
            if own is not None:
                return text, gdb_type, own
            field = _field(plain, offset)
            if field is None:
                break
            if field.name and field.name != "_" and not field.is_base_class:
                text += f".{_shown(program.bare(field.name))}"
            inside = field.bitpos // 8
            gdb_type, address, offset = field.type, address + inside, offset - inside
        elif plain.code == gdb.TYPE_CODE_ARRAY and plain.target().sizeof:
            size = plain.target().sizeof
            text += f"[{offset // size}]"
            gdb_type, address, offset = plain.target(), address + offset // size * size, offset % size
        else:
            return text, gdb_type, _leads(gdb_type, address) if not offset else None
    return text, gdb_type, None


def _field(plain, offset):
    fields = [f for f in program.fields_of(plain) if hasattr(f, "bitpos") and f.type.sizeof]
    return next((f for f in fields if f.bitpos // 8 <= offset < f.bitpos // 8 + f.type.sizeof), None)


def _step(to, base, offset, last):
    """(text, what the word there leads to) of a word in an object to which was led as `to` says."""
    raw = f"{base:#x}+{offset}"
    if to is None or to.type is None:
        if to is not None and to.closure:
            return (f"{interfaces.function_at(to.address)}" + ("" if last else f"+{offset}")), None
        return ("" if last and not offset else raw), None
    inside, size = base + offset - to.address, to.type.sizeof
    if program.type_name(to.type).startswith(_MAPS):
        return "[...]", _descend(to.type, to.address, inside)[2] if 0 <= inside < size else to
    if inside < 0 or inside >= size and not to.many:
        return raw, None
    index = f"[{inside // size}]" if to.many else ""
    if last and not index and not inside:
        return "", None
    text, gdb_type, leads = _descend(to.type, to.address + inside // size * size, inside % size)
    return f"{index}{text}" + (f" {_type_name(gdb_type)}" if not last else ""), leads


class Paths:
    """Names for paths at this moment."""

    def __init__(self, census: Census) -> None:
        self._census = census
        self._known: dict[tuple[int, int], tuple[str, _To | None]] = {}

    def text(self, path: reach.Path) -> str:
        """A path in words."""
        root, to = self._root(path)
        parts = [root]
        for number, (base, offset) in enumerate(path.steps):
            text, to = _step(to, base, offset, number == len(path.steps) - 1)
            if text and not (text == parts[-1] == "[...]"):
                parts.append(text)
        if len(parts) > _MOST:
            parts[_MOST // 2 : -_MOST // 2] = ["..."]
        return " → ".join(parts)

    def best(self, found: list[reach.Path]) -> reach.Path:
        """Of several paths the first that begins at a variable with a name, of the program's own if there is one."""
        named = [path for path in found if self._is_named(path)]
        own = [path for path in named if ": runtime." not in self._root(path)[0]]
        return next(iter(own + named + found))

    def _is_named(self, path):
        return path.kind != reach.GOROUTINE or not path.slot or _RAW not in self._root(path)[0]

    def _root(self, path):
        """(what the root is called, what its word leads to)"""
        if path.kind == reach.GOROUTINE:
            key = path.row.addr, path.slot
            if key not in self._known:
                self._known[key] = self._on_goroutine(path.row, path.slot)
            return self._known[key]
        if path.kind == reach.VARIABLE:
            return _variable(path)
        if path.kind == reach.TIMER:
            return tr("a timer that calls {function}", function=_shown(path.name)), None
        return _shown(path.name or "?"), None

    def _on_goroutine(self, row, slot):
        name = f"g{row.goid}"
        if not isinstance(slot, int):
            return f"{name}: {_shown(slot)}", None
        if not slot:
            return name, None
        layout = program.world().layout("g")
        if row.addr <= slot < row.addr + layout.size:
            leaf = next((leaf for leaf in layout.leaves if leaf.offset == slot - row.addr), None)
            return f"{name}.{leaf.path if leaf is not None else slot - row.addr}", None
        if not row.lo <= slot < row.hi:
            return f"{name}: {slot:#x}", None
        try:
            where, text, to = self._in_frame(row, slot)
        except (program.Problem, gdb.error, RuntimeError):
            return f"{name}: {slot:#x}", None
        return f"{name}: {where}{text}", to

    def _in_frame(self, row, slot):
        """(where the frame stands that has a word, the variable that it is or is in, what that leads to)"""
        thread = None if self._census.is_parked(row) else self._census.thread_of(row)
        if thread is not None and not isinstance(thread, Was) and not thread.is_running():
            with view.keeping_place():
                thread.switch()
                return _named(gdb.newest_frame(), slot)
        with view.parked(row.pc, row.sp, row.bp or 0, g=row.addr) as frame:
            return _named(frame, slot)


def _named(frame, slot):
    frames = list(view.physical(frame))
    around = [one for one in frames if one[2] <= slot]
    if not around:
        return f"{slot:#x}", "", None
    # what a function was given may lie in its caller's frame, and what a register holds have been put away
    for find in (_local, _alike):
        for one in reversed(around[-_NEAR:]):
            found = find(one[0], slot)
            if found is not None:
                return (_place(one), *found)
    return _place(around[-1]), f"{_RAW[:-2]}{slot:#x}", None


def _place(one):
    frame, name, _ = one
    sal = frame.find_sal()
    return places.where(_shown(name), program.world().file_of(sal.symtab), sal.line)


def _variables(frame):
    """(name, value) of a frame's variables that gdb can tell, the innermost block's first."""
    try:
        block = frame.block()
    except RuntimeError:
        return
    while block is not None and not block.is_static:
        for symbol in block:
            if symbol.is_variable or symbol.is_argument:
                try:
                    yield _shown(program.told(getattr, symbol, "name")), symbol.value(frame)
                except (gdb.error, TypeError, UnicodeDecodeError):
                    continue
        if block.function is not None:
            break
        block = block.superblock


def _local(frame, slot):
    """(` jobs []*job`, what it leads to) of a frame's variable that is at an address or around it."""
    for name, value in _variables(frame):
        at = value.address
        if at is not None and int(at) <= slot < int(at) + value.type.sizeof:
            text, gdb_type, to = _descend(value.type, int(at), slot - int(at))
            return f" {name}{text} {_type_name(gdb_type)}", to
    return None


def _alike(frame, slot):
    """The same of a pointer that leads to where the word at an address does."""
    word = _word(slot)
    for name, value in _variables(frame):
        try:
            if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR and int(value) == word:
                return f" {name} {_type_name(value.type)}", _To(value.type.strip_typedefs().target(), word)
        except gdb.error:  # optimized out, in part
            continue
    return None


def _variable(path):
    """The same of a global variable."""
    name = path.name or f"{path.slot:#x}"
    symbol = program.world().symbol_at(path.slot)
    known = symbol and (gdb.lookup_global_symbol(symbol[0]) or gdb.lookup_static_symbol(symbol[0]))
    if not symbol or known is None or known.type is None:
        return _shown(name), None
    text, gdb_type, to = _descend(known.type, path.slot - symbol[1], symbol[1])
    return f"{_shown(symbol[0])}{text} {_type_name(gdb_type)}", to

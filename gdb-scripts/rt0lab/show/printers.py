"""How `print` shows the runtime's structures: one line a person can read, at any moment, also before anything is set
up.

`print -pretty` or `set print pretty on` shows all fields. Null, garbage and unset values print as what they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import gdb
import gdb.printing

from .. import program
from ..formats import untrusted
from ..program import dynamic, settings
from ..words import screen
from . import go_values, interfaces, lines, opening, times

_ONE_LINE = ("stack", "note", "mutex", "waitq")
_BEFORE = 10  # columns for `$1 = ` or a variable's name


# ---- gdb's interface -----------------------------------------------------------------------------------------------


_POINTERS = ("guintptr", "muintptr", "puintptr")  # Go's integers that are pointers
_ADDRESSES = ("uintptr", *_POINTERS)
_MOST_MEANINGS = 1 << 14


def _meanings():
    """{(address, size): what says it} of the fields of what was opened here, whose type does not tell what they
    mean."""
    return program.world().still("meanings", dict)


class Structure(opening.Opening):
    """One line, and all fields below it: for an editor as values, for gdb where it prints prettily as texts, pointers
    with their names."""

    def __init__(self, kind: str, value: gdb.Value) -> None:
        super().__init__(value)
        self._kind = kind

    def _text(self):
        try:
            self._value.fetch_lazy()
        except gdb.error:
            address = self._value.address
            return f"{self._kind} {program.Unreadable(int(address) if address is not None else 0)}"
        try:
            return lines.LINES[self._kind](opening.Item(self._value))
        except (gdb.error, program.Problem) as error:
            return f"{self._kind} <{untrusted.shown(str(error))}>"
        except (ValueError, TypeError, OverflowError) as error:
            return f"{self._kind} <cannot be shown: {untrusted.shown(str(error))}>"

    def _printed(self):
        """gdb itself breaks between values, and this is one: at a terminal it is broken between words."""
        text = self._text()
        width = gdb.parameter("width") if os.isatty(1) else None  # none either where a command's text is taken
        if not width or len(text) + _BEFORE < width or settings.for_an_editor():
            return text
        return "\n".join(screen.wrap(text, " " * _BEFORE, "    ", max(width - 1, 20))).lstrip()

    def num_children(self) -> int:
        """gdb asks how many. Some fields of what cannot be read as a whole may be readable, unless it begins where
        there is nothing."""
        address = self._value.address
        if (
            self._value.is_optimized_out
            or address is not None
            and isinstance(program.read(int(address), 1), program.Unreadable)
        ):
            return 0
        try:
            return len(self._members())
        except program.Problem:
            return 0

    def _members(self):
        """[(name, field)]"""
        plain = self._value.type.strip_typedefs()
        return program.world().own(("members", program.type_name(plain)), lambda: list(_named_fields(plain)))

    def _row(self, i):
        name, field = self._members()[i]
        value = self._value[field]
        meaning = None if _opens_by_its_type(value) else self._meaning(name, value.type)
        if meaning and value.address is not None:
            meanings = _meanings()
            if len(meanings) >= _MOST_MEANINGS:
                meanings.clear()
            meanings[int(value.address), value.type.sizeof] = meaning
        return untrusted.shown(name), value

    def _printed_children(self):
        if self._kind in _ONE_LINE or not opening.print_options().get("pretty_structs", gdb.parameter("print pretty")):
            return
        try:
            self._value.fetch_lazy()
        except gdb.error:
            return
        for name, field in self._members()[: self.num_children()]:
            value = self._value[field]
            meaning = self._meaning(name, value.type)
            number = opening.number(value) if meaning else None
            yield untrusted.shown(name), meaning(number) if number is not None else value

    def _meaning(self, name, gdb_type):
        """A function from a field's number to what is said of it, None if gdb says it best."""
        world, low = program.world(), name == "lo" or "guard" in name
        statuses = {("g", "atomicstatus"): world.g_status, ("p", "status"): world.p_status}.get((self._kind, name))
        if statuses:
            return lambda number: f"{number} ({statuses(number)})"
        type_name = world.base_name(gdb_type)
        if type_name == "uintptr":
            return lambda number: lines.addressed(number, low) if number != 0 else "0"
        if gdb_type.strip_typedefs().code == gdb.TYPE_CODE_PTR or type_name in _ADDRESSES:
            return lambda number: lines.addressed(number, low)
        return None


def _named_fields(plain):
    for field in program.fields_of(plain):
        if field.name and not field.is_base_class and hasattr(field, "bitpos") and program.bare(field.name) != "_":
            yield program.bare(field.name), field


def _opens_by_its_type(value):
    """Does a value of this type open, whatever it means? Pointers to structures do, but for nil."""
    plain = value.type.strip_typedefs()
    if plain.code != gdb.TYPE_CODE_PTR:
        return program.world().base_name(value.type) in _POINTERS
    return plain.target().strip_typedefs().code == gdb.TYPE_CODE_STRUCT and opening.number(value) != 0


class Meant(opening.Printer):
    """A field of a structure that was opened: gdb's number, with what it means."""

    def __init__(self, value: gdb.Value, meaning: Callable[[Any], str]) -> None:
        super().__init__(value)
        self._meaning = meaning

    def _text(self):
        return self._meaning(opening.number(self._value))

    def _printed(self):
        return opening.as_gdb_prints(self._value)


class Pointer(opening.Opening):
    """A pointer to a structure of the runtime's, or the integer that is one: its name, and the structure's fields in
    it."""

    def __init__(self, value: gdb.Value, kind: str, at: Any) -> None:
        super().__init__(value)
        self._kind, self._at = kind, at
        self._hides = value.type.strip_typedefs().code != gdb.TYPE_CODE_PTR
        to: Any = program.world().type(kind)
        pointer = gdb.Value(at).cast(to.pointer()) if self._hides else value
        self._to = Structure(kind, pointer.dereference())

    def _text(self):
        return lines.called(self._kind, self._at)

    def _printed(self):
        return lines.addressed(self._at) if self._hides else opening.as_gdb_prints(self._value)

    def _printed_children(self):
        return iter(())

    def num_children(self) -> int:
        return self._to.num_children() if self._at else 0

    def _row(self, i):
        return self._to.child(i)


class _Printers(gdb.printing.PrettyPrinter):
    def __call__(self, value):
        carried = opening.printer_of(value)
        if carried is not None:
            return carried
        try:
            return self._printer(value, program.world())
        except program.Problem:
            return None

    def _printer(self, value, world):
        gdb_type = value.type
        code, size, meanings = gdb_type.strip_typedefs().code, gdb_type.sizeof, _meanings()
        if (
            meanings
            and code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_STRUCT)
            and value.address is not None
        ):
            meaning = meanings.get((int(value.address), size))
            if meaning:
                return Meant(value, meaning)
        if code == gdb.TYPE_CODE_INT:
            kind = world.base_name(gdb_type) if size == 8 else ""
            if kind == "time.Duration":
                return times.Duration(value)
            return self._pointer(value, kind[0]) if kind in _POINTERS else None
        if code == gdb.TYPE_CODE_PTR:
            # At the prompt gdb's own way of a pointer says its type, too; and what an editor would see as `{...}` is
            # better left to gdb.
            kind = (
                _kind(gdb_type.strip_typedefs().target(), world)
                if opening.OPENS_WITH_TEXT and opening.has_editor()
                else None
            )
            return (
                self._pointer(value, kind)
                if kind
                else (self._held(value) if gdb_type.code == gdb.TYPE_CODE_TYPEDEF else None)
            )
        if code == gdb.TYPE_CODE_ARRAY and (program.told(getattr, gdb_type, "name") or "").startswith(("[]", "slice<")):
            return opening.closed_if_empty(go_values.Elements(value))
        if code == gdb.TYPE_CODE_FUNC and gdb_type.code == gdb.TYPE_CODE_TYPEDEF and world.is_go:
            return interfaces.Function(value)
        if code != gdb.TYPE_CODE_STRUCT:
            return None
        kind = _kind(gdb_type, world)
        if kind:
            return opening.closed_if_empty(Structure(kind, value))
        if not size and world.is_go and not gdb_type.strip_typedefs().fields():
            return go_values.Nothing(value)
        name = program.told(lambda: gdb_type.name or gdb_type.tag or gdb_type.strip_typedefs().tag) or ""
        bare = world.base_name(gdb_type) if name else ""
        if bare.startswith(("slice<", "[]")):
            return opening.closed_if_empty(go_values.Slice(value, lines.addressed))
        if bare in ("gostring", "string"):
            return go_values.Text(value)
        if bare == "time.Time":
            return _says(times.Time(value))
        return self._named(value) if world.is_go and size in (16, 24) else None

    @staticmethod
    def _pointer(value, kind):
        at = opening.number(value)
        if not isinstance(at, int) or program.world().type(kind) is None:
            return None
        printer = Pointer(value, kind, at)
        return opening.closed_if_empty(printer) if opening.OPENS_WITH_TEXT else opening.Closed(printer)

    @staticmethod
    def _held(value):
        """A map or a channel, whatever its type is called: the compiler says what it leads to."""
        to = program.told(lambda: value.type.strip_typedefs().target().name) or ""
        make = (
            go_values.Map if to.startswith(("hash<", "map<")) else go_values.Chan if to.startswith("hchan<") else None
        )
        return opening.closed_if_empty(make(value)) if make else None

    @staticmethod
    def _named(value):
        """A string or a slice of a Go program that has a type of its own, or an interface."""
        try:
            held = dynamic.in_interface(value)
        except gdb.error:  # it cannot be read, or was optimized out
            held = None
        if held is not None:
            printer = interfaces.Interface(value, held)
            return _says(printer) if printer.says_all else opening.closed_if_empty(printer)
        has = tuple(field.name for field in value.type.strip_typedefs().fields())
        if has == program.STRING:
            return go_values.Text(value)
        return opening.closed_if_empty(go_values.Slice(value, lines.addressed)) if has == program.SLICE else None


def _says(printer):
    """A printer whose text matters more than what it opens to, where a gdb shows an editor only one of the two."""
    return opening.closed_if_empty(printer) if opening.OPENS_WITH_TEXT else opening.Closed(printer)


def _kind(gdb_type, world):
    """Which of the structures that have a line here this type is, else None."""
    name = program.told(lambda: gdb_type.name or gdb_type.tag or gdb_type.strip_typedefs().tag)
    if not name:
        return None
    bare = name.removeprefix("struct ")
    bare = bare.removeprefix(world.prefix) if bare.startswith(world.prefix) else ""
    return bare if bare in lines.LINES else None


def register(objfile: gdb.Objfile | None) -> None:
    """Makes gdb use these printers for a program."""
    gdb.printing.register_pretty_printer(objfile, _Printers("rt0lab", []), replace=True)

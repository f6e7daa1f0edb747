"""What all printers here share: a gdb.Value read like a structure, who asks a printer, and what a value opens to.

`print` asks a printer once, for its text and what follows that. An editor keeps the printer: it shows the text, and
opens the value where somebody clicks. What is in it are then values with their own types, which open in turn, and of
many it asks for a page.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from ..program import settings

OPENS_WITH_TEXT = hasattr(gdb, "ValuePrinter")  # gdbs without it show an editor `{...}` as the text of all that opens

# ---- reading a gdb.Value like a program.Struct -----------------------------------------------------------------------


class Item:
    """A gdb.Value with the face of program.Struct: `get(path)`, `addr`. Works for `print $1` too."""

    def __init__(self, value: gdb.Value) -> None:
        self.value = value
        address = value.address
        self.addr = int(address) if address is not None else 0

    def _walk(self, path):
        value = self.value
        for name in path.split("."):
            fields = {program.bare(f.name): f for f in program.fields_of(value.type.strip_typedefs()) if f.name}
            if name not in fields:
                return None
            value = value[fields[name]]
        return value

    def get(self, *paths: str) -> Any:
        """The first of these fields that the type has and that is a number; else None."""
        for path in paths:
            value = self._walk(path)
            found = None if value is None else number(value)
            if found is not None:
                return found
        return None

    def has(self, path: str) -> bool:
        """Does the type have this field?"""
        return self._walk(path) is not None

    def array(self, path: str) -> tuple[int, Callable[[int], Any]] | None:
        """(count, function from index to value) of an array field."""
        value = self._walk(path)
        if value is None or value.type.strip_typedefs().code != gdb.TYPE_CODE_ARRAY:
            return None
        lo, hi = value.type.strip_typedefs().range()
        return hi - lo + 1, lambda i: number(value[i])


def number(value: gdb.Value) -> int | program.Unreadable | None:
    """A scalar as a number, Unreadable, or None if it is none; what Go's atomic types hold is theirs."""
    plain = value.type.strip_typedefs()
    while plain.code == gdb.TYPE_CODE_STRUCT and "atomic." in program.type_name(value.type):
        inner = [f for f in plain.fields() if f.type.sizeof]
        if len(inner) != 1:
            break
        value = value[inner[0]]
        plain = value.type.strip_typedefs()
    try:
        found = int(value)
    except gdb.MemoryError:
        return program.Unreadable(int(value.address) if value.address is not None else 0)
    except (gdb.error, ValueError):
        return None
    return found & (1 << 64) - 1 if plain.code == gdb.TYPE_CODE_PTR else found


def readable(value: gdb.Value) -> gdb.Value | str:
    """The value, or if it cannot be read a text that says so: in an editor one that fails takes with it all that was
    asked for."""
    try:
        value.fetch_lazy()
    except gdb.MemoryError:
        return str(program.Unreadable(int(value.address) if value.address is not None else 0))
    except gdb.error as error:
        return f"<{untrusted.shown(str(error))}>"
    return value


# ---- who asks, and what there is to open -----------------------------------------------------------------------------


def print_options() -> dict[str, Any]:
    """The options of the `print` that is going on; the user's settings where none is."""
    return gdb.print_options() if hasattr(gdb, "print_options") else {}


def as_gdb_prints(value: gdb.Value) -> str:
    """The text that gdb itself has for a scalar, under the options of the `print` that is going on."""
    return value.format_string(**{**print_options(), "raw": True})


_editor = False  # has one asked a printer yet?


def has_editor() -> bool:
    """Is it an editor that this gdb works for? gdb does not say; but it was started for one, or one has asked."""
    return _editor or "gdb.dap" in sys.modules or settings.for_an_editor()


_Base: Any = getattr(gdb, "ValuePrinter", object)


class Printer(_Base):
    """Shows a value as a text.

    Who asks shows in what is asked first. gdb's own printing, whoever wants it, begins with the hint; who keeps the
    printer, as the variable objects of MI and the variables of DAP do, first wants to know its text, or what is in it.
    """

    _hint: str | None = None

    def __init__(self, value: Any) -> None:
        self._value, self._prints = value, None

    def _asked(self, prints=False):
        """Is it printing that asks?"""
        global _editor
        if self._prints is None:
            self._prints = prints
            _editor = _editor or not prints
        return self._prints

    def display_hint(self) -> str | None:
        self._asked(True)
        return self._hint

    def to_string(self) -> str:
        return self._printed() if self._asked() else self._text()

    def _text(self):
        raise NotImplementedError

    def _printed(self):
        return self._text()


class Opening(Printer):
    """Shows a value that opens. Subclasses say how many there are in it, and each of them on its own."""

    def children(self) -> Iterator[Any]:
        """gdb asks for all there is; printing may want something else to follow the text. MI, which shows one that
        fails as one that fails, goes through all that come before the page that it wants."""
        return self._printed_children() if self._asked() else map(self._row, range(self.num_children()))

    def _printed_children(self):
        return (self.child(i) for i in range(self.num_children()))

    def num_children(self) -> int:
        raise NotImplementedError

    def child(self, i: int) -> tuple[str, Any]:
        """gdb asks for one: (name, value), the name and value of a `_row`."""
        name, value = self._row(i)
        return name, readable(value) if isinstance(value, gdb.Value) else value

    def _row(self, i):
        raise NotImplementedError


class Closed(Printer):
    """Shows what there is nothing in: without an arrow to open it."""

    def __init__(self, printer: Printer) -> None:
        super().__init__(None)
        self._printer = printer

    def display_hint(self) -> str | None:
        return self._printer.display_hint()

    def to_string(self) -> str:
        return self._printer.to_string()


class Said(Printer):
    """Shows a text that is nobody's value."""

    def __init__(self, text: str) -> None:
        super().__init__(None)
        self._said = text

    def _text(self):
        return self._said


class _Carrier(gdb.Value):
    """A number that brings its printer along: gdb gives the very object to those who may have a printer for it."""

    printer: Printer | None = None


def carried(number: int, printer: Printer) -> gdb.Value:
    """A value that is shown by this printer, whatever its type."""
    value = _Carrier(number)
    value.printer = printer
    return value


def printer_of(value: gdb.Value) -> Printer | None:
    """The printer that a value carries, else None."""
    printer = getattr(value, "printer", None) if isinstance(value, _Carrier) else None
    return closed_if_empty(printer) if isinstance(printer, Opening) else printer


def closed_if_empty(printer: Opening) -> Printer:
    """The printer, without an arrow if there is nothing in it."""
    return printer if printer.num_children() else Closed(printer)

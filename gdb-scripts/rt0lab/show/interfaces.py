"""What a Go program's interfaces hold, with its type; its functions' values by the functions' names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from ..program import dynamic, past
from . import errors, opening

_DEEP = 3  # so far print follows the pointers in interfaces: they may lead round in a circle
_ELEMENTS, _CHARACTERS = 20, 1 << 10  # of what a value holds, in a line that says it

_following = 0


def function_at(word: int) -> str:
    """What a func value is called: the word leads to a closure, which begins with the function's address."""
    if not word:
        return "nil"
    code = program.read_word(word)
    if not isinstance(code, int):
        return str(code)
    symbol = program.world().symbol_at(code)
    return f"{word:#x} <no function>" if symbol is None else symbol[0] if not symbol[1] else f"{symbol[0]}+{symbol[1]}"


def _is_function(kind):
    return kind is not None and kind.type is not None and kind.type.strip_typedefs().code == gdb.TYPE_CODE_FUNC


def said(kind: dynamic.Dynamic | None, word: int, data: int) -> str:
    """The value that an interface's two words stand for, on one line: `int 42`, `*errors.errorString "no host"`."""
    if kind is None:
        return "nil" if not word else f"<{word:#x} is no type of this program's>"
    if past.moment() is not None:
        return f"{kind.name} <values are not kept>"
    if _is_function(kind):
        return f"{kind.name} {function_at(data)}"
    value = kind.value(data)
    if value is None:
        return f"{kind.name} at {data:#x}"
    text = errors.text(kind.name, value)
    if text is not None:
        return _quoted(kind.name, text)
    plain = value.type.strip_typedefs()
    if plain.code == gdb.TYPE_CODE_STRUCT and tuple(f.name for f in program.fields_of(plain)) == program.STRING:
        item = opening.Item(value)
        text = program.read_text(item.get("str") or 0, item.get("len") or 0, quoted=True, most=_CHARACTERS)
        return f"{kind.name} {text}"
    to = _struct_behind(value)
    try:
        text = program.told(
            (value if to is None else to).format_string, max_elements=_ELEMENTS, max_depth=_DEEP, styling=False
        )
    except gdb.error as error:
        text = f"<{untrusted.shown(str(error))}>"
    return text if text.startswith(kind.name) else f"{kind.name} {text}"


def _quoted(name, text):
    quoted = text.replace('"', '\\"')
    return f'{name} "{quoted}"'


def _struct_behind(value):
    """The structure that a pointer leads to; None where it is nil, or leads to something else."""
    plain = value.type.strip_typedefs()
    if (
        plain.code != gdb.TYPE_CODE_PTR
        or plain.target().strip_typedefs().code != gdb.TYPE_CODE_STRUCT
        or not int(value)
    ):
        return None
    return value.dereference()


class Function(opening.Printer):
    """A func value: the function's name. gdb takes the variable for the function itself."""

    def _text(self):
        address = self._value.address
        word = program.read_word(int(address)) if address is not None else None
        if word is None:
            return "<optimized out>" if self._value.is_optimized_out else "<not in memory>"
        return function_at(word) if isinstance(word, int) else str(word)


class Interface(opening.Opening):
    """An interface: what it holds, as that is shown, its type before it. In print a pointer to a structure is followed,
    an editor follows all that one opens."""

    def __init__(self, value: gdb.Value, held: tuple[dynamic.Dynamic | None, int, int]) -> None:
        super().__init__(value)
        self._kind, self._word, self._data = held
        self._function = _is_function(self._kind)
        self._held = self._kind.value(self._data) if self._kind and not self._function else None
        self._error = errors.text(self._kind.name, self._held) if self._kind and self._held is not None else None
        self._printer: Any = gdb.default_visualizer(self._held) if self._held is not None else None
        self._struct = self._opened() if self._held is not None and self._printer is None else None

    def _opened(self):
        if self._held.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
            return self._held
        return _struct_behind(self._held)

    @property
    def says_all(self) -> bool:
        """Is it an error whose text is known?"""
        return self._error is not None

    def display_hint(self) -> str | None:
        self._asked(True)
        hint = getattr(self._printer, "display_hint", None)
        return hint() if hint and self._error is None else None

    def _text(self):
        if self._held is None or self._function:
            return said(self._kind, self._word, self._data)
        name = self._kind.name
        if self._error is not None:
            return _quoted(name, self._error)
        if self._printer is not None:
            text = str(self._printer.to_string() if hasattr(self._printer, "to_string") else "")
            return text if text.startswith(name) else f"{name} {text}"
        if self._held.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
            return name
        try:
            return f"{name} {opening.as_gdb_prints(self._held)}"
        except gdb.error as error:
            return f"{name} <{untrusted.shown(str(error))}>"

    def num_children(self) -> int:
        if self._printer is not None:
            count = getattr(self._printer, "num_children", None)
            return count() if count else 0
        return len(self._fields()) if self._struct is not None else 0

    def _fields(self):
        plain = self._struct.type.strip_typedefs()
        return [field for field in program.fields_of(plain) if field.name and hasattr(field, "bitpos")]

    def _row(self, i):
        if self._printer is not None:
            return self._printer.child(i)
        field = self._fields()[i]
        return untrusted.shown(program.bare(field.name)), self._struct[field]

    def _printed_children(self) -> Iterator[Any]:
        if self._error is not None:
            return
        if self._printer is not None:
            yield from self._printer.children() if hasattr(self._printer, "children") else ()
        elif self._held is not None and _following < _DEEP:
            with _deeper():
                yield from super()._printed_children()


@contextlib.contextmanager
def _deeper():
    """While this lasts, gdb prints what a pointer in an interface leads to."""
    global _following
    _following += 1
    try:
        yield
    finally:
        _following -= 1

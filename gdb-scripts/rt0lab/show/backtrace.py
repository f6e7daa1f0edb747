"""How `bt` shows frames: by Go's names, with arguments that can be printed, down to the true root."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Any

import gdb
import gdb.FrameDecorator
import gdb.unwinder

from .. import program
from ..formats import untrusted
from ..frames import joins, switching, view
from ..program import builds, names, settings
from . import scope

# ---- roots: nothing lies below them ----------------------------------------------------------------------------------


class Careful(gdb.FrameDecorator.FrameDecorator):
    """A frame whose names may be any text, and whose arguments may lie in memory that cannot be read: gdb would obey
    the one, and end the backtrace with an exception at the other."""

    def function(self) -> str | int | None:
        """gdb asks for the name; where there is none it is an address."""
        name = program.told(super().function)
        return untrusted.shown(name) if isinstance(name, str) else name

    def filename(self) -> str | None:
        """gdb asks for the file. Of frames that were decorated MI tells no full name besides."""
        symtab = self.inferior_frame().find_sal().symtab
        name = (
            program.file_of(symtab)
            if symtab is not None and settings.for_an_editor()
            else program.told(super().filename)
        )
        return untrusted.shown(name) if isinstance(name, str) else name

    def line(self) -> int:
        try:
            return super().line()
        except UnicodeDecodeError:  # gdb's decorator wants to know whether the file has a name
            return self.inferior_frame().find_sal().line

    def frame_args(self) -> list[Any] | None:
        try:
            found = super().frame_args()
        except UnicodeDecodeError:
            found = gdb.FrameDecorator.FrameVars(self.inferior_frame()).fetch_frame_args()
        return self._readable(found, _unstored_below(self.inferior_frame()))

    def frame_locals(self) -> list[Any] | None:
        """`bt full` and editors ask for the variables."""
        try:
            found = self._readable(super().frame_locals())
        except UnicodeDecodeError:
            found = self._readable(gdb.FrameDecorator.FrameVars(self.inferior_frame()).fetch_frame_locals())
        more = [Said(_Name(name), value) for name, value in scope.variables(self.inferior_frame())]
        return [*(found or ()), *more] or None

    def _readable(self, variables, unstored=0):
        return [self._sayable(variable, unstored) for variable in variables or ()] or None

    def _sayable(self, variable, unstored=0):
        """The variable, with its name as `shown` has it, and a text for a value that is not there or that holds such
        names itself. What lies on the stack below `unstored` has no value yet."""
        symbol, value = variable.symbol(), variable.value()
        try:
            if value is None and isinstance(symbol, gdb.Symbol):
                value = symbol.value(self.inferior_frame())
            if isinstance(value, gdb.Value):
                value.fetch_lazy()
                if value.type.strip_typedefs().code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
                    value.referenced_value().fetch_lazy()
                place = value.address
                if place is not None and int(place) < unstored:
                    value = "<not stored yet>"
                else:
                    value = "<optimized out>" if _ends_a_scope(value) else _said(value)
        except gdb.MemoryError as error:
            value = f"<unreadable {str(error).rpartition(' ')[2]}>"
        except (gdb.error, TypeError) as error:  # gdb says that itself, where it knows the symbol
            value = f"<error: {untrusted.shown(str(error))}>" if self._plain(symbol) is not symbol else None
        name = self._plain(symbol)
        return Said(name, value) if name is not symbol or isinstance(value, str) else variable

    @staticmethod
    def _plain(symbol):
        """The symbol itself, or its name escaped if that is what gdb must not print."""
        name = program.told(str, symbol)
        plain = untrusted.shown(name)
        return symbol if plain == name else _Name(plain)


class _Name(str):
    """A name where gdb may also have a symbol; newer ones' DAP asks that for the name it is printed by."""

    print_name = property(str)


def _unstored_below(frame):
    """At the first instructions of a function of C++ its arguments are in registers still, and where they are to lie,
    below this address of the stack, is something else; gdb would take that for them. 0 where nothing is known of it."""
    if frame.level() or frame.type() != gdb.NORMAL_FRAME or program.world().is_go:
        return 0
    symbol, caller = program.world().symbol_at(frame.pc()), frame.older()
    if symbol is None or caller is None:
        return 0
    opening = gdb.find_pc_line(frame.pc() - symbol[1])
    return int(caller.read_register("rsp")) if frame.pc() <= (opening.last or 0) else 0


_SCALARS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_FLT)


def _ends_a_scope(value):
    """Does this gdb's DAP fail at a value, and with it at all that stand beside it? The first ones want each pointer as
    a number."""
    stumbles = "gdb.dap" in sys.modules and not hasattr(gdb.Value, "is_unavailable")
    return stumbles and value.is_optimized_out and value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR


def _said(value):
    """The value itself, or its text if gdb would write names in it that are no plain text: of fields, types,
    functions."""
    if value.type.strip_typedefs().code in _SCALARS:
        return value
    try:
        kind = value.type.name or value.type.strip_typedefs().name or ""
    except UnicodeDecodeError:  # gdb's own printers fail at it
        return f"<of type {program.type_name(value.type)}>"
    try:
        text = program.told(value.format_string)
    except gdb.error:  # gdb will say so
        return value
    plain = untrusted.shown_lines(text, untrusted.LINE)
    return value if plain == text and untrusted.shown(kind) == kind else plain


class Said:
    """A variable with another name, or a text for its value."""

    def __init__(self, symbol: Any, value: Any) -> None:
        self._symbol, self._value = symbol, value

    def symbol(self) -> Any:
        return self._symbol

    def value(self) -> Any:
        return self._value


class Named(Careful):
    """A frame that gdb would name otherwise: by its C++ name alone, or a symbol without debug information as
    Objective-C."""

    def __init__(self, base: gdb.FrameDecorator.FrameDecorator, name: str) -> None:
        super().__init__(base)
        self._name = name

    def function(self) -> str:
        return self._name


class Interrupted(Named):
    """A frame that did not call what is above it: a signal came. gdb has it one byte further on (joins)."""

    def address(self) -> int:
        """Where it really stands."""
        return self.inferior_frame().pc() - 1


class Roots:
    """A frame filter: what gdb finds below a stack's first function is not a frame."""

    name, priority, enabled = "rt0lab-roots", 100, True

    def filter(self, frames: Iterable[Any]) -> Iterable[Any]:
        """gdb calls this for `bt`."""
        try:
            builds.warn()
            return self._down_to_root(program.world(), frames)
        except program.Problem:
            return frames

    @staticmethod
    def _down_to_root(world, frames):
        shown, exact = view.active(), False
        for decorator in _as_far_as_it_goes(frames):
            frame = decorator.inferior_frame()
            if shown and frame.level() < shown[0]:
                if frame.level() == shown[0] - 1:
                    yield view.Claimed(decorator, shown[1])
                continue
            symbol = joins.symbol_of(frame)
            named = symbol is not None or program.told(frame.name) is not None or joins.in_a_library(frame)
            if frame.level() > 0 and not named:
                return
            yield _decorated(world, decorator, symbol, exact)
            exact = exact and frame.type() == gdb.INLINE_FRAME or bool(symbol) and joins.is_exact(symbol[0], frame)
            # Go's unwind information leads on, to whatever lies above; ours ends by itself.
            if (
                world.is_go
                and symbol
                and frame.type() == gdb.NORMAL_FRAME
                and switching.is_root(names.function(symbol[0]), frame)
            ):
                return


def _decorated(world, decorator, symbol, exact):
    """How a frame is shown whose function's symbol this is; did what is above it come from there without a call?"""
    frame = decorator.inferior_frame()
    if exact:
        return Interrupted(decorator, program.name_of(frame) or (symbol[0] if symbol else "??"))
    if symbol is not None and joins.is_handler_s(symbol[0]):
        return Named(decorator, joins.HANDLER_S)
    if symbol is None or _named_well(world, frame, symbol[0]):
        return Careful(decorator)
    return Named(decorator, symbol[0])


def _as_far_as_it_goes(frames):
    """The frames up to where gdb fails to unwind, with what it says then; from a filter it would be shown as
    Python's."""
    try:
        yield from frames
    except gdb.error as error:
        gdb.write(f"Backtrace stopped: {untrusted.shown(str(error))}\n", gdb.STDERR)


def _named_well(world, frame, symbol):
    """Whether gdb's own name will do. For our C++ it is Go's name only up to gdb 13; the ELF symbol always is."""
    if frame.type() != gdb.NORMAL_FRAME:
        return True
    if frame.function() is None:
        return False
    return world.is_go or symbol.startswith("_Z") or "." not in symbol


# ---- short lines -----------------------------------------------------------------------------------------------------

_GONE = r"[^\s=,()]+=<optimized out>"
_SHORTER = re.compile(rf'"(?:\\.|[^"\\])*"|({_GONE}(?:, {_GONE})*)')


def brief(text: str) -> str:
    """gdb's backtrace with `...`, gdb's own sign for arguments that it does not show, for those that the compiler left
    out."""
    return "\n".join(
        _SHORTER.sub(lambda found: "..." if found[1] else found[0], line) if line.startswith("#") else line
        for line in text.split("\n")
    )


def register(objfile: gdb.Objfile | None) -> None:
    """Adds the filter to a program."""
    filters = objfile.frame_filters if objfile is not None else gdb.frame_filters
    filters[Roots.name] = Roots()

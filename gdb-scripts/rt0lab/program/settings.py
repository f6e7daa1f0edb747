"""gdb's settings that change what we read: set aside while we look, and put back whatever happens.

Who debugs may have told gdb to end backtraces after three frames, or to speak Pascal. What he set is for what gdb
prints for him; a list that reads three frames says something else than what is so. What only shapes gdb's output stays
as he has it.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import gdb

_LOOKING = {
    "backtrace limit": "unlimited",
    "backtrace past-main": "on",
    "backtrace past-entry": "off",
    "case-sensitive": "auto",
    "print demangle": "on",
    "max-value-size": "unlimited",
    "trust-readonly-sections": "off",
    "language": "auto",
}
_AS_GOOD = {"language": ("local", "c", "c++", "go", "asm", "minimal", "unknown"), "case-sensitive": ("on",)}


@functools.cache
def for_an_editor() -> bool:
    """Does gdb speak MI with who started it? It does not say so to scripts, its command line does."""
    try:
        with open("/proc/self/cmdline", "rb") as file:
            return re.search(rb"\0--?i(nterpreter)?[=\0]mi\d?\0", file.read()) is not None
    except OSError:
        return False


_aside = {}  # what the user has, of those that are set aside


def users(name: str) -> Any:
    """A setting as the user has it."""
    return _aside[name] if name in _aside else gdb.parameter(name)


def _text(value):
    """A parameter's value as `set` reads it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "unlimited" if value is None or value == -1 else str(value)


def _current(name):
    try:
        return _text(gdb.parameter(name))
    except (gdb.error, RuntimeError):  # this gdb has none of that name
        return None


def _set(wanted):
    for name, value in wanted.items():
        gdb.execute(f"set {name} {value}", to_string=True)


class changed:
    """Some settings have other values while this lasts: {name: text}."""

    def __init__(self, wanted: dict[str, str]) -> None:
        self._wanted, self._before = wanted, {}

    def __enter__(self) -> None:
        before = {name: _current(name) for name in self._wanted}
        self._before = {name: old for name, old in before.items() if old is not None and old != self._wanted[name]}
        try:
            _set({name: self._wanted[name] for name in self._before})
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: Any) -> None:
        try:
            _set(self._before)
        except KeyboardInterrupt:  # whoever interrupts wants an end of the work, not settings that he did not make
            _set(self._before)
            raise


def off(*names: str) -> changed:
    """Some of gdb's settings are off while this lasts."""
    return changed(dict.fromkeys(names, "off"))


def quiet() -> changed:
    """gdb says nothing about threads and processes and asks nothing while this lasts."""
    return off("print thread-events", "print inferior-events", "confirm", "pagination")


def unread() -> changed:
    """gdb prints where the program stops and no source while this lasts. It would open whatever file the debug
    information names, and at a pipe it waits for ever."""
    return changed({"print frame-info": "location"})


def _unfit(name, value):
    """Has gdb this setting, and another value than we need?"""
    now = _current(name)
    return now is not None and now != value and now not in _AS_GOOD.get(name, ())


class looking(changed):
    """gdb reads as we need it while this lasts; around every command, function and window. `small`: no value of gdb's
    that is larger than a register, as at each stop; then there is most often nothing to set."""

    def __init__(self, small: bool = False) -> None:
        names = _LOOKING.keys() - {"max-value-size"} if small else _LOOKING
        super().__init__({name: _LOOKING[name] for name in names if _unfit(name, _LOOKING[name])})
        self._mine: dict[str, Any] = {}

    def __enter__(self) -> None:
        before = {name: gdb.parameter(name) for name in self._wanted}
        super().__enter__()
        self._mine = {name: before[name] for name in self._before}
        _aside.update(self._mine)

    def __exit__(self, *_: Any) -> None:
        for name in self._mine:
            del _aside[name]
        super().__exit__()


def as_the_user_has_them(above: int = 0) -> changed:
    """A command of the user's own does what he set while this lasts; the `above` frames that we put on top of his do
    not count."""
    limit = _aside.get("backtrace limit")
    more = {"backtrace limit": str(limit + above)} if limit else {}
    return changed({name: _text(value) for name, value in _aside.items()} | more)

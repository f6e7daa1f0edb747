"""Which moment is read: the present, or one that was kept."""

from __future__ import annotations

from typing import Any

_past: Any = None  # the history.Moment that is read instead of the program


class reading:
    """While this lasts, all that reads here reads a moment of the past."""

    def __init__(self, moment: Any) -> None:
        self._moment = moment

    def __enter__(self) -> None:
        global _past
        self._before, _past = _past, self._moment

    def __exit__(self, *_: Any) -> None:
        global _past
        _past = self._before


def moment() -> Any:
    """The moment of the past that is read, or None: the present."""
    return _past


def has_all() -> bool:
    """Is it a moment of which all memory can be read?"""
    return _past is None or _past.whole

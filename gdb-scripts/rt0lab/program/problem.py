"""What cannot be read or is not there, as a sentence for a person or as a value of its own."""

from __future__ import annotations

from typing import Literal

from ..words import tr


class Problem(Exception):
    """Something a person can act on; its text is one sentence that says what and what to do."""


class Lacking(Problem):
    """The program has not the type, or its type has not the field, that this needs: in another version of Go it is
    called otherwise."""


def no_field(kind: str, *paths: str) -> Lacking:
    """The Lacking to raise for a field."""
    return Lacking(
        tr(
            "this program's type `{kind}` has no field `{paths}`, which this needs.",
            kind=kind,
            paths="` or `".join(paths),
        )
    )


class Unreadable:
    """Stands for a value whose memory could not be read."""

    def __init__(self, addr: int) -> None:
        self.addr = addr

    def __str__(self) -> str:
        return f"<unreadable {self.addr:#x}>"

    __repr__ = __str__

    def __bool__(self) -> Literal[False]:
        return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unreadable) and other.addr == self.addr

    def __hash__(self) -> int:
        return hash(("unreadable", self.addr))

"""How headings and marks look in a terminal: as `set style rt0` says in a gdb that lets scripts have styles, else in
ANSI's plainest colours. console.say and the window ask."""

from __future__ import annotations

from typing import Any

import gdb

from ..words import later, tr

# {what a line is, or is marked with: (its name below `style rt0`, how it looks at first, ANSI's number for the same)}
_LOOKS = {
    "head": ("heading", "intensity bold", "1"),
    "*": ("here", "intensity bold", "1"),
    "+": ("new", "foreground green", "32"),
    "~": ("changed", "foreground yellow", "33"),
}
_ABOUT = {
    "heading": later("Headings of cards and of the panel."),
    "here": later("What the selected thread runs, `*` in the panel."),
    "new": later("What is new since the stop before, `+` in the panel."),
    "changed": later("What changed since the stop before, `~` in the panel."),
}
_sets: dict[str, Any] = {}


def styled(look: str | None, text: str) -> str:
    """A line as it looks in a terminal; its mark says the same."""
    if look not in _LOOKS:
        return text
    return _sets[look].apply(text) if look in _sets else f"\033[{_LOOKS[look][2]}m{text}\033[m"


def register() -> None:
    """Gives gdb `set style rt0 heading|here|new|changed`, if it lets scripts have styles."""
    own = getattr(gdb, "StyleParameterSet", None)
    if own is None:
        return
    gdb.ParameterPrefix(
        "style rt0",
        gdb.COMMAND_SUPPORT,
        tr(
            "How the rt0 commands show headings and marks in a terminal.\n\n(gdb) set style rt0 new foreground"
            " cyan\n(gdb) set style rt0 changed intensity bold"
        ),
    )
    for look, (name, first, _) in _LOOKS.items():
        _sets[look] = own(f"rt0 {name}", doc=tr(_ABOUT[name]))
        gdb.execute(f"set style rt0 {name} {first}", to_string=True)

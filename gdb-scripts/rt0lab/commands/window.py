"""The live panel as a window of gdb's TUI: `layout rt0`."""

from __future__ import annotations

import gdb

from .. import program
from ..program import builds, settings
from ..show import card
from ..words import tr
from . import console, panel, styles

_LAYOUT = "src 3 rt0 6 status 0 cmd 2"


# ---- as a window ---------------------------------------------------------------------------------------------------

_windows = []


class Window:
    """The TUI's window `rt0`. gdb makes it, asks it to render, scrolls and closes it."""

    def __init__(self, tui: gdb.TuiWindow) -> None:
        self._tui, self._top, self._left, self._lines = tui, 0, 0, []
        _windows.append(self)

    def close(self) -> None:
        """gdb removed the window."""
        _windows.remove(self)

    def render(self) -> None:
        """gdb shows the window or gave it another size."""
        self.refresh()
        gdb.post_event(self._draw)  # once more when all windows are drawn: see _draw

    def refresh(self) -> None:
        """Looks at the program again."""
        self._lines = _safely(_window_lines)
        self._draw()

    def vscroll(self, number: int) -> None:
        """gdb scrolls by so many lines."""
        self._top += number
        self._draw()

    def hscroll(self, number: int) -> None:
        """gdb scrolls by so many columns."""
        self._left = max(0, self._left + number)
        self._draw()

    def _draw(self):
        if not self._tui.is_valid():
            return
        height, width = self._tui.height, self._tui.width
        self._top = max(0, min(self._top, len(self._lines) - height))
        colours = gdb.parameter("style enabled")
        shown = []
        for style, text in self._lines[self._top : self._top + height]:
            text = card.cut(console.printable(text)[self._left :], width - 1) if width > 1 else ""
            shown.append(styles.styled(style, text) if colours else text)
        # The title too: it lies on our upper border, which is the lower border of the window above.
        self._tui.title = tr("rt0  * here  + new  ~ changed")
        self._tui.erase()
        self._tui.write("\n".join(shown))


def _window_lines():
    program.world()
    if not program.alive():
        return [("", console.not_running())]
    text = builds.sentence()  # a window has no room for what is said once
    return [*([("", text)] if text else []), *panel.present_lines()]


def _safely(function):
    """The window's lines, or the sentence of what went wrong."""
    try:
        with settings.looking():
            return function()
    except Exception as error:  # the boundary to the user, as in console.careful: a window must never raise
        return [
            (
                "",
                (
                    str(error)
                    if isinstance(error, (program.Problem, gdb.error))
                    else tr(
                        "rt0 itself failed ({what}): `set rt0 debug on` shows where.",
                        what=f"{type(error).__name__}: {error}",
                    )
                ),
            )
        ]


def _prompt():
    """gdb.events.before_prompt: the program stopped, or another thread or frame was chosen."""
    if _windows:
        gdb.post_event(_refresh)  # after gdb has drawn its own windows: see _draw


def _refresh():
    for window in list(_windows):
        window.refresh()


class _NoTui(gdb.Command):
    """Open a layout of the text user interface, which this gdb does not have: `rt0 panel` prints the panel as text."""

    def __init__(self):
        console.translate(self)
        super().__init__("layout", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        raise gdb.GdbError(
            tr("this gdb was built without its TUI: `rt0 panel` prints the panel as text; Debian's package gdb has it.")
        )


def register() -> None:
    """Gives gdb the window and the layout."""
    if not hasattr(gdb, "register_window_type"):
        _NoTui()
        return
    gdb.register_window_type("rt0", Window)
    gdb.execute(f"tui new-layout rt0 {_LAYOUT}")
    gdb.events.before_prompt.connect(_prompt)

"""Keys of the terminal as they are pressed, without Enter, and Ctrl-C among them: for prompts like the tour's."""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import signal
import termios
from collections.abc import Iterator

import gdb

from . import console

_NAMED = {
    "\n": "enter",
    "\r": "enter",
    " ": "space",
    "\x7f": "backspace",
    "\b": "backspace",
    "\x03": "ctrl-c",
    "\x04": "ctrl-d",
    "\x1a": "ctrl-z",
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1b[C": "right",
    "\x1b[D": "left",
    "\x1b": "escape",
}
_LONGEST = 16  # bytes of what one key sends
_PATIENCE = 0.05  # seconds within which the rest of it comes


def there() -> bool:
    """Is somebody at a terminal who can press keys, and see what that does?"""
    return os.isatty(0) and os.isatty(1)


@contextlib.contextmanager
def _by_key() -> Iterator[None]:
    """The terminal hands over each key at once, and does not show it; afterwards it is as it was."""
    before = termios.tcgetattr(0)
    mode = termios.tcgetattr(0)
    mode[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
    try:
        termios.tcsetattr(0, termios.TCSADRAIN, mode)
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def pressed(prompt: str) -> str:
    """The next key behind this prompt: `enter`, `left`, `ctrl-c`..., else what it writes. After `ctrl-z` the prompt is
    shown again; "" if the terminal is gone."""
    key = "ctrl-z"
    while key == "ctrl-z":
        try:
            with _by_key():  # before the prompt is seen: who answers it at once presses keys, too
                console.pass_on(prompt)
                gdb.flush()
                key = _key()
        except KeyboardInterrupt:  # a signal from elsewhere
            key = "ctrl-c"
        except (OSError, termios.error):
            key = ""
        if key == "ctrl-z":
            console.say()
            gdb.flush()
            os.killpg(0, signal.SIGSTOP)  # gdb and who started it, as the terminal would; the shell lets us go on
    return key


def line(prompt: str, begun: str = "") -> str | None:
    """A line behind this prompt, whose first characters may be there already; None if the user thinks better of it."""
    console.pass_on(prompt + begun)
    with contextlib.suppress(OSError, termios.error), _by_key():  # between two keys, too
        while (key := pressed("")) != "enter":
            if key in ("ctrl-c", "ctrl-d", "escape", ""):
                return None
            if key == "backspace" and begun:
                begun = begun[:-1]
                console.erase()
            elif len(key) == 1 and key.isprintable():
                begun += key
                console.pass_on(key)
        return begun
    return None  # the terminal is gone


def _key():
    """One key's name, or what it writes."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = ""
    while not text:
        byte = os.read(0, 1)
        if not byte:
            return ""
        text = decoder.decode(byte)
    while text[0] == "\x1b" and len(text) < _LONGEST and select.select([0], [], [], _PATIENCE)[0]:  # an arrow, say
        text += os.read(0, 1).decode("latin-1")
        if len(text) > 2 and "@" <= text[-1] <= "~":
            break
    return _NAMED.get(text.replace("\x1bO", "\x1b["), text)

"""`set rt0 language en|zh`: what the commands say and their help are in the learner's language."""

from __future__ import annotations

from collections.abc import Callable

import gdb

from .. import words
from ..words import tr
from ..words.chosen import LANGUAGES
from . import console

_SAMPLE = "中文"


class Language(gdb.Parameter):
    """What the rt0 commands and their help speak: en or zh. LAB_LANG says it before gdb starts."""

    set_doc, show_doc = "Set the language of the rt0 commands.", "Show the language of the rt0 commands."

    def __init__(self, again: Callable[[], None]) -> None:
        console.translate(self)
        super().__init__("rt0 language", gdb.COMMAND_SUPPORT, gdb.PARAM_ENUM, LANGUAGES)
        self.value = words.language()
        self._again = again

    def get_set_string(self) -> str:
        """gdb has set it: the help is told anew."""
        if self.value != "en" and not console.can_show(_SAMPLE):
            self.value = words.language()
            raise gdb.GdbError(tr("gdb's host-charset has no Chinese characters: `set host-charset UTF-8` first."))
        words.choose(self.value)
        self._again()
        return ""

    def get_show_string(self, value: str) -> str:
        return tr("The language of the rt0 commands is {value}.", value=value)


def begin() -> None:
    """Before the first command is given to gdb: the language that the environment asks for, if it can be shown."""
    if words.complaint():
        console.say(f"rt0: {words.complaint()}.")
    if not console.can_show(_SAMPLE):
        words.choose("en")

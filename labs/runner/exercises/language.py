"""English or Chinese: which one, and the engine's own sentences in it."""

import tomllib
from pathlib import Path

from rt0lab import words
from rt0lab.words.chosen import LANGUAGES

from ..failure import USAGE, Failure

__all__ = ["LANGUAGES", "Messages", "chosen", "table"]
_HERE = Path(__file__).parent


def chosen() -> str:
    """The learner's language; Failure for a LAB_LANG that names none of ours."""
    if words.complaint():
        raise Failure(words.complaint(), USAGE)
    return words.language()


def table(language: str) -> dict[str, str]:
    """The sentences of one language: {key: text with {places}}."""
    return tomllib.loads((_HERE / f"messages.{language}.toml").read_text("utf-8"))


class Messages:
    """The engine's sentences in the learner's language: messages("key", place=value)."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._table = table(language)

    def __call__(self, key: str, **values: object) -> str:
        return self._table[key].format(**values)

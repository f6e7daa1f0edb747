"""English or Chinese: which one, and the engine's own sentences in it."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from ..failure import USAGE, Failure

LANGUAGES = ("en", "zh")
_HERE = Path(__file__).parent


def chosen(environment: Mapping[str, str] = os.environ) -> str:
    """LAB_LANG, else Chinese for a Chinese locale, else English."""
    wanted = environment.get("LAB_LANG", "")
    if wanted and wanted not in LANGUAGES:
        raise Failure(f"LAB_LANG={wanted[:20]!r} is none of {', '.join(LANGUAGES)}", USAGE)
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return wanted or ("zh" if locale.lower().startswith("zh") else "en")


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

"""The page's sentences: the same keys in both languages, because the reader switches in the page."""

import tomllib
from pathlib import Path

from rt0lab.words.chosen import LANGUAGES

_HERE = Path(__file__).parent


def tables() -> dict[str, dict[str, str]]:
    """{language: {key: sentence with {places}}}."""
    return {
        language: tomllib.loads((_HERE / f"words.{language}.toml").read_text("utf-8"))["page"] for language in LANGUAGES
    }

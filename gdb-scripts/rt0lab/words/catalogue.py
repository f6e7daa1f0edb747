"""The sentences in the learner's language: the English one, where it is said, is the key to the others.

zh/ has a file for each room, in gettext's format, which every translator's tool reads. They are read when the first
sentence is said in that language; English reads nothing.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import chosen

_HERE = Path(__file__).parent
_LINE = re.compile(r'^(?:(msgid|msgid_plural|msgstr)(?:\[0\])? )?(".*")$', re.M)


def tr(sentence: str, /, **places: object) -> str:
    """This sentence in the learner's language, with its {places} filled; without places, braces are braces."""
    text = sentence if chosen.language() == "en" else _sentences(chosen.language()).get(sentence, sentence)
    return text.format(**places) if places else text


def trn(one: str, many: str, n: int, /, **places: object) -> str:
    """The same for a sentence about {n} things; Chinese has one form for all numbers."""
    if chosen.language() == "en":
        text = one if n == 1 else many
    else:
        text = _sentences(chosen.language()).get(one, one if n == 1 else many)
    return text.format(n=n, **places)


def in_a_row(names: Iterable[object]) -> str:
    """Names in a row, as a sentence has them: `a, b`, in Chinese `a、b`."""
    return ("、" if chosen.language() == "zh" else ", ").join(map(str, names))


def later(sentence: str) -> str:
    """The sentence itself, where it stands in a table; whoever says it asks `tr` for it then."""
    return sentence


@functools.cache
def _sentences(language):
    """{the English sentence: that one in this language}"""
    texts = (path.read_text("utf-8") for path in sorted((_HERE / language).glob("*.po")))
    return {entry["msgid"]: entry["msgstr"] for text in texts for entry in entries(text) if entry.get("msgstr")}


def entries(text: str) -> Iterator[dict[str, str]]:
    """What a file says: {msgid, msgid_plural where there is one, msgstr} for each sentence."""
    entry: dict[str, str] = {}
    last = ""
    for keyword, quoted in _LINE.findall(text):
        if keyword == "msgid" and entry:
            yield entry
            entry = {}
        last = keyword or last
        entry[last] = entry.get(last, "") + json.loads(quoted)
    if entry:
        yield entry

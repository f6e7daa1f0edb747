"""A teacher's notes, which are given away inside a film: {"format": 1, "program", ..., "notes": [{"moment", "text"}]}.

Which of them fit the run, the page itself finds out and says, as it does with a file that its reader opens."""

import json
from typing import Any

from rt0lab.formats import untrusted
from rt0lab.words import tr

from ..failure import USAGE, Failure
from . import film

MOST = 1 << 20  # bytes of a file of notes that are read


def read(path: str, program: str) -> dict[str, Any]:
    """The notes on this program in a file; Failure if there are none in it."""
    try:
        with untrusted.regular(path, MOST) as stream:
            notes = json.loads(stream.read().decode("utf-8", "replace"))
    except OSError as error:
        raise Failure(tr("{path}: {why}", path=untrusted.shown(path), why=error.strerror), USAGE) from None
    except (ValueError, RecursionError):
        notes = None
    if not isinstance(notes, dict) or notes.get("format") != 1 or not isinstance(notes.get("notes"), list):
        raise Failure(tr("{path} has no notes of format 1", path=untrusted.shown(path)), USAGE)
    if notes.get("program") != program:
        raise Failure(tr("{path} has notes on another program", path=untrusted.shown(path)), USAGE)
    return {
        "format": 1,
        **{key: film.text(notes.get(key)) for key in ("program", "runtime", "build")},
        "notes": [_plain(each) for each in notes["notes"]],
    }


def _plain(note):
    """The texts of one note; what is none is left empty, and counted by the page."""
    pairs = note if isinstance(note, dict) else {}
    return {key: pairs[key] for key in ("moment", "text") if isinstance(pairs.get(key), str)}

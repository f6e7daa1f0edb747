"""The files of editors: new ones, ones that are ours as a whole, ones in which others have written, too."""

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rt0lab.formats import untrusted

from rt0lab.words import tr, trn

from ..failure import Failure
from . import jsonc

Files = Mapping[Path, "Whole | Listed"]

MAX_SETTINGS = 1 << 20  # bytes of an editor's file that are read


@dataclass
class Whole:
    """A file that is ours as a whole."""

    text: str
    comment: str

    def fresh(self) -> str:
        """The text of a new file."""
        return self.text

    def changed(self, text: str) -> tuple[str, str]:
        """(the text that takes the place of this one, the question about it)."""
        return self.text, "is there already, with something else in it. Write over it?"


@dataclass
class Listed:
    """VS Code's list of configurations, in which others may stand beside ours."""

    items: dict  # list: its items
    comment = "//"

    def fresh(self) -> str:
        """The text of a new file."""
        return json.dumps({"version": "0.2.0"} | self.items, indent=4, ensure_ascii=False) + "\n"

    def changed(self, text: str) -> tuple[str, str]:
        """(the text with what it lacks of ours, the question about it)."""
        there, missing = jsonc.parsed(text), 0
        for key, items in self.items.items():
            found = there.get(key, []) if isinstance(there, dict) else []
            lacking = [item for item in items if item not in found]
            called = {item.get(word) for item in found if isinstance(item, dict) for word in ("name", "id")} - {None}
            for item in lacking:
                if (name := item.get("name", item.get("id"))) in called:
                    raise jsonc.Unreadable(f'it has another "{name}"; remove that first')
            text = jsonc.with_items(text, key, lacking) if lacking else text
            missing += len(lacking)
        return text, trn(
            "is there already. Add {n} item to it, and leave the rest as it is?",
            "is there already. Add {n} items to it, and leave the rest as it is?",
            missing,
        )


def due(path: Path, content: Whole | Listed) -> tuple[Path, str, str | None] | None:
    """(path, text, question or None) if something has to be written there; Failure if that cannot be."""
    try:
        if not os.path.lexists(path):
            return path, content.fresh(), None
        now = untrusted.contents(path, MAX_SETTINGS).decode()
        text, question = content.changed(now)
    except OSError as error:
        raise Failure(tr("{path}: {why}; nothing was written", path=path, why=error.strerror)) from None
    except (jsonc.Unreadable, UnicodeDecodeError) as error:
        reason = error if isinstance(error, jsonc.Unreadable) else tr("it is no text in UTF-8")
        raise Failure(
            tr("{path} cannot be added to: {reason} (--print shows what is to be in it)", path=path, reason=reason)
        ) from None
    if text == now:
        return None
    if not sys.stdin.isatty():
        raise Failure(
            tr(
                "{path} is there already, and is not changed without asking; run this at a terminal, or see --print",
                path=path,
            )
        )
    return path, text, question


def written(path: Path, text: str) -> None:
    """Writes a file as a whole or not at all; a link stays one, and a file's mode stays."""
    path = Path(os.path.realpath(path))
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(beside, "x", encoding="utf-8") as file:
                file.write(text)
            with contextlib.suppress(FileNotFoundError):
                os.chmod(beside, path.stat().st_mode & 0o777)
            os.replace(beside, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(beside)
    except OSError as error:
        raise Failure(tr("cannot write {path}: {why}", path=error.filename or path, why=error.strerror)) from None

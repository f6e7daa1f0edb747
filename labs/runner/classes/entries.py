"""What lies in the folder of what was handed in: a file or a folder for each student, or whatever else got there."""

import hashlib
import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from rt0lab.words import tr

from ..failure import USAGE, Failure

MAX_ENTRIES = 20_000
SUFFIX = ".json"


@dataclass(frozen=True)
class Entry:
    """One thing in the folder: its key (of its name, which may be anything), and the file, or why there is none."""

    key: str
    name: str  # without .json
    path: Path
    trouble: str = ""


def load(folder: Path) -> list[Entry]:
    """What lies in a folder, by name; nothing is opened, and no link is followed."""
    try:
        names = sorted(name for name in _names(folder) if not name.startswith(b"."))
    except OSError as error:
        raise Failure(tr("{path}: {why}", path=folder, why=error.strerror), USAGE) from None
    if len(names) > MAX_ENTRIES:
        raise Failure(tr("{folder}: more than {most} things lie there", folder=folder, most=MAX_ENTRIES), USAGE)
    return [_entry(folder, name) for name in names]


def single(folder: Path, name: str) -> Entry:
    """The folder as what one student handed in, whatever else lies in it."""
    return Entry(hashlib.sha256(name.encode()).hexdigest()[:16], name, *_file(folder.resolve()))


def _names(folder):
    """The names in a folder, as bytes: no more than one too many."""
    found = []
    with os.scandir(os.fsencode(folder)) as listed:
        for item in listed:
            found.append(item.name)
            if len(found) > MAX_ENTRIES:
                break
    return found


def _entry(folder, name):
    path = folder / os.fsdecode(name)
    text = unicodedata.normalize("NFC", os.fsdecode(name)).removesuffix(SUFFIX)
    return Entry(hashlib.sha256(name).hexdigest()[:16], text, *_file(path))


def _file(path):
    """(the file to read, why there is none)"""
    try:
        mode = os.lstat(path).st_mode
        if not stat.S_ISDIR(mode):
            return path, _complaint(path, mode)
        inside = [path / os.fsdecode(name) for name in _names(path) if name.endswith(SUFFIX.encode())]
        if len(inside) != 1:
            return path, tr("there is no .json in it") if not inside else tr("more than one .json is in it")
        return inside[0], _complaint(inside[0], os.lstat(inside[0]).st_mode)
    except OSError:
        return path, tr("it cannot be read")


def _complaint(path, mode):
    if stat.S_ISLNK(mode):
        return tr("it is a link, and links are not followed")
    if not stat.S_ISREG(mode):
        return tr("it is no regular file")
    return "" if path.name.endswith(SUFFIX) else tr("it is no .json of `./lab export`")

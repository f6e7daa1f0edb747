"""The file that a verb is to write: whether it can, before any work is done for nothing, and that it did."""

import os
from pathlib import Path

from rt0lab.words import tr

from ..failure import USAGE, Failure


def writable(name: str) -> Path:
    """The Path of an output file, or a Failure."""
    path = Path(name)
    folder = path.resolve().parent
    if not folder.is_dir():
        raise Failure(tr("{folder}: no such directory", folder=folder), USAGE)
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise Failure(tr("cannot write to {path}", path=path), USAGE)
    return path


def write(path: Path, text: str) -> None:
    """Writes the file, or a Failure: a disk may be full by now."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise Failure(tr("cannot write to {place}: {why}", place=path, why=error.strerror)) from None

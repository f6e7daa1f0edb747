"""The file that a verb is to write: whether it can, before any work is done for nothing."""

import os
from pathlib import Path

from ..failure import USAGE, Failure


def writable(name: str) -> Path:
    """The Path of an output file, or a Failure."""
    path = Path(name)
    folder = path.resolve().parent
    if not folder.is_dir():
        raise Failure(f"{folder}: no such directory", USAGE)
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise Failure(f"cannot write to {path}", USAGE)
    return path

"""Reads a file that may be anything: too large, no plain file, not text."""

import os

from rt0lab.formats import untrusted


class NotPlain(Exception):
    """The file is not what it should be; the text says why, to follow `it is`."""


def read(path: str | os.PathLike[str], limit: int) -> bytes:
    """The bytes of a plain file of at most `limit` bytes, whatever its size is said to be; OSError or NotPlain."""
    try:
        with untrusted.regular(path, most=None) as file:
            data = file.read(limit + 1) or b""
    except untrusted.Irregular:
        raise NotPlain("no regular file") from None
    if len(data) > limit:
        raise NotPlain(f"larger than {limit} bytes")
    return data

"""Reads a file that may be anything: too large, no plain file, not text."""

import errno
import os
import stat


class NotPlain(Exception):
    """The file is not what it should be; the text says why, to follow `it is`."""


def read(path, limit):
    """The bytes of a plain file of at most `limit` bytes; OSError or NotPlain."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENODEV):  # a socket, a device without a driver
            raise NotPlain("no regular file") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotPlain("no regular file")
        data = b""
        while len(data) <= limit and (more := os.read(descriptor, limit + 1 - len(data))):
            data += more
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise NotPlain(f"larger than {limit} bytes")
    return data

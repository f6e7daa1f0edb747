"""Reads a file that may be anything (too large, no plain file, not text), writes one whole or not at all, and sets
one aside."""

import contextlib
import os
import secrets
from pathlib import Path

from rt0lab.formats import untrusted
from rt0lab.words import tr

from ..failure import Failure

_SPARE = 1000  # files of one name that may be set aside


class NotPlain(Exception):
    """The file is not what it should be; the text says why, to follow `it is`."""


def read(path: str | os.PathLike[str], limit: int) -> bytes:
    """The bytes of a plain file of at most `limit` bytes, whatever its size is said to be; OSError or NotPlain."""
    try:
        with untrusted.regular(path, most=None) as file:
            data = file.read(limit + 1) or b""
    except untrusted.Irregular:
        raise NotPlain(tr("no regular file")) from None
    if len(data) > limit:
        raise NotPlain(tr("larger than {limit} bytes", limit=limit))
    return data


def text(path: Path, limit: int) -> str | None:
    """The text of a learner's file, None if there is none; Failure says what is wrong with it."""
    try:
        return read(path, limit).decode("utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failure(tr("{path}: {why}", path=path, why=error.strerror)) from None
    except NotPlain as problem:
        raise Failure(tr("{path} is {problem}", path=path, problem=problem)) from None
    except UnicodeDecodeError:
        raise Failure(tr("{path} is not UTF-8 text", path=path)) from None


def whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Replaces a file by one with this content, or leaves it alone; OSError says why."""
    scratch = path.with_name(f".{secrets.token_hex(8)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(scratch)
        raise


def set_aside(path: Path) -> Path | None:
    """Gives a learner's file another name beside it, and says which; None if there was none."""
    for number in range(1, _SPARE):
        aside = path.with_name(f"{path.stem}.before-{number}{path.suffix}")
        try:
            aside.hardlink_to(path)  # fails where there is something, which a rename would overwrite
            path.unlink()
            return aside
        except FileExistsError:
            continue
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Failure(tr("{path}: {why}", path=path, why=error.strerror)) from None
    raise Failure(tr("{path}: {n} were set aside already; remove some of those", path=path, n=_SPARE))

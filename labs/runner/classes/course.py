"""The folder of a class: class.toml (its policy), key (the secret that every seed follows from), roster.csv."""

import base64
import binascii
import csv
import hashlib
import hmac
import io
import os
import secrets
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from rt0lab.words import tr

from ..exercises import files, literals
from ..failure import FAILED, Failure
from . import roster
from .roster import Student

FORMAT = 1
MAX_BYTES = 1 << 20
COLUMNS = ("id", "name", "seed", "token")
_MARK, _SEPARATOR, _CHECK = "rt0-", "\0", 4
_TEMPLATE = """\
# The policy of this class; notes/for-teachers.md says what each line does.
format = 1
name = {name}
# The exercises that count, by id; [] is all of them.
exercises = []
# What part of a question's points is taken off once the Nth of its four hints was opened.
hints = [0.0, 0.0, 0.0, 0.0]
# Do half-right answers (an order, a set) get their part of the points?
partial = true
# The language of the replies in reports: en or zh.
language = "en"
# How many seconds one submission may take.
seconds = 300
"""


@dataclass(frozen=True)
class Policy:
    """What a teacher decides: class.toml."""

    name: str
    exercises: tuple[str, ...] = ()
    hints: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    partial: bool = True
    language: str = "en"
    seconds: int = 300


@dataclass(frozen=True)
class Course:
    """A class as its folder has it."""

    folder: Path
    policy: Policy
    key: bytes = field(repr=False)
    students: tuple[Student, ...]

    def student(self, name: str) -> Student | None:
        """The student of this id, or None."""
        return next((student for student in self.students if student.id == name), None)

    def seed(self, student: str) -> int:
        """The seed of a student: HMAC of the class's key and the id, so that nobody can compute another's."""
        return _seed(self.key, student)

    def owner(self, seed: int) -> Student | None:
        """Whose seed this is."""
        return next((student for student in self.students if self.seed(student.id) == seed), None)


@dataclass(frozen=True)
class Membership:
    """What a token says: who a student is in which class, and the seed that goes with it."""

    course: str
    student: str
    seed: int


def make(folder: Path, students: list[Student]) -> bool:
    """Writes the folder of a class; one that is there keeps its policy and key, and gets this roster. Says if it is
    new."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        new = not (folder / "key").exists()
        if new:
            files.whole(folder / "key", secrets.token_hex(32).encode() + b"\n", 0o600)
        if not (folder / "class.toml").exists():
            name = '"' + "".join(c for c in folder.resolve().name if c.isprintable() and c not in '"\\') + '"'
            files.whole(folder / "class.toml", _TEMPLATE.format(name=name).encode())
        key, policy = _key(folder), _policy(folder)
        files.whole(folder / "roster.csv", _table(policy.name, key, students).encode(), 0o600)
    except OSError as error:
        raise Failure(tr("cannot write the class in {folder}: {why}", folder=folder, why=error.strerror)) from None
    return new


def load(folder: Path) -> Course:
    """The class in a folder; Failure says what is wrong there."""
    return Course(folder, _policy(folder), _key(folder), tuple(roster.read(folder / "roster.csv")))


def token(course: str, student: str, seed: int) -> str:
    """What a student joins a class with: class, id and seed in one word, with a checksum against slips."""
    data = _SEPARATOR.join((course, student, str(seed))).encode()
    return _MARK + base64.urlsafe_b64encode(_check(data) + data).decode().rstrip("=")


def membership(text: str) -> Membership:
    """What a token says; Failure if it is none."""
    body = text.strip().removeprefix(_MARK)
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        course, student, seed = data[_CHECK:].decode("utf-8").split(_SEPARATOR)
        if data[:_CHECK] == _check(data[_CHECK:]) and roster.usable(student) and course.isprintable():
            return Membership(course, student, int(seed))
    except (binascii.Error, ValueError):
        pass
    shown = literals.shown(text)
    raise Failure(
        tr("{text} is no token of a class; copy the whole word, it begins with {mark}", text=shown, mark=_MARK), FAILED
    )


def _check(data):
    return hashlib.sha256(data).digest()[:_CHECK]


def _seed(key, student):
    return int.from_bytes(hmac.digest(key, student.encode(), "sha256")[:8], "big") >> 1


def _table(name, key, students):
    """roster.csv: what each student is to be given is the last column."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for student in students:
        seed = _seed(key, student.id)
        writer.writerow((student.id, student.name, seed, token(name, student.id, seed)))
    return text.getvalue()


def _key(folder):
    path = folder / "key"
    try:
        key = bytes.fromhex(_read(path).decode("ascii"))
    except ValueError:
        key = b""
    if len(key) < 32:
        raise Failure(tr("{path} is no key of a class", path=path))
    if os.stat(path).st_mode & 0o077:
        raise Failure(
            tr("{path} can be read by others, who could then compute every seed: chmod 600 {path}", path=path)
        )
    return key


def _policy(folder):
    path = folder / "class.toml"
    try:
        table = tomllib.loads(_read(path).decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise Failure(tr("{path} is not TOML: {why}", path=path, why=literals.shown(str(error)))) from None
    if table.pop("format", None) != FORMAT:
        raise Failure(tr("{path}: format must be {number}", path=path, number=FORMAT))
    for key, value in table.items():
        if key not in _VALUES or not _VALUES[key](value):
            raise Failure(tr("{path}: {key} is not what it can be", path=path, key=literals.shown(key)))
    if "name" not in table:
        raise Failure(tr("{path}: name is missing", path=path))
    return Policy(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})


_VALUES = {
    "name": lambda value: isinstance(value, str) and value.isprintable() and 0 < len(value) <= 100,
    "exercises": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "hints": lambda value: isinstance(value, list) and len(value) == 4 and all(map(_part, value)),
    "partial": lambda value: isinstance(value, bool),
    "language": lambda value: value in ("en", "zh"),
    "seconds": lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 86400,
}


def _part(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def _read(path):
    try:
        return files.read(path, MAX_BYTES)
    except OSError as error:
        raise Failure(
            tr("{path}: {why} (./lab class new ROSTER.csv makes a class)", path=path, why=error.strerror)
        ) from None
    except files.NotPlain as problem:
        raise Failure(tr("{path} is {problem}", path=path, problem=problem)) from None

"""Reads a teacher's list of students: a CSV file as spreadsheets and course systems write it."""

import csv
import io
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from rt0lab.words import in_a_row, tr

from ..exercises import files, literals
from ..failure import Failure

MAX_BYTES = 1 << 20
MAX_ID = 100
ID, NAME = ("id", "student", "student id", "sid", "学号"), ("name", "student name", "姓名")
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Student:
    """One student: the id that everything goes by, and the name, if the list has one."""

    id: str
    name: str = ""


def read(path: Path) -> list[Student]:
    """The students of a CSV file, in its order; Failure says what is wrong with it, and in which line."""
    rows = [(number, row) for number, row in enumerate(_rows(path), 1) if any(row)]
    if not rows:
        raise Failure(tr("{path}: there is no student in it", path=path))
    head = [cell.casefold() for cell in rows[0][1]]
    column = next((head.index(word) for word in ID if word in head), None)
    if column is None and max(len(row) for _, row in rows) > 1:
        columns = in_a_row(map(literals.shown, rows[0][1]))
        raise Failure(tr("{path}: no column is called `id`; its first line has: {columns}", path=path, columns=columns))
    name = next((head.index(word) for word in NAME if word in head), None)
    body = rows if column is None else rows[1:]
    return _distinct(path, [(number, _student(path, number, row, column or 0, name)) for number, row in body])


def _rows(path):
    """The file's rows, cells without the blanks around them; a line without anything is an empty row."""
    try:
        text = files.read(path, MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise Failure(tr("{path}: {why}", path=path, why=error.strerror)) from None
    except files.NotPlain as problem:
        raise Failure(tr("{path} is {problem}", path=path, problem=problem)) from None
    except UnicodeDecodeError:
        raise Failure(tr("{path} is not UTF-8 text; a spreadsheet saves that as `CSV UTF-8`", path=path)) from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [[unicodedata.normalize("NFC", cell.strip()) for cell in row] for row in reader]
    except csv.Error as error:
        raise Failure(tr("{path} is no CSV file: {why}", path=path, why=literals.shown(str(error)))) from None


def _student(path, number, row, column, name):
    found = row[column] if column < len(row) else ""
    if not usable(found):
        shown = repr(literals.shown(found))
        raise Failure(tr("{path}, row {number}: {id} cannot be a student's id", path=path, number=number, id=shown))
    return Student(found, row[name] if name is not None and name < len(row) else "")


def usable(text: str) -> bool:
    """Can this be an id? It becomes part of file names and tokens."""
    return 0 < len(text) <= MAX_ID and text.isprintable() and "/" not in text and text[0] not in ".-"


def _distinct(path, found):
    if not found:
        raise Failure(tr("{path}: there is no student in it", path=path))
    lines = {}
    for number, student in found:
        before = lines.setdefault(student.id.casefold(), number)
        if before != number:
            shown = literals.shown(student.id)
            raise Failure(
                tr("{path}: rows {a} and {b} have the same id, {id}", path=path, a=before, b=number, id=shown)
            )
    return [student for _, student in found]

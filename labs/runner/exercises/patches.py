"""What a patch changes: which files, and which of their lines."""

import re
from pathlib import Path

from ..failure import Failure

_CHANGED = re.compile(r"^\+\+\+ (?:b/)?(\S+)", re.M)
_MAY_CHANGE = re.compile(r"runtime/[\w/]+\.(?:cpp|S)")
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@", re.M)


def changed_files(name: str, text: str) -> list[str]:
    """The files that a patch changes, as `runtime/proc.cpp`; Failure if one of them may not be changed by one."""
    files = list(dict.fromkeys(_CHANGED.findall(text)))
    wrong = [file for file in files if not _MAY_CHANGE.fullmatch(file)]
    if wrong or not files:
        raise Failure(f"{name}: {wrong[0] if wrong else 'it changes nothing: that'} is no .cpp or .S file of runtime/")
    return files


def changed_lines(patch: Path) -> dict[str, list[int]]:
    """{file: the numbers of the lines that are other ones than before, in the patched file}; where lines were only
    taken away, that of the line which follows."""
    found: dict[str, list[int]] = {}
    file, number, gone = "", 0, False
    for line in read(patch).splitlines():
        if match := _CHANGED.match(line):
            file, gone = match[1], False
        elif match := _HUNK.match(line):
            number, gone = int(match[1]), False
        elif line.startswith("-") and not line.startswith("---"):
            gone = True
        elif line.startswith("+"):
            found.setdefault(file, []).append(number)
            number, gone = number + 1, False
        elif line.startswith(" "):
            if gone:
                found.setdefault(file, []).append(number)
            number, gone = number + 1, False
    return found


def blocks(patch: Path) -> list[str]:
    """What stands in the patched files wherever the patch changes them, a few lines around each change with it."""
    hunks = re.split(r"^(?:@@|--- |\+\+\+ ).*\n", read(patch), flags=re.M)
    return ["".join(line[1:] + "\n" for line in hunk.splitlines() if line[:1] in " +") for hunk in hunks if hunk]


def read(patch: Path) -> str:
    """The text of a patch."""
    try:
        return patch.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{patch}: {error}") from None

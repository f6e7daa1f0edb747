"""Places in a program's source as an exercise asks for them."""

from rt0lab.program import Problem


def spot(file: str | None, number: int) -> str:
    """`main.go:87`: a line, without its file's folder."""
    if not file:
        raise Problem("the place has no file.")
    return f"{file.rpartition('/')[2]}:{number}"

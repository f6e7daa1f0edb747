"""How a table of figures is set: numbers with three digits or more, columns of given widths, remarks below a line."""

from collections.abc import Iterable, Sequence


def number(value: float | None, places: int) -> str:
    """A figure as text, from 100 on without its decimal places; - for what was not measured."""
    return "-" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.{places}f}"


def between(values: Sequence[float], places: int) -> str:
    """The least and the most of some figures."""
    return "-".join(dict.fromkeys(number(value, places) for value in (min(values), max(values)))) if values else "-"


def line(title: str, cells: Iterable[object], widths: Sequence[int]) -> str:
    """A title and cells, right-aligned, in columns of these widths, the first of them the title's; what does not fit
    moves the others."""
    return (
        f"  {title:{widths[0]}}" + "".join(f" {cell:>{width - 1}}" for cell, width in zip(cells, widths[1:])).rstrip()
    )

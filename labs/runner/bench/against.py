"""`lab bench --against FILE`: what an earlier `--json` has written, and how far a figure is from it."""

import json
from dataclasses import dataclass
from typing import Any

from rt0lab.formats import untrusted

from ..failure import USAGE, Failure
from .judge import COUNTED

MOST = 1 << 22  # bytes; such a file has some ten thousand
HARDWARE = ("maker", "cpu", "cpus", "kernel")


@dataclass(frozen=True)
class Earlier:
    """The figures of a file by name; what is another there than on this machine, and what it does not say."""

    figures: dict[str, dict[str, Any]]
    other: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def same(self, *parts: str) -> bool:
        """Whether each of these is known to be the same."""
        return not set(parts) & {*self.other, *self.unknown}

    def absolute(self) -> bool:
        """Whether the same machine has built with the same compiler."""
        return self.same(*HARDWARE, "compiler")

    def change(self, figure: dict[str, Any]) -> str:
        """A cell: by how much a figure has changed. Of what: see `legend`."""
        was = self.figures.get(figure["name"], {})
        name = "ours" if self.absolute() or figure["unit"] in COUNTED else "ratio_go"
        before, now = was.get(name), figure.get(name)
        if was.get("unit") != figure["unit"] or before is None or not number(before) or before <= 0 or now is None:
            return "-"
        return f"{now / before - 1:+.0%}".replace("-0%", "0%").replace("+0%", "0%")

    def legend(self) -> list[str]:
        """What stands in the column, and why not more."""
        if self.absolute():
            return ["since: by how much ours has changed since the file"]
        said = [f"the file has another {' and '.join(self.other)}"] * bool(self.other)
        said += [f"it does not say its {' and '.join(self.unknown)}"] * bool(self.unknown)
        lines = [
            f"{', '.join(said)}: absolute figures do not compare, only ratios",
            "since: by how much the ratio to Go has changed since the file",
        ]
        return lines if self.same("go") else [*lines, "with another Go, as far as one knows, so that says little"]


def number(value: object) -> bool:
    """Whether it is one, and a figure: no NaN (which is less than nothing), no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e18


def read(name: str, machine: dict[str, Any]) -> Earlier:
    """What a file has, beside this machine; Failure if it is none of ours. A figure that is no figure is as one that
    was not measured."""
    try:
        with untrusted.regular(name, MOST) as stream:
            kept = json.loads(stream.read())
    except OSError as error:
        raise Failure(f"cannot read {name}: {error.strerror or error}", USAGE) from None
    except (ValueError, RecursionError):
        kept = None
    figures, there = (kept.get("figures"), kept.get("machine")) if isinstance(kept, dict) else (None, None)
    if not isinstance(figures, list) or not isinstance(there, dict):
        raise Failure(f"{name} is damaged, or not what `./lab bench --json` writes", USAGE)
    known = {each["name"]: each for each in figures if isinstance(each, dict) and isinstance(each.get("name"), str)}
    if not known:
        raise Failure(f"there is no figure in {name}", USAGE)
    parts = (*HARDWARE, "compiler", "go")
    unknown = tuple(part for part in parts if there.get(part) is None)
    other = tuple(part for part in parts if part not in unknown and there[part] != machine[part])
    return Earlier(known, other, unknown)

"""After a command in which gdb did not find a name of the runtime's: how that is written. gdb's own error stands."""

import re
from collections.abc import Container

import gdb
from rt0lab import program

_PLACE = re.compile(r"(t?b(?:r|re|rea|reak)?|until|advance) +(\*?) *&?([A-Za-z_]\w*(?:\.\w+)?)")
_VALUE = re.compile(r"((?:p|print|x|disas|disassemble|info symbol)(?:/\w+)?) +[&*]?()((?:main|runtime)\.\w+)")
_NUMBERED = re.compile(r" *(\d+)  (.*)")


def meant(line: str, known: Container[str], go: bool) -> str:
    """The same command with the name as gdb takes it; "" if there is nothing to say of that line. `known` are the
    program's symbols; a program of real Go needs no quotes."""
    found = _PLACE.fullmatch(line) or _VALUE.fullmatch(line)
    if found is None:
        return ""
    command, star, name = found.groups()
    symbol = name if name in known else f"runtime.{name}"
    quoted = not star and found.re is _PLACE  # a name alone is a function's, with dots and all
    if symbol not in known or symbol == name and (go or quoted or "." not in name):
        return ""
    return f"{command} {star or '&' * command.startswith(('x', 'info'))}'{symbol}'"


class Typed:
    """The learner's last line, and whether it made a breakpoint."""

    def __init__(self) -> None:
        self.number, self.point = self._now()[0], self._newest()

    @staticmethod
    def _now():
        last = _NUMBERED.fullmatch(program.done("show commands").rstrip("\n").rpartition("\n")[2])
        return (last[1], last[2].strip()) if last else ("", "")

    @staticmethod
    def _newest():
        return max((point.number for point in gdb.breakpoints()), default=0)

    def refused(self) -> str:
        """A line that was typed since this was asked last, if no breakpoint came of it."""
        (number, line), newest = self._now(), self._newest()
        fresh = number != self.number and newest == self.point
        self.number, self.point = number, newest
        return line if fresh else ""

"""What kinds of answer there are: how each is read, when it can be one at all, and how near it comes to the truth.

A type is one small class and its line in TYPES. A truth is an int, a name, a frozenset of names, or a tuple of names in
their order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from . import literals, witness
from .literals import Answer

Truth = int | str | frozenset[str] | tuple[str, ...]

_WORD = 1 << 64  # what registers count up to


class Names(Protocol):
    """What names stand for in a program."""

    def addresses(self, name: str) -> set[int]:
        """Where the functions or variables are that this may mean."""

    def constants(self, name: str) -> set[int]:
        """The values of the constants that this may mean."""

    def name_of(self, address: int) -> str:
        """The symbol at an address, or the address."""


@dataclass
class Misconception:
    """A wrong idea and how to know it from an answer: the value it leads to; the names people answer with; names that a
    set should not have; two names of an order, which should stand the other way round."""

    id: str
    expr: str = ""
    names: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    fact: str = ""


# ---- numbers ---------------------------------------------------------------------------------------------------------


class Number:
    """An integer, or a constant of the program by its name."""

    asks = "number"  # the sentence that says what could be an answer
    measure = ""  # the partial credit that suits it

    def read(self, text: str) -> Answer:
        """What was typed; BadLiteral if it is nothing of this type."""
        return literals.parse(text)

    def of_toml(self, value: object) -> Answer:
        """The same for a value of an answers file."""
        return self.read(value) if isinstance(value, str) else literals.from_toml(value)

    def fits(self, given: Answer, options: Sequence[str], program: Names) -> bool:
        """Could this be an answer at all? If not, the learner mistyped and no attempt was made."""
        return bool(self._numbers(given, program))

    def right(self, given: Answer, truth: Truth, program: Names) -> bool:
        """Is this the truth, or the value that a misconception leads to? Less than nothing may be written as gdb prints
        it without a sign."""
        return isinstance(truth, int) and any((number - truth) % _WORD == 0 for number in self._numbers(given, program))

    def says(self, given: Answer, wrong: Misconception) -> bool:
        """Is this a wrong idea by its words alone?"""
        return given in wrong.names

    def shown(self, truth: Truth, program: Names) -> str:
        """The truth as a learner would write it."""
        return str(truth)

    def _numbers(self, given, program):
        """The numbers the answer may mean."""
        if isinstance(given, list):
            return set()
        return self._named(given, program) if isinstance(given, literals.Name) else {given}

    def _named(self, name, program):
        return program.constants(name)


class Hex(Number):
    """A number that is best seen in hexadecimal."""

    def shown(self, truth: Truth, program: Names) -> str:
        """The truth as a learner would write it."""
        return hex(truth) if isinstance(truth, int) else str(truth)


class Goid(Number):
    """A goroutine's number; `g7` is 7, and nobody is 0."""

    asks = "goid"
    _NOBODY = ("nobody", "没人")

    def read(self, text: str) -> Answer:
        """What was typed; `nobody` and the like are no goroutine."""
        bare = text.strip().lower()
        return 0 if bare in self._NOBODY or bare and literals.nothing(bare) else super().read(text)

    def shown(self, truth: Truth, program: Names) -> str:
        """The truth as a learner would write it."""
        return f"g{truth}" if truth else "nil"

    def _named(self, name, program):
        bare = name.removeprefix("runtime.")
        return {int(bare[1:])} if bare[0] == "g" and bare[1:].isdecimal() else program.constants(name)


class Symbol(Number):
    """A function or variable, by name or address."""

    asks = "symbol"

    def fits(self, given: Answer, options: Sequence[str], program: Names) -> bool:
        """Every name may be one."""
        return not isinstance(given, list)

    def shown(self, truth: Truth, program: Names) -> str:
        """The truth as a learner would write it."""
        return program.name_of(truth) if isinstance(truth, int) else str(truth)

    def _named(self, name, program):
        return program.addresses(name)


# ---- names -----------------------------------------------------------------------------------------------------------


def key(name: object) -> str:
    """What two ways to write one name have in common: `runtime.ncpu` and `ncpu`, `g7` and `7`, `G7->g9` and `7->9`."""
    sides = [side.strip().casefold().removeprefix("runtime.") for side in str(name).replace("->", ">").split(">")]
    return "->".join(side[1:] if side[:1] == "g" and side[1:].isdecimal() else side for side in sides)


class Set(Number):
    """Some names, in whatever order; `none` is the empty set."""

    asks, measure = "set", "jaccard"

    def read(self, text: str) -> Answer:
        """What was typed: names with or without brackets and commas."""
        return literals.listed(text)

    def fits(self, given: Answer, options: Sequence[str], program: Names) -> bool:
        """Every name is one of those there are to choose from, if that is known."""
        return isinstance(given, list) and (not options or set(keys(given)) <= set(keys(options)))

    def right(self, given: Answer, truth: Truth, program: Names) -> bool:
        """Are these the names of the truth?"""
        return isinstance(truth, frozenset) and set(_within(given, truth)) == set(keys(truth))

    def says(self, given: Answer, wrong: Misconception) -> bool:
        """Is it just the set of that idea, or is one of the idea's names in it?"""
        said = set(keys(given))
        return bool(wrong.names) and said == set(keys(wrong.names)) or bool(said & set(keys(wrong.has)))

    def shown(self, truth: Truth, program: Names) -> str:
        """The truth as a learner would write it."""
        return ", ".join(sorted(truth)) or "none" if isinstance(truth, frozenset) else str(truth)


class Choice(Set):
    """One of some names."""

    asks, measure = "choice", ""

    def fits(self, given: Answer, options: Sequence[str], program: Names) -> bool:
        """It is one, and one of those there are to choose from."""
        return isinstance(given, list) and len(given) == 1 and super().fits(given, options, program)

    def right(self, given: Answer, truth: Truth, program: Names) -> bool:
        """Is this the one of the truth?"""
        return not isinstance(truth, int) and _within(given, truth) == keys(truth)


class Order(Set):
    """All of some names, in their order; arrows may stand between them."""

    asks, measure = "order", "lcs"

    def read(self, text: str) -> Answer:
        """What was typed: names with or without brackets, commas, arrows."""
        return literals.listed(text, arrows=True)

    def fits(self, given: Answer, options: Sequence[str], program: Names) -> bool:
        """Every name stands there once."""
        return isinstance(given, list) and sorted(keys(given)) == sorted(keys(options))

    def right(self, given: Answer, truth: Truth, program: Names) -> bool:
        """Are these the names of the truth in its order?"""
        return isinstance(truth, tuple) and keys(given) == keys(truth)

    def says(self, given: Answer, wrong: Misconception) -> bool:
        """Is it just the order of that idea, or do the idea's two names stand in its order?"""
        said, pair = keys(given), keys(wrong.before)
        if len(pair) == 2 and set(pair) <= set(said) and said.index(pair[0]) < said.index(pair[1]):
            return True
        return bool(wrong.names) and said == keys(wrong.names)

    def shown(self, truth: Truth, program: Names) -> str:
        """The truth as a learner would write it."""
        return ", ".join(truth) if isinstance(truth, tuple) else str(truth)


# ---- bugs ------------------------------------------------------------------------------------------------------------


class Line(Number):
    """A place in the source, FILE:LINE with as much of the file's name as one likes, or the function's name. A truth is
    a set of functions, each as `NAME FILE FIRST LAST`."""

    asks = "line"

    def read(self, text: str) -> Answer:
        """What was typed: one name, `proc.cpp:123` or `schedinit`."""
        return literals.placed(text)

    def fits(self, given: Answer, options: Sequence[str], program: Names) -> bool:
        """A place with a line, a function that there is, or what the question offers in its place."""
        if not isinstance(given, literals.Name):
            return False
        return ":" in given or key(given) in keys(options) or bool(program.addresses(given))

    def right(self, given: Answer, truth: Truth, program: Names) -> bool:
        """Is this a line of one of these functions, or its name?"""
        file, _, line = str(given).rpartition(":")
        for function in truth if isinstance(truth, frozenset) else ():
            name, within, first, last = function.split(" ")
            there = ("/" + within).endswith("/" + file.removeprefix("./"))
            if file and there and int(first) <= int(line) <= int(last) or not file and key(given) == key(name):
                return True
        return False

    def says(self, given: Answer, wrong: Misconception) -> bool:
        """Is it one of the idea's functions, or in one of its files?"""
        file = str(given).rpartition(":")[0].rpartition("/")[2]
        return key(given) in keys(wrong.names) or file in wrong.names

    def shown(self, truth: Truth, program: Names) -> str:
        """The functions' names."""
        names = truth if isinstance(truth, frozenset) else ()
        return ", ".join(sorted(function.partition(" ")[0] for function in names))


class Witness(Number):
    """A comparison that is true of one program and false of another. A truth is the set of the texts that are; so are
    the ideas that all witnesses can meet, SAME and UNREAD."""

    asks = "witness"
    SAME, UNREAD = "same-on-both", "cannot-be-read"

    def read(self, text: str) -> Answer:
        """What was typed, if it is a comparison at all."""
        witness.parse(text)
        return literals.Name(" ".join(text.split()))

    def fits(self, given: Answer, options: Sequence[str], program: Names) -> bool:
        """What could be read is one."""
        return True

    def right(self, given: Answer, truth: Truth, program: Names) -> bool:
        """Is it one of these?"""
        return isinstance(truth, frozenset) and given in truth

    def shown(self, truth: Truth, program: Names) -> str:
        """Nothing: there are many, and a learner has one."""
        return ""


def keys(names: object) -> list[str]:
    """The keys of an answer's names, or of a truth's."""
    return [key(name) for name in names] if isinstance(names, (list, tuple, frozenset)) else [key(names)]


def _within(given, truth):
    """The keys of an answer's names; a number alone is a line of the file that all lines of the truth are in."""
    files = {name.rpartition(":")[0] for name in ([truth] if isinstance(truth, str) else truth)}
    file = files.pop() if len(files) == 1 else ""
    return keys([f"{file}:{one}" if file and isinstance(one, int) else one for one in given])


TYPES: dict[str, Number] = {
    "int": Number(),
    "uint": Number(),
    "hex": Hex(),
    "bool": Number(),
    "goid": Goid(),
    "symbol": Symbol(),
    "choice": Choice(),
    "set": Set(),
    "order": Order(),
    "line": Line(),
    "witness": Witness(),
}


# ---- partial credit --------------------------------------------------------------------------------------------------


def jaccard(given: Answer, truth: Truth) -> float:
    """What two sets have in common, as a share of all that is in either."""
    one, other = set(keys(given)), set(keys(truth))
    return len(one & other) / len(one | other) if one | other else 1.0


def lcs(given: Answer, truth: Truth) -> float:
    """The longest part of the truth's order that the answer has too, as a share of the longer of both."""
    one, other = keys(given), keys(truth)
    row = [0] * (len(other) + 1)
    for name in one:
        before = row
        row = [0]
        for at, wanted in enumerate(other):
            row.append(before[at] + 1 if name == wanted else max(before[at + 1], row[-1]))
    return row[-1] / max(len(one), len(other), 1)


MEASURES = {"jaccard": jaccard, "lcs": lcs}


def share(name: str, partial: str, given: Answer, truth: Truth) -> float:
    """How much of the points a wrong answer to a question of this type still gets, if the exercise gives any."""
    return MEASURES[partial](given, truth) if partial in MEASURES and TYPES[name].measure == partial else 0.0

"""What all that can still act can reach: a mark from the stacks of those who can go on, from timers, finalizers, pinned
objects and variables, through the heap, to a fixpoint: who waits for what is marked may be woken, and then acts, too.

Go's own search for leaked goroutines does this from inside. g, m, p and the sudogs of semaphores are reached and not
looked into, for they lead from anyone to everyone. What could not be searched is said: then nothing is proved of those
who were not reached.
"""

from __future__ import annotations

import bisect
import collections
import re
from collections.abc import Collection, Iterable
from typing import Any

import gdb

from .. import heap, program
from ..formats import untrusted
from ..frames import live
from ..heap import spans, specials, variables
from ..program import dynamic, past, settings
from ..words import tr, trn
from . import blockers
from .census import Census

SECONDS = 5  # that a mark takes, where nobody has set another limit
GOROUTINE, TIMER, SPECIAL, VARIABLE = "goroutine", "timer", "special", "variable"  # kinds of roots

_PLACES = 8  # of a word in variables are looked at, at most
_NEAR = 32  # before and behind one who was woken those are looked at first who may be next in a row

# How something is reached: from what kind of root; the goroutine's row, or what the root is called; where its word
# stands (an address; 0 or a register's name if nowhere in memory); [(an object on the way, where in it the next word
# stands)]; the word that leads to the thing.
Path = collections.namedtuple("Path", "kind row name slot steps thing")
_Root = collections.namedtuple("_Root", "kind row name words")  # words: [(where it stands, word)]


class _Limit:
    """How long a mark may take."""

    seconds: float = SECONDS


limit = _Limit()


class _Mark:
    """One mark from `sources`, a list of roots for each round; who waits and is in `stuck` is never woken by it."""

    def __init__(self, marker: Any, sources: list[list[_Root]], reach: Reach, stuck: Collection[int]) -> None:
        self.woken: dict[int, int] = {}  # {address of a row: the word by which what it waits for was reached}
        self.early: set[int] = set()  # who was woken without variables
        self.roots: list[_Root] = []
        self.whole, self._marker, self._reach = True, marker, reach
        # Who waits for what: by words into objects, on stacks, in variables.
        self._in_heap: dict[int, list[int]] = collections.defaultdict(list)
        self._on_stack: dict[int, list[tuple[int, int]]] = collections.defaultdict(list)
        self._in_variables: list[tuple[int, int]] = []
        for g, words in reach.waiting.items():
            for word in words if g not in stuck else ():
                self._place(g, word)
        self._order = list(self._in_heap)
        self._at = {word: i for i, word in enumerate(self._order)}
        self._weak = dict(specials.weak())  # who has the handle is given the object, which others keep
        for roots in sources:
            if roots and roots[0].kind == VARIABLE:
                self.early = set(self.woken)
                for word, g in self._in_variables:
                    self.woken.setdefault(g, word)
                roots = roots + reach.of_goroutines(self.woken.keys() - self.early)
            self._round(roots)

    def _place(self, g, word):
        owner = self._reach.owner(word)
        if owner is not None:
            self._on_stack[owner].append((g, word))
            if not program.world().is_go:  # C++ may give others the address of what lies on a stack
                self._in_heap[word].append(g)
        elif self._reach.base(word) is not None:
            self._in_heap[word].append(g)
        elif in_variables(word):
            self._in_variables.append((word, g))

    def _round(self, roots):
        """Marks from these roots; whoever is woken by that is one, too."""
        last: dict[int, int] = {}
        while roots:
            woken: dict[int, int] = {}
            for root in roots:
                words = [word for _, word in root.words]
                self._marker.add(len(self.roots), words)
                self.roots.append(root)
                if root.row is not None:
                    woken.update(self._on_stack.pop(root.row.addr, ()))
                for word in self._in_heap.keys() & words:  # at once: in a long row each wakes the next
                    woken.update(dict.fromkeys(self._in_heap.pop(word), word))
            if not woken.keys() - self.woken.keys():
                self._run()
                for word in self._reached(last):
                    woken.update(dict.fromkeys(self._in_heap.pop(word), word))
            last = {g: woken[g] for g in woken.keys() - self.woken.keys()}
            self.woken.update(last)
            roots = self._reach.of_goroutines(last)

    def _reached(self, last):
        """What somebody waits for and is reached now; where the neighbours of what was `last` are, these alone."""
        places = {self._at[word] for word in last.values() if word in self._at}
        near = {word for at in places for word in self._order[max(at - _NEAR, 0) : at + _NEAR]}
        found = [word for word in near & self._in_heap.keys() if self._marker.reached(word)]
        return found or [word for word in self._in_heap if self._marker.reached(word)]

    def _run(self):
        self.whole = self._marker.run() and self.whole
        while given := {word for handle, word in self._weak.items() if self._marker.reached(handle)}:
            self._weak = {handle: word for handle, word in self._weak.items() if word not in given}
            self.roots.append(_Root(SPECIAL, None, "weak", [(0, word) for word in given]))
            self._marker.add(len(self.roots) - 1, given)
            self.whole = self._marker.run() and self.whole


class Reach:
    """`rows` are all goroutines, `free` those that can act, `waiting` {address of another's row: the words by which
    what it waits for is known}."""

    def __init__(
        self, census: Census, rows: list[Any], free: list[Any], waiting: dict[int, set[int]], timers: Any
    ) -> None:
        self.waiting = waiting
        self.left_out: list[str] = []  # what was not searched
        self.count: collections.Counter[str] = collections.Counter()  # how many roots of each kind
        self.live: dict[int, live.Live] = {}
        self._census, self._rows = census, {row.addr: row for row in rows + free}
        self._slots_of: dict[int, dict[int | None, int]] = {}  # {root: where its words stand, by their objects}
        self._stacks = sorted((row.lo, row.hi, row.addr) for row in rows if 0 < row.lo < row.hi)
        self._spans, self._sources = spans.Spans([], []), []
        if past.moment() is not None:
            self.left_out.append(tr("the heap and the stacks, of which an earlier stop keeps none"))
        else:
            self._spans = spans.of_program()
            self._read_stacks()
            self._read_roots(free, timers)
        self._marker = self._new_marker()
        mark = self._mark = _Mark(self._marker, self._sources, self, ())
        self.woken, self.early = mark.woken, mark.early
        self.objects, self.bytes = self._marker.objects, self._marker.bytes  # that were marked
        self._note(self._marker.left_out)
        if not mark.whole:
            self._note([tr("what of the heap could not be marked in the time of `set rt0 reach-seconds`")])
        if any(self.owner(word) for g, words in waiting.items() if g not in self.woken for word in words):
            self._note(self._unseen())
        for root in mark.roots:
            self.count[root.kind] += len(root.words) if root.kind == VARIABLE else 1

    @staticmethod
    def _unseen():
        """What the mark does not see: in C++ the heap may have the address of what lies on a stack, in Go not."""
        return [] if program.world().is_go else [tr("who in the heap has the address of what lies on a stack")]

    def woken_without(self, stuck: Collection[int]) -> set[int]:
        """Who is woken if these never are."""
        return set(_Mark(self._new_marker(), self._sources, self, stuck).woken)

    # -- what is marked, in which order

    def _new_marker(self):
        return heap.marker(self._spans, opaque(self._census), limit.seconds)

    def _note(self, sentences):
        said = (text.rstrip(".") for text in sentences)
        self.left_out += [text for text in dict.fromkeys(said) if text not in self.left_out]

    def _read_stacks(self):
        """What is live on everybody's stack: those that wait may be woken on the way."""
        self.live = live.live(list(self._rows.values()), self._census.threads, self._census.status)
        lost = collections.Counter(found.problem for found in self.live.values() if found.problem)
        self._note(problem for problem, _ in lost.most_common(3))
        unread = len(self._rows.keys() - self.live.keys())
        if unread:
            self._note([trn("{n} stack that cannot be read", "{n} stacks that cannot be read", unread)])
        if any(thread.is_valid() and thread.is_running() for thread in gdb.selected_inferior().threads()):
            self._note([tr("what threads change that run meanwhile")])
        if self._census.problem or self._census.bad:
            self._note([tr("goroutines that cannot be read")])

    def _read_roots(self, free, timers):
        """All kinds of roots, one after the other: where several lead to a thing, the first is told of."""
        pointers, problems = variables.pointers()
        self._sources = [
            self.of_goroutines(row.addr for row in free),
            [_Root(TIMER, None, name, [(0, word) for word in words]) for name, words in timers.leads()],
            [_Root(SPECIAL, None, what, [(0, word)]) for what, word in specials.roots()],
            [_Root(VARIABLE, None, None, pointers)],
        ]
        if not timers.whole:
            self._note([tr("timers that cannot be read")])
        self._note([*problems, *specials.problems(), *self._spans.problems])

    def of_goroutines(self, addresses: Iterable[int]) -> list[Any]:
        """What these rows have, as roots."""
        return [_Root(GOROUTINE, self._rows[g], None, self.live[g].words) for g in addresses if g in self.live]

    def owner(self, word: int) -> int | None:
        """Whose stack a word leads to: the address of the row."""
        i = bisect.bisect_right(self._stacks, (word, 1 << 64, 0)) - 1
        return self._stacks[i][2] if i >= 0 and word < self._stacks[i][1] else None

    @property
    def complete(self) -> bool:
        """Was all searched, so that whoever was not reached never will be?"""
        return not self.left_out

    def plain(self) -> dict[str, int]:
        """What was marked, and from how much."""
        return {
            "stacks": self.count[GOROUTINE],
            "variables": self.count[VARIABLE],
            "timers": self.count[TIMER],
            "specials": self.count[SPECIAL],
            "objects": self.objects,
            "bytes": self.bytes,
        }

    # -- where words stand

    def having(self, words: Collection[int]) -> dict[int, dict[int, int]]:
        """{address of a row: {one of these words: where on its stack it stands, 0 if in a register}}"""
        found: dict[int, dict[int, int]] = {}
        for g, lives in self.live.items():
            those = {word: slot if isinstance(slot, int) else 0 for slot, word in lives.words if word in words}
            if those:
                found[g] = those
        return found

    def variables_with(self, words: Collection[int]) -> dict[int, list[int]]:
        """{one of these words: [where in the program's variables it stands], the first few}"""
        found: dict[int, list[int]] = {}
        for root in self._mark.roots:
            for slot, word in root.words if root.kind == VARIABLE else ():
                if word in words and len(found.setdefault(word, [])) < _PLACES:
                    found[word].append(slot)
        return found

    # -- how something was reached

    def kind(self, word: int) -> str:
        """The kind of root from which was reached what a word leads to."""
        if self.owner(word) is not None:
            return GOROUTINE
        path = self._marker.path(word)
        return self._mark.roots[path[0]].kind if path else VARIABLE

    def reached(self, word: int) -> bool:
        """Is the object marked that a word leads to?"""
        return self._marker.reached(word)

    def path(self, word: int) -> Path | None:
        """How that was reached what a word leads to; None if it was not."""
        owner, path = self.owner(word), self._marker.path(word)
        if owner is not None:
            return Path(GOROUTINE, self._rows[owner], None, word, [], word)
        if path is None:
            return Path(VARIABLE, None, named(word), word, [], word) if in_variables(word) else None
        number, steps = path
        kind, row, name, words = self._mark.roots[number]
        if number not in self._slots_of:
            slots = self._slots_of[number] = {}
            for slot, leads in words:
                slots.setdefault(self.base(leads), slot)
        slot = self._slots_of[number].get(steps[0][0], 0)
        return Path(kind, row, named(slot) if kind == VARIABLE else name, slot, steps, word)

    def base(self, word: int) -> int | None:
        """Where the object begins that a word leads to; None if to none."""
        found = self._spans.object_at(word)
        return found.base if found is not None else None


def opaque(census: Census) -> set[int]:
    """The addresses of what leads from anyone to everyone: it is reached, and not looked into."""
    ps = [address for address in program.all_p_addresses() if address]
    return {*census.addresses, *census.system, *census.m_by_address, *ps, *blockers.queued()}


# ---- variables -------------------------------------------------------------------------------------------------------

_SECTIONS = ("noptrdata", "data", "bss", "noptrbss")  # of a moduledata, each from NAME to eNAME


def in_variables(address: int) -> bool:
    """Does a variable lie there: of the program's own, of C's or of a plugin's?"""
    section = program.world().section_at(address)
    if section is not None:
        return section.writable
    return any(lo <= address < hi for lo, hi in program.world().still("variables of plugins", _of_plugins))


def _of_plugins():
    """[(lo, hi)] of the variables of the plugins: all modules but the first, which is the program itself."""
    places = [(module.get(name), module.get("e" + name)) for module in dynamic.modules()[1:] for name in _SECTIONS]
    return [(lo, hi) for lo, hi in places if lo and hi and lo < hi]


def named(address: int) -> str:
    """The variable at an address, or where in memory it is if that has no name."""
    world = program.world()
    symbol, section = world.symbol_at(address), world.section_at(address)
    if symbol is None and section is not None:
        return f"{section.name}+{address - world.slide - section.lo:#x}"
    name = symbol[0] if symbol is not None else _in_a_plugin(address)
    return untrusted.shown(name, 60) if name else f"{address:#x}"


def variable_at(address: int) -> str | None:
    """The program's own variable at an address; None for the runtime's, and for what is none."""
    name = named(address) if in_variables(address) else None
    return None if name is None or name.startswith("runtime.") else name


def _in_a_plugin(address):
    """What gdb calls a variable that is not the program's own; nothing if it knows none."""
    with settings.changed({"print demangle": "off"}):  # else gdb writes plug[gate]
        name, found, _ = program.done(f"info symbol {address:#x}").rpartition(" in section ")
    return re.sub(r" \+ \d+$", "", name).rpartition("/")[2] if found else ""  # a plugin's path can be long


def amount(size: int) -> str:
    """`12 KiB`, `3 MiB`"""
    return f"{size >> 20} MiB" if size >= 10 << 20 else f"{-(-size // 1024)} KiB"

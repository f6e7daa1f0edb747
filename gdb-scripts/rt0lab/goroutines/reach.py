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
import time
from collections.abc import Collection, Iterable
from typing import Any

import gdb

from .. import heap, program
from ..formats import untrusted
from ..frames import live
from ..heap import spans, specials, variables
from ..program import past, settings
from ..words import tr, trn
from . import blockers
from .census import Census

SECONDS = 5  # that a mark takes, where nobody has set another limit
GOROUTINE, TIMER, SPECIAL, VARIABLE = "goroutine", "timer", "special", "variable"  # kinds of roots

_PLACES = 8  # of a word in variables are looked at, at most

# How something is reached: from what kind of root; the goroutine's row, or what the root is called; where its word
# stands (an address; 0 or a register's name if nowhere in memory); [(an object on the way, where in it the next word
# stands)]; the word that leads to the thing.
Path = collections.namedtuple("Path", "kind row name slot steps thing")
_Root = collections.namedtuple("_Root", "kind row name words")  # words: [(where it stands, word)]


class _Limit:
    """How long a mark may take."""

    seconds: float = SECONDS


limit = _Limit()


class Reach:
    """`rows` are all goroutines, `free` those that can act, `waiting` {address of another's row: the words by which what
    it waits for is known}."""

    def __init__(
        self,
        census: Census,
        rows: list[Any],
        free: list[Any],
        waiting: dict[int, set[int]],
        timers: Any,
    ) -> None:
        self.woken: dict[int, int] = {}  # {address of a row: the word by which what it waits for was reached}
        self.left_out: list[str] = []  # what was not searched
        self.count: collections.Counter[str] = collections.Counter()  # how many roots of each kind
        self.objects = self.bytes = 0  # that were marked
        self.live: dict[int, live.Live] = {}
        self._census, self._rows = census, {row.addr: row for row in rows + free}
        self._waiting, ends = waiting, time.monotonic() + limit.seconds
        self._roots: list[_Root] = []
        self._slots_of: dict[int, dict[int, int]] = {}  # {root: where its words stand, by the object they lead into}
        self.early: set[int] = set()  # who was woken without variables
        self._stacks = sorted((row.lo, row.hi, row.addr) for row in rows if 0 < row.lo < row.hi)
        if past.moment() is not None:
            self.left_out.append(tr("the heap and the stacks, of which an earlier stop keeps none"))
            return
        self._spans = spans.of_program()
        self._read_stacks()
        self._marker = heap.marker(self._spans, self._opaque(), max(ends - time.monotonic(), limit.seconds / 2))
        self._mark(free, timers)

    # -- what is marked, in which order

    def _opaque(self):
        """The addresses of what is not looked into."""
        census, ps = self._census, [address for address in program.all_p_addresses() if address]
        return {*census.addresses, *census.system, *census.m_by_address, *ps, *blockers.queued()}

    def _read_stacks(self):
        """What is live on everybody's stack: those that wait may be woken on the way."""
        self.live = live.live(list(self._rows.values()), self._census.threads, self._census.status)
        lost = collections.Counter(found.problem for found in self.live.values() if found.problem)
        self.left_out += [problem for problem, _ in lost.most_common(3)]
        unread = len(self._rows.keys() - self.live.keys())
        if unread:
            self.left_out.append(trn("{n} stack that cannot be read", "{n} stacks that cannot be read", unread))
        if any(thread.is_valid() and thread.is_running() for thread in gdb.selected_inferior().threads()):
            self.left_out.append(tr("what threads change that run meanwhile"))
        if self._census.problem or self._census.bad:
            self.left_out.append(tr("goroutines that cannot be read"))

    def _mark(self, free, timers):
        """All kinds of roots, one after the other: where several lead to a thing, the first is told of."""
        self._whole = True
        self._weak = dict(specials.weak())  # who has the handle is given the object, which others keep
        self._round(self._of_goroutines(free))
        self._round([_Root(TIMER, None, name, [(0, word) for word in words]) for name, words in timers.leads()])
        if not timers.whole:
            self.left_out.append(tr("timers that cannot be read"))
        self._round([_Root(SPECIAL, None, what, [(0, word)]) for what, word in specials.roots()])
        self.early = set(self.woken)
        pointers, problems = variables.pointers()
        self._round([_Root(VARIABLE, None, None, pointers)], last=True)
        more = [*problems, *specials.problems(), *self._spans.problems, *self._marker.left_out]
        self.left_out += [text.rstrip(".") for text in dict.fromkeys(more)]
        if not self._whole:
            self.left_out.append(tr("what of the heap could not be marked in the time of `set rt0 reach-seconds`"))
        self.objects, self.bytes = self._marker.objects, self._marker.bytes

    def _of_goroutines(self, rows: Iterable[Any]):
        return [_Root(GOROUTINE, row, None, self.live[row.addr].words) for row in rows if row.addr in self.live]

    def _round(self, roots, last=False):
        """Marks from these roots; whoever is woken by that is one, too. In the `last` round variables themselves are
        within reach of all."""
        while roots:
            for root in roots:
                self.count[root.kind] += len(root.words) if root.kind == VARIABLE else 1
                self._marker.add(len(self._roots), [word for _, word in root.words])
                self._roots.append(root)
            self._whole = self._marker.run() and self._whole
            while weak := [given for handle, given in self._weak.items() if self._marker.reached(handle)]:
                self._weak = {handle: given for handle, given in self._weak.items() if given not in weak}
                self._roots.append(_Root(SPECIAL, None, "weak", [(0, given) for given in weak]))
                self._marker.add(len(self._roots) - 1, weak)
                self._whole = self._marker.run() and self._whole
            woken = {
                g: word
                for g, words in self._waiting.items()
                if g not in self.woken
                for word in words
                if self._within_reach(word, last)
            }
            self.woken.update(woken)
            roots = self._of_goroutines(self._rows[g] for g in woken) if self._whole else []

    def _within_reach(self, word, last):
        if self._marker.reached(word):
            return True
        owner = self.owner(word)  # of the stack it lies on
        if owner is not None:
            return owner not in self._waiting or owner in self.woken
        return last and in_variables(word)

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
        for root in self._roots:
            for slot, word in root.words if root.kind == VARIABLE else ():
                if word in words and len(found.setdefault(word, [])) < _PLACES:
                    found[word].append(slot)
        return found

    # -- how something was reached

    def kind(self, word: int) -> str:
        """The kind of root from which was reached what a word leads to."""
        if self.owner(word) is not None:
            return GOROUTINE
        return self._roots[self._marker.path(word)[0]].kind if self._marker.reached(word) else VARIABLE

    def path(self, word: int) -> Path | None:
        """How that was reached what a word leads to; None if it was not."""
        owner = self.owner(word)
        if owner is not None:
            return Path(GOROUTINE, self._rows[owner], None, word, [], word)
        if not self._marker.reached(word):
            return Path(VARIABLE, None, named(word), word, [], word) if in_variables(word) else None
        root, steps = self._marker.path(word)
        kind, row, name, words = self._roots[root]
        first = steps[0][0] if steps else self.base(word)
        if root not in self._slots_of:
            slots = self._slots_of[root] = {}
            for slot, leads in words:
                slots.setdefault(self.base(leads), slot)
        slot = self._slots_of[root].get(first, 0)
        return Path(kind, row, named(slot) if kind == VARIABLE else name, slot, steps, word)

    def base(self, word: int) -> int:
        """Where the object begins that a word leads to; the word itself if to none."""
        found = self._spans.object_at(word)
        return found.base if found is not None else word


# ---- variables -------------------------------------------------------------------------------------------------------

_PLUGINS, _SECTIONS = 256, ("noptrdata", "data", "bss", "noptrbss")  # of a moduledata, each from NAME to eNAME


def in_variables(address: int) -> bool:
    """Does a variable lie there: of the program's own, of C's or of a plugin's?"""
    section = program.world().section_at(address)
    if section is not None:
        return section.writable
    return any(lo <= address < hi for lo, hi in program.world().still("variables of plugins", _of_plugins))


def _of_plugins():
    """[(lo, hi)] of the variables of the program's plugins: the runtime notes each in a list that begins with the
    program itself."""
    first = program.variable("firstmoduledata")
    if not first or not first.get("next"):
        return []
    modules = program.chain("moduledata", first.get("next"), "next", _PLUGINS)
    places = [(module.get(name), module.get("e" + name)) for module in modules for name in _SECTIONS]
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

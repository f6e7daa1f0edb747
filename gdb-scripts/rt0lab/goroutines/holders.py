"""Who holds a lock of package sync, on evidence: a mutex notes no owner, but the code of whoever took it stands on his
stack, and so does the call that will unlock it.

Two things are evidence: a frame whose code has locked it, on every way to where it stands, and has not unlocked it; a
deferred call, not made yet, that unlocks it. What they do not carry is not said: code that took a lock for its caller
has left the stack, and a lock that is reached through an interface is not followed.
"""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Collection
from typing import Any

from .. import program
from ..frames import places, stacks
from ..program import bulk
from ..words import later, tr
from . import blockers, deferred, locking, unlockers
from .census import Census, Was

CODE, DEFERRED = "code", "deferred"
_SAID = {
    (CODE,): later("it locked it in {where} and has not unlocked it"),
    (DEFERRED,): later("a call that it has deferred in {where} will unlock it"),
    (CODE, DEFERRED): later("it locked it in {where}, and a call that it has deferred will unlock it"),
}


class Holder:
    """One who holds a lock: `kind` is `write` or `read`, `evidence` some of CODE and DEFERRED, `where` he took it or
    deferred to unlock it."""

    def __init__(self, row: Any, kind: str, evidence: tuple[str, ...], where: str) -> None:
        self.row, self.kind, self.evidence, self.where = row, kind, evidence, where

    def __str__(self) -> str:
        return tr(_SAID[self.evidence], where=self.where)

    def plain(self) -> dict[str, Any]:
        return {
            "goroutine": self.row.goid,
            "kind": self.kind,
            "evidence": " and ".join(self.evidence),
            "where": self.where,
        }


class Holders:
    """What the stacks of these goroutines say about who holds which lock; looked at for so many seconds at most."""

    def __init__(self, census: Census, rows: list[Any], seconds: float) -> None:
        self._census, self.seconds = census, seconds
        self._found: dict[int, list[Holder]] = collections.defaultdict(list)  # {lock: who holds it}
        self._perhaps: dict[int, list[Any]] = collections.defaultdict(list)  # {lock: rows that may}
        self.left_out = [tr("locks that code took for its caller, or through an interface")]
        end, unread = time.monotonic() + seconds, 0
        with bulk.no_collecting():
            for number, row in enumerate(rows):
                if time.monotonic() > end:
                    self.left_out.append(
                        tr(
                            "goroutines for whose code there was no time (`set rt0 reach-seconds`): {n}",
                            n=len(rows) - number,
                        )
                    )
                    break
                frames = self._frames(row)
                unread += not frames
                self._row(row, frames)
        if unread:
            self.left_out.append(tr("goroutines whose frames cannot be seen: {n}", n=unread))

    def of(self, lock: int) -> list[Holder]:
        """Who holds it. Of several who seem to have it for themselves alone none is believed."""
        found = self._found.get(lock, [])
        return [] if self._contradict(found) else list(found)

    def perhaps(self, lock: int) -> list[Any]:
        """The rows of which it is likely, and no more."""
        found = self._found.get(lock, [])
        more = [each.row for each in found] if self._contradict(found) else []
        known = {each.row.addr for each in self.of(lock)}
        return list({row.addr: row for row in more + self._perhaps.get(lock, []) if row.addr not in known}.values())

    @staticmethod
    def _contradict(found):
        return len(found) > 1 and any(each.kind == "write" for each in found)

    # -- one goroutine

    def _frames(self, row):
        if self._census.is_parked(row):
            return stacks.physical(row)
        thread = self._census.thread_of(row)
        if thread is None or isinstance(thread, Was) or thread.is_running():
            return []
        if row.addr in self._census.threads:
            return stacks.physical_of_thread(thread)
        return stacks.physical(row) if row.sp else []  # its thread is on g0 for it: the gobuf says from where

    def _row(self, row, frames):
        taken, gone = {}, set()  # {(lock, kind): [where, sure]}; locks that their own frame has given back
        for pc, sp in frames:
            code = locking.code_at(pc - 1)
            held, freed = code.held(pc, sp) if code is not None else ((), ())
            gone.update(freed)
            for each in held:
                before = taken.setdefault((each.address, each.kind), [each.where, each.sure])
                before[1] |= each.sure
        promised = self._deferred(row, frames)
        away = self._away(row, frames)
        for lock, kind in taken.keys() | promised.keys():
            where, sure = taken.get((lock, kind), (None, False))
            said, certain = promised.get((lock, kind), (None, False))
            evidence = (CODE,) * bool(where and sure) + (DEFERRED,) * bool(certain and lock not in gone)
            if not evidence or away is None or lock in away:
                self._perhaps[lock].append(row)
                continue
            self._found[lock].append(Holder(row, kind, evidence, where if CODE in evidence else said))

    def _deferred(self, row, frames):
        """{(lock, kind): (where it was deferred to unlock it, will it in any case?)}"""
        found = {}
        pending = [(closure, pc - 1) for pc, sp in frames for closure in deferred.in_frame(pc - 1, sp)]
        for call in deferred.listed(row):
            if not call.get("started") and not call.get("rangefunc") and call.get("fn"):
                pending.append((call.get("fn"), (call.get("pc") or 0) - 1))
        for closure, pc in pending:
            start = program.read_word(closure) if closure else None
            code = locking.code_at(start) if isinstance(start, int) else None
            for lock, kind, sure in code.unlocks(closure) if code is not None else ():
                if sure or (lock, kind) not in found:
                    found[lock, kind] = places.where(*places.code(pc)), sure
        return found

    @staticmethod
    def _away(row, frames):
        """The locks that a Cond's Wait has unlocked for the time being; None if it is in one and they are not known."""
        waits = [pc for pc, _ in frames if pc and _is_in_cond(pc - 1)]
        if not waits:
            return set()
        line, wait = blockers.conds([row]).get(row.addr), blockers.offset("Cond", "wait")
        lock = blockers.offset("Cond", "data", "L")
        if len(waits) > 1 or line is None or wait is None or lock is None:
            return None
        word = program.read_word(line - wait + lock)
        return {word} if isinstance(word, int) else None


def _is_in_cond(pc):
    return locking.method(places.function(pc)) == ("Cond", "Wait")


# ---- circles ---------------------------------------------------------------------------------------------------------


def _of_writer(item):
    """Does who waits for this lock wait for readers to end?"""
    inside = blockers.offset("RWMutex", "writerSem")
    return item.what == "RWMutex" and inside is not None and item.sema - item.addr == inside


def _keeping(graph, found):
    """{row: [(item, the rows of which each keeps it waiting)]} of the blocked who wait for locks, on evidence."""
    pending = collections.defaultdict(list)  # {lock: writers that wait for its readers}; no new reader comes before
    for row in graph.blocked:
        for item in graph.on.get(row.addr, ()):
            if item.kind == "sema" and _of_writer(item):
                pending[item.addr].append(row)
    keeping = collections.defaultdict(list)
    for row in graph.blocked:
        for item in graph.on.get(row.addr, ()):
            if item.kind != "sema" or item.what not in ("Mutex", "RWMutex"):
                continue
            # Whoever can reach the lock may unlock it. Where only variables lead to it, code says whether anybody does.
            if row.addr in graph.reach.woken and unlockers.others_may_unlock(item.addr, found.seconds):
                continue
            kind = "read" if _of_writer(item) else "write"
            rows = [each.row for each in found.of(item.addr) if each.kind == kind]
            rows += [other for other in pending.get(item.addr, ()) if kind == "write"]
            keeping[row.addr].append((item, rows))
    return keeping


def stuck(
    graph: Any,
    found: Holders,
    wakers: Callable[[Any], tuple[bool, list[Any]]] = lambda row: (False, []),
    sure: Collection[int] = (),
) -> dict[int, tuple[Any, Any, list[Any]]]:
    """{address of a row: (row, what it waits for, the rows that keep it waiting)} of those who wait for each other, on
    evidence, and of those that `sure` has, of whom it is known.

    Each waits for a lock which one of the others holds, or itself; or for something of which `wakers(row)` says (True,
    all the rows that could wake it), and these are stuck all. One lock that cannot come is enough to be stuck.
    """
    keeping, left = _keeping(graph, found), {row.addr: row for row in graph.blocked}
    others = {}
    for row in graph.blocked:
        if row.addr not in keeping:
            known, rows = wakers(row)
            others[row.addr] = rows if known else []

    def remains(address):
        if address in sure:
            return True
        if address in keeping:
            # Whoever goes on and has the lock's address in hand may be about to unlock it.
            having = [other for item, _ in keeping[address] for other in graph.holders_of.get(item.addr, ())]
            return all(other.addr in left for other in having) and any(
                other.addr in left for _, rows in keeping[address] for other in rows
            )
        rows = others[address]
        return bool(rows) and all(other.addr in left for other in rows)

    while going := [address for address in left if not remains(address)]:
        for address in going:
            del left[address]
    steps = {}
    for address, row in left.items():
        on = keeping.get(address) or [(next(iter(graph.on.get(address, ())), None), others.get(address, []))]
        item, rows = next(((item, rows) for item, rows in on if any(other.addr in left for other in rows)), on[0])
        steps[address] = row, item, [other for other in rows if other.addr in left]
    return steps


def circles(steps: dict[int, tuple[Any, Any, list[Any]]]) -> list[list[tuple[Any, Any, list[Any]]]]:
    """The circles among those who are stuck: lists of what `stuck` has of each, with the rows of the circle alone."""
    found_parts = _parts({address: [other.addr for other in rows] for address, (_, _, rows) in steps.items()})
    return [[_within(steps[address], part) for address in sorted(part)] for part in found_parts]


def _within(step, part):
    row, item, rows = step
    return row, item, [other for other in rows if other.addr in part]


def _parts(after: dict[int, list[int]]) -> list[set[int]]:
    """The sets of those who can reach each other, as Tarjan finds them: of two and more, or of one that reaches
    itself."""
    number, low, path, on_path, found = {}, {}, [], set(), []
    for start in after:
        work = [(start, iter(after[start]))] if start not in number else []
        while work:
            node, rest = work[-1]
            if node not in number:
                number[node] = low[node] = len(number)
                path.append(node)
                on_path.add(node)
            other = next((each for each in rest if each not in number or each in on_path), None)
            if other is not None and other not in number:
                work.append((other, iter(after[other])))
                continue
            if other is not None:
                low[node] = min(low[node], number[other])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == number[node]:
                part = path[path.index(node) :]
                del path[path.index(node) :]
                on_path.difference_update(part)
                if len(part) > 1 or node in after[node]:
                    found.append(set(part))
    return found

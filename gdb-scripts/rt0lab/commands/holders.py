"""`rt0 holders LOCK`: who holds a lock, on what evidence, and who waits for it."""

from __future__ import annotations

import gdb

from .. import program
from ..goroutines import holders, locks, reach, wakers
from ..goroutines.census import Census
from ..words import in_a_row, tr, trn
from . import console, goroutine
from .options import without_json

_BEFORE = 256  # bytes before a lock at which the struct that it is in may begin
_FEW = 20  # goroutines that are told of each by itself
_names = wakers.listed
_say = console.wrapped


class Holders(console.Command):
    """Say who holds a lock and who waits for it, if it can be known.
    A lock is a runtime.mutex, a sync.Mutex or a sync.RWMutex. Who holds one
    of package sync is told where code on a stack has locked and not
    unlocked it, or a deferred call will unlock it.
    Usage: rt0 holders LOCK [-json]; LOCK is an expression, like sched.lock or 'main.mu', or what `rt0 waits` shows of
    it: Mutex 0xc0000180b8, or the address alone

    (gdb) rt0 holders sched.lock
    runtime.mutex 0x5312a0: unlocked"""

    name, kind = "rt0 holders", gdb.COMMAND_STATUS

    def run(self, argument: str) -> None:
        text, as_json = without_json(argument)
        if not text:
            raise program.Problem(tr("which lock? Usage: rt0 holders LOCK [-json], like `rt0 holders sched.lock`."))
        console.need_process()
        word = goroutine.refused(f"print {text}")
        if word:
            raise program.Problem(
                tr("`{word}` would call or change something: name a lock, like `rt0 holders sched.lock`.", word=word)
            )
        kind, address, value = locks.lock_at(text)
        found = self._runtime(address, value) if kind == "runtime.mutex" else self._sync(kind, address, value)
        if as_json:
            console.dump({"kind": kind, "address": address, **found})
            return
        _say(f"{kind} {address:#x}: {found['state']}", "", "  ")
        for sentence in found["known"]:
            _say(sentence)

    @staticmethod
    def _runtime(address, value):
        """A runtime.mutex belongs to an M, and counts in its m.locks, but does not name it."""
        key = _read(address, value).get("key")
        locked, census = program.locked(key), Census()
        locking = [m.get("id") for m in census.ms if (m.get("locks") or 0) > 0] if locked else []
        known = []
        if locked and len(locking) == 1:
            known.append(
                tr(
                    "m{locking} must hold it: a lock counts in m.locks, and no other M's is above 0.",
                    locking=locking[0],
                )
            )
        elif locked and locking:
            known.append(
                tr(
                    "one of {locking} holds it: their m.locks are above 0. The lock does not say which.",
                    locking=in_a_row(f"m{m}" for m in locking),
                )
            )
        elif locked:
            known.append(
                tr(
                    "no M has m.locks above 0, as whoever holds a lock has: memory is damaged, or not all Ms could"
                    " be read."
                )
            )
        return {
            "state": (
                "unlocked"
                if not locked
                else tr("locked") + ("" if key == 1 else tr(" (key {key:#x}: others may sleep on it)", key=key))
            ),
            "locked": locked,
            "holders": [f"m{m}" for m in locking],
            "waiting": [],
            "known": known,
        }

    @staticmethod
    def _sync(kind, address, value):
        """A sync.Mutex has no owner: any goroutine may unlock it. State and waiters are all it has; stacks say more."""
        lock = _read(address, value)
        text, locked = _state(kind, lock)
        semas = [address + leaf.offset for leaf in _ending(lock, "sema", "writerSem", "readerSem")]
        words, symbol = {address, *semas}, program.world().symbol_at(address)
        before = set(range(max(address - (min(symbol[1], _BEFORE) if symbol else _BEFORE), 8) & -8, address, 8))
        graph = wakers.Graph()
        sleeping = locks.waiters_by_address(graph.census)
        waiting = [row for sema in semas for row in sleeping.get(sema, [])]
        known = _waiting(graph, waiting)
        taken, having, near, left_out = [], [], [], graph.reach.left_out
        if locked:
            found = holders.Holders(graph.census, graph.rows, reach.limit.seconds)
            taken, left_out = found.of(address), left_out + found.left_out
            having, near = _close(graph, found, address, words, before, {row.addr for row in waiting})
            known += _taken(graph, lock, taken)
            known.append(_seen(kind, taken, having, near, left_out))
            variable = reach.variable_at(address)
            if variable:
                known.append(tr("It lies in {variable}: any code that runs may use it.", variable=variable))
            if graph.deadlock:
                known.append(tr("The program is deadlocked: it will not be unlocked."))
        return {
            "state": text,
            "locked": locked,
            "holders": [each.plain() for each in taken],
            "candidates": [row.goid for row in having],
            "near": [row.goid for row in near],
            "waiting": [row.goid for row in waiting],
            "known": known,
            "not_searched": left_out,
        }


def _waiting(graph, rows):
    """A sentence for each that waits."""
    at = graph.census.standing(rows[:_FEW])
    known = [
        tr("{goid} waits for it", goid=row.goid)
        + (tr(" at {where}.", where=at[row.addr].where) if at.get(row.addr) else tr("."))
        for row in rows[:_FEW]
    ]
    return known + [tr("and {waiting} more wait for it.", waiting=len(rows) - _FEW)] * (len(rows) > _FEW)


def _close(graph, found, address, words, before, waiting):
    """(the rows that may hold a lock without evidence of it, those that have an address shortly before it)"""
    taken = {each.row.addr for each in found.of(address)}
    close = graph.reach.having(words | before)
    others = [
        (row, set(close.get(row.addr, ()))) for row in graph.rows if row.addr not in waiting and row.addr not in taken
    ]
    likely = {row.addr for row in found.perhaps(address)}
    having = [row for row, seen in others if seen & words or row.addr in likely]
    return having, [row for row, seen in others if seen & before and not seen & words and row.addr not in likely]


def _taken(graph, lock, taken):
    """A sentence for each that holds it; for readers whether these are all."""
    known = [
        (
            tr("{goid} holds it as a reader: {why}.", goid=each.row.goid, why=each)
            if each.kind == "read"
            else tr("{goid} holds it: {why}.", goid=each.row.goid, why=each)
        )
        for each in taken[:_FEW]
    ]
    if len(taken) > _FEW:
        known.append(tr("and {more} more hold it.", more=len(taken) - _FEW))
    readers, seen = _readers(lock), sum(each.kind == "read" for each in taken)
    if seen and readers > seen:
        text = tr(
            "It counts {readers} readers: who {more} of them are was not found.", readers=readers, more=readers - seen
        )
        known.append(text)
    return known


def _seen(kind, taken, having, near, left_out):
    """What else stacks say about who may have locked it."""
    seen = []
    if having:
        seen.append(
            trn(
                "its address stands on the stack or in a register of {having}, who does not wait for it",
                "its address stands on the stack or in a register of {having}, who do not wait for it",
                len(having),
                having=_names(having),
            )
        )
    if near:
        seen.append(
            tr(
                "an address shortly before it, perhaps of a struct that it is in, stands on the stack or in a"
                " register of {near}",
                near=_names(near),
            )
        )
    if taken:
        begin = tr("Go lets any goroutine unlock a {kind}", kind=kind)
        return tr("; ").join([begin, *seen]) + tr(". Not searched: {left_out}.", left_out=in_a_row(left_out))
    return (
        tr("A {kind} does not note who locked it, and no code and no deferred call says so; ", kind=kind)
        + (tr(", and ").join(seen) or tr("its address, or one shortly before it, stands on nobody else's stack"))
        + tr(". Not searched: {left_out}.", left_out=in_a_row(left_out))
    )


def _read(address, value):
    """A lock as it stands in memory."""
    layout = program.Layout(program.world(), value.type)
    data = program.read(address, layout.size)
    if not isinstance(data, bytes):
        raise program.Problem(tr("the lock cannot be read: {data}.", data=data))
    return program.Struct(layout, address, data)


def _ending(lock, *names):
    """The fields of a lock that are called so, however deep."""
    return [leaf for leaf in lock.layout.leaves if leaf.path.rpartition(".")[2] in names]


def _readers(lock):
    """How many an RWMutex counts; 0 of a Mutex, and while a writer waits."""
    count = _count(lock)
    return count if count > 0 else 0


def _count(lock):
    count = lock.get("readerCount", "readerCount.v") or 0
    return count - (1 << 32) if count >= 1 << 31 else count


def _state(kind, lock):
    """(in words, is it locked?) of a sync.Mutex or a sync.RWMutex."""
    state = lock.get(*(leaf.path for leaf in _ending(lock, "state"))) or 0
    locked = bool(state & _bit("mutexLocked", 1))
    if kind != "sync.RWMutex":
        starving = tr(", starving: it goes to the one who waited longest") if state & _bit("mutexStarving", 4) else ""
        return ("locked" if locked else tr("unlocked")) + starving, locked
    count = _count(lock)
    if count < 0:
        text = tr("locked for writing or a writer waits")
    else:
        text = trn("{n} reader", "{n} readers", count) if count else tr("unlocked")
    return text + (tr(", the writers' mutex is locked") if locked else ""), locked or count != 0


def _bit(name, usual):
    """A bit of sync.Mutex's state by its constant; where the debug information has none, what it has been since Go
    1.9."""
    for prefix in ("sync.", "internal/sync.", ""):
        symbol = gdb.lookup_static_symbol(prefix + name) or gdb.lookup_global_symbol(prefix + name)
        if symbol is not None:
            try:
                return int(symbol.value())
            except gdb.error:
                continue
    return usual

"""What code does with locks of package sync: which a function has taken and not unlocked where it stands, over every
way that leads there, and which a deferred call will unlock."""

from __future__ import annotations

import collections
import re
import struct
from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from ..frames import flow, places
from . import blockers

Held = collections.namedtuple("Held", "address what kind where sure")  # kind: `write` or `read`; sure: on every way
_METHOD = re.compile(r"(?:internal/)?sync(?:\.|::)\(?\*?(Mutex|RWMutex|Cond)\)?(?:\.|::)(\w+)")
_TAKES = {"Lock": "write", "RLock": "read"}
_TRIES = {"TryLock": "write", "TryRLock": "read"}
_GIVES = {"Unlock": "write", "RUnlock": "read"}
# What the inlined parts of methods call.
_SLOW = {"lockSlow": ("Mutex", "Lock"), "unlockSlow": ("Mutex", "Unlock"), "rUnlockSlow": ("RWMutex", "RUnlock")}
_OF_LOCKS = {*_TAKES, *_TRIES, *_GIVES, *_SLOW}  # what these are given they give to nobody
_GIVEN = ("rax", "rbx", "rcx", "rdx", "rdi", "rsi", "r8", "r9", "r10", "r11")  # to a function that is called
_WAITS = ("sync.runtime_Semacquire", "internal/sync.runtime_Semacquire")
_NEAR = 16  # instructions between an inlined method's atomic one and that call
_MOST = 1 << 10  # functions that are followed for one program


def method(name: str) -> tuple[str, str] | None:
    """(`Mutex`, `Lock`) of a method of package sync's, by a function's or a block's name."""
    found = _METHOD.match(name)
    return (found[1], found[2]) if found else None


def name_of(target: int | None) -> str:
    """The function that begins at an address; nothing if none does."""
    symbol = program.world().symbol_at(target) if target is not None else None
    return symbol[0] if symbol and not symbol[1] else ""


def _slow(target):
    """The method whose inlined part calls this when it has to wait, or to wake somebody; None of other functions."""
    name = name_of(target)
    if name.startswith(_WAITS):
        return "RWMutex", "RLock"
    return _SLOW.get((method(name) or ("", ""))[1])


def _block(pc):
    """The block of package sync's method that is inlined at an instruction, or None."""
    found, block = None, gdb.block_for_pc(pc)
    while block is not None and not block.is_static:
        name = program.told(getattr, block.function, "name") if block.function is not None else None
        found = block if name is not None and method(name) else found  # the outermost of them
        block = block.superblock
    return found


def _tried(each):
    """The same of one that only tries, and calls nobody: the debug information alone knows it."""
    for pc in (each.pc, each.end) if each.name.startswith("cmpxchg") else ():
        block = _block(pc)
        found = method(program.told(getattr, block.function, "name")) if block is not None else None
        if found is not None and found[1] in _TRIES:
            return found, block
    return None, None


def _place(pc, block):
    """`main.serve (srv.go:40)` of a call; of one that is inlined gdb says its line."""
    function, file, line = places.code(pc)
    if block is not None:
        file, line = program.file_of(block.function.symtab), block.function.line
        outer = block.superblock
        while outer is not None and outer.function is None:
            outer = outer.superblock
        if outer is not None:
            function = untrusted.shown(program.told(getattr, outer.function, "name"))
    return places.where(function, file, line)


def join(one: Any, other: Any) -> Any:
    """What is known of a lock where two ways meet: taken on one of them, it is perhaps."""
    if one is None or other is None or one[0] != other[0]:
        found = one if one is not None and one[0] == "held" else other
        if found is None or found[0] != "held":
            return None
        return (*found[:-1], False)
    if one[0] == "held":
        return (*min(one[:-1], other[:-1]), one[-1] and other[-1])
    return one if one == other else None


class Code:
    """What one function does with locks, followed once."""

    def __init__(self, start: int, size: int) -> None:
        self._sites: dict[int, Any] = {}  # {pc: block of an inlined call}
        self.bare: set[Any] = set()  # what it unlocks and has not locked before
        self.taken: set[Any] = set()  # what it locks on any way
        self.lent: set[int] = set()  # the constants that others may have of it, as the addresses of variables
        self._parts: dict[int, Any] = {}  # {pc of a locked instruction: the method that it is of}
        self._given: dict[Any, str] = {}  # {lock: `write` or `read`} of what it unlocks on any way
        world = program.world()
        self._argument = "rdi" if not world.is_go else "rax" if world.address("runtime.rt0_go.abi0") else None
        self._inside = {
            "Mutex": blockers.offset("Mutex", "state"),
            "RWMutex": blockers.offset("RWMutex", "readerCount", "v"),
        }
        self._flow = flow.Flow(start, start + size, self._told, join)
        self.lent |= self._flow.lent
        self.whole = self._flow.whole
        if self.taken:  # what is not known may well be what it has taken
            self.bare = {lock for lock in self.bare - self.taken if lock[0] != "new"}

    def _receiver(self, state, each):
        """The lock that a method is called of."""
        if self._argument is not None:
            return state.register(self._argument, each.pc)
        return state.loaded(state.register("rsp", each.pc), each.pc)

    def _told(self, state, each, code):
        if each.locked:
            found, block = self._inlined(each, code)
            lock = self._operand(state, each, code, found)
        else:
            found, block = method(name_of(each.target)), None
            lock = self._receiver(state, each) if found else None
            if found is None or found[1] not in _OF_LOCKS:
                self.lent.update(state.regs[at][1] for at in _GIVEN if state.regs.get(at, "?")[0] == "const")
        if found is None:
            return
        what, name = found
        if name in _TAKES:
            self._sites[each.pc] = block
            self.taken.add(lock)
            before = state.notes.get(lock)
            if lock is not None and not (before and before[0] == "held" and before[-1]):
                state.notes[lock] = "held", what, _TAKES[name], each.pc, True
            state.notes["last"] = "last", each.pc
        elif name in _TRIES and lock is not None and state.notes.get(lock, "?")[0] != "held":
            state.notes[lock] = "held", what, _TRIES[name], each.pc, False
        elif name in _GIVES:
            if not self._had(lock, state):
                self.bare.add(lock or ("new", each.pc, "lock"))
            if lock is None or lock not in state.notes:  # it may be any of them
                for key, note in state.notes.items():
                    if note[0] == "held" and not (lock and key[0] == lock[0] == "const"):
                        state.notes[key] = (*note[:-1], False)
            if lock is not None:
                state.notes[lock] = ("freed", what, _GIVES[name])
                self._given[lock] = _GIVES[name]

    @staticmethod
    def _had(lock, state):
        """Has it locked this before? What it has freed it can have had twice, to read and to write; one that is not
        known any more is taken for one that it holds."""
        if lock in state.notes:
            return True
        while lock is not None and lock[0] in ("add", "load"):
            lock = lock[1]
        return (lock is None or lock[0] == "new") and any(note[0] == "held" for note in state.notes.values())

    def _inlined(self, each, code):
        """(the method that a locked instruction is of, the block of that, if the debug information has it)"""
        if each.pc not in self._parts:
            self._parts[each.pc] = self._part(each, code)
        return self._parts[each.pc]

    @staticmethod
    def _part(each, code):
        wanted = ("Lock",) if each.name.startswith("cmpxchg") else ("Unlock", "RLock", "RUnlock")
        work, seen = list(each.after), set()
        while work and len(seen) < _NEAR:
            pc = work.pop(0)
            following = code.code.get(pc)
            if following is None or pc in seen or following.locked:
                continue
            seen.add(pc)
            found = _slow(following.target) if following.calls else None
            if found is not None and found[1] in wanted:
                return found, _block(following.pc)
            work += following.after if not following.calls else ()
        return _tried(each)

    def _operand(self, state, each, code, found):
        inside = self._inside.get(found[0]) if found else None
        if inside is None or not each.operands:
            return None
        address = code.address(state, each.operands[-1], each)
        return None if address is None else flow.plus(address, -inside)

    def held(self, pc: int, sp: int) -> tuple[list[Held], set[int]]:
        """(the locks that a frame has taken and not unlocked where it stands, those that it has unlocked or waits for),
        of one that called somebody who returns to `pc`, where its SP is `sp`."""
        state, call = self._flow.before.get(pc), None
        if state is None or not self.whole or (at := state.regs.get("rsp")) is None or at[0] != "sp":
            return [], set()
        call = next(each for each in self._flow.code.values() if each.end == pc)
        base = sp - at[1]
        now, waited = method(name_of(call.target)), set()
        if now and now[1] in _TAKES:
            waited.add(state.copy().resolve(self._receiver(state, call), base))
        trying = state.notes.get("last", (None, None))[1] if self._tries(call) else None
        found, freed = [], set()
        for lock, note in state.notes.items():
            if note[0] == "last":
                continue
            address = state.resolve(lock, base)
            if address is None:
                continue
            if note[0] == "freed" or note[3] == trying:
                freed.add(address)
                continue
            _, what, kind, site, sure = note
            found.append(Held(address, what, kind, _place(site, self._sites.get(site)), sure))
        gone = freed - {each.address for each in found if each.sure}
        found = [each for each in found if each.address not in gone]
        known = {each.address for each in found}
        return found, gone | {each for each in waited if each is not None and each not in known}

    @staticmethod
    def _tries(call):
        """Is this call the slow way of a lock that is taken just there?"""
        return (_slow(call.target) or ("", ""))[1] in _TAKES

    def unlocks(self, closure: int) -> set[tuple[int, str, bool]]:
        """(lock, `write` or `read`, does it so on every way?) of what a call of a closure unlocks."""

        def given(value: Any) -> int | None:
            return closure if value == ("init", "rdx") else flow.number(value, given)

        after = self._flow.after
        notes = after.notes if after is not None and self.whole else {}
        return {
            (address, kind, notes.get(lock, "?")[0] == "freed")
            for lock, kind in self._given.items()
            if (address := given(lock)) is not None
        }


def code_at(pc: int) -> Code | None:
    """The Code of the function around an instruction; None if it does nothing with locks, is of those that do it for
    others, or cannot be followed."""
    world = program.world()
    symbol = world.elf.symbol_at(pc - world.slide)
    if symbol is None:
        return None
    start, size = pc - symbol[1], world.elf.symbols[symbol[0]][1]
    known = world.cached("functions that lock", dict)
    if start not in known and len(known) < _MOST:
        known[start] = Code(start, size) if 0 < size <= flow.MOST and _locks(start, size) else None
    return known.get(start)


def _locks(start, size):
    """Does a function call one of package sync's locks, or what is left of one that is inlined? Every call in its bytes
    is looked at."""
    own = program.world().symbol_at(start)
    if own is None or method(own[0]) or own[0].startswith("runtime."):
        return False
    data = program.read(start, size)
    wanted = program.world().cached("methods of locks", methods)
    return isinstance(data, bytes) and any(
        start + at.end() + 4 + struct.unpack_from("<i", data, at.end())[0] in wanted
        for at in re.finditer(b"[\xe8\xe9](?=.{4})", data, re.S)
    )


def methods() -> set[int]:
    """The addresses of the methods of package sync's locks, and of what their inlined parts call."""
    world = program.world()
    names = [
        *("sync.(*Mutex).", "internal/sync.(*Mutex).", "sync.(*RWMutex).", "sync.Mutex.", "sync.RWMutex."),
        *("sync.runtime_Semacquire", "internal/sync.runtime_Semacquire", "_ZN4sync5Mutex", "_ZN4sync7RWMutex"),
    ]
    return {world.elf.symbols[name][0] + world.slide for start in names for name in world.elf.symbols.beginning(start)}

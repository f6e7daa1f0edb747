"""What a function's instructions have done up to a place in it: which registers and stack slots hold what, followed
over every way that leads there.

Values are told by where they come from, not by what they are: an argument's register, a global's address, what stands
at either and so many bytes on. With a frame at hand they become numbers, where the frame still has them. What is not
understood is a value of its own, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import gdb

from .. import program
from ..program import settings

MOST = 1 << 16  # bytes of a function that are followed
_STEPS = 1 << 18  # instructions, those of loops again each time
_REACH = 128  # bytes around a stack address that a called function is given are taken for changed
_WIDE = {"b": 1, "w": 2, "l": 4, "q": 8}
_OPERAND = re.compile(r"(?:%\w+:)?(-?0x[0-9a-f]+|-?\d+)?\((%\w+)?(?:,(%\w+)?(?:,(\d+))?)?\)")
_SPLIT = re.compile(r",(?![^(]*\))")
_READS = (
    "cmpb",
    "cmpw",
    "cmpl",
    "cmpq",
    "cmps",
    "test",
    "bt",
    "ucomis",
    "comis",
    "nop",
    "prefetch",
    "vptest",
    "vucomis",
    "vcomis",
)
_ENDS = ("ret", "ud2", "int3", "hlt")
_KEPT = ("rsp", "rbp", "r14")  # over a call

Value = Any  # ("const", n) ("sp", n) ("init", register) ("load", value) ("add", value, n) ("new", pc, what)


def _register(name):
    """(its 64 bits' name, how many bytes of it) of a register; vector registers by their own names."""
    name = name.lstrip("%")
    if found := re.fullmatch(r"r(\d+)([bwd]?)", name):
        return f"r{found[1]}", {"b": 1, "w": 2, "d": 4}.get(found[2], 8)
    if found := re.fullmatch(r"([re]?)([abcd]x|[sd]i|[sb]p)", name):
        return "r" + found[2], {"r": 8, "e": 4}.get(found[1], 2)
    if found := re.fullmatch(r"([abcd])[lh]|([sd]i|[sb]p)l", name):
        return f"r{found[1]}x" if found[1] else f"r{found[2]}", 1
    return name, {"x": 16, "y": 32, "z": 64}.get(name[:1], 8)


def plus(value: Value, more: int) -> Value:
    """A value and so many bytes on."""
    if not more:
        return value
    if value[0] in ("const", "sp"):
        return value[0], value[1] + more
    if value[0] == "add":
        return plus(value[1], value[2] + more)
    return "add", value, more


def _mentions(value, symbol):
    return value == symbol or value[0] in ("load", "add") and _mentions(value[1], symbol)


class Instruction:
    """One of a function's instructions."""

    __slots__ = ("pc", "end", "name", "operands", "target", "locked", "near")

    def __init__(self, pc: int, size: int, text: str) -> None:
        self.pc, self.end = pc, pc + size
        plain, _, comment = text.partition("<")[0].partition("#")
        words = plain.split(None, 1)
        while words and words[0] in ("lock", "rep", "repz", "repnz", "bnd", "notrack", "data16", "cs", "addr32"):
            words = words[1].split(None, 1) if len(words) > 1 else []
        self.locked = text.startswith("lock")
        self.name = words[0] if words else "?"
        self.operands = [part.strip() for part in _SPLIT.split(words[1])] if len(words) > 1 else []
        self.target = self._number(self.operands[0]) if self.operands and self.jumps_or_calls else None
        self.near = self._number(comment.strip())

    @staticmethod
    def _number(text):
        found = re.match(r"(0x[0-9a-f]+)", text)
        return int(found[1], 16) if found else None

    @property
    def calls(self) -> bool:
        """Is it a call?"""
        return self.name.startswith("call")

    @property
    def jumps_or_calls(self) -> bool:
        """Does it name a place in the code?"""
        return self.name.startswith(("j", "call"))

    @property
    def after(self) -> list[int]:
        """The places where the function may go on after it."""
        if self.name.startswith("jmp"):
            return [self.target] if self.target is not None else []
        if self.name.startswith("j") and self.target is not None:
            return [self.end, self.target]
        return [] if self.name.startswith(_ENDS) else [self.end]


class State:
    """What is known before an instruction; `notes` are its reader's own: {key: value}, kept where all ways agree."""

    __slots__ = ("regs", "slots", "notes")

    def __init__(self, regs: dict[str, Value], slots: dict[int, Value], notes: dict[Any, Any]) -> None:
        self.regs, self.slots, self.notes = regs, slots, notes

    def copy(self) -> State:
        """One that changes by itself."""
        return State(dict(self.regs), dict(self.slots), dict(self.notes))

    def register(self, name: str, pc: int) -> Value:
        """What a register holds; what is not known gets a name of its own."""
        if name not in self.regs:
            self.regs[name] = self.fresh(pc, name)
        return self.regs[name]

    def fresh(self, pc: int, what: Any) -> Value:
        """A new value, made at an instruction: what was made there before, in a loop, is not known any more."""
        symbol = "new", pc, what
        tables: tuple[dict[Any, Any], ...] = self.regs, self.slots, self.notes
        for known in tables:
            for key in [key for key, value in known.items() if _stale(key, value, symbol)]:
                del known[key]
        return symbol

    def loaded(self, address: Value, pc: int) -> Value:
        """The word at an address."""
        if address[0] != "sp":
            return "load", address
        if address[1] not in self.slots:
            self.slots[address[1]] = self.fresh(pc, address[1])
        return self.slots[address[1]]

    def changed(self, address: Value | None, size: int) -> None:
        """So many bytes from an address on are others now, if they are on the stack."""
        if address is not None and address[0] == "sp":
            for at in [at for at in self.slots if at < address[1] + size and address[1] < at + 8]:
                del self.slots[at]

    def resolve(self, value: Value, base: int) -> int | None:
        """The number that a value is in a frame whose SP was `base` when the function began; None where the frame has
        not kept it."""
        at = next((at for at, kept in self.slots.items() if kept == value), None)
        if at is not None and value[0] != "const":
            word = program.read_word(base + at)
            return word if isinstance(word, int) else None
        if value[0] == "sp":
            return value[1] + base
        return number(value, lambda inner: self.resolve(inner, base))


def number(value: Value, given: Callable[[Value], int | None]) -> int | None:
    """The number that a value is, where what it is made of is `given`; memory is read as it is now."""
    if value[0] == "const":
        return value[1]
    inner = given(value[1]) if value[0] in ("add", "load") else None
    if inner is None or value[0] == "add":
        return None if inner is None else inner + value[2]
    word = program.read_word(inner) if inner else None
    return word if isinstance(word, int) else None


def _stale(key, value, symbol):
    return any(isinstance(each, tuple) and each and _mentions(each, symbol) for each in (key, value))


def _common(one: dict[Any, Value], other: dict[Any, Value]) -> bool:
    """Leaves in the first what is in both; was there more?"""
    gone = [key for key, value in one.items() if other.get(key) != value]
    for key in gone:
        del one[key]
    return bool(gone)


def merged(one: State, other: State, join: Callable[[Any, Any], Any]) -> bool:
    """Leaves in the first what is true in both; was it more? `join` says what two notes of one key become, where one
    may be None."""
    less = _common(one.regs, other.regs)
    less = _common(one.slots, other.slots) or less
    for key in one.notes.keys() | other.notes.keys():
        note = join(one.notes.get(key), other.notes.get(key))
        if note != one.notes.get(key):
            less = True
            one.notes[key] = note
            if note is None:
                del one.notes[key]
    return less


class Flow:
    """A function's instructions, followed; `told(state, instruction, flow)` is asked at each that calls or is locked,
    or leaves for another function, before it is done, and may change the state's notes; `join` is as in `merged`."""

    def __init__(self, start: int, end: int, told: Callable[..., None], join: Callable[[Any, Any], Any]) -> None:
        self.start, self.end, self._told, self._join = start, end, told, join
        self.code = {each.pc: each for each in _disassembled(start, end)} if 0 < end - start <= MOST else {}
        self.before: dict[int, State] = {}  # {where a call returns to: what is known before it}
        self.after: State | None = None  # what is known when it returns
        self.lent: set[int] = set()  # the constants that it stores or reckons with: addresses that others may have
        self.whole = bool(self.code) and self._followed()

    def _followed(self):
        heads = {each.target for each in self.code.values() if each.jumps_or_calls and not each.calls}
        known = {self.start: State({"rsp": ("sp", 0)}, {}, {})}
        for name in ("rax", "rbx", "rcx", "rdx", "rdi", "rsi", "rbp", *(f"r{i}" for i in range(8, 16))):
            known[self.start].regs[name] = "init", name
        work, left = [self.start], _STEPS
        while work:
            pc = work.pop()
            state = known[pc].copy()
            while (each := self.code.get(pc)) is not None:
                left -= 1
                if left < 0:
                    return False
                self._do(state, each)
                after = [to for to in each.after if to in self.code and to != self.start]
                for to in after[1:] if len(after) > 1 else ():
                    work += self._reach(known, to, state)
                if not after:
                    break
                pc = after[0]
                if pc in heads or pc in known:
                    work += self._reach(known, pc, state)
                    break
        return True

    def _reach(self, known, pc, state):
        if pc not in known:
            known[pc] = state.copy()
            return [pc]
        return [pc] if merged(known[pc], state, self._join) else []

    def address(self, state: State, operand: str, each: Instruction) -> Value | None:
        """The address that an operand is the memory at; None for one that is none, or has an index."""
        found = _OPERAND.fullmatch(operand)
        if found is None or found[3]:
            return None
        if found[2] == "%rip":
            return ("const", each.near) if each.near is not None else None
        if not found[2]:
            return None
        return plus(state.register(_register(found[2])[0], each.pc), int(found[1] or "0", 0))

    def _value(self, state, operand, each, size):
        """What an operand is, or None."""
        if operand.startswith("$"):
            return "const", int(operand[1:], 0)
        if operand.startswith("%"):
            name, wide = _register(operand)
            return state.register(name, each.pc) if wide == 8 else None
        address = self.address(state, operand, each)
        return state.loaded(address, each.pc) if address is not None and size == 8 else None

    def _do(self, state, each):
        name, operands = each.name, each.operands
        if each.calls:
            self._reach(self.before, each.end, state)
        elif name.startswith("ret") and self.after is None:
            self.after = state.copy()
        elif name.startswith("ret") and self.after is not None:
            merged(self.after, state, self._join)
        leaves = name.startswith("jmp") and each.target not in self.code
        if each.calls or each.locked or leaves:
            self._told(state, each, self)
        if each.calls:
            self._called(state)
        elif name.startswith(("push", "pop", "leave")):
            self._stack(state, each)
        elif operands and name != "cmp" and not name.startswith(_READS) and not name.startswith("j"):
            self._written(state, each)

    @staticmethod
    def _called(state):
        for address in [value for name, value in state.regs.items() if name not in _KEPT and value[0] == "sp"]:
            state.changed(address, _REACH)
        state.regs = {name: value for name, value in state.regs.items() if name in _KEPT}

    def _stack(self, state, each):
        if each.name.startswith("leave"):
            state.regs["rsp"] = state.register("rbp", each.pc)
        sp = state.register("rsp", each.pc)
        if each.name.startswith("push"):
            value = self._value(state, each.operands[0], each, 8) if each.operands else None
            self._lend(state, each.operands)
            state.regs["rsp"] = sp = plus(sp, -8)
            state.changed(sp, 8)
            if value is not None and sp[0] == "sp":
                state.slots[sp[1]] = value
            return
        value, state.regs["rsp"] = state.loaded(sp, each.pc), plus(sp, 8)
        to = "%rbp" if each.name.startswith("leave") else each.operands[0] if each.operands else ""
        if to.startswith("%"):
            state.regs[_register(to)[0]] = value

    def _written(self, state, each):
        """Any instruction whose last operand is what it writes."""
        name, to = each.name, each.operands[-1]
        if name == "xchg" and to == each.operands[0]:  # does nothing
            return
        if name.startswith(("xchg", "xadd", "cmpxchg", "mul", "imul", "div", "idiv", "cqo", "cpuid", "rdtsc")):
            self._others(state, each)
        if not to.startswith("%"):
            self._stored(state, each, to)
            return
        register, wide = _register(to)
        value = None
        if wide == 8 and name in ("mov", "movq", "movabs"):
            value = self._value(state, each.operands[0], each, 8)
        elif wide == 4 and name in ("mov", "movl") and each.operands[0].startswith("$"):
            value = "const", int(each.operands[0][1:], 0)
        elif wide == 8 and name == "lea":
            value = self.address(state, each.operands[0], each)
        elif wide == 8 and name in ("add", "sub") and each.operands[0].startswith("$"):
            more = int(each.operands[0][1:], 0)
            more -= (more >> 63) << 64
            value = plus(state.register(register, each.pc), more if name == "add" else -more)
        elif wide == 8 and name in ("inc", "dec"):
            value = plus(state.register(register, each.pc), 1 if name == "inc" else -1)
        elif name == "xor" and each.operands[0] == to:
            value = "const", 0
        if value is None:
            self._lend(state, each.operands[:-1] if name.startswith(("mov", "lea")) else each.operands)
        state.regs[register] = value if value is not None else state.fresh(each.pc, register)

    def _others(self, state, each):
        """What such an instruction writes beside its last operand."""
        names = {_register(operand)[0] for operand in each.operands[:-1] if operand.startswith("%")}
        for register in names | ({"rax", "rdx"} if not each.name.startswith(("x", "imul")) else set()):
            state.regs[register] = state.fresh(each.pc, register)

    def _lend(self, state, operands):
        """What registers that are read, or an operand with an index is reckoned from, may be somebody else's now."""
        names = [operand for operand in operands if operand.startswith("%")]
        for found in filter(None, map(_OPERAND.fullmatch, operands)):
            names += [found[2], found[3]] if found[2] and found[3] else []
        values = [state.regs.get(_register(name)[0], "?") for name in names]
        self.lent.update(value[1] for value in values if value[0] == "const")

    def _stored(self, state, each, to):
        address, source = self.address(state, to, each), each.operands[0]
        self._lend(state, each.operands)
        if to.startswith("%es:(%rdi)") or "%es:" in to:  # a string of them
            state.changed(state.register("rdi", each.pc), 1 << 12)
            return
        size = _register(source)[1] if source.startswith("%") else _WIDE.get(each.name[-1:], 8)
        value = self._value(state, source, each, 8) if size == 8 and each.name in ("mov", "movq") else None
        state.changed(address, size)
        if value is not None and address is not None and address[0] == "sp":
            state.slots[address[1]] = value


def _disassembled(start, end):
    with settings.changed({"disassembly-flavor": "att"}):
        try:
            found = gdb.selected_inferior().architecture().disassemble(start, end - 1)
        except (gdb.error, UnicodeDecodeError):
            return []
    return [Instruction(each["addr"], each["length"], str(each["asm"])) for each in found]

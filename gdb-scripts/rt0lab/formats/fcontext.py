"""Boost.Context's assembly, read instruction by instruction: where a caller's registers are at each. No gdb in it."""

from __future__ import annotations

_REGISTER = {0x64: "r12", 0x6C: "r13", 0x74: "r14", 0x7C: "r15"}
_REGISTER_48 = {0x5C: "rbx", 0x6C: "rbp"}
# Instructions that neither move SP nor touch a saved register: bytes, and how many operand bytes follow.
_NEUTRAL = (
    (b"\xf3\x0f\x1e\xfa", 0),  # endbr64
    (b"\x0f\xae\x1c\x24", 0),
    (b"\x0f\xae\x14\x24", 0),  # stmxcsr, ldmxcsr (%rsp)
    (b"\xd9\x7c\x24", 1),
    (b"\xd9\x6c\x24", 1),  # fnstcw, fldcw n(%rsp)
    (b"\x48\x89\xe0", 0),
    (b"\x48\x89\xf2", 0),
    (b"\x48\x89\xc7", 0),
    (b"\x48\x89\xf0", 0),  # mov between registers
    (b"\x48\x89\xf8", 0),
    (b"\x48\x83\xe0", 1),
    (b"\x48\x8d\x40", 1),  # make_fcontext: RAX is the new stack
    (b"\x48\x89\x50", 1),
    (b"\x48\x89\x58", 1),
    (b"\x48\x89\x48", 1),
    (b"\x0f\xae\x18", 0),
    (b"\xd9\x78", 1),
    (b"\x48\x8d\x0d", 4),
)


class Row:
    """At one instruction: the caller's SP is SP + cfa, the return address at SP + ra or in a register, registers at SP
    + n."""

    __slots__ = ("cfa", "ra", "saved")

    def __init__(self, cfa: int, ra: int | str | None, saved: dict[str, int]) -> None:
        self.cfa, self.ra, self.saved = cfa, ra, saved


def rows(code: bytes) -> dict[int, Row] | None:
    """{offset: Row} for one of Boost's functions; None if an instruction is not one we know (another version)."""
    found, at = {}, 0
    cfa, stored = 8, {}
    ra: int | str = 0
    live: dict[str, int] | None = None  # what is still on the stack that SP has moved to
    while at < len(code):
        found[at] = Row(cfa, ra, {} if live is None else dict(live))
        here = code[at:]
        neutral = next((mark for mark in _NEUTRAL if here.startswith(mark[0])), None)
        if neutral:
            at += len(neutral[0]) + neutral[1]
        elif here.startswith(b"\x48\x8d\x64\x24"):  # lea n(%rsp),%rsp
            moved = int.from_bytes(here[4:5], "little", signed=True)
            cfa, at = cfa - moved, at + 5
            ra = "r8" if isinstance(ra, str) or moved > 0 else ra - moved
            stored = {name: where - moved for name, where in stored.items()}
            live = live if live is None else {name: where - moved for name, where in live.items()}
        elif here[:2] == b"\x4c\x89" and here[2] in _REGISTER and here[3] == 0x24:  # mov %r12,n(%rsp)
            stored[_REGISTER[here[2]]] = here[4]
            at += 5
        elif here[:2] == b"\x48\x89" and here[2] in _REGISTER_48 and here[3] == 0x24:
            stored[_REGISTER_48[here[2]]] = here[4]
            at += 5
        elif here.startswith(b"\x48\x89\xfc"):  # mov %rdi,%rsp: from here on this is the other context's stack
            live, at = dict(stored), at + 3
        elif here.startswith(b"\x4c\x8b\x44\x24"):  # mov n(%rsp),%r8: the return address
            at += 5
        elif here[:2] == b"\x4c\x8b" and here[2] in _REGISTER and here[3] == 0x24 and live is not None:
            live.pop(_REGISTER[here[2]], None)
            at += 5
        elif here[:2] == b"\x48\x8b" and here[2] in _REGISTER_48 and here[3] == 0x24 and live is not None:
            live.pop(_REGISTER_48[here[2]], None)
            at += 5
        elif here.startswith(b"\x41\xff\xe0"):  # jmp *%r8
            return found
        elif here.startswith(b"\xc3\x55\xff\xe3"):  # ret; then where a new context begins: push %rbp, jmp *%rbx
            return {**found, at + 1: Row(8, None, {}), at + 2: Row(8, None, {})}
        else:
            return None
    return None

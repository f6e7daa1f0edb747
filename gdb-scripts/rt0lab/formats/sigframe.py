"""The kernel's signal frame on amd64: where the registers of what a signal interrupted lie, counted from the ucontext.

A handler returns into a few instructions that ask the kernel to undo it (rt_sigreturn); SP then points at the ucontext.
"""

from __future__ import annotations

import struct

# <asm/ucontext.h>: flags, link and the stack come first; <asm/sigcontext.h>: then these words.
_BEFORE = 5
_ORDER = "r8 r9 r10 r11 r12 r13 r14 r15 rdi rsi rbp rbx rdx rax rcx rsp rip".split()
SIZE = 8 * (_BEFORE + len(_ORDER))


def registers(data: bytes) -> dict[str, int]:
    """{register: value} of the SIZE bytes at a ucontext."""
    return dict(zip(_ORDER, struct.unpack_from(f"<{len(_ORDER)}Q", data, 8 * _BEFORE)))

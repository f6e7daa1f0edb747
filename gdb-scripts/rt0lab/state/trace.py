"""One stop of a recorded run as plain data, and a run as a file.

A stop may have `writers` beside `changed`, {path: the instruction that wrote it}: see rerun.writers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

import gdb

from .. import program
from ..frames import roots
from ..words import tr
from . import changes
from .snapshot import Snapshot

FORMAT = 1

# The fields that a trace shows of each structure. Which of them a program has, its debug information says.
_G0 = ("stack", "stackguard0", "stackguard1", "m", "sched", "goid", "atomicstatus", "lockedm")
_M0 = """
    g0 procid gsignal tls mstartfn curg p nextp id locks spinning blocked newSigstack alllink mcache lockedg
    lockedInt lockedExt helpgc mallocing throwing park
""".split()
_P = """
    id status link schedtick syscalltick m mcache goidcache goidcacheend runqhead runqtail runnext gfree gfreecnt
    gFree
""".split()
_SCHED = """
    goidgen lastpoll lock midle nmidle nmidlelocked mnext maxmcount nmsys nmfreed ngsys pidle npidle nmspinning
    runqhead runqtail runq runqsize gcwaiting stopwait sysmonwait procresizetime
""".split()
_G = """
    stackguard0 stackguard1 sched.sp sched.pc sched.g sched.ctxt sched.bp stktopsp gopc startpc m lockedm schedlink
    preempt
""".split()
_G_CHANGED = ("goid", "lockedm", "m", "sched.pc", "sched.sp", "stackguard0", "startpc", "status", "waitreason")
_GLOBALS = """
    argc argv ncpu numCPUStartup gomaxprocs physPageSize allglen mainStarted runtimeInitTime maxstacksize argslice
    envs
""".split()
_REGS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp")


# ---- one stop as plain data ----------------------------------------------------------------------------------------


def fields(
    item: program.Struct,
    wanted: Iterable[str],
    snap: Snapshot,
    owner: str | None = None,
) -> dict[str, Any]:
    """A structure's wanted fields as nested dictionaries of plain data."""
    found = {}
    for leaf, value in zip(item.layout.leaves, item.layout.decode(item.data)):
        top, _, rest = leaf.path.partition(".")
        if top not in wanted:
            continue
        shown = snap.names.value(leaf, value, owner)
        if not rest:
            found[top] = shown
            continue
        into = found.setdefault(top, {})
        *parents, last = rest.split(".")
        for name in parents:
            into = into.setdefault(name, {})
        into[last] = shown
    for top, _ in item.layout.strings:
        if top in wanted:
            found[top] = snap.texts.get((item.addr, top), "")
    if isinstance(found.get("tls"), dict):
        tls = found["tls"]
        found["tls"] = {"_len": len(tls), **{k: v for k, v in tls.items() if v or k == "0"}}
    return found


def _size(g):
    """How large a g's stack is; None if that cannot be known."""
    lo, hi = (g.get("stack.lo"), g.get("stack.hi")) if g else (None, None)
    return None if lo is None or hi is None else hi - lo


def goroutine(g: program.Struct, snap: Snapshot) -> dict[str, Any]:
    """One entry of a trace's allgs."""
    name = snap.g_name(g)
    lo, hi, guard = g.get("stack.lo"), g.get("stack.hi"), g.get("stackguard0")
    entry = {
        "name": name,
        "goid": g.get("goid"),
        "status": snap.world.g_status(g.get("atomicstatus")),
        "atomicstatus": g.get("atomicstatus"),
        "stack_lo": snap.names.pointer(lo, True, name),
        "stack_hi": snap.names.pointer(hi, False, name),
        "stack_size": _size(g),
        "stackguard0_minus_lo": guard - lo if None not in (lo, guard, hi) and lo <= guard <= hi else None,
        "waitreason": snap.waitreason(g),
    }
    for path in _G:
        leaf = g.layout.at.get(path)
        if leaf is not None:
            entry[path] = snap.names.value(leaf, g.get(path), name)
    return entry


def describe(snap: Snapshot, before: Snapshot | None) -> dict[str, Any]:
    """One stop of a trace, but for its number, stage and kind."""
    names = snap.names
    file, line = snap.world.line_at(snap.pc)
    stack = program.read(snap.sp, 64)
    words = (
        []
        if isinstance(stack, program.Unreadable)
        else [names.word(int.from_bytes(stack[i : i + 8], "little")) for i in range(0, 64, 8)]
    )
    changed = {}
    for path, was, now in changes.diff(before, snap):
        if path[0] == "g" and path[1:2].isdigit() and not path.startswith("g0.") or path.startswith("allgs["):
            if path.partition(".")[2] not in _G_CHANGED:
                continue
        changed[path] = [was, now]
    frame = gdb.newest_frame()
    # Symbols hide distances; these few a reader may want to know: SP below its first value, and two stacks' sizes.
    lo = snap.g0.get("stack.lo")
    on_first_stack = names.entry is not None and (lo or names.entry - 4096) <= snap.sp <= names.entry
    gsignal = program.read_struct("g", snap.m0.get("gsignal") or 0)
    return {
        "sp_off": snap.sp - names.entry if on_first_stack else None,
        "gsignal_stack_size": _size(gsignal),
        "file": os.path.basename(file) if file else None,
        "line": line,
        "thread": snap.thread,
        "pc": names.code(snap.pc),
        "sp": names.pointer(snap.sp),
        "fs_base": names.pointer(snap.fs_base),
        "tls_g": names.pointer(snap.tls_g),
        "g0": fields(snap.g0, _G0, snap, "g0") | {"stack_size": _size(snap.g0)},
        "m0": fields(snap.m0, _M0, snap),
        "p0": fields(snap.p0, _P, snap) if snap.p0 else None,
        "sched": fields(snap.sched, _SCHED, snap),
        "globals": {"runtime." + name: _global(snap, name) for name in _GLOBALS if name in snap.globals},
        "allp_status": snap.p_status,
        "allp": [fields(p, _P, snap) for p in snap.ps],
        "allm": snap.m_names,
        "ms": [fields(m, _M0, snap) for m in snap.ms],
        "ps": [
            {"status": snap.world.p_status(p.get("status")), "runq": _queue(snap, program.run_queue(p))}
            for p in snap.ps
        ],
        "runq": _queue(snap, snap.queue),
        "allgs": [goroutine(g, snap) for g in snap.gs],
        "bt": roots.backtrace(),
        "regs": {name: names.word(program.register(name, frame) or 0) for name in _REGS},
        "stack_words": words,
        "changed": changed,
    }


def _queue(snap, addresses):
    """A run queue's goroutines, None for one that makes no sense."""
    return None if addresses is None else [snap.names.pointer(at) for at in addresses]


def _global(snap, name):
    item = snap.globals[name]
    if item.has(""):
        return snap.names.value(item.layout.at[""], item.get(""))
    return fields(item, {leaf.path.partition(".")[0] for leaf in item.layout.leaves}, snap)


def world_version() -> str:
    """The value of runtime.buildVersion, read from the file if nothing runs."""
    return program.text("buildVersion") or "unknown"


def write(run: Any, path: str) -> None:
    """Writes a trace; sorted keys, so that equal runs are equal files."""
    try:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(run, file, indent=1, sort_keys=True)
            file.write("\n")
    except OSError as error:
        raise program.Problem(
            tr(
                "cannot write {path}: {strerror}; name a file in a folder you may write to.",
                path=path,
                strerror=error.strerror,
            )
        )

"""Everything about g, m, p and sched at one stop, and what changed between two stops."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from .. import program
from ..program import bulk, names
from ..program.names import Names

# What of the runtime's variables a boot changes. Those a program does not have are left out.
GLOBALS = """
    argc argv ncpu numCPUStartup gomaxprocs physPageSize physHugePageSize allglen mainStarted runtimeInitTime
    maxstacksize argslice envs debug forcegc forcegcperiod main_init_done processorVersionInfo isIntel
    lfenceBeforeRdtsc startupRandomData traceback_cache useAeshash worldsema gcsema buildVersion initSigmask
    newprocs panicking runningPanicDefers idlepMask timerpMask
""".split()


class Outline:
    """One moment of the program, as much of it as gives addresses their names."""

    def __init__(self) -> None:
        self.world = program.world()
        self.pid = program.pid()
        self.g0: Any = program.variable("g0")  # a Struct, but for a program that is damaged
        self.m0: Any = program.variable("m0")
        addresses, self.gs_problem = bulk.allgs()
        listed = self._read_gs(addresses)
        self.ms = program.all_ms()
        self.p_addresses = program.all_p_addresses()
        own = {m.get(field): m for m in [*self.ms, *([self.m0] if self.m0 else [])] for field in ("g0", "gsignal")}
        # What is in no list: g0s and gsignals. One that a damaged M names is none: the g itself says whose it is, and
        # has no id.
        self.system = {
            g.addr: g
            for g in bulk.structs("g", _unique(own))
            if g and g.addr not in listed and g.get("m") == own[g.addr].addr and not g.get("goid")
        }
        self.entry_sp = names.entry_sp(self.pid)

    def _read_gs(self, addresses):
        """The addresses of those that can be read."""
        with bulk.no_collecting():
            rows = bulk.Fields("g", goid="goid", lo="stack.lo", hi="stack.hi").rows(addresses)
            self.g_rows = [(row.addr, row.goid, row.lo, row.hi) for row in rows if row is not None]
        return {row[0] for row in self.g_rows}

    @functools.cached_property
    def names(self) -> Names:
        """What addresses are called at this moment."""
        return names.Names(self)


class Snapshot(Outline):
    """One moment of the program."""

    def __init__(self) -> None:
        super().__init__()
        self.live = program.alive()
        self.thread = program.thread()
        self.pc: Any = program.register("rip")  # None where there is nothing that runs
        self.sp: Any = program.register("rsp")
        self.fs_base, self.tls_g = program.tls_g() if self.live else (None, None)
        self.current = program.current_g(self.tls_g) if self.live else None

        self.sched: Any = program.variable("sched")
        self.ps = [p for p in (program.read_struct("p", a) for a in _unique(self.p_addresses)) if p]
        self.p0 = self.ps[0] if self.ps else None
        self.globals = {}
        for name in GLOBALS:
            value = program.variable(name)
            if isinstance(value, program.Struct):
                self.globals[name] = value
        self.texts, self._known = {}, {}
        for g in self.gs:
            self._strings(g)
        for value in self.globals.values():
            self._strings(value)

    def _read_gs(self, addresses):
        self.gs = [g for g in bulk.structs("g", addresses) if g]
        self.gs_unreadable = len(addresses) - len(self.gs)
        self.by_address = {g.addr: g for g in self.gs}
        return self.by_address

    @property
    def g_rows(self) -> Iterator[Any]:
        """(address, id, its stack's bounds) of each goroutine."""
        return ((g.addr, g.get("goid"), g.get("stack.lo"), g.get("stack.hi")) for g in self.gs)

    def _strings(self, item):
        for path, _ in item.layout.strings:
            prefix = path + "." if path else ""
            where = item.get(prefix + "str"), item.get(prefix + "len")
            if where not in self._known:
                self._known[where] = program.read_text(*where)
            self.texts[item.addr, path] = self._known[where]

    @functools.cached_property
    def queue(self) -> program.Chain:
        """The global run queue, a program.Chain of addresses."""
        return program.global_queue(self.sched, self.by_address) if self.sched else program.Chain()

    @property
    def p_status(self) -> list[int]:
        """The statuses of all Ps, as numbers."""
        return [p.get("status") for p in self.ps]

    @property
    def m_names(self) -> list[str | None]:
        """allm, by name."""
        return [self.names.exact.get(m.addr) for m in self.ms]

    def g_name(self, g: program.Struct) -> str:
        """`g1`; `allgs[3]` for one that has no id yet."""
        return self.names.exact.get(g.addr, f"{g.addr:#x}")

    def hosts(self) -> list[program.Struct]:
        """The Ms, oldest first; m0 alone before it is entered in allm."""
        return list(reversed(self.ms)) or ([self.m0] if self.m0 else [])

    def g_at(self, address: int | None) -> program.Struct | None:
        """The g at an address, whichever list it is on; None if it is no g we know."""
        if self.g0 and address == self.g0.addr:
            return self.g0
        return (self.by_address.get(address) or self.system.get(address)) if address else None

    def m_of_thread(self) -> program.Struct | None:
        """The M that the selected thread is, that of its current g: m0 before rt0_go ties g0 to it. None if it has no g
        yet."""
        g = self.g_at(self.current) if self.current else None
        if g is not None and g is self.g0 and not g.get("m"):
            return self.m0 or None
        address = g.get("m") if g else 0
        if not address:
            return None
        for m in [*self.ms, *([self.m0] if self.m0 else [])]:
            if m.addr == address:
                return m
        return program.read_struct("m", address) or None

    def waitreason(self, g: program.Struct) -> str | None:
        """Why a g waits, as text."""
        return self.texts.get((g.addr, "waitreason"), None) if g.has("waitreason.len") else program.wait_reason(g)


def _unique(addresses):
    return dict.fromkeys(a for a in addresses if a)

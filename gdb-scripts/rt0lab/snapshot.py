"""Everything about g, m, p and sched at one stop, and what changed between two stops."""

import functools

from . import bulk, model, symbolic

# What of the runtime's variables a boot changes. Those a program does not have are left out.
GLOBALS = """
    argc argv ncpu numCPUStartup gomaxprocs physPageSize physHugePageSize allglen mainStarted runtimeInitTime
    maxstacksize argslice envs debug forcegc forcegcperiod main_init_done processorVersionInfo isIntel
    lfenceBeforeRdtsc startupRandomData traceback_cache useAeshash worldsema gcsema buildVersion initSigmask
    newprocs panicking runningPanicDefers idlepMask timerpMask
""".split()


class Outline:
    """One moment of the program, as much of it as gives addresses their names."""

    def __init__(self):
        self.world = model.world()
        self.pid = model.pid()
        self.g0, self.m0 = model.variable("g0"), model.variable("m0")
        addresses, self.gs_problem = bulk.allgs()
        listed = self._read_gs(addresses)
        self.ms = model.all_ms()
        self.p_addresses = model.all_p_addresses()
        own = {m.get(field): m for m in [*self.ms, *([self.m0] if self.m0 else [])] for field in ("g0", "gsignal")}
        # What is in no list: g0s and gsignals. One that a damaged M names is none: the g itself says whose it is, and
        # has no id.
        self.system = {
            g.addr: g
            for g in bulk.structs("g", _unique(own))
            if g and g.addr not in listed and g.get("m") == own[g.addr].addr and not g.get("goid")
        }
        self.entry_sp = symbolic.entry_sp(self.pid)

    def _read_gs(self, addresses):
        """The addresses of those that can be read."""
        with bulk.no_collecting():
            rows = bulk.Fields("g", goid="goid", lo="stack.lo", hi="stack.hi").rows(addresses)
            self.g_rows = [(row.addr, row.goid, row.lo, row.hi) for row in rows if row is not None]
        return {row[0] for row in self.g_rows}

    @functools.cached_property
    def names(self):
        """What addresses are called at this moment."""
        return symbolic.Names(self)


class Snapshot(Outline):
    """One moment of the program."""

    def __init__(self):
        super().__init__()
        self.live = model.alive()
        self.thread = model.thread()
        self.pc = model.register("rip")
        self.sp = model.register("rsp")
        self.fs_base, self.tls_g = model.tls_g() if self.live else (None, None)
        self.current = model.current_g(self.tls_g) if self.live else None

        self.sched = model.variable("sched")
        self.ps = [p for p in (model.read_struct("p", a) for a in _unique(self.p_addresses)) if p]
        self.p0 = self.ps[0] if self.ps else None
        self.globals = {}
        for name in GLOBALS:
            value = model.variable(name)
            if isinstance(value, model.Struct):
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
    def g_rows(self):
        """(address, id, its stack's bounds) of each goroutine."""
        return ((g.addr, g.get("goid"), g.get("stack.lo"), g.get("stack.hi")) for g in self.gs)

    def _strings(self, item):
        for path, _ in item.layout.strings:
            prefix = path + "." if path else ""
            where = item.get(prefix + "str"), item.get(prefix + "len")
            if where not in self._known:
                self._known[where] = model.read_text(*where)
            self.texts[item.addr, path] = self._known[where]

    @functools.cached_property
    def queue(self):
        """The global run queue, a model.Chain of addresses."""
        return model.global_queue(self.sched, self.by_address) if self.sched else model.Chain()

    @property
    def p_status(self):
        """The statuses of all Ps, as numbers."""
        return [p.get("status") for p in self.ps]

    @property
    def m_names(self):
        """allm, by name."""
        return [self.names.exact.get(m.addr) for m in self.ms]

    def g_name(self, g):
        """`g1`; `allgs[3]` for one that has no id yet."""
        return self.names.exact.get(g.addr, f"{g.addr:#x}")

    def hosts(self):
        """The Ms, oldest first; m0 alone before it is entered in allm."""
        return list(reversed(self.ms)) or ([self.m0] if self.m0 else [])

    def g_at(self, address):
        """The g at an address, whichever list it is on; None if it is no g we know."""
        if self.g0 and address == self.g0.addr:
            return self.g0
        return self.by_address.get(address) or self.system.get(address)

    def m_of_thread(self):
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
        return model.read_struct("m", address) or None

    def waitreason(self, g):
        """Why a g waits, as text."""
        return self.texts.get((g.addr, "waitreason"), None) if g.has("waitreason.len") else model.wait_reason(g)


def _unique(addresses):
    return dict.fromkeys(a for a in addresses if a)


def _pairs(before, after):
    """(leaf, old, new) of the leaves that differ; old is None where there was nothing."""
    if before is None:
        for leaf, new in zip(after.layout.leaves, after.layout.decode(after.data)):
            if new:
                yield leaf, None, new
        return
    if before.data == after.data:
        return
    layout = after.layout
    for leaf, old, new in zip(layout.leaves, layout.decode(before.data), layout.decode(after.data)):
        if old != new:
            yield leaf, old, new
    for path, array in layout.arrays.items():
        if path == "runq":
            count, new_at = after.array(path)
            _, old_at = before.array(path)
            for i in range(count):
                if old_at(i) != new_at(i):
                    leaf = model.Leaf(f"{path}.{i}", 0, 8, "Q", "ptr", "g")
                    yield leaf, old_at(i), new_at(i)


def _fields(name, before, after, old, new, owner=None):
    """Yields (path, before, after) for one structure that may have changed."""
    done = set()
    parts = {f"{p}.{half}" if p else half: p for p, _ in after.layout.strings for half in ("str", "len")}
    for leaf, was, now in _pairs(before, after):
        text = parts.get(leaf.path)
        path = f"{name}.{leaf.path}" if leaf.path else name
        if text is not None:
            if text not in done:
                done.add(text)
                was_text = old.texts.get((before.addr, text), "") if before is not None and old is not None else None
                yield f"{name}.{text}" if text else name, was_text, new.texts.get((after.addr, text), "")
            continue
        was_value = None if was is None else old.names.value(leaf, was, owner)
        yield path, was_value, new.names.value(leaf, now, owner)


def diff(old, new):
    """[(path, before, after)] of everything that differs; old may be None: then all that is not zero."""
    found = []
    for key in ("g0", "m0", "p0", "sched"):
        after = getattr(new, key)
        before = getattr(old, key) if old else None
        if after:
            found += _fields(key, before or None, after, old, new, "g0" if key == "g0" else None)
    for name, after in new.globals.items():
        before = old.globals.get(name) if old else None
        found += _fields("globals.runtime." + name, before, after, old, new)
    if old is None or [p.addr for p in old.ps] != [p.addr for p in new.ps] or old.p_status != new.p_status:
        found.append(("allp_status", old.p_status if old else None, new.p_status))
    if old is None or [m.addr for m in old.ms] != [m.addr for m in new.ms]:
        found.append(("allm", old.m_names if old else None, new.m_names))
    if (len(old.gs) if old else 0) != len(new.gs):
        found.append(("allgs.len", len(old.gs) if old else 0, len(new.gs)))
    known = {g.addr: g for g in old.gs} if old else {}
    for g in new.gs:
        name = new.g_name(g)
        for path, was, now in _fields(name, known.get(g.addr), g, old, new, name):
            if path == name + ".atomicstatus":
                status = new.world.g_status
                path, was, now = name + ".status", None if was is None else status(was), status(now)
            elif path == name + ".waitreason" and not g.has("waitreason.len"):
                was, now = (old and g.addr in known and old.waitreason(known[g.addr])) or "", new.waitreason(g)
            found.append((path, was, now))
    if old is None or old.thread == new.thread:
        for key in ("fs_base", "tls_g"):
            was, now = getattr(old, key) if old else None, getattr(new, key)
            if was != now and (old or now):
                was_text = None if was is None or old is None else old.names.pointer(was)
                found.append((key, was_text, None if now is None else new.names.pointer(now)))
    return [change for change in found if change[1] != change[2]]


def diff_all(old, new):
    """diff, and the same of the Ms and Ps beyond the first."""
    found = diff(old, new)
    for kind, first in (("m", new.m0), ("p", new.p0)):
        known = {item.addr: item for item in getattr(old, kind + "s")}
        for item in getattr(new, kind + "s"):
            if not first or item.addr != first.addr:
                name = f"{kind}{item.get('id')}"
                found += [c for c in _fields(name, known.get(item.addr), item, old, new) if c[1] != c[2]]
    return found

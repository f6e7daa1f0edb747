"""What changed between two stops, and how a change is said."""

from __future__ import annotations

from typing import Any

from .. import program
from ..program import names
from ..words import tr
from .snapshot import Snapshot

# ---- what differs ---------------------------------------------------------------------------------------------------


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
                    leaf = program.Leaf(f"{path}.{i}", 0, 8, "Q", "ptr", "g")
                    yield leaf, old_at(i), new_at(i)


def _fields(name, before, after, old, new, owner=None):
    """Yields (path, before, after) for one structure that may have changed."""
    done = set()
    for leaf, was, now in _pairs(before, after):
        text = after.layout.halves.get(leaf.path)
        path = f"{name}.{leaf.path}" if leaf.path else name
        if text is not None:
            if text not in done:
                done.add(text)
                was_text = old.texts.get((before.addr, text), "") if before is not None and old is not None else None
                yield f"{name}.{text}" if text else name, was_text, new.texts.get((after.addr, text), "")
            continue
        was_value = None if was is None else old.names.value(leaf, was, owner)
        yield path, was_value, new.names.value(leaf, now, owner)


def diff(old: Snapshot | None, new: Snapshot) -> list[tuple[str, Any, Any]]:
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


def diff_all(old: Snapshot, new: Snapshot) -> list[tuple[str, Any, Any]]:
    """diff, and the same of the Ms and Ps beyond the first."""
    found = diff(old, new)
    for kind, first in (("m", new.m0), ("p", new.p0)):
        known = {item.addr: item for item in getattr(old, kind + "s")}
        for item in getattr(new, kind + "s"):
            if not first or item.addr != first.addr:
                name = f"{kind}{item.get('id')}"
                found += [c for c in _fields(name, known.get(item.addr), item, old, new) if c[1] != c[2]]
    return found


# ---- in words --------------------------------------------------------------------------------------------------------


def change_line(change: tuple[str, Any, Any], snap: Snapshot | None) -> str:
    """`g0.m: 0 → &runtime.m0`; for bounds of a stack, which name everything else, where they are."""
    path, was, now = change
    if snap is None:  # of a trace: all is said in symbols
        pass
    elif path == "g0.stack.hi" and snap.names.entry:
        now = tr("SP, {entry} below where it was at the entry", entry=snap.names.entry - snap.g0.get("stack.hi"))
    elif now in (path + "+0", path + "-0"):
        now = _bound(snap, path)
    path = path.removeprefix("globals.runtime.").replace("m0.tls.0", "m0.tls[0]")
    return f"{path}: {value_text(was)} → {value_text(now)}"


def _bound(snap, path):
    """A stack's lo by its size, a stack's hi by its address: in symbols each would be itself."""
    name = path.partition(".")[0]
    g = snap.g0 if name == "g0" else next((g for g in snap.gs if snap.g_name(g) == name), None)
    if g is None:
        return "itself"
    lo, hi = g.get("stack.lo"), g.get("stack.hi")
    return f"hi-{hi - lo}" if path.endswith("lo") else f"{hi:#x}"


def value_text(value: Any) -> str:
    """A value of a change."""
    if value is None:
        return tr("(new)")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + " ".join(names.unmarked(v) for v in value) + "]"
    if isinstance(value, str):
        return value or '""'
    return f"{value:#x}" if value > 1 << 33 else str(value)

"""A moment as plain data: what g, m, p and sched were, one field by its path, what changed since another moment.

`Kept` decodes a stop of this process, `Recorded` reads a stop of a trace, which needs no process and no program.
Both speak of the same things by the same names: `g4.status`, `p0.runnext`, `sched.npidle`.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from .. import program
from ..frames import places
from ..program import begun, names
from ..words import in_a_row, tr
from . import changes, rows
from .rows import Rows

MISSING = None  # the value of a field of something that is not there, or not yet


def plain(value: Any) -> Any:
    """A name as people say it: `&runtime.m0` is `m0`, `allp[1]` is `p1`."""
    if not isinstance(value, str):
        return value
    return names.plain(value)


def head_of(path: str) -> tuple[str, str]:
    """(the thing, the rest) of a path: `g4`, `status`."""
    path = path.removeprefix("globals.").removeprefix("&").removeprefix("runtime.")
    head, _, rest = path.partition(".")
    return plain(head), rest


# Which fields of each row `-json` has.
_SHOWN = {
    "gs": ("name", "here", "status", "reason", "m", "start", "at"),
    "ms": ("name", "here", "curg", "p", "sysmon", "spinning", "blocked"),
    "ps": ("name", "here", "status", "m", "runnext", "runq"),
}


def _plain(row, fields):
    """These fields of a row; of what pointers lead to, the names."""
    values = ((field, getattr(row, field)) for field in fields)
    return {field: _names(value) for field, value in values}


def _names(value):
    if isinstance(value, rows.Ref):
        return value.name
    return [ref.name for ref in value] if isinstance(value, tuple) else value


class _Told:
    """What both kinds can do.

    They have: number, as_of (that of the stop at which all goroutines were read), thread, stage (a name or None),
    place; fields(name): {path: value} of one thing or None; rows(): the Rows; changes(before): [(path, before, after)];
    line(change).
    """

    def value(self, path):
        """A field's value; MISSING if there is no such thing at this moment; Problem if it has no such field."""
        head, rest = head_of(path)
        if head in ("stage", "thread") and not rest:
            return getattr(self, head)
        fields = self.fields(head)
        if fields is None:
            return MISSING
        if not rest and "" not in fields:
            rest = "status"
        if rest in fields:
            return plain(fields[rest])
        under = [name for name in fields if name.startswith(rest + ".")]
        what = tr("{head} has no `{rest}`", head=head, rest=rest)
        if under or not path.partition(".")[2]:
            what = tr("{path} is no single value", path=path)
        shown = in_a_row(list(dict.fromkeys(under or [name.partition(".")[0] for name in fields]))[:8])
        raise program.Problem(tr("{what}: name one of its fields ({shown}...).", what=what, shown=shown))

    @staticmethod
    def text(value):
        """A value for a person."""
        return tr("(not there)") if value is MISSING else changes.value_text(plain(value))

    def json(self):
        """All that a person is shown of it."""
        head = {"stop": self.number, "stage": self.stage, "thread": self.thread, "place": self.place}
        shown = self.rows()
        problem = {"problem": shown.problem} if shown.problem else {}
        return (
            head
            | {kind: [_plain(row, wanted) for row in getattr(shown, kind)] for kind, wanted in _SHOWN.items()}
            | {"sched": _plain(shown.sched, ("npidle", "nmidle", "nmspinning", "runq"))}
            | problem
        )


def _flat(value):
    """{path: value} of nested dictionaries; `_len` is no field."""
    found, left = {}, [("", value)]
    while left:
        path, item = left.pop()
        if isinstance(item, dict):
            left += [
                (f"{path}.{key}" if path else key, inner) for key, inner in reversed(item.items()) if key != "_len"
            ]
        else:
            found[path] = item
    return found


# ---- a stop of this process ----------------------------------------------------------------------------------------


class Kept(_Told):
    """A stop whose bytes are kept."""

    def __init__(self, moment: Any) -> None:
        self.moment, self.number, self.thread, self.as_of = moment, moment.number, moment.thread, moment.as_of
        with moment.seen():
            self.snap = moment.snapshot
            stage = moment.stage
            self.stage = stage.name if stage is not None else None
            self.place = place(moment.pc)

    def has(self, name: str) -> bool:
        """Is there such a thing?"""
        return name in self._things

    def why_none(self, step: str) -> str:
        """Why there is nothing of a step's (`ps`, `gs`), in a few words: see begun."""
        with self.moment.seen():
            return begun.short(step)

    def fields(self, name: str) -> dict[str, Any] | None:
        """{path: value} of one thing, None if it is not there."""
        snap = self.snap
        if name in ("tls_g", "fs_base"):
            return {"": snap.names.pointer(getattr(snap, name))}
        if name in ("allm", "allp_status", "allgs"):
            return {"allm": {"": snap.m_names}, "allp_status": {"": snap.p_status}}.get(name, {"len": len(snap.gs)})
        item, owner = self._things.get(name, (None, None))
        if not item:
            return None
        found = {}
        for leaf, value in zip(item.layout.leaves, item.layout.decode(item.data)):
            text = item.layout.halves.get(leaf.path)
            if text is None:
                found[leaf.path] = snap.names.value(leaf, value, owner)
            else:
                found[text] = snap.texts.get((item.addr, text), "")
        with self.moment.seen():
            if item.layout is snap.world.layout("g"):
                found["status"] = snap.world.g_status(item.get("atomicstatus"))
                found["waitreason"] = snap.waitreason(item)
            elif item.layout is snap.world.layout("p"):
                found["status"] = snap.world.p_status(item.get("status"))
                found["runq"] = self._queue(program.run_queue(item))
            elif name == "sched":
                found["runq"] = self._queue(snap.queue)
        return found

    @functools.cached_property
    def _things(self):
        """{name: (Struct, whose stack its addresses may be on)}"""
        snap = self.snap
        found = {name: (item, None) for name, item in snap.globals.items()}
        found |= {snap.g_name(g): (g, snap.g_name(g)) for g in snap.gs}
        found |= {f"m{m.get('id')}": (m, None) for m in snap.ms}
        found |= {f"p{p.get('id')}": (p, None) for p in snap.ps}
        return found | {"g0": (snap.g0, "g0"), "m0": (snap.m0, None), "sched": (snap.sched, None)}

    def _queue(self, addresses):
        return None if addresses is None else [names.short_of(self.snap.names, at) for at in addresses]

    def rows(self) -> Rows:
        """The Rows of this moment."""
        with self.moment.seen():
            threads = {current: pc for _, pc, current, _ in self.moment.threads.values() if current}
            return rows.of(self.snap, {address: place(pc) for address, pc in threads.items()})

    def changes(self, before: Kept) -> list[tuple[str, Any, Any]]:
        """[(path, before, after)] since another stop of this process."""
        with self.moment.seen():
            status = self.snap.world.p_status
            return [
                (
                    (path, None if was is None else status(was), status(now))
                    if re.fullmatch(r"p\d+\.status", path)
                    else (path, was, now)
                )
                for path, was, now in changes.diff_all(before.snap, self.snap)
            ]

    def line(self, change: tuple[str, Any, Any]) -> str:
        """A change as text."""
        with self.moment.seen():
            return changes.change_line(change, self.snap)


def place(pc: int) -> str:
    """`runtime.main (proc.cpp:198)`; a thread whose pc is not known runs."""
    return "running" if pc is None else places.where(*places.code(pc))


# ---- a stop of a trace ---------------------------------------------------------------------------------------------


class Recorded(_Told):
    """A stop that `rt0 record` wrote."""

    def __init__(self, stop: dict[str, Any], number: int) -> None:
        self.stop, self.number, self.thread, self.as_of = stop, number, stop["thread"], number
        self.stage = stop["stage"] + (" returns" if stop["kind"] == "return" else "")
        function = names.function(str(stop["pc"]).partition("+")[0])
        self.place = f"{function} ({stop['file']}:{stop['line']})" if stop.get("file") else function
        self._flat = {}

    @functools.cached_property
    def _things(self):
        """{name: nested fields}"""
        stop = self.stop
        found = {name.removeprefix("runtime."): value for name, value in stop["globals"].items()}
        found |= {g["name"]: g for g in stop["allgs"]}
        found |= {f"m{m['id']}": m for m in stop.get("ms", ())}
        found |= {f"p{p['id']}": p | more for p, more in zip(stop["allp"], stop.get("ps") or [{}] * len(stop["allp"]))}
        found |= {"g0": stop["g0"], "m0": stop["m0"], "sched": stop["sched"] | {"runq": stop.get("runq")}}
        return found | {name: stop[name] for name in ("tls_g", "fs_base")}

    def has(self, name: str) -> bool:
        """Is there such a thing?"""
        return name in self._things

    def why_none(self, step: str) -> str:
        """The same, of what was recorded."""
        return begun.short(step, self._variable)

    def _variable(self, name, field):
        if field == "len":
            return len(self.stop[name])
        return (self.fields(name) or {}).get(field)

    def fields(self, name: str) -> dict[str, Any]:
        """{path: value} of one thing, None if it is not there."""
        if name not in self._flat:
            thing = self._things.get(name)
            self._flat[name] = None if thing is None else _flat(thing)
        return self._flat[name]

    def rows(self) -> Rows:
        """The Rows of this moment. What was not recorded is None."""
        things = self._things
        ms = {m: fields for m, fields in things.items() if re.fullmatch(r"m\d+", m)}
        on = self.stop["tls_g"]
        here = next((m for m, f in ms.items() if on in (f.get("curg"), f.get("g0"), f.get("gsignal"))), "m0")
        ps = {p: fields for p, fields in things.items() if re.fullmatch(r"p\d+", p)}
        counts = [things["sched"].get(name) for name in ("npidle", "nmidle", "nmspinning")]
        return rows.Rows(
            [_recorded_g(g, g["name"] == on, self.place) for g in self.stop["allgs"]],
            [_recorded_m(m, ms[m], m == here) for m in sorted(ms, key=lambda name: int(name[1:]))],
            [_recorded_p(p, fields, here) for p, fields in ps.items()],
            rows.Sched(_recorded_queue(self.stop.get("runq")), *counts),
        )

    def changes(self, before: Recorded) -> list[tuple[str, Any, Any]]:
        """[(path, before, after)] since another stop of the trace."""
        found = []
        for name in self._things:
            new, old = self.fields(name), before.fields(name) or {}
            for path, now in new.items():
                if path != "atomicstatus" and old.get(path) != now and not (path not in old and not now):
                    found.append((f"{name}.{path}" if path else name, old.get(path), now))
        return found

    @staticmethod
    def line(change: tuple[str, Any, Any]) -> str:
        """A change as text."""
        return changes.change_line(change, None)


def _recorded_ref(value):
    name = plain(value)
    return rows.Ref(name) if name else None


def _recorded_queue(recorded):
    return None if recorded is None else tuple(rows.Ref(plain(name)) for name in recorded)


def _recorded_g(g, here, place_here):
    return rows.G(
        name=g["name"],
        id=g.get("goid"),
        here=here,
        status=g["status"],
        reason=g["waitreason"] or None,
        m=_recorded_ref(g.get("m")),
        stack=(g.get("stack_lo"), g.get("stack_hi")),
        start=g.get("startpc") or None,
        at=place_here if here else None,
    )


def _recorded_m(name, m, here):
    return rows.M(
        name=name,
        id=int(name[1:]),
        address=None,
        here=here,
        thread=m.get("procid"),
        g0=_recorded_ref(m.get("g0")),
        curg=_recorded_ref(m.get("curg")),
        p=_recorded_ref(m.get("p")),
        had=None,
        sysmon=m.get("mstartfn") == "runtime.sysmon",
        spinning=bool(m.get("spinning")),
        blocked=bool(m.get("blocked")),
        locks=m.get("locks"),
        lockedg=_recorded_ref(m.get("lockedg")),
    )


def _recorded_p(name, p, here):
    m = _recorded_ref(p.get("m"))
    return rows.P(
        name=name,
        id=int(name[1:]),
        address=None,
        here=m is not None and m.name == here,
        status=p["status"],
        m=m,
        runnext=_recorded_ref(p.get("runnext")),
        runq=_recorded_queue(p.get("runq")),
        head=p.get("runqhead"),
        tail=p.get("runqtail"),
        timers=None,
        schedtick=p.get("schedtick"),
        syscalltick=p.get("syscalltick"),
    )

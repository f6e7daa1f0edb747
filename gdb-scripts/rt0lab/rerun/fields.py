"""A field by its path: in which words it lies, and its value as they say."""

from __future__ import annotations

import dataclasses
import re
import struct
from collections.abc import Callable
from typing import Any

from .. import program
from ..program import names
from ..state import told
from ..words import in_a_row, tr
from . import stepper

_Words = dict[int, int]


@dataclasses.dataclass(frozen=True)
class Field:
    """`raw` is what its words say of it, `value` the same as people read it (at a step)."""

    words: tuple[int, ...]
    raw: Callable[[_Words], Any]
    value: Callable[[_Words, int], Any]
    is_plain: bool = True


def plain(path: str) -> str:
    """A path as it is written here: `m0.tls[0]` is m0.tls.0, `&runtime.g0` is g0.status."""
    head, rest = told.head_of(path)
    if not rest and re.fullmatch(r"[gp]\d+|allgs\[\d+\]", head):
        rest = "status"
    return head + "." * bool(rest) + re.sub(r"\[(\d+)\]", r".\1", rest)


def of(replay: Any, path: str) -> Field:
    """The field of a path that `rt0 diff` shows; Problem if there is none at the end of the boot."""
    whole = {"fs_base": _fs_base, "tls_g": _tls_g, "allp_status": _statuses, "allm": _all_ms, "allgs.len": _count}
    head, rest = told.head_of(path)
    if path in whole:
        return whole[path](replay)
    snap = replay.snapshot
    item, owner = _thing(replay, head)
    if item is None:
        raise program.Problem(
            tr(
                "there is no {head} yet where the second thread begins; `rt0 diff` shows what fields are called.",
                head=head,
            )
        )
    at = item.layout.at
    if rest == "runq" and head == "sched":
        return _global_queue(replay, item)
    if rest == "runq" and rest in item.layout.arrays:
        return _ring(replay, item)
    if rest == "status" and "atomicstatus" in at:
        return _leaf(item, at["atomicstatus"], snap.world.g_status)
    if rest == "waitreason" and rest in at:
        return _leaf(item, at[rest], lambda value: _under(replay, program.wait_reason_text, value))
    if rest in at and rest not in item.layout.halves:
        leaf = at[rest]
        return _leaf(item, leaf, lambda value: snap.names.value(leaf, value, owner))
    if any(text == rest for text, _ in item.layout.strings):
        return _string(replay, item, rest)
    name, _, index = rest.rpartition(".")
    array = item.layout.arrays.get(name)
    if array is not None and index.isdecimal() and int(index) < array.count:
        leaf = program.Leaf(
            rest, array.offset + int(index) * array.leaf.size, *[getattr(array.leaf, k) for k in _OF_LEAF]
        )
        return _leaf(item, leaf, lambda value: snap.names.value(leaf, value, owner))
    raise _no_such(head, rest, at)


_OF_LEAF = ("size", "code", "kind", "target")


def _no_such(head, rest, at):
    under = [path for path in at if not rest or path.startswith(rest + ".")]
    shown = list(dict.fromkeys(under or [path.partition(".")[0] for path in at]))[:8]
    what = tr("{path} is no single value", path=f"{head}.{rest}" if rest else head)
    if not under:
        what = tr("{head} has no `{rest}`", head=head, rest=rest)
    return program.Problem(tr("{what}: name one of its fields ({shown}...).", what=what, shown=in_a_row(shown)))


def _thing(replay, name):
    """(Struct, whose stack its addresses may be on) of what a path begins with."""
    snap = replay.snapshot
    if name in ("g0", "m0", "sched"):
        return getattr(snap, name) or None, "g0" if name == "g0" else None
    if name in snap.globals:
        return snap.globals[name], None
    for kind in ("gs", "ms", "ps"):
        for i, item in enumerate(getattr(snap, kind)):
            called = told.plain(snap.names.exact.get(item.addr))
            if name == called or kind == "gs" and name == f"allgs[{i}]":
                return item, called if kind == "gs" else None
    found = next((g for g in snap.system.values() if snap.names.exact.get(g.addr) == name), None)
    return found, name


def _under(replay, ask, *arguments):
    with replay.before(replay.steps).seen():
        return ask(*arguments)


def _words_of(at, size):
    return tuple(range(at & ~7, at + size, 8))


def _bytes(words, at, size):
    data = b"".join(struct.pack("<Q", words[word]) for word in _words_of(at, size))
    return data[at & 7 : (at & 7) + size]


def _leaf(item, leaf, shown):
    at, code = item.addr + leaf.offset, "<" + leaf.code

    def raw(words):
        return struct.unpack(code, _bytes(words, at, leaf.size))[0]

    return Field(_words_of(at, leaf.size), raw, lambda words, _: shown(raw(words)))


def _string(replay, item, path):
    halves = [item.layout.at[f"{path}.{half}" if path else half] for half in program.STRING]
    parts = [_leaf(item, half, lambda value: value) for half in halves]

    def raw(words):
        return tuple(part.raw(words) for part in parts)

    def value(words, _):
        return _under(replay, program.read_text, *raw(words))

    return Field(tuple(word for part in parts for word in part.words), raw, value, False)


# ---- what stands in no single field ----------------------------------------------------------------------------------


def _fs_base(replay):
    return Field((stepper.FS,), lambda words: words[stepper.FS], lambda words, _: _pointer(replay, words[stepper.FS]))


def _pointer(replay, value):
    return replay.snapshot.names.pointer(value)


def _tls_g(replay):
    snap = replay.snapshot
    slot = (snap.fs_base or 0) + (snap.world.g_slot or 0)

    def raw(words):
        return words[slot] if words[stepper.FS] == snap.fs_base else 0

    return Field((stepper.FS, slot), raw, lambda words, _: _pointer(replay, raw(words)))


def _at_step(replay, items, ask):
    """A value that is worked out of many words."""

    def value(_, step):
        with replay.before(step).seen():
            return ask()

    def raw(words):
        return tuple(words.values())

    return Field(tuple(word for at, size in items for word in _words_of(at, size)), raw, value, False)


def _variables(replay, *names):
    found = [replay.snapshot.world.variable(name) for name in names]
    return [(at + replay.slide - replay.world.slide, layout.size) for at, layout in filter(None, found)]


def _statuses(replay):
    ps = replay.snapshot.ps
    offset = replay.world.layout("p").at["status"].offset

    def ask():  # of many Ps nothing else was watched
        there = (program.read(at + offset, 4) for at in program.all_p_addresses() if at)
        return [int.from_bytes(word, "little") for word in there if word]

    return _at_step(replay, [*_variables(replay, "allp"), *((p.addr + offset, 4) for p in ps)], ask)


def _all_ms(replay):
    link = replay.world.layout("m").at["alllink"].offset
    names = replay.snapshot.names.exact

    def ask():
        return [names.get(m.addr) for m in program.all_ms()]

    return _at_step(replay, [*_variables(replay, "allm"), *((m.addr + link, 8) for m in replay.snapshot.ms)], ask)


def _ring(replay, p):
    """Who waits in a P's ring."""
    at, ring = p.layout.at, p.layout.arrays["runq"]

    def ask():
        found = program.read_struct("p", p.addr)
        return _named(replay, program.run_queue(found) if found else None)

    leaves = [(p.addr + at[name].offset, at[name].size) for name in ("runqhead", "runqtail")]
    return _at_step(replay, [*leaves, (p.addr + ring.offset, ring.count * ring.leaf.size)], ask)


def _global_queue(replay, sched):
    """Who waits for any P."""
    at, link = sched.layout.at, replay.world.layout("g").at["schedlink"].offset
    head = at["runqhead" if "runqhead" in at else "runq.head"]

    def ask():
        found = program.variable("sched")
        return _named(replay, program.global_queue(found) if found else None)

    gs = [(g.addr + link, 8) for g in replay.snapshot.gs]
    return _at_step(replay, [(sched.addr + head.offset, head.size), *gs], ask)


def _named(replay, addresses):
    known = replay.snapshot.names
    return None if addresses is None else [names.short_of(known, address) for address in addresses]


def _count(replay):
    at, layout = replay.world.variable("allgs")
    at += replay.slide - replay.world.slide
    return _leaf(program.Struct(layout, at, b""), layout.at["len"], lambda value: value)

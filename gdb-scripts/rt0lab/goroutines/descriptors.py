"""What those in `IO wait` wait for: the file descriptor, to read or to write, and what is at its two ends.

A pollDesc names the goroutine that waits for it, but no goroutine names its pollDesc, nor does that name the net.netFD
or os.file that it is part of: their addresses stand on the goroutine's stack, among others. None is taken for one
unless it points back: pollDesc.rg or .wg at the goroutine, poll.FD.pd at the pollDesc.
"""

from __future__ import annotations

import functools
import ipaddress
import struct
from collections.abc import Callable, Iterable
from typing import Any

from .. import program
from ..formats import untrusted
from ..frames.stacks import Stack
from ..program import bulk, dynamic
from ..words import tr
from . import blockers, clock

_NEAR = 2048  # bytes of a stack, from SP on, in which the addresses stand
_POLL_DESC = {"fd": "fd", "rg": "rg", "wg": "wg", "rd": "rd", "wd": "wd"}
_KINDS = {"tcp": "net.TCPAddr", "udp": "net.UDPAddr", "ip": "net.IPAddr", "unix": "net.UnixAddr"}  # by netFD.net
_MOST_BYTES = 16  # of an IP address


class Descriptor:
    """A descriptor that a goroutine waits for; what is not known of it is None."""

    kind = "fd"

    def __init__(self, desc: Any, g: int, now: int | None) -> None:
        self.addr, self.fd = desc.addr, desc.fd
        self.way, until = ("read", desc.rd) if desc.rg == g else ("write", desc.wd)
        self.gives_up = until - now if until and until > 0 and now else None  # in so many ns
        self.network: str | None = None
        self.ends: list[str] = []  # the local address and the remote one, or a file's name

    def __str__(self) -> str:
        ends = f" {'->'.join(self.ends)}" if self.ends else ""
        until = (
            tr(", gives up in {gives_up}", gives_up=clock.duration(self.gives_up))
            if self.gives_up and self.gives_up > 0
            else ""
        )
        return f"fd {self.fd}{ends}{tr(' to write') if self.way == 'write' else ''}{until}"

    def plain(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "address": self.addr,
            "fd": self.fd,
            "way": self.way,
            "network": self.network,
            "ends": self.ends,
            "gives_up_in_ns": self.gives_up,
        }


def descriptors(rows: list[Any], stacks: dict[int, Stack], now: int | None) -> dict[int, tuple[Any, ...]]:
    """{g: (Descriptor,)} of those of the rows, all in IO wait, of which it can be known."""
    if program.world().type("pollDesc") is None or not rows:
        return {}
    descs = _on_stacks(rows, stacks, _waited_for)
    found = {g: Descriptor(desc, g, now) for g, (_, desc) in descs.items()}
    files = {g: addr for g, (addr, _) in _on_stacks(rows, stacks, functools.partial(_files, descs)).items()}
    for in_use, type_name, names in (("net.(*netFD).", "net.netFD", _name_net), ("os.(*File).", "os.file", _name_file)):
        inside = _inside(type_name)
        mine = {g: addr - inside for g, addr in files.items() if inside is not None and _uses(stacks.get(g), in_use)}
        names(found, _structs(type_name, mine))
    return {g: (one,) for g, one in found.items()}


def _uses(stack, methods):
    return stack is not None and any(frame.function.startswith(methods) for frame in stack.shown)


# ---- addresses on stacks ---------------------------------------------------------------------------------------------


def _on_stacks(
    rows: list[Any], stacks: dict[int, Stack], check: Callable[[dict[int, list[int]]], dict[int, tuple[int, Any]]]
) -> dict[int, tuple[int, Any]]:
    """{g: (word of its stack, what it is)} where `check` knows one of its words. Of those with the same Stack one is
    searched; the others have theirs where it has."""
    shapes: dict[Any, list[Any]] = {}
    for row in rows:
        shapes.setdefault(stacks.get(row.addr, row.addr), []).append(row)
    found = check(_words(shape[0] for shape in shapes.values()))
    places = {}
    for first, *others in shapes.values():
        if first.addr in found:
            word = found[first.addr][0].to_bytes(8, "little")
            inner = program.read(first.sp, min(_NEAR, first.hi - first.sp))
            at = inner.find(word) if isinstance(inner, bytes) else -1
            places.update({row.addr: (row.sp + at, row) for row in others if at >= 0 and at % 8 == 0})
    words, owners = {}, list(places)
    for number, data in bulk.spans([(places[g][0], places[g][0] + 8) for g in owners]) if owners else ():
        if data is not None:
            words[owners[number]] = list(data.cast("Q"))
    found.update(check(words))
    missing = [row for _, *others in shapes.values() for row in others if row.addr not in found]
    if missing:
        found.update(check(_words(missing)))
    return found


def _words(rows: Iterable[Any]) -> dict[int, list[int]]:
    """{g: those words on the inner part of its stack that can be addresses}"""
    return blockers.addresses_on([(row, row.sp, min(row.sp + _NEAR, row.hi)) for row in rows])


def _waited_for(words):
    """Those of {g: words} that are the address of a pollDesc for which that goroutine waits."""
    every = {word for those in words.values() for word in those}
    known = bulk.Fields("pollDesc", **_POLL_DESC).by_address(every) if every else {}
    found = {}
    for g, those in words.items():
        for word in those:
            desc = known.get(word)
            if desc is not None and g in (desc.rg, desc.wg):
                found[g] = word, desc
                break
    return found


def _files(descs, words):
    """Those of {g: words} that are the address of a poll.FD with its goroutine's pollDesc."""
    layout = _layout("internal/poll.FD")
    leaf = layout.at.get("pd.runtimeCtx") if layout is not None else None
    if leaf is None:
        return {}
    every = {word for g, those in words.items() if g in descs for word in those}
    known = {}
    for data, base, members in bulk.pieces([word + leaf.offset for word in every], 8) if every else ():
        if data is not None:
            known.update((at - leaf.offset, struct.unpack_from("<Q", data, at - base)[0]) for at in members)
    found = {}
    for g, those in words.items():
        if g in descs:
            found.update({g: (word, None) for word in those if known.get(word) == descs[g][0]})
    return found


def _inside(name):
    """Where in a type of a package its poll.FD lies; None if the program does not say."""
    whole, part = _layout(name), _layout("internal/poll.FD")
    if whole is None or part is None or not {"pfd.Sysfd", "Sysfd"} <= {*whole.at, *part.at}:
        return None
    return whole.at["pfd.Sysfd"].offset - part.at["Sysfd"].offset


def _layout(name):
    world = program.world()

    def make():
        found = dynamic.type_named(name)
        return None if found is None else program.Layout(world, found)

    return world.own(("type of a package", name), make)


def _structs(name, addresses):
    """{key: program.Struct} of {key: address} of a type of a package; without those that cannot be read."""
    layout, found = _layout(name), {}
    if layout is None or not addresses:
        return {}
    for data, base, members in bulk.pieces(set(addresses.values()), layout.size):
        if data is not None:
            parts = ((at, bytes(data[at - base : at - base + layout.size])) for at in members)
            found.update((at, program.Struct(layout, at, part)) for at, part in parts)
    return {key: found[at] for key, at in addresses.items() if at in found}


# ---- what is at the ends ---------------------------------------------------------------------------------------------


def _name_net(found, wholes):
    """Notes the addresses of net.netFDs, {g: netFD}: of all that are of one kind together."""
    network = functools.cache(program.read_text)  # a constant of package net's: the same few for all
    ends = {}  # {type: {(g, which end): address}}
    for g, whole in wholes.items():
        name = network(whole.get("net.str"), whole.get("net.len")) if whole.has("net.str") else ""
        found[g].network = name or None
        type_name = next((type_name for start, type_name in _KINDS.items() if name.startswith(start)), None)
        for end in ("laddr", "raddr") if type_name is not None else ():
            if whole.get(f"{end}.data"):
                ends.setdefault(type_name, {})[g, end] = whole.get(f"{end}.data")
    for type_name, data in ends.items():
        for (g, _), end in _structs(type_name, data).items():
            found[g].ends.append(_address(end))


def _name_file(found, wholes):
    """Notes the names of os.files, {g: file}."""
    for g, whole in wholes.items():
        if whole.has("name.str"):
            found[g].ends = [program.read_text(whole.get("name.str"), whole.get("name.len"))]


def _address(end):
    """`127.0.0.1:80`, `[::1]:80`, `@socket`: an address as Go writes it."""
    if end.has("Name.str"):
        return program.read_text(end.get("Name.str"), end.get("Name.len"))
    data, port, zone = (
        program.read(end.get("IP.array") or 0, min(end.get("IP.len") or 0, _MOST_BYTES)),
        end.get("Port"),
        "",
    )
    if end.get("Zone.len"):
        zone = "%" + program.read_text(end.get("Zone.str"), end.get("Zone.len"))
    if not isinstance(data, bytes):
        return untrusted.shown(str(data))
    ip = str(_ip(data)) if data else ""
    ip = f"[{ip}{zone}]" if ":" in ip and port is not None else ip + zone
    return ip if port is None else f"{ip}:{port}"


def _ip(data):
    if len(data) not in (4, 16):
        return data.hex()
    ip = ipaddress.ip_address(data)
    return getattr(ip, "ipv4_mapped", None) or ip

"""Many structures in few reads: merged ranges of memory, decoded only where somebody asks.

A read through gdb costs a microsecond or two whatever its size, a gdb.Value ten times that. With a hundred thousand
goroutines neither will do: what lies near is read together, and one struct.Struct takes out the fields that are wanted.
"""

from __future__ import annotations

import bisect
import collections
import contextlib
import functools
import gc
import itertools
import operator
import struct
import types
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from ..words import in_a_row, tr
from . import far, lists, memory, worlds
from .columns import Rows, Table
from .layout import Struct
from .problem import Unreadable, no_field

GAP = 4096  # what lies between two structures this near is read with them
# through the remote protocol: a packet costs as much as so many bytes, or twenty times that if somebody must wake for
# it
REMOTE_GAP = 2048
CHUNK = 1 << 18  # no read is longer than this: what was read is at hand still when it is looked at
MAX_GS = 1 << 22


def pieces(addresses: Iterable[int], size: int) -> Iterator[tuple[bytes | memoryview | None, int, list[int]]]:
    """Yields (data, base, members): data holds the `size` bytes at each member, at address - base.

    Members are addresses in rising order; one that was asked for twice comes twice. One that cannot be read has data
    None.
    """
    ordered, most = sorted(addresses), max(_most() - size, 0)
    for first, end in _neighbours(ordered, size):
        while first < end:
            cut = (
                end
                if ordered[end - 1] - ordered[first] < most
                else bisect.bisect(ordered, ordered[first] + most, first, end)
            )
            yield from _read(ordered[first:cut], size)
            first = cut


def _most():
    """How long a read may be: through a line a packet, each of which begins and ends with what is wanted."""
    return far.packet() if far.is_far() else CHUNK


def _neighbours(ordered, size):
    """(first, end) of those addresses of which each is near the one before it."""
    near = size + (REMOTE_GAP if far.is_far() else GAP)
    apart = map(near.__lt__, map(operator.sub, ordered[1:], ordered))
    return itertools.pairwise([0, *itertools.compress(itertools.count(1), apart), len(ordered)])


def ranges(addresses: Iterable[int], size: int) -> list[tuple[int, int]]:
    """(address, size) of what holds the `size` bytes at each of the addresses: near ones together."""
    ordered = sorted(addresses)
    return [
        (ordered[first], ordered[end - 1] + size - ordered[first])
        for first, end in _neighbours(ordered, size)
        if first < end
    ]


def _read(members, size):
    """One read for all of them; if it fails, the two halves on their own: a hole costs its neighbours nothing."""
    base = members[0]
    data = memory.glance(base, members[-1] + size - base)
    if not isinstance(data, Unreadable):
        yield data, base, members
    elif len(members) == 1:
        yield None, base, members
    else:
        half = len(members) // 2
        yield from _read(members[:half], size)
        yield from _read(members[half:], size)


def words(address: int, count: int) -> list[int]:
    """The `count` words at an address, as many of them as can be read."""
    found = []
    while len(found) < count:
        want = min(count - len(found), CHUNK // 8)
        data = _longest(address + 8 * len(found), want * 8)
        found += memoryview(data)[: len(data) & ~7].cast("Q")
        if len(data) < want * 8:
            break
    return found


def _longest(address, size):
    """As much of this memory as can be read from its beginning."""
    data = memory.read(address, size)
    if not isinstance(data, Unreadable):
        return data
    whole, bad = 0, size  # readable up to whole, not up to bad
    while bad - whole > 1:
        half = (whole + bad) // 2
        got = memory.read(address, half)
        if isinstance(got, Unreadable):
            bad = half
        else:
            whole, data = half, got
    return data if whole else b""


def spans(ranges: list[tuple[int, int]]) -> Iterator[tuple[int, memoryview | None]]:
    """Yields (number of the range, its memory or a part of it, None if that cannot be read) for ranges (lo, hi) of
    whole words.

    Near ones are read together, long ones in pieces. The parts of a range come in their order, ranges as they lie in
    memory.
    """
    together, gap, most, base, end = [], REMOTE_GAP if far.is_far() else GAP, _most(), 0, 0
    for number in sorted(range(len(ranges)), key=ranges.__getitem__):
        lo, hi = ranges[number]
        if together and (lo - end > gap or max(hi, end) - base > most):
            yield from _together(ranges, together)
            together = []
        if hi - lo > CHUNK:
            for at in range(lo, hi, CHUNK):
                data = memory.read(at, min(hi - at, CHUNK))
                yield number, None if isinstance(data, Unreadable) else memoryview(data)
            continue
        base, end = (ranges[together[0]][0], max(hi, end)) if together else (lo, hi)
        together.append(number)
    yield from _together(ranges, together)


def _together(ranges, numbers):
    """One read for all of these ranges, or one for each if that fails."""
    if not numbers:
        return
    base = ranges[numbers[0]][0]
    data = memory.read(base, max(ranges[number][1] for number in numbers) - base)
    if not isinstance(data, Unreadable):
        view = memoryview(data)
        for number in numbers:
            yield number, view[ranges[number][0] - base : ranges[number][1] - base]
    elif len(numbers) == 1:
        yield numbers[0], None
    else:
        for number in numbers:
            yield from _together(ranges, [number])


def allgs() -> tuple[list[int], str | None]:
    """The addresses of the goroutines in allgs, each once, and a sentence if something there makes no sense, else
    None."""
    addresses, problem = _allgs()
    strangers = _strangers(addresses)
    if strangers:
        places = [
            tr("allgs[{address}] is {what}", address=addresses.index(address), what=what)
            for address, what in list(strangers.items())[:3]
        ]
        more = tr(", and {strangers} more", strangers=len(strangers) - 3) if len(strangers) > 3 else ""
        problem = tr(
            "{problem} {places}{more}: no goroutine. Who stood there is lost from the list.",
            problem=problem or "",
            places=in_a_row(places),
            more=more,
        ).lstrip()
    addresses = [address for address in addresses if address not in strangers] if strangers else addresses
    unique = addresses
    if len(set(addresses)) < len(addresses):
        unique = list(dict.fromkeys(addresses))
        problem = tr(
            "{problem} allgs holds {addresses} of them twice: as many may be lost from the list.",
            problem=problem or "",
            addresses=len(addresses) - len(unique),
        ).lstrip()
    return unique, problem


def _strangers(addresses):
    """{address: what it is} of those in a list of gs that cannot be goroutines: no place where a g can lie, g0, some
    M's own."""
    found = {}
    if 0 in addresses:
        found[0] = "nil"
    if functools.reduce(operator.or_, addresses, 0) & 7:
        found |= {address: f"{address:#x}" for address in addresses if address & 7}
    g0 = worlds.world().variable("g0")
    own = [(m.get(field), m, field) for m in lists.all_ms() for field in ("g0", "gsignal")]
    listed = {address for address, _, _ in own}.union(g0[:1] if g0 else ()).intersection(addresses)
    if g0 and g0[0] in listed:
        found[g0[0]] = "g0"
    for address, m, field in own:
        if address in listed and address not in found and owned_by_m(address, m):
            found[address] = f"m{m.get('id')}'s {field}"
    return found


def owned_by_m(address: int, m: Struct) -> bool:
    """Is the g at an address an M's own, its g0 or gsignal? The M's word alone is none: the g says so, too, and has no
    id."""
    g = memory.read_struct("g", address)
    return bool(g and g.get("m") == m.addr and not g.get("goid"))


def listed() -> tuple[int, int] | None:
    """(where allgs' array is, how many it holds) if that makes sense."""
    found, twin = memory.variable("allgs"), memory.scalar("allglen")
    if not isinstance(found, Struct):
        return None
    array, said, room = found.get("array"), found.get("len"), found.get("cap")
    counts = [said] if twin is None else [said, twin]
    # allgadd writes the one right after the other
    if None in (array, said, room) or not 0 <= min(counts) <= max(counts) <= min(room, MAX_GS):
        return None
    return (array, max(counts)) if max(counts) - min(counts) <= 1 else None


def _allgs():
    """What stands in allgs, and a sentence if its length makes no sense."""
    found = memory.variable("allgs")
    if found is None:
        return [], tr("this program has no runtime.allgs.")
    if isinstance(found, Unreadable):
        return [], tr("allgs cannot be read: {found}.", found=found)
    array, said, room, twin = found.get("array"), found.get("len"), found.get("cap"), memory.scalar("allglen")
    if None in (array, said, room):
        return [], tr("allgs is no slice, as far as this program's debug information says.")
    sane = [count for count in (said, twin) if count is not None and 0 <= count <= min(room, MAX_GS)]
    if whole := listed():
        count, problem = whole[1], None
        addresses = words(array, count) if array else []
        if len(addresses) < count:
            problem = tr(
                "allgs says {count}; only {addresses} of them can be read.", count=count, addresses=len(addresses)
            )
        elif addresses and not addresses[-1]:  # counted, not yet there
            addresses.pop()
        return addresses, problem
    # Neither can be trusted: what is mapped, up to the first nil, which allgs never holds.
    addresses = words(array, min(room, MAX_GS) if 0 <= said <= room else max(sane, default=MAX_GS)) if array else []
    if 0 in addresses:
        addresses = addresses[: addresses.index(0)]
    return (
        addresses,
        tr(
            "allgs makes no sense (len {said}, cap {room}, allglen {twin}): what follows is what its memory holds.",
            said=said,
            room=room,
            twin=twin,
        ),
    )


def structs(kind: str, addresses: Collection[int]) -> list[Struct | Unreadable]:
    """A program.Struct, or Unreadable, for each of the addresses, in their order."""
    layout = worlds.world().layout(kind)
    size, found = layout.size, {}
    for data, base, members in pieces(addresses, size):
        if data is not None:
            for address in members:
                found[address] = Struct(layout, address, bytes(data[address - base : address - base + size]))
    return [found.get(address) or Unreadable(address) for address in addresses]


class Fields:
    """Some fields of a type, decoded together: each structure is one named tuple, with its address in `addr`.

    What is asked for is a path (`sched.pc`) or several, of which the type's first is taken. A field that the type lacks
    is None; of a type that the program lacks nothing can be read. Those named in `later` are left alone until somebody
    asks a row for one: then that one structure is read again.
    """

    def __init__(self, kind: str, /, later: tuple[str, ...] = (), **wanted: str | tuple[str, ...]) -> None:
        self.kind, self._wanted, self._known = kind, wanted, worlds.world().type(kind) is not None
        known = worlds.world().layout(kind).at if self._known else {}
        leaves: dict[str, Any] = {
            name: next((known[path] for path in _paths(want) if path in known), None) for name, want in wanted.items()
        }
        present = sorted((leaf.offset, name) for name, leaf in leaves.items() if leaf is not None and name not in later)
        self.offset = present[0][0] if present else 0
        at, form = self.offset, "<"
        for offset, name in present:
            form += f"{offset - at}x{leaves[name].code}"
            at = offset + leaves[name].size
        self._form = struct.Struct(form)
        self._places = {name: (offset - self.offset, leaves[name].code) for offset, name in present}
        self.size = max(self._form.size, 1)
        # ignored: mypy wants a name that it can read in the source
        row: Any = collections.namedtuple(kind, [*(name for _, name in present), "addr"])  # type: ignore[misc]
        others = {
            name: leaf and _read_later(kind, leaf.path) for name, leaf in leaves.items() if name not in row._fields
        }
        self.Row: Any = type(kind, (row,), {"__slots__": (), **others})

    def need(self, *names: str) -> None:
        """Lacking if the type has not all of these."""
        for name in names:
            if getattr(self.Row, name) is None:
                raise no_field(self.kind, *_paths(self._wanted[name]))

    def lacking(self, value: Any, *names: str) -> None:
        """What rows have for those of these fields that the type lacks."""
        for name in names:
            if getattr(self.Row, name) is None:
                setattr(self.Row, name, value)

    def _pieces(self, addresses):
        """(data, what to take from an address for its place in data, members): see `pieces`; None for data that cannot
        be read."""
        for data, base, members in pieces(addresses, self.offset + self.size):
            yield data if self._known else None, base - self.offset, members

    def readable(self, addresses: Iterable[int]) -> list[Any]:
        """The rows that can be read, in rising order of their addresses."""
        found, unpack, row, make = [], self._form.unpack_from, self.Row, tuple.__new__
        with no_collecting():
            for data, base, members in self._pieces(addresses):
                if data is not None:
                    found += [make(row, unpack(data, address - base) + (address,)) for address in members]
        return found

    def undecoded(self, addresses: Iterable[int]) -> Rows:
        """The same for many of which not all is wanted: a field is decoded for all rows together, when somebody asks
        for it."""
        ordered = sorted(addresses)
        return Rows(Table(self.Row, self._places, self.size, self._pieces(ordered), ordered))

    def by_address(self, addresses: Iterable[int]) -> dict[int, Any]:
        """{address: row}; those whose memory cannot be read are not in it."""
        return {row.addr: row for row in self.readable(addresses)}

    def columns(self, addresses: Collection[int]) -> types.SimpleNamespace:
        """A list for each field, of all structures in rising order of their addresses; 0 for what cannot be read or the
        type lacks."""
        found, unpack, nothing = [], self._form.unpack_from, (0,) * (len(self.Row._fields) - 1)
        with no_collecting():
            for data, base, members in self._pieces(addresses):
                found += (
                    [unpack(data, address - base) for address in members]
                    if data is not None
                    else [nothing] * len(members)
                )
        lists = {name: list(map(operator.itemgetter(i), found)) for i, name in enumerate(self.Row._fields[:-1])}
        lacking = {name: [0] * len(found) for name in self._wanted if name not in lists}
        return types.SimpleNamespace(**lists, **lacking, addr=sorted(addresses))

    def rows(self, addresses: list[int]) -> list[Any]:
        """A row for each address, in their order; None where memory cannot be read."""
        found = self.by_address(addresses)
        return [found.get(address) for address in addresses]


def _read_later(kind, path):
    """What a row's class has for a field that was not decoded."""
    return property(lambda row: found.get(path) if (found := memory.read_struct(kind, row.addr)) else 0)


def column(rows: Sequence[Any], name: str) -> list[Any]:
    """One field of many rows of the same kind."""
    if isinstance(rows, Rows):
        return rows.column(name)
    if not rows or name not in rows[0]._fields:
        return [getattr(row, name) for row in rows]
    return list(map(operator.itemgetter(rows[0]._fields.index(name)), rows))


def ordered(rows: Sequence[Any], name: str) -> Sequence[Any]:
    """Rows of the same kind in the order of one field."""
    if isinstance(rows, Rows):
        return rows.pick(sorted(range(len(rows)), key=rows.column(name).__getitem__))
    return (
        sorted(rows, key=operator.itemgetter(rows[0]._fields.index(name)))
        if rows and name in rows[0]._fields
        else list(rows)
    )


def picked(rows: Sequence[Any], numbers: Sequence[int]) -> Sequence[Any]:
    """The rows of these numbers, in this order."""
    return rows.pick(numbers) if isinstance(rows, Rows) else list(map(rows.__getitem__, numbers))


def chosen(rows: Sequence[Any], keep: Collection[Any]) -> Sequence[Any]:
    """Those of the rows for which `keep` has something true."""
    return rows if all(keep) else picked(rows, list(itertools.compress(range(len(rows)), keep)))


def _paths(want):
    return (want,) if isinstance(want, str) else want


@contextlib.contextmanager
def no_collecting() -> Iterator[None]:
    """Python does not look for garbage while this lasts: a hundred thousand new tuples would make it look in vain,
    often."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

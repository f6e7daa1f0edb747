"""A Go program's moments and durations as people read them, and as the program itself would print them."""

from __future__ import annotations

import datetime
from typing import Any

import gdb

from .. import program
from . import opening

_UNITS = (("ns", 1), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000))
_DAY = 86_400
_NANOSECOND_BITS = 30  # of time.Time.wall, where the program does not say; above them are 33 of seconds and a flag


def _constant(name, otherwise):
    symbol = gdb.lookup_static_symbol("time." + name) or gdb.lookup_global_symbol("time." + name)
    try:
        return otherwise if symbol is None else int(symbol.value())
    except gdb.error:
        return otherwise


def _fraction(number, of):
    """`1.5` for 1500 of 1000, without zeros behind it."""
    whole, rest = divmod(number, of)
    return f"{whole}.{rest:0{len(str(of)) - 1}d}".rstrip("0").rstrip(".") if rest else str(whole)


def duration(ns: int) -> str:
    """1h2m3.5s, 1.5ms, 0s"""
    sign, ns = "-" if ns < 0 else "", abs(ns)
    if not ns:
        return "0s"
    unit, of = next(((unit, of) for unit, of in _UNITS if ns < 1000 * of), _UNITS[-1])
    if ns < 60 * _UNITS[-1][1]:
        return f"{sign}{_fraction(ns, of)}{unit}"
    minutes, rest = divmod(ns, 60 * _UNITS[-1][1])
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{f'{hours}h' if hours else ''}{minutes}m{_fraction(rest, of)}s"


class Duration(opening.Printer):
    """A time.Duration."""

    def _text(self):
        return duration(int(self._value))


class Time(opening.Opening):
    """A time.Time, in the zone that the program shows it in; in UTC where that is not known."""

    def _text(self):
        item = opening.Item(self._value)
        wall, ext, loc = item.get("wall"), item.get("ext"), item.get("loc")
        if not all(isinstance(part, int) for part in (wall, ext, loc)):
            return str(next(part for part in (wall, ext, loc) if not isinstance(part, int)))
        bits, top = _constant("nsecShift", _NANOSECOND_BITS), 1 << 63
        nanoseconds = wall & (1 << bits) - 1
        seconds, clock = ext, ""
        if wall & top:  # a reading of the monotonic clock is in ext, and seconds since 1885 are in wall
            seconds = _since_year_1(1885) + ((wall & top - 1) >> bits)
            whole, rest = divmod(abs(ext), _UNITS[-1][1])
            clock = f" m={'-' if ext < 0 else '+'}{whole}.{rest:09}"
        offset, zone = self._zone(loc, seconds - _since_year_1(1970))
        day, second = divmod(seconds + offset, _DAY)
        try:
            date = datetime.date.fromordinal(day + 1).isoformat()
        except (ValueError, OverflowError):
            return f"{seconds} s since the year 1"
        hour, minute, second = second // 3600, second // 60 % 60, second % 60
        parts = _fraction(second * _UNITS[-1][1] + nanoseconds, _UNITS[-1][1])
        parts = "0" + parts if second < 10 else parts
        sign, away = "-" if offset < 0 else "+", abs(offset)
        return f"{date} {hour:02}:{minute:02}:{parts} {sign}{away // 3600:02}{away // 60 % 60:02} {zone}{clock}"

    def _zone(self, loc, unix):
        """(seconds east of UTC, name) of the zone that holds at that time, where the location has noted it."""
        if not loc:
            return 0, "UTC"
        try:
            place: Any = self._value["loc"].dereference()
            cached = place["cacheZone"]
            if int(cached) and int(place["cacheStart"]) <= unix < int(place["cacheEnd"]):
                zone = cached.dereference()
                name = zone["name"]
                return int(zone["offset"]), program.read_text(int(name["str"]), int(name["len"]), most=40)
        except gdb.error:
            pass
        return 0, "UTC"

    def num_children(self) -> int:
        return len(program.fields_of(self._value.type.strip_typedefs()))

    def _row(self, i):
        field = program.fields_of(self._value.type.strip_typedefs())[i]
        return program.bare(field.name), self._value[field]

    def _printed_children(self):
        return iter(())


def _since_year_1(year):
    """Seconds between the beginnings of the two years."""
    return (datetime.date(year, 1, 1).toordinal() - 1) * _DAY

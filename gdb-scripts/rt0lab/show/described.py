"""Writes an ELF file that holds nothing but debug information: a variable, whose fields are variables that lie
elsewhere in a program.

gdb has no other door for a name that the program's own debug information lacks. The types are those that gdb knows the
fields by, told again: what one objfile says of a type another cannot refer to. No gdb command runs here, and nothing is
read of the program's memory.
"""

from __future__ import annotations

import struct
from collections.abc import Collection

import gdb

from ..program import SLICE

_MOST_TYPES = 3000  # of more than that only name and size are told

_TAG = {
    "unit": 0x11,
    "base": 0x24,
    "pointer": 0x0F,
    "void": 0x0F,
    "struct": 0x13,
    "union": 0x17,
    "member": 0x0D,
    "array": 0x01,
    "count": 0x21,
    "slice": 0x01,
    "length": 0x21,
    "typedef": 0x16,
    "variable": 0x34,
}
_PARENTS = {"unit", "struct", "union", "array", "slice"}
_STRING, _REF, _DATA1, _DATA4, _UDATA, _FLAG, _EXPRESSION = 0x08, 0x13, 0x0B, 0x06, 0x0F, 0x19, 0x18
_NAME, _SIZE, _TYPE, _PLACE = (0x03, _STRING), (0x0B, _DATA4), (0x49, _REF), (0x02, _EXPRESSION)
_ATTRIBUTES = {
    "unit": (_NAME, (0x13, _DATA1)),
    "base": (_NAME, (0x0B, _DATA1), (0x3E, _DATA1)),
    "pointer": (_TYPE, (0x0B, _DATA1)),
    "void": ((0x0B, _DATA1),),
    "struct": (_NAME, _SIZE),
    "union": (_NAME, _SIZE),
    "member": (_NAME, _TYPE, (0x38, _UDATA)),
    "array": (_TYPE,),
    "count": (_TYPE, (0x37, _UDATA)),
    "slice": (_NAME, _TYPE, (0x50, _EXPRESSION)),
    "length": (_TYPE, (0x2F, _EXPRESSION)),
    "typedef": (_NAME, _TYPE),
    "variable": (_NAME, _TYPE, (0x3F, _FLAG), _PLACE),
}
_CODES = {name: number for number, name in enumerate(_ATTRIBUTES, 1)}
_OBJECT, _DEREF, _PLUS, _LIT1, _MINUS, _ADDRESS = 0x97, 0x06, 0x23, 0x31, 0x1C, 0x03


def _uleb(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _text(name):
    return name.encode("utf-8", "surrogateescape").replace(b"\0", b"") + b"\0"


class _Info:
    """The section .debug_info as it grows: types are asked for by `ref`, and told by `tell`."""

    def __init__(self):
        self.data = bytearray(struct.pack("<IHIB", 0, 4, 0, 8))
        self._numbers, self._waiting, self._places, self._fixups = {}, [], [], []

    def entry(self, kind, *values):
        """One entry; for a type it has the number that `ref` gave."""
        self.data += _uleb(_CODES[kind])
        forms = [form for _, form in _ATTRIBUTES[kind] if form != _FLAG]
        for form, value in zip(forms, values, strict=True):
            if form == _REF:
                self._fixups.append((len(self.data), value))
                value = bytes(4)
            elif form in (_DATA1, _DATA4):
                value = value.to_bytes(1 if form == _DATA1 else 4, "little")
            elif form == _UDATA:
                value = _uleb(value)
            elif form == _EXPRESSION:
                value = _uleb(len(value)) + value
            self.data += _text(value) if form == _STRING else value

    def end(self):
        """No more entries below the last one that has some."""
        self.data.append(0)

    def ref(self, gdb_type):
        """The number of a type of gdb's."""
        name = _name(gdb_type)
        while gdb_type.code == gdb.TYPE_CODE_TYPEDEF and name == _name(gdb_type.target()):  # as Go's compiler has it
            gdb_type = gdb_type.target()
        return self._ref((gdb_type.code, name or str(gdb_type), gdb_type.sizeof), lambda: self._told(gdb_type))

    def slice(self, gdb_type, elements):
        """The number of the type of a slice of such elements: an array whose length is in the variable's second
        word."""
        name = _name(gdb_type)
        return self._ref(("slice", name), lambda: self._slice(name, elements))

    def _ref(self, key, tell):
        if key not in self._numbers:
            self._numbers[key] = len(self._places)
            self._places.append(0)
            self._waiting.append((self._numbers[key], tell))
        return self._numbers[key]

    def tell(self):
        """Tells all types that were asked for, and those that these need."""
        while self._waiting:
            number, tell = self._waiting.pop()
            self._places[number] = len(self.data)
            tell()

    def _number(self):
        return self._ref("number", lambda: self.entry("base", "int64", 8, 5))

    def _slice(self, name, elements):
        self.entry("slice", name, self.ref(elements), bytes([_OBJECT, _DEREF]))
        self.entry("length", self._number(), bytes([_OBJECT, _PLUS, 8, _DEREF, _LIT1, _MINUS]))
        self.end()

    def package(self, name, size, fields):
        """The number of the type of a structure with these (name, number of its type, offset)."""
        return self._ref("package", lambda: self._package(name, size, fields))

    def _package(self, name, size, fields):
        self.entry("struct", name, size)
        for field in fields:
            self.entry("member", *field)
        self.end()

    def _told(self, gdb_type):
        code, name = gdb_type.code, _name(gdb_type)
        if len(self._places) > _MOST_TYPES:
            self._hollow(name, gdb_type.sizeof)
        elif code == gdb.TYPE_CODE_TYPEDEF:
            self.entry("typedef", name, self.ref(gdb_type.target()))
        elif code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
            to = gdb_type.target()
            if to.strip_typedefs().code in (gdb.TYPE_CODE_VOID, gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_METHOD):
                self.entry("void", 8)
            else:
                self.entry("pointer", self.ref(to), 8)
        elif code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION) and gdb_type.sizeof:
            self.entry("struct" if code == gdb.TYPE_CODE_STRUCT else "union", name, gdb_type.sizeof)
            for field in gdb_type.fields():
                if field.name and hasattr(field, "bitpos") and not field.bitsize and not field.is_base_class:
                    self.entry("member", field.name, self.ref(field.type), field.bitpos // 8)
            self.end()
        elif code == gdb.TYPE_CODE_ARRAY:
            lo, hi = gdb_type.range()
            self.entry("array", self.ref(gdb_type.target()))
            self.entry("count", self._number(), max(hi - lo + 1, 0))
            self.end()
        elif 0 < gdb_type.sizeof <= 16 and code in _ENCODINGS:
            encoding = _ENCODINGS[code]
            signed = code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM) and getattr(gdb_type, "is_signed", False)
            self.entry("base", name, gdb_type.sizeof, 5 if signed else encoding)
        else:
            self._hollow(name, gdb_type.sizeof)

    def _hollow(self, name, size):
        """A structure of which nothing more is said. One that were only declared gdb would look for, at each look and
        in a circle."""
        self.entry("struct", name, size)
        self.end()

    def whole(self):
        """The section's bytes."""
        for at, number in self._fixups:
            self.data[at : at + 4] = self._places[number].to_bytes(4, "little")
        self.data[0:4] = (len(self.data) - 4).to_bytes(4, "little")
        return bytes(self.data)


_ENCODINGS = {
    gdb.TYPE_CODE_INT: 7,
    gdb.TYPE_CODE_ENUM: 7,
    gdb.TYPE_CODE_BOOL: 2,
    gdb.TYPE_CODE_CHAR: 8,
    gdb.TYPE_CODE_FLT: 4,
    gdb.TYPE_CODE_COMPLEX: 3,
}


def _name(gdb_type):
    try:
        return gdb_type.name or gdb_type.tag or ""
    except UnicodeDecodeError:
        return ""


def _elements(gdb_type):
    """The type of a slice's elements, None if it is none."""
    plain = gdb_type.strip_typedefs()
    if plain.code != gdb.TYPE_CODE_STRUCT:
        return None
    fields = plain.fields()
    return fields[0].type.target() if tuple(field.name for field in fields) == SLICE else None


def package(name: str, variables: dict[str, tuple[int, gdb.Type]], alone: Collection[str]) -> bytes:
    """The bytes of a file in which the variable `name` has a field for each of {name: (address, gdb.Type)}; those in
    `alone` are variables of their own, too. A slice is told as an array whose length is read: gdb can index those in
    any language."""
    base = min(address for address, _ in variables.values())
    end = max(address + gdb_type.sizeof for address, gdb_type in variables.values())
    info = _Info()
    info.entry("unit", name, 0x0C)
    types = {}
    for field, (_, gdb_type) in variables.items():
        elements = _elements(gdb_type)
        types[field] = info.ref(gdb_type) if elements is None else info.slice(gdb_type, elements)
    whole = info.package(name, end - base, [(field, types[field], variables[field][0] - base) for field in variables])
    info.tell()
    for field, number, address in [
        (name, whole, base),
        *((field, types[field], variables[field][0]) for field in alone),
    ]:
        info.entry("variable", field, number, bytes([_ADDRESS]) + address.to_bytes(8, "little"))
    info.end()
    return _elf({".debug_info": info.whole(), ".debug_abbrev": _abbreviations()})


def _abbreviations():
    out = bytearray()
    for kind, attributes in _ATTRIBUTES.items():
        out += _uleb(_CODES[kind]) + _uleb(_TAG[kind]) + bytes([kind in _PARENTS])
        out += b"".join(_uleb(attribute) + _uleb(form) for attribute, form in attributes) + b"\0\0"
    return bytes(out) + b"\0"


def _elf(sections):
    """A relocatable file for x86-64 with these sections."""
    names, body, headers = b"\0", b"", [bytes(64)]
    for name, data in [*sections.items(), (".shstrtab", None)]:
        at = len(names)
        names += _text(name)
        data = names if data is None else data
        kind = 3 if name == ".shstrtab" else 1
        headers.append(struct.pack("<IIQQQQIIQQ", at, kind, 0, 0, 64 + len(body), len(data), 0, 0, 1, 0))
        body += data
    start = b"\x7fELF\x02\x01\x01" + bytes(9)
    start += struct.pack(
        "<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, len(headers), len(headers) - 1
    )
    return start + body + b"".join(headers)

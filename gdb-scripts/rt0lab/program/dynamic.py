"""The values in a Go program's interfaces: what the word that names a type means, and what the word beside it leads to.

The runtime's own description of a type has its name, and the debug information has the type of that name. Where it has
none the name is all that is known.
"""

from __future__ import annotations

import re

import gdb

from ..formats import untrusted
from . import memory, worlds
from .layout import Layout, Struct, bare, fields_of

_DEEPEST = 8  # pointers to pointers, slices of slices...
_LONGEST = 1 << 10  # bytes of a type's name
_MODULES = 1 << 10
_INNER = re.compile(r"(\*|\[\]|\[(\d+)\])")


class Dynamic:
    """A type by its address in the program: its name as Go's source has it, and gdb's type or None."""

    __slots__ = ("name", "type", "direct")

    def __init__(self, name: str, gdb_type: gdb.Type | None, direct: bool) -> None:
        self.name, self.type = name, gdb_type
        self.direct = direct  # is the interface's second word the value itself, not its address?

    def value(self, word: int) -> gdb.Value | None:
        """The value that the second word is, or leads to; None if that is not known, or its type not."""
        if self.type is None:
            return None
        if not self.direct:
            return gdb.Value(word).cast(self.type.pointer()).dereference()
        data = word.to_bytes(8, "little")
        return gdb.Value(data, self.type) if self.type.sizeof == len(data) else None


def type_named(name: str) -> gdb.Type | None:
    """gdb's type of a name in the debug information, whatever kind of type it is; None if there is none. gdb looks the
    name up and reads no expression in it."""
    for spelling in (name, "struct " + name):
        try:
            return gdb.lookup_type(spelling)
        except (gdb.error, ValueError):  # there is none, or no type can be called so: NUL, no UTF-8
            continue
    return None


def of(word: int | None) -> Dynamic | None:
    """The type that an interface's first word names; None for nil's, and for what is no type of this program's."""
    return _of(worlds.world(), word, _DEEPEST) if word else None


def in_interface(value: gdb.Value) -> tuple[Dynamic | None, int, int] | None:
    """(its Dynamic, its first and its second word) of a value that is an interface; None for one that is none. An
    interface with methods names its type in a table of these."""
    plain = value.type.strip_typedefs()
    fields = {bare(f.name): f for f in fields_of(plain) if f.name} if plain.code == gdb.TYPE_CODE_STRUCT else {}
    if "data" not in fields or len(fields) != 2:
        return None
    first = next(iter(fields))
    word, data = int(value[fields[first]]), int(value[fields["data"]])
    if first == "tab":
        itab = fields["tab"].type.target().strip_typedefs() if word else None
        field = itab and next((f for f in fields_of(itab) if f.name in ("_type", "Type")), None)
        named = memory.read_word(word + field.bitpos // 8) if field else 0
        return of(named if isinstance(named, int) else None), word, data
    return (of(word), word, data) if first == "_type" else None


# ---- what the runtime says of a type ---------------------------------------------------------------------------------


def _of(world, address, left):
    return world.cached(("dynamic", address), lambda: _described(world, address, left))


def constant(*names: str) -> int | None:
    """The value of the first of these constants that the program has, by its whole name; else None."""
    for name in names:
        symbol = gdb.lookup_static_symbol(name) or gdb.lookup_global_symbol(name)
        if symbol is not None:
            try:
                return int(symbol.value())
            except gdb.error:
                continue
    return None


def _flag(world, *names):
    return world.own(("flag", names), lambda: constant(*names))


def _layout(world, *names):
    """The layout of a type that has one of these names, else None."""

    def find():
        found = next(filter(None, map(type_named, names)), None)
        return Layout(world, found) if found is not None else None

    return world.own(("layout", names), find)


def _struct(world, address, *names):
    layout = _layout(world, *names)
    data = memory.read(address, layout.size) if layout else None
    return Struct(layout, address, data) if isinstance(data, bytes) else None


def _described(world, address, left):
    head = _struct(world, address, "internal/abi.Type", "runtime._type")
    if head is None or not left:
        return None
    module = _module(world, address)
    name = _text(module, head.get("Str", "str")) if module else ""
    if not name:
        return None
    flags = head.get("TFlag", "tflag")
    if flags & (_flag(world, "internal/abi.TFlagExtraStar", "runtime.tflagExtraStar") or 0):
        name = name[1:]
    if flags & (_flag(world, "internal/abi.TFlagNamed", "runtime.tflagNamed") or 0):
        name = _with_path(world, module, head, name)
        found = _declared(name) or _basic(world, head)
    else:
        name, found = _composed(world, head, name, left)
    return Dynamic(untrusted.shown(name), found, _is_direct(world, head))


def _is_direct(world, head):
    flag = _flag(world, "internal/abi.TFlagDirectIface")
    if flag is not None:
        return bool(head.get("TFlag") & flag)
    return bool(
        head.get("Kind_", "kind") & (_flag(world, "internal/abi.KindDirectIface", "runtime.kindDirectIface") or 0)
    )


def _module(world, address):
    """The moduledata in whose part of memory a type is described: the program's, or a plugin's."""
    for module in world.cached("modules", modules):
        if module.need("types") <= address < module.need("etypes"):
            return module
    return None


def modules() -> list[Struct]:
    """What the program says it consists of: its own part, and a part for each plugin."""
    first, found, seen = memory.variable("firstmoduledata"), [], set()
    while first and len(found) < _MODULES and first.addr not in seen:
        seen.add(first.addr)
        found.append(first)
        after = first.get("next")
        first = memory.read_struct("moduledata", after) if after else None
    return found


def _text(module, offset):
    """A name: a byte of flags, its length in one byte or two of seven bits each, its text. Up to Go 1.16 the length are
    two bytes, the higher of which is first and 0 or 1 in all that there are."""
    at = module.get("types") + offset
    head = memory.read(at, 3)
    if not isinstance(head, bytes):
        return ""
    if head[1] < 2:
        start, length = 3, head[1] << 8 | head[2]
    elif head[1] & 0x80:
        start, length = 3, head[1] & 0x7F | head[2] << 7
    else:
        start, length = 2, head[1]
    data = memory.read(at + start, min(length, _LONGEST)) if length else b""
    return data.decode("utf-8", "surrogateescape") if isinstance(data, bytes) else ""


_KINDS = {  # of which the description is longer: its type in the program, by the kind's name
    ("Array", "kindArray"): ("internal/abi.ArrayType", "runtime.arraytype"),
    ("Chan", "kindChan"): ("internal/abi.ChanType", "runtime.chantype"),
    ("Func", "kindFunc"): ("internal/abi.FuncType", "runtime.functype"),
    ("Interface", "kindInterface"): ("internal/abi.InterfaceType", "runtime.interfacetype"),
    ("Map", "kindMap"): (
        *("internal/abi.MapType", "internal/abi.SwissMapType"),
        *("internal/abi.OldMapType", "runtime.maptype"),
    ),
    ("Pointer", "kindPtr"): ("internal/abi.PtrType", "runtime.ptrtype"),
    ("Slice", "kindSlice"): ("internal/abi.SliceType", "runtime.slicetype"),
    ("Struct", "kindStruct"): ("internal/abi.StructType", "runtime.structtype"),
}


_BASIC = """
    Bool Int Int8 Int16 Int32 Int64 Uint Uint8 Uint16 Uint32 Uint64 Uintptr Float32 Float64 Complex64 Complex128 String
""".split()


def _basic(world, head):
    """The type without a name of its own that such a one is made of, if it is a number, a string or a bool."""
    kind = _kind(world, head)
    name = next((n for n in _BASIC if _flag(world, f"internal/abi.{n}", f"runtime.kind{n}") == kind), None)
    return type_named(name.lower()) if name else None


def _kinds(world):
    """{number of a kind: the names of the type that describes it}"""

    def find():
        found = {constant(f"internal/abi.{new}", f"runtime.{old}"): names for (new, old), names in _KINDS.items()}
        found.pop(None, None)
        return found

    return world.own("kinds", find)


def _kind(world, head):
    """A type's kind, by its number; the bits above are flags."""
    mask = _flag(world, "internal/abi.KindMask", "runtime.kindMask")
    if mask is None:
        mask = (_flag(world, "internal/abi.KindDirectIface", "internal/abi.TFlagDirectIface") or 256) - 1
    return head.get("Kind_", "kind") & mask


def _with_path(world, module, head, name):
    """A named type's name with all of its package's path; the description alone has only the path's last part."""
    if not head.get("TFlag", "tflag") & (_flag(world, "internal/abi.TFlagUncommon", "runtime.tflagUncommon") or 0):
        return name
    layout = _layout(world, *_kinds(world).get(_kind(world, head), ("internal/abi.Type", "runtime._type")))
    more = layout and _struct(world, head.addr + layout.size, "internal/abi.UncommonType", "runtime.uncommontype")
    path = _text(module, more.get("PkgPath", "pkgpath")) if more else ""
    package, dot, own = name.partition(".")
    return f"{path}.{own}" if path and dot and "[" not in package else name


def _declared(name):
    """gdb's type of a named type. The linker writes a dot in a path's last part as %2e."""
    found = type_named(name)
    if found is None and "/" in name:
        path, _, last = name.partition("[")[0].rpartition("/")
        package, _, own = last.rpartition(".")
        if "." in package:
            found = type_named(f"{path}/{package.replace('.', '%2e')}.{own}{name[len(path) + 1 + len(last):]}")
    return found


def _composed(world, head, name, left):
    """(name, gdb's type) of a type without a name of its own."""
    inner = _INNER.match(name)
    names = _kinds(world).get(_kind(world, head))
    more = _struct(world, head.addr, *names) if inner and names else None
    target = more and more.get("Elem", "elem")
    element = _of(world, target, left - 1) if target else None
    if element is None:
        return name, type_named(name)
    name = inner[1] + element.name
    found = None if inner[1] == "*" else type_named(name)
    if found is None and element.type is not None:
        try:
            if inner[1] == "*":
                found = element.type.pointer()
            elif inner[2] and 0 < int(inner[2]) < 1 << 32:
                found = element.type.array(int(inner[2]) - 1)
        except (gdb.error, OverflowError):
            return name, None
    return name, found

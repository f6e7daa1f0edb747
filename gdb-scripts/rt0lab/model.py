"""Reads g, m, p, sched and what hangs on them out of a program: returns objects, prints nothing, changes nothing.

One model for two worlds: the rt0lab runtime (types `g`, variables `g0`) and Go (`runtime.g`, `runtime.g0`).
Offsets, sizes, enum values and array lengths come from DWARF, addresses from the ELF file. A structure is one read
of memory, decoded by its layout. It works before the program runs, while it is stopped, and on a core file.
"""

import contextlib
import codecs
import functools
import os
import re
import struct

import gdb

from . import elf, packets, settings, untrusted

MAX_MS, MAX_PS, MAX_QUEUE = 1 << 16, 1 << 16, 4096
_FLATTEN = 16  # arrays up to this length are fields of their structure, longer ones are read on demand


class Problem(Exception):
    """Something a person can act on; its text is one sentence that says what and what to do."""


def told(ask, *arguments, **options):
    """What a function of gdb's answers. gdb means UTF-8 and fails at a name or a path that is none; here such bytes are
    kept."""
    try:
        return ask(*arguments, **options)
    except UnicodeDecodeError as error:
        return error.object.decode("utf-8", "surrogateescape")


def done(command):
    """What gdb prints for a command."""
    text = told(gdb.execute, command, to_string=True)
    return _undressed(text) if in_records() else text


_TEXT = re.compile(r'~"((?:[^"\\]|\\.)*)"')
_RECORD = re.compile(r"\d*[=*+^][a-z-]+(,.*)?|&\"(?:[^\"\\]|\\.)*\"|\(gdb\) ?")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.S)
_CONTROL = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"e": b"\033", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def in_records():
    """Is an editor on the line (MI), and does gdb put what is meant for it into the strings that we ask for? gdb 13
    does not."""
    return gdb.execute("echo ?", to_string=True) != "?"


def _undressed(text):
    """The text in such a string: part of it stands in records (`~"..."`), what was to tell the editor of events
    (`=...`) is none."""
    parts = []
    for line in text.splitlines(keepends=True):
        record = line.rstrip("\n")
        if said := _TEXT.fullmatch(record):
            raw = said[1].encode("utf-8", "surrogateescape")
            raw = _ESCAPE.sub(
                lambda found: (
                    bytes([int(found[1], 8) & 0xFF]) if len(found[1]) == 3 else _CONTROL.get(found[1], found[1])
                ),
                raw,
            )
            parts.append(raw.decode("utf-8", "surrogateescape"))
        elif not _RECORD.fullmatch(record):
            parts.append(line)
    return "".join(parts)


class Lacking(Problem):
    """The program has not the type, or its type has not the field, that this needs: in another version of Go it is
    called otherwise."""


def no_field(kind, *paths):
    """The Lacking to raise for a field."""
    return Lacking(f"this program's type `{kind}` has no field `{'` or `'.join(paths)}`, which this needs.")


class _Leaves(dict):
    """{path: Leaf} of a type."""

    def __init__(self, kind, leaves):
        super().__init__((leaf.path, leaf) for leaf in leaves)
        self._kind = kind

    def __missing__(self, path):
        raise no_field(self._kind, path)


class Unreadable:
    """Stands for a value whose memory could not be read."""

    def __init__(self, addr):
        self.addr = addr

    def __str__(self):
        return f"<unreadable {self.addr:#x}>"

    __repr__ = __str__

    def __bool__(self):
        return False

    def __eq__(self, other):
        return isinstance(other, Unreadable) and other.addr == self.addr

    def __hash__(self):
        return hash(("unreadable", self.addr))


# ---- layouts: DWARF types turned into something that decodes bytes --------------------------------------------------

_INTS = {
    (1, False): "B",
    (2, False): "H",
    (4, False): "I",
    (8, False): "Q",
    (1, True): "b",
    (2, True): "h",
    (4, True): "i",
    (8, True): "q",
}


class Leaf:
    """One scalar of a structure: where it is, how to decode it, what it points to."""

    __slots__ = ("path", "offset", "size", "code", "kind", "target")

    def __init__(self, path, offset, size, code, kind, target):
        self.path, self.offset, self.size = path, offset, size
        self.code = code  # struct format letter
        self.kind = kind  # int, bool, ptr (typed or not), word (a uintptr: maybe an address), str
        self.target = target  # for pointers: what is there (`g`, `m`, `void`...)


class Array:
    """A long array inside a structure: read on demand."""

    __slots__ = ("offset", "count", "leaf")

    def __init__(self, offset, count, leaf):
        self.offset, self.count, self.leaf = offset, count, leaf


_GO_FUNC = "func("  # such a type is a pointer; gdb can take its name for that of an empty struct


class Layout:
    """How a type lies in memory: leaves by path, long arrays, size."""

    def __init__(self, world, gdb_type):
        self.type = gdb_type
        self.size = gdb_type.sizeof
        self.leaves, self.arrays, self.strings, self.slices = [], {}, [], []
        self._world = world
        self._add("", 0, gdb_type)
        at, form, self.flat = 0, "<", []
        for leaf in sorted(self.leaves, key=lambda leaf: leaf.offset):
            # members of a union: the first stands for all; none lies outside
            if at <= leaf.offset <= self.size - leaf.size:
                form += f"{leaf.offset - at}x{leaf.code}"
                at = leaf.offset + leaf.size
                self.flat.append(leaf)
        self.leaves = self.flat
        self.form = struct.Struct(form)
        self.at = _Leaves(world.base_name(gdb_type), self.leaves)

    def _add(self, path, offset, gdb_type):
        name = type_name(gdb_type)
        plain = gdb_type.strip_typedefs()
        code = plain.code
        if name.startswith(_GO_FUNC):
            self.leaves.append(Leaf(path, offset, 8, "Q", "ptr", "func"))
        elif code == gdb.TYPE_CODE_STRUCT:
            fields = [f for f in fields_of(plain) if not f.is_base_class and hasattr(f, "bitpos")]
            fields = [f for f in fields if f.type.sizeof or type_name(f.type).startswith(_GO_FUNC)]
            names = tuple(bare(f.name) for f in fields)
            if names == ("str", "len"):
                self.strings.append((path, offset))
            elif names == ("array", "len", "cap"):
                self.slices.append((path, offset, self._world.base_name(fields[0].type.strip_typedefs().target())))
            elif "atomic." in name and len(fields) == 1:  # atomic.Uint32 and the like: the word inside is the field
                return self._add(path, offset, fields[0].type)
            for field, inner in zip(fields, names):
                if inner and inner != "_":
                    self._add(f"{path}.{inner}" if path else inner, offset + field.bitpos // 8, field.type)
        elif code == gdb.TYPE_CODE_ARRAY:
            lo, hi = plain.range()
            count, element = hi - lo + 1, plain.target()
            if count <= _FLATTEN:
                for i in range(count):
                    self._add(f"{path}.{i}", offset + i * element.sizeof, element)
            else:
                leaf = self._leaf(path, 0, element)
                if leaf and offset + count * leaf.size <= self.size:
                    self.arrays[path] = Array(offset, count, leaf)
        else:
            leaf = self._leaf(path, offset, gdb_type)
            if leaf:
                self.leaves.append(leaf)

    def _leaf(self, path, offset, gdb_type):
        name = self._world.base_name(gdb_type)
        plain = gdb_type.strip_typedefs()
        size, code = plain.sizeof, plain.code
        if code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_FUNC):
            target = plain.target() if code == gdb.TYPE_CODE_PTR else plain
            if target.strip_typedefs().code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_METHOD):
                return Leaf(path, offset, 8, "Q", "ptr", "func")
            return Leaf(path, offset, 8, "Q", "ptr", self._world.base_name(target))
        if code == gdb.TYPE_CODE_BOOL:
            return Leaf(path, offset, 1, "?", "bool", None) if size == 1 else None
        if code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_CHAR):
            signed = bool(getattr(plain, "is_signed", False))
            letter = _INTS.get((size, signed))
            if not letter:
                return None
            if name in ("guintptr", "muintptr", "puintptr"):
                return Leaf(path, offset, size, letter, "ptr", name[0])
            return Leaf(path, offset, size, letter, "word" if name == "uintptr" else "int", name)
        return None

    def decode(self, data):
        """All leaves' values, in the order of `leaves`."""
        return self.form.unpack_from(data)


def type_name(gdb_type):
    """A type's name as `shown` has it; for one without a name what gdb writes for it."""
    return untrusted.shown(told(lambda: gdb_type.name or gdb_type.tag or str(gdb_type)))


def fields_of(gdb_type):
    """The fields of a structure's type; where its debug information is damaged gdb tells of none, and that is a
    Problem."""
    try:
        return gdb_type.fields()
    except (UnicodeDecodeError, gdb.error) as error:
        raise Problem(
            f"the debug information of {type_name(gdb_type)} is damaged ({untrusted.shown(str(error), 200)}): build the"
            " program anew."
        ) from None


def bare(field_name):
    """Go writes the members of an anonymous struct with their package: `runtime.head` is `head`."""
    return field_name.rpartition(".")[2] if field_name else field_name


class Struct:
    """A structure read from memory: `get(path)` gives a number, a bool, text, None for what the type lacks."""

    __slots__ = ("layout", "addr", "data")

    def __init__(self, layout, addr, data):
        self.layout, self.addr, self.data = layout, addr, data

    def get(self, *paths):
        """The value of the first of these fields that the type has, else None."""
        for path in paths:
            leaf = self.layout.at.get(path)
            if leaf is not None:
                return struct.unpack_from("<" + leaf.code, self.data, leaf.offset)[0]
        return None

    def need(self, *paths):
        """The same, where it is needed; Lacking if the type has none."""
        found = self.get(*paths)
        return self.layout.at[paths[0]] if found is None else found

    def has(self, path):
        """Does the type have this field?"""
        return path in self.layout.at

    def array(self, path):
        """(count, function from index to value) of an array field, long or short; None if there is none."""
        array = self.layout.arrays.get(path)
        if array is None:
            return None
        step = array.leaf.size

        def at(i):
            return struct.unpack_from("<" + array.leaf.code, self.data, array.offset + i * step)[0]

        return array.count, at


# ---- the program ---------------------------------------------------------------------------------------------------


class World:
    """One program as gdb has loaded it: which of the two worlds it is, its symbols, types and layouts, and all that was
    found out about it. What a rebuild, an exec, a fork or another inferior brings is another World."""

    def __init__(self, path):
        self.path = path
        try:
            self.elf = elf.Elf(path)
        except (OSError, elf.NotElf):
            raise Problem(
                f"{path} is no x86-64 ELF program: start gdb on one built by `./lab path hello`, or on a Go program."
            )
        symbols = self.elf.symbols
        if "runtime.g0" not in symbols:
            what = "has no symbols (stripped?)" if not symbols else "is neither an rt0lab nor a Go program"
            raise Problem(
                f"{path} {what}: `./lab path hello` names one to look at; build Go programs without -ldflags=-s or -w."
            )
        for prefix in ("", "runtime."):
            self._g = _lookup_type(prefix + "g")
            if self._g is not None and _has_variable(prefix + "g0"):
                self.prefix = prefix
                break
        else:
            raise Problem(f"{path} has no debug information: build it without -s, -w or `strip`.")
        self.is_go = self.prefix == "runtime."
        self._types, self._layouts, self._variables, self._arrays, self._named = {}, {}, {}, {}, {}
        self._slide, self._slide_of = 0, None
        self._own, self._here, self._here_at = {}, {}, None

    # -- addresses

    @property
    def slide(self):
        """How far a position-independent program was moved from the addresses in its file."""
        if self.elf.relocatable:
            if _past is not None:
                return _past.slide
            moment = _moves, gdb.selected_inferior().pid
            if moment != self._slide_of:
                self._slide_of = moment
                symbol = gdb.lookup_global_symbol(self.prefix + "g0")
                self._slide = int(symbol.value().address) - self.elf.symbols["runtime.g0"][0]
        return self._slide

    # -- what is kept

    def own(self, key, make):
        """What `make()` once gave: it is this program's, wherever it lies and whether it runs or not."""
        if key not in self._own:
            self._own[key] = make()
        return self._own[key]

    def cached(self, key, make):
        """What `make()` once gave: it is true of this program as long as it, and what it loads, lie where they do."""
        at = self.slide, _loads
        if at != self._here_at:
            self._here, self._here_at = {}, at
        found = self._here.get(key, self)
        if found is self:
            found = self._here[key] = make()
        return found

    def address(self, symbol):
        """The address of an ELF symbol, or None."""
        found = self.elf.symbols.get(symbol)
        return None if found is None else found[0] + self.slide

    def symbol_at(self, address):
        """(name, offset) of the ELF symbol around an address, or None; a mangled name as its source has it, all as
        `shown` has them. What is no address of this program's may be one of a plugin's or a library's."""
        found = self.elf.symbol_at(address - self.slide)
        if found is None:
            return (
                None
                if self.section_at(address) is not None
                else self.cached(("elsewhere", address), lambda: _function_at(address))
            )
        if found[0] not in self._named:
            name = found[0] if not found[0].startswith("_Z") else _demangled(found[0])
            if name != found[0] and "." not in _LAMBDAS.sub("", name):
                name = f"{self._package(address)}.{name}"
            self._named[found[0]] = untrusted.shown(name)
        return self._named[found[0]], found[1]

    def know_names(self):
        """Demangles all there is: gdb tells an editor (MI) of the setting that this takes, in the midst of a list of
        frames even, and the list is none any more."""
        with _demangling():
            for name in self.elf.symbols:
                if name.startswith("_Z"):
                    _demangled(name)

    def _package(self, address):
        """Where a C++ function without class or namespace belongs: to the runtime if its file stands beside
        runtime.main's."""
        home = self.line_at(self.address("runtime.main") or 0)[0]
        file = self.line_at(address)[0]
        return "runtime" if file and home and os.path.dirname(file) == os.path.dirname(home) else "main"

    def section_at(self, address):
        """The ELF section around an address, or None."""
        return self.elf.section_at(address - self.slide)

    def line_at(self, address):
        """(full file name, line) of an address, or (None, 0)."""
        return self.cached(("line", address), lambda: _line_at(address))

    # -- types

    def base_name(self, gdb_type):
        """A type's name without its package: `g` for `runtime.g` and for `struct g`."""
        name = type_name(gdb_type)
        for prefix in ("struct ", "const "):
            name = name.removeprefix(prefix)
        return name.removeprefix("runtime.") if self.is_go else name

    def type(self, name):
        """The gdb.Type of a runtime type (`g`, `hchan`), or None if the program has none of that name."""
        if name not in self._types:
            self._types[name] = _lookup_type(self.prefix + name)
        return self._types[name]

    def layout(self, name):
        """The layout of a runtime type."""
        if name not in self._layouts:
            gdb_type = self.type(name)
            if gdb_type is None:
                raise Lacking(
                    f"this program's debug information has no type `{self.prefix}{name}`: rebuild it with -g."
                )
            self._layouts[name] = Layout(self, gdb_type)
        return self._layouts[name]

    def _symbol(self, name):
        return gdb.lookup_global_symbol(self.prefix + name) or gdb.lookup_static_symbol(self.prefix + name)

    def type_of_variable(self, name):
        """The gdb.Type of a runtime variable, None if the debug information has no such variable."""
        symbol = self._symbol(name)
        return None if symbol is None else symbol.type

    def variable(self, name):
        """(address, layout) of a runtime variable by its Go name without package, or None."""
        if name not in self._variables:
            symbol = self._symbol(name)
            at = self.elf.symbols.get("runtime." + name)
            known = None
            if symbol is not None and at is not None and symbol.type is not None:
                with contextlib.suppress(Problem):  # a type that cannot be read costs the variables of that type
                    known = at[0], Layout(self, symbol.type)
            self._variables[name] = known
        found = self._variables[name]
        return None if found is None else (found[0] + self.slide, found[1])

    def array(self, name):
        """(address, how many elements, their layout) of a runtime variable that is an array, or None."""
        if name not in self._arrays:
            symbol = self._symbol(name)
            plain = symbol.type.strip_typedefs() if symbol is not None and symbol.type is not None else None
            known = None
            if plain is not None and plain.code == gdb.TYPE_CODE_ARRAY:
                lo, hi = plain.range()
                known = symbol, hi - lo + 1, Layout(self, plain.target())
            self._arrays[name] = known
        known = self._arrays[name]
        return None if known is None else (int(known[0].value().address), *known[1:])

    def constant(self, name):
        """The value of a named constant or enumerator, or None."""
        symbol = None
        try:
            symbol = gdb.lookup_static_symbol(self.prefix + name) or gdb.lookup_global_symbol(self.prefix + name)
            return None if symbol is None else int(symbol.value())
        except (gdb.error, RuntimeError):
            return None

    def names(self, *names):
        """{value: name} of those constants that the program has."""
        found = {}
        for name in names:
            value = self.constant(name)
            if value is not None:
                found.setdefault(value, name)
        return found

    _G_STATUS = (
        "_Gidle",
        "_Grunnable",
        "_Grunning",
        "_Gsyscall",
        "_Gwaiting",
        "_Gmoribund_unused",
        "_Gdead",
        "_Genqueue_unused",
        "_Gcopystack",
        "_Gpreempted",
        "_Gleaked",
        "_Gdeadextra",
        "_Gscan",
    )
    _P_STATUS = ("_Pidle", "_Prunning", "_Psyscall", "_Psyscall_unused", "_Pgcstop", "_Pdead", "_PgcstopIdle")

    def g_status(self, value):
        """`_Grunning` for a number; what it is, for a number that is no status."""
        return self._status(value, "g_names", self._G_STATUS, "_Gscan")

    def p_status(self, value):
        """`_Pidle` for a number."""
        return self._status(value, "p_names", self._P_STATUS, None)

    def _status(self, value, cache, names, flag):
        if isinstance(value, Unreadable) or value is None:
            return str(value)
        known = self._types.get(cache)
        if known is None:
            known = self._types[cache] = self.names(*names)
        scan = next((v for v, n in known.items() if n == flag), 0)
        if value in known:
            return known[value]
        if scan and value & scan and value & ~scan in known:
            return f"{flag}|{known[value & ~scan]}"
        return f"status {value}?"


def file_of(symtab):
    """The full name of a source file, None for no symtab. It may be any text: only `untrusted` opens or shows it."""
    return untrusted.cut(told(symtab.fullname), untrusted.LINE) if symtab is not None else None


def name_of(frame):
    """gdb's name of a frame's function as `shown` has it, or None."""
    name = told(frame.name)
    return None if name is None else untrusted.shown(name)


def _lookup_type(name):
    """A struct type by name, whatever the current language is; None if there is none."""
    for spelling in ("struct " + name, name):
        try:
            found = gdb.lookup_type(spelling)
        except gdb.error:
            continue
        if found.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
            return found
    return None


def _has_variable(name):
    try:
        return gdb.lookup_global_symbol(name) is not None
    except gdb.error as error:
        raise Problem(
            f"gdb cannot read this program's debug information ({untrusted.shown(str(error), 200)}): build it anew."
        ) from None


def _function_at(address):
    """(name, offset) of the function around an address, in whatever gdb has loaded that has debug information; else
    None."""
    try:
        block = gdb.block_for_pc(address)
    except (gdb.error, RuntimeError, OverflowError):
        return None
    found = None
    while block is not None and not block.is_static:  # an inlined function is not it
        found, block = block if block.function is not None else found, block.superblock
    return None if found is None else (untrusted.shown(told(lambda: found.function.name)), address - found.start)


def _line_at(address):
    found = gdb.find_pc_line(address)
    return (file_of(found.symtab), found.line) if found.symtab else (None, 0)


_worlds = {}  # by gdb's objfile: a program that is built anew, or that another inferior has, too, is another one
# how often something happened after which a program may lie elsewhere; after which there may be other code
_moves = _loads = 0


def moves():
    """Another number than before, if the program may have moved."""
    return _moves


def moved(_event=None):
    """gdb.events.cont, stop, exited: programs begin, end, and are moved by who loads them."""
    global _moves
    _moves += 1


def loaded(_event=None):
    """gdb.events.new_objfile, clear_objfiles: a program or a library came or went."""
    global _loads
    _loads += 1
    moved()
    for key in [
        key
        for key, found in _worlds.items()
        if isinstance(found, Problem) or isinstance(key, gdb.Objfile) and not key.is_valid()
    ]:
        del _worlds[key]


def objfile():
    """gdb's objfile of the program, None if there is none."""
    path = _path()
    return next(
        (o for o in gdb.objfiles() if path and path in (told(getattr, o, "filename"), told(getattr, o, "username"))),
        None,
    )


def _path():
    """The program's file, as Python names files; None if there is none."""
    return told(getattr, gdb.current_progspace(), "filename")


def world():
    """The program gdb is looking at; raises Problem with a sentence if there is none that we know."""
    path = _path()
    if not path:
        raise Problem("no program is loaded: `file PROGRAM` loads one, `./lab path hello` names one.")
    key = objfile() or path
    found = _worlds.get(key)
    if found is None:
        try:
            found = World(path)
        except Problem as problem:
            found = problem
        _worlds[key] = found
    if isinstance(found, Problem):
        raise Problem(*found.args)
    return found


# ---- memory and registers ------------------------------------------------------------------------------------------

_DECODER = codecs.getincrementaldecoder("utf-8")
_past = None  # the history.Moment that is read instead of the program


class past:
    """While this lasts, all that reads here reads a moment of the past."""

    def __init__(self, moment):
        self._moment = moment

    def __enter__(self):
        global _past
        self._before, _past = _past, self._moment

    def __exit__(self, *_):
        global _past
        _past = self._before


def moment():
    """The moment of the past that is read, or None: the present."""
    return _past


def pid():
    """The process's id, 0 if there is none."""
    return _past.pid if _past is not None else gdb.selected_inferior().pid


def thread():
    """gdb's number of the selected thread, or None."""
    if _past is not None:
        return _past.thread
    selected = selected_thread()
    return selected.num if selected is not None else None


def selected_thread():
    """The selected thread, or None: gdb 13 fails at one that ended while it was the only one to run."""
    try:
        return gdb.selected_thread()
    except SystemError:
        return None


def alive():
    """Is there a process or a core to look at?"""
    if _past is not None:
        return True
    return bool(gdb.selected_inferior().pid) and selected_thread() is not None


def on_core():
    """Is it a core file?"""
    connection = getattr(gdb.selected_inferior(), "connection", None)
    return connection is not None and connection.type == "core"


_connections = {}  # its number: is it a view?


def on_view():
    """Are these goroutines that `lab serve` shows, which nothing can make run?"""
    connection = getattr(gdb.selected_inferior(), "connection", None)
    if connection is None or not hasattr(connection, "send_packet"):
        return False
    if connection.num not in _connections:
        try:
            _connections[connection.num] = connection.send_packet(packets.IS_VIEW) == packets.YES
        except gdb.error:  # it runs, or is lost
            return False
    return _connections[connection.num]


def read(addr, size):
    """Bytes of memory, or Unreadable."""
    if _past is not None:
        return _past.read(addr, size)
    if size == 0:
        return b""  # newer gdbs refuse to read nothing
    try:
        return bytes(gdb.selected_inferior().read_memory(addr, size))
    except (gdb.MemoryError, OverflowError, gdb.error):
        return Unreadable(addr)


def auxv():
    """What the kernel told the program at its start, as it stands in memory; empty where gdb cannot know it."""
    try:
        said = done("info auxv")
    except gdb.error:
        return b""
    row = r"^(\d+)\s+\S.*?\s(0x[0-9a-f]+|\d+)(?: \".*\")?$"
    return b"".join(
        struct.pack("<QQ", int(key), int(value, 0) & (1 << 64) - 1) for key, value in re.findall(row, said, re.M)
    )


def read_struct(kind, addr):
    """A structure of the named runtime type at an address: Struct or Unreadable."""
    layout = world().layout(kind)
    data = read(addr, layout.size)
    return data if isinstance(data, Unreadable) else Struct(layout, addr, data)


def calls(start, code):
    """(where it returns to, where it goes) of what looks like a near call in the bytes from `start` on."""
    for at in range(len(code) - 4):
        if code[at] == 0xE8:
            back = start + at + 5
            yield back, back + struct.unpack_from("<i", code, at + 1)[0] & (1 << 64) - 1


def read_word(addr):
    """One 8-byte word: a number or Unreadable."""
    data = read(addr, 8)
    return data if isinstance(data, Unreadable) else int.from_bytes(data, "little")


def read_text(addr, length, quoted=False, most=200):
    """A Go string's text, so many bytes of it, as `shown` has it; `quoted` as a literal has it, with dots behind it
    where it is cut."""
    if not length:
        return '""' if quoted else ""
    if not 0 < length < 1 << 32:
        return f"<a string of {length} bytes?>"
    data = read(addr, min(length, most))
    if isinstance(data, Unreadable):
        return str(data)
    text = _DECODER("surrogateescape").decode(data, length <= most)  # without half a character at the end
    text = text.replace("\\", "\\\\").replace('"', '\\"') if quoted else text
    text = untrusted.shown(text, max(len(text), 1))
    return (f'"{text}"' if quoted else text) + ("..." if length > most else "")


def variable(name):
    """A runtime variable (`sched`, `allp`) as a Struct, Unreadable, or None if the program has none."""
    found = world().variable(name)
    if found is None:
        return None
    addr, layout = found
    data = read(addr, layout.size)
    return data if isinstance(data, Unreadable) else Struct(layout, addr, data)


def elements(name):
    """The elements of a runtime variable that is an array, as Structs; none if there is no such variable or it cannot
    be read."""
    found = world().array(name)
    if found is None:
        return []
    addr, count, layout = found
    data = read(addr, count * layout.size)
    if isinstance(data, Unreadable):
        return []
    return [Struct(layout, addr + at, data[at : at + layout.size]) for at in range(0, len(data), layout.size)]


def scalar(name):
    """The value of a scalar runtime variable; None if there is none or it cannot be read."""
    found = variable(name)
    return found.get("") if isinstance(found, Struct) else None


def text(name):
    """The value of a string variable."""
    found = variable(name)
    if not isinstance(found, Struct) or not found.has("len"):
        return None
    return read_text(found.get("str"), found.get("len"))


def register(name, frame=None):
    """A register of the selected thread's innermost frame, or None."""
    if _past is not None:
        return _past.registers.get(name)
    if not alive():
        return None
    try:
        return int((frame or gdb.newest_frame()).read_register(name)) & (1 << 64) - 1
    except (gdb.error, ValueError):
        return None


def tls_g():
    """(FS base, the thread's current g: the word at -8(FS), or where C's thread-local variables left room for it); None
    where it cannot be known."""
    base = register("fs_base")
    if not base:
        return base, 0 if base == 0 else None
    word = read_word(base + world().elf.g_slot)
    return base, None if isinstance(word, Unreadable) else word


def current_g(word):
    """The g that the selected thread is on, whose -8(FS) holds `word`: g0 until rt0_go has set one. 0: none yet, None:
    that cannot be known.

    A thread that clone has just made is on none. Its FS is its creator's until it sets its own, and so is the g there.
    """
    if _past is not None:
        return _past.current
    g = read_struct("g", word) if word else None
    m = read_struct("m", g.get("m")) if g and g.get("m") else None
    if not m:
        g0 = variable("g0") if word is not None else None
        return g0.addr if g0 and not g0.get("m") else word
    return 0 if m.get("procid") and m.get("procid") not in selected_thread().ptid[1:] and procids_are_gdbs() else word


def procids_are_gdbs():
    """Does the program number its threads as gdb does? Seen from outside a container they have other numbers."""
    m0 = variable("m0")
    return bool(m0) and m0.get("procid") == pid()


def symbol_of(frame):
    """(name, offset) of the ELF symbol that a frame is in, or None. A call that never returns may be a function's last
    instruction: where the frame called somebody, the call says which function it is."""
    inner = frame.newer()
    while inner is not None and inner.type() == gdb.INLINE_FRAME:
        inner = inner.newer()
    called = inner is not None and inner.type() == gdb.NORMAL_FRAME
    return world().symbol_at(frame.pc() - called)


# ---- the lists: all gs, ms, ps and queues. Each is bounded and stands a cycle ----------------------------------------


def _slice(name, limit):
    """The words of a slice variable; no more than it has room for, whatever its length says."""
    found = variable(name)
    if not isinstance(found, Struct) or not found.has("array"):
        return []
    array, count = found.get("array"), min(found.get("len"), found.get("cap"))
    if not array or not 0 < count <= 1 << 24:
        return []
    data = read(array, 8 * min(count, limit))
    return [] if isinstance(data, Unreadable) else [w for (w,) in struct.iter_unpack("<Q", data)]


def all_p_addresses():
    """What allp holds."""
    words = _slice("allp", MAX_PS)
    if words:
        return words
    found = variable("allp")  # before Go 1.10 an array that ends in nil
    if isinstance(found, Struct) and found.array("") is not None:
        count, at = found.array("")
        words = [at(i) for i in range(min(count, MAX_PS))]
        return words[: words.index(0)] if 0 in words else words
    return []


def all_ms():
    """The Ms of allm, newest first."""
    return chain("m", scalar("allm") or 0, "alllink", MAX_MS)


def is_sysmon(fn):
    """Whether an M that began with this function, m.mstartfn, never schedules. It is a code pointer here, a function
    value in Go."""
    return bool(fn) and any(
        symbol and symbol[0].removesuffix(".abi0") == "runtime.sysmon" and not symbol[1]
        for symbol in map(world().symbol_at, [fn, read_word(fn) or 0])
    )


class Chain(list):
    """What a linked list holds. `end` is None if the list is whole, else what came instead of its end, in words.

    `cut` says that it is only longer than what was read."""

    end, cut = None, False

    def ended(self, how, cut=False):
        """The same, with this for its end."""
        self.end, self.cut = how, cut
        return self


def chain(kind, head, link, limit=MAX_QUEUE, known=None):
    """The structures of a linked list, a Chain: up to its end, a circle, bad memory or the limit. `known` are some that
    were read already."""
    found, seen = Chain(), set()
    while head:
        if head in seen:
            return found.ended(f"goes round in a circle after {len(found)}")
        if len(found) >= limit:
            return found.ended(f"goes on after the first {limit}, which are all that was read", True)
        seen.add(head)
        item = known.get(head) if known else None
        if item is None:
            item = read_struct(kind, head)
        if isinstance(item, Unreadable):
            return found.ended(f"goes on at {head:#x}, which cannot be read")
        found.append(item)
        head = item.get(link) or 0
    return found


def idle_ms(sched):
    """The Ms on sched.midle, a Chain. From Go 1.26 on, that is a list with a link of its own."""
    own = sched.has("midle.obj")
    return chain("m", sched.get("midle", "midle.obj") or 0, "idleNode.next" if own else "schedlink", MAX_MS)


def idle_ps(sched):
    """The Ps on sched.pidle, a Chain."""
    return chain("p", sched.get("pidle") or 0, "link", MAX_PS)


def p_of(m):
    """(the address that m.p holds, does the M still have that P?). Go 1.10 leaves m.p as it was while the M is in a
    system call, though the P may have gone to another M: then only p.m says whose it is."""
    at = m.get("p")
    p = read_struct("p", at) if at else None
    if not p or p.get("m") == m.addr:
        return at, bool(at)
    g = read_struct("g", m.get("curg")) if m.get("curg") else None
    return at, not (g and "_Gsyscall" in world().g_status(g.get("atomicstatus")))


def locked(key):
    """Is a runtime.mutex with this word held? Where Ms spin on one bit and queue in the others, only one says so."""
    return bool(key & (world().constant("mutexLocked") or 1)) if world().constant("mutexSpinning") else bool(key)


def run_queue(p):
    """The g addresses of a P's ring, oldest first; None if head and tail make no sense."""
    head, tail = p.get("runqhead"), p.get("runqtail")
    ring = p.array("runq")
    if head is None or tail is None or ring is None:
        return []
    count, at = ring
    waiting = tail - head & 0xFFFFFFFF
    if waiting > count:
        return None
    return [at((head + i) % count) for i in range(waiting)]


def global_queue(sched, known=None, limit=None):
    """The g addresses of the global run queue, a Chain; without a limit, as many as there can be goroutines."""
    limit = limit or max(MAX_QUEUE, min(scalar("allglen") or 0, 1 << 22)) + 1
    found = chain("g", sched.get("runqhead", "runq.head") or 0, "schedlink", limit, known)
    return Chain(g.addr for g in found).ended(found.end, found.cut)


def is_locked(key):
    """Is a runtime.mutex with this key locked? Up to Go 1.23 it is unless the key is 0, later one bit says so."""
    return bool(key and (world().constant("mutexSpinning") is None or key & (world().constant("mutexLocked") or 1)))


def wait_reason(g):
    """Why a g waits: a string in Go 1.10 and here, later an index into runtime.waitReasonStrings."""
    if g.has("waitreason.len"):
        return read_text(g.get("waitreason.str"), g.get("waitreason.len"))
    return wait_reason_text(g.get("waitreason"))


def wait_reason_text(value):
    """The text of a wait reason that is an index."""
    if not value:
        return ""
    at = world().address("runtime.waitReasonStrings")
    size = world().elf.symbols.get("runtime.waitReasonStrings", (0, 0))[1]
    if at is None or value * 16 >= size:
        return f"wait reason {value}"
    pair = read(at + 16 * value, 16)
    return str(pair) if isinstance(pair, Unreadable) else read_text(*struct.unpack("<QQ", pair))


_REFERS = re.compile("[ST][0-9A-Z]*_")  # in a mangled name: what was said before, once more
_MOST_REFERENCES = 20  # each may double the name, and gdb would write it all
_LAMBDAS = re.compile(r"(\.(func|\$_)\d+)+$")  # at the end of a name that gcc or clang gave


def _demangling():
    return settings.changed({"demangle-style": "gnu-v3"})


@functools.cache
def _demangled(name):
    """A C++ function's name as Go would write it: main.main.func1, sync.Mutex.Lock; those like player and player.func1
    have no package yet. A name that is none of C++'s stays as it is."""
    if len(_REFERS.findall(name)) > _MOST_REFERENCES:
        return name
    try:
        with _demangling():
            text = untrusted.cut(done(f"demangle -l c++ -- {untrusted.word(name)}").strip(), untrusted.LINE)
    except (untrusted.Unquotable, gdb.error):
        return name
    text = re.sub(r"::\{lambda\([^()]*\)#(\d+)\}", r".func\1", text.replace("main_main()", "main.main"))
    text = re.sub(r"^detail::closure<(.+?) ?>::run\(funcval ?\*\)$", r"\1", text)
    text = re.sub(r"::operator\(\)\([^<>]*\)( const)?$", "", text)
    while (shorter := re.sub(r"<[^<>]*>|\([^()]*\)( const)?", "", text)) != text:
        text = shorter
    return text.rpartition(" ")[2].replace("::", ".").replace("detail.", "runtime.")

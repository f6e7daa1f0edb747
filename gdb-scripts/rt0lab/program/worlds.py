"""Which program gdb has loaded: its symbols, types, variables and constants, and what was found out about it."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Hashable
from typing import Any

import gdb

from .. import words
from ..formats import elf, untrusted
from ..words import tr
from . import answers, demangle, homes, past
from .layout import Layout, type_name
from .problem import Lacking, Problem, Unreadable


class World:
    """One program as gdb has loaded it: which of the two worlds it is, its symbols, types and layouts, and all that was
    found out about it. What a rebuild, an exec, a fork or another inferior brings is another World.

    Who finds something out about a program keeps it here, and nowhere else: by `own`, `cached` or `still`, which say
    how long it is true.
    """

    __slots__ = (
        *("path", "home", "elf", "prefix", "is_go"),
        *("_types", "_layouts", "_variables", "_arrays", "_named"),
        *("_slide", "_slide_of", "_own", "_here", "_here_at", "_still", "_still_at"),
    )

    def __init__(self, path: str, main: gdb.Objfile | None = None) -> None:
        self.path = path  # the program's, which is not where the runtime is if that is a library
        try:
            self.home = homes.find(main, path)
        except (OSError, elf.NotElf):
            raise Problem(
                tr(
                    "{path} is no x86-64 ELF program: start gdb on one built by `./lab path hello`, or on a Go"
                    " program.",
                    path=path,
                )
            )
        self.elf = self.home.elf
        if homes.RUNTIME not in self.elf.symbols:
            raise Problem(_not_ours(path, self.elf.symbols))
        self.is_go = self.elf.is_go
        self.prefix: Any = None  # until settled()
        self._types, self._layouts, self._variables, self._arrays, self._named = {}, {}, {}, {}, {}
        self._slide, self._own, self._here, self._still = 0, {}, {}, {}
        self._slide_of: Any = None
        self._here_at: Any = None
        self._still_at: Any = None

    def settled(self) -> World:
        """The same, once gdb has found the runtime's types; Problem if it finds none. That is what takes time: gdb
        reads all types of a Go program with the first one."""
        if self.prefix is None:
            found = (p for p in ("", "runtime.") if _lookup_type(p + "g") is not None and _has_variable(p + "g0"))
            self.prefix = next(found, None)
            if self.prefix is None:
                raise Problem(
                    tr("{path} has no debug information: build it without -s, -w or `strip`.", path=self.path)
                )
            self.is_go = self.prefix == "runtime."
        return self

    # -- addresses

    @property
    def is_library(self) -> bool:
        """Is the runtime in a library, and the program C's?"""
        return self.home.is_library

    @property
    def g_slot(self) -> int | None:
        """Where a thread's current g is, counted from FS. Of a library the loader decides that, and notes it where the
        library's code looks; None as long as it has not."""
        if not self.is_library:
            return self.elf.g_slot
        at = self.own("g slot's place", lambda: self.elf.g_slot_at())
        return None if at is None else self.cached(("g slot",), lambda: self._noted_slot(at))

    def _noted_slot(self, at):
        with past.reading(None):
            try:
                word = gdb.selected_inferior().read_memory(at + self.slide, 8)
            except gdb.error:
                return None
        return int.from_bytes(word, "little", signed=True) or None

    @property
    def slide(self) -> int:
        """How far a position-independent program was moved from the addresses in its file."""
        if self.elf.relocatable:
            if past.moment() is not None:
                return past.moment().slide
            at = _moves, gdb.selected_inferior().pid
            if at != self._slide_of:
                self._slide_of = at
                symbol = self._symbol("g0")
                self._slide = int(symbol.value().address) - self.elf.symbols["runtime.g0"][0]
        return self._slide

    def _moved_now(self):
        """The slide that gdb's own tables have, also while a moment is read in which the program lay elsewhere."""
        with past.reading(None):
            return self.slide

    # -- what is kept

    def own(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make()` once gave: it is this program's, wherever it lies and whether it runs or not."""
        if key not in self._own:
            self._own[key] = make()
        return self._own[key]

    def cached(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make()` once gave: it is true of this program as long as it, and what it loads, lie where they do."""
        at = self.slide, _loads
        if at != self._here_at:
            self._here, self._here_at = {}, at
        found = self._here.get(key, self)
        if found is self:
            found = self._here[key] = make()
        return found

    def still(self, key: Hashable, make: Callable[[], Any] | None = None) -> Any:
        """What `make()` once gave: it is true of this program as long as it stands still and nobody writes to it. Where
        nothing makes it, None if nobody has made it yet."""
        at = self.slide, gdb.selected_inferior().pid, _loads, _moves, _writes, words.language()  # some is sentences
        if at != self._still_at:
            self._still, self._still_at = {}, at
        if key not in self._still and make is not None:
            self._still[key] = make()
        return self._still.get(key)

    def source(self, file: str | None) -> tuple[str, ...]:
        """The lines of one of its source files; none if it has none, or if that is not to be read."""
        return self.own(("source", file), functools.partial(untrusted.source, file)) if file else ()

    # -- what stands where

    def address(self, symbol: str) -> int | None:
        """The address of an ELF symbol, or None."""
        found = self.elf.symbols.get(symbol)
        return None if found is None else found[0] + self.slide

    def symbol_at(self, address: int) -> tuple[str, int] | None:
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
            name = found[0] if not found[0].startswith("_Z") else self._demangled(found[0])
            if name != found[0] and not self.is_go and "." not in demangle.LAMBDAS.sub("", name):
                name = self._package(address) + name
            self._named[found[0]] = untrusted.shown(name)
        return self._named[found[0]], found[1]

    def know_names(self) -> None:
        """Demangles all there is: gdb tells an editor (MI) of the setting that this takes, in the midst of a list of
        frames even, and the list is none any more."""
        with demangle.demangling():
            for name in self.elf.symbols.beginning("_Z"):
                self._demangled(name)

    def _demangled(self, name):
        """As gdb has it in a real Go program; in ours Go's way, whose names they are."""
        return self.own(("demangled", name), lambda: (self.is_go and demangle.in_cxx(name)) or demangle.in_go(name))

    def _package(self, address):
        """Where a C++ function without class or namespace belongs: "runtime." if its file stands beside runtime.main's.
        Of a variable nobody says it: it has no line."""
        section = self.section_at(address)
        if section is None or not section.code:
            return ""
        home = self.line_at(self.address("runtime.main") or 0)[0]
        file = self.line_at(address)[0]
        return "runtime." if file and home and os.path.dirname(file) == os.path.dirname(home) else "main."

    def section_at(self, address: int) -> elf.Section | None:
        """The ELF section around an address, or None."""
        return self.elf.section_at(address - self.slide)

    def line_at(self, address: int) -> tuple[str | None, int]:
        """(full file name, line) of an address, or (None, 0)."""
        return self.cached(("line", address), lambda: self._line_at(address))

    def _line_at(self, address):
        found = gdb.find_pc_line(address - self.slide + self._moved_now())
        file = self.file_of(found.symtab)
        return file, found.line if file is not None else 0

    def file_of(self, symtab: gdb.Symtab | None) -> str | None:
        """The full name of a source file, and notes what else it is called: see as_compiled."""
        file = file_of(symtab)
        if file is not None:
            self.own("as compiled", dict)[file] = symtab
        return file

    def as_compiled(self, file: str) -> str:
        """What gdb's own backtraces call one of its source files: as the compiler was told, no links followed."""
        symtab = self.own("as compiled", dict).get(file)
        return answers.told(getattr, symtab, "filename") if symtab is not None and symtab.is_valid() else file

    # -- types

    def base_name(self, gdb_type: gdb.Type) -> str:
        """A type's name without its package: `g` for `runtime.g` and for `struct g`."""
        name = type_name(gdb_type)
        for prefix in ("struct ", "const "):
            name = name.removeprefix(prefix)
        return name.removeprefix("runtime.") if self.is_go else name

    def type(self, name: str) -> gdb.Type | None:
        """The gdb.Type of a runtime type (`g`, `hchan`), or None if the program has none of that name."""
        if name not in self._types:
            found = self.symbol(self.prefix + name)
            found = found.type if found is not None and found.addr_class == gdb.SYMBOL_LOC_TYPEDEF else None
            named = found is not None and found.strip_typedefs().code == gdb.TYPE_CODE_STRUCT
            self._types[name] = found if named else _lookup_type(self.prefix + name)
        return self._types[name]

    @property
    def _file(self):
        """Whom to ask for symbols: the runtime's own file. When gdb looks everywhere for one, it asks a program at the
        other end of a line twenty times what libraries that has."""
        objfile = self.home.objfile
        return objfile if objfile is not None and objfile.is_valid() else gdb

    def symbol(self, name: str) -> gdb.Symbol | None:
        """gdb's symbol of a constant or a type by its whole name."""
        return self._file.lookup_static_symbol(name) or self._file.lookup_global_symbol(name)

    def layout(self, name: str) -> Layout:
        """The layout of a runtime type."""
        if name not in self._layouts:
            gdb_type = self.type(name)
            if gdb_type is None:
                raise Lacking(
                    tr(
                        "this program's debug information has no type `{prefix}{name}`: rebuild it with -g.",
                        prefix=self.prefix,
                        name=name,
                    )
                )
            self._layouts[name] = Layout(self, gdb_type)
        return self._layouts[name]

    def _symbol(self, name):
        return _variable(self.prefix + name, self._file)

    def type_of_variable(self, name: str) -> gdb.Type | None:
        """The gdb.Type of a runtime variable, None if the debug information has no such variable."""
        symbol = self._symbol(name)
        return None if symbol is None else symbol.type

    def variable(self, name: str) -> tuple[int, Layout] | None:
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

    def array(self, name: str) -> tuple[int, int, Layout] | None:
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

    def constant(self, name: str) -> int | None:
        """The value of a named constant or enumerator, or None."""
        symbol = None
        try:
            symbol = self.symbol(self.prefix + name)
            return None if symbol is None else int(symbol.value())
        except (gdb.error, RuntimeError):
            return None

    def constants(self, name: str) -> list[int]:
        """The numbers of a constant array, which need not lie anywhere in memory; none if there is no such array."""
        try:
            symbol = self.symbol(self.prefix + name)
            if symbol is None:
                return []
            lo, hi = symbol.type.strip_typedefs().range()
            return [int(symbol.value()[i]) for i in range(lo, min(hi, 255) + 1)]
        except (gdb.error, RuntimeError):
            return []

    def names(self, *names: str) -> dict[int, str]:
        """{value: name} of those constants that the program has."""
        found = {}
        for name in names:
            value = self.constant(name)
            if value is not None:
                found.setdefault(value, name)
        return found

    G_STATUS = (
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
    P_STATUS = ("_Pidle", "_Prunning", "_Psyscall", "_Psyscall_unused", "_Pgcstop", "_Pdead", "_PgcstopIdle")

    def g_status(self, value: Any) -> str:
        """`_Grunning` for a number; what it is, for a number that is no status."""
        return self._status(value, self.G_STATUS, "_Gscan")

    def p_status(self, value: Any) -> str:
        """`_Pidle` for a number."""
        return self._status(value, self.P_STATUS, None)

    def _status(self, value, names, flag):
        if isinstance(value, Unreadable) or value is None:
            return str(value)
        known = self.own(names, lambda: self.names(*names))
        scan = next((v for v, n in known.items() if n == flag), 0)
        if value in known:
            return known[value]
        if scan and value & scan and value & ~scan in known:
            return f"{flag}|{known[value & ~scan]}"
        return f"status {value}?"


def file_of(symtab: gdb.Symtab | None) -> str | None:
    """The full name of a source file, None for no symtab. It may be any text: only `untrusted` opens or shows it."""
    return untrusted.cut(answers.told(symtab.fullname), untrusted.LINE) if symtab is not None else None


def name_of(frame: gdb.Frame) -> str | None:
    """gdb's name of a frame's function as `shown` has it, or None."""
    name = answers.told(frame.name)
    return None if name is None else untrusted.shown(name)


def _not_ours(path, symbols):
    """Why a program cannot be looked at, and what to do."""
    what = tr("has no symbols (stripped?)") if not symbols else tr("is neither an rt0lab nor a Go program")
    return tr(
        "{path} {what}: `./lab path hello` names one to look at; build Go programs without -ldflags=-s or -w. If it"
        " is C's and loads a library of Go's: that can be looked at once it is loaded (`tbreak _rt0_amd64_linux_lib`"
        " and `run` stop where it begins).",
        path=path,
        what=what,
    )


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


def _variable(name, where=gdb):
    """The runtime's variable of this name. A C++ program may have one, too: the runtime's are those of its own file."""
    statics = () if "." in name else gdb.lookup_static_symbols(name)  # Go's is no C++ program's
    ours = (s for s in statics if s.symtab.filename.endswith("/runtime/proc.cpp"))
    return next(ours, None) or where.lookup_global_symbol(name) or where.lookup_static_symbol(name)


def _has_variable(name):
    try:
        return _variable(name) is not None
    except gdb.error as error:
        raise Problem(
            tr(
                "gdb cannot read this program's debug information ({error}): build it anew.",
                error=untrusted.shown(str(error), 200),
            )
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
    return (
        None if found is None else (untrusted.shown(answers.told(lambda: found.function.name)), address - found.start)
    )


# By gdb's objfile: a program that is built anew, or that another inferior has, too, is another one. By the program
# space where gdb has none for the program.
_worlds = {}
# how often something happened after which a program may lie elsewhere; after which there may be other code; after which
# other values stand in memory
_moves = _loads = _writes = 0


def moves() -> int:
    """Another number than before, if the program may have moved."""
    return _moves


def writes() -> int:
    """Another number than before, if the user has written to memory or to a register."""
    return _writes


def moved(_event: gdb.Event | None = None) -> None:
    """gdb.events.cont, stop, exited: programs begin, end, and are moved by who loads them."""
    global _moves
    _moves += 1


def written(_event: gdb.Event | None = None) -> None:
    """gdb.events.memory_changed, register_changed: the user has set a variable or a register."""
    global _writes
    _writes += 1


def loaded(_event: gdb.Event | None = None) -> None:
    """gdb.events.new_objfile, clear_objfiles: a program or a library came or went."""
    global _loads
    _loads += 1
    moved()
    for key, found in list(_worlds.items()):
        if isinstance(found, Problem) or not all(map(_is_there, (key, found.home.objfile))):
            del _worlds[key]


def _is_there(objfile):
    return isinstance(objfile, gdb.Objfile) and objfile.is_valid()


_found: Any = None  # the objfile that was found last, and for which program space and file, after how many loads


def objfile() -> gdb.Objfile | None:
    """gdb's objfile of the program, None if there is none."""
    return _objfile_of(_path())


def _objfile_of(path):
    """The same; everybody asks for it, many times at each stop."""
    global _found
    at = gdb.current_progspace(), path, _loads
    if _found is None or _found[1] != at or not _found[0].is_valid():
        names = ("filename", "username")
        found = (o for o in gdb.objfiles() if path and path in [answers.told(getattr, o, name) for name in names])
        known = next(found, None)
        _found = known and (known, at)
    return _found and _found[0]


def home() -> gdb.Objfile | None:
    """gdb's objfile of what has the runtime: the program, or a library in a program of C's. The program's where nothing
    has it."""
    try:
        return glanced().home.objfile
    except Problem:
        return objfile()


def _path():
    """The program's file, as Python names files; None if there is none."""
    return answers.told(getattr, gdb.current_progspace(), "filename")


_held: World | None = None


class holding:
    """The program gdb is looking at stays that while this lasts: nobody has to ask for it again, as all who read
    something do."""

    def __enter__(self) -> World:
        global _held
        self._before, _held = _held, world()
        return _held

    def __exit__(self, *_: Any) -> None:
        global _held
        _held = self._before


def world() -> World:
    """The program gdb is looking at; raises Problem with a sentence if there is none that we know."""
    return _held if _held is not None else _known(World.settled)


def glanced() -> World:
    """The same for who loads it: nobody has asked gdb yet whether there is debug information."""
    return _known(lambda found: found)


def _known(settle):
    path = _path()
    if not path:
        raise Problem(tr("no program is loaded: `file PROGRAM` loads one, `./lab path hello` names one."))
    main = _objfile_of(path)
    key = main or gdb.current_progspace()
    found = _worlds.get(key)
    if found is None:
        try:
            found = World(path, main)
        except Problem as problem:
            found = problem
        _worlds[key] = found
    if isinstance(found, Problem):
        raise Problem(*found.args)
    # what fails here may be had later: while a library is being loaded gdb knows none of its types
    return settle(found)

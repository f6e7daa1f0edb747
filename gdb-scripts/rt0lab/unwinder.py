"""Backtraces that are right: through every instruction of a switch from one stack to another, and down to the true
root."""

import sys

import gdb
import gdb.FrameDecorator
import gdb.unwinder

from . import builds, model, scope, settings, switching, untrusted, views

# ---- roots: nothing lies below them ----------------------------------------------------------------------------------


class Careful(gdb.FrameDecorator.FrameDecorator):
    """A frame whose names may be any text, and whose arguments may lie in memory that cannot be read: gdb would obey
    the one, and end the backtrace with an exception at the other."""

    def function(self):
        """gdb asks for the name; where there is none it is an address."""
        name = model.told(super().function)
        return untrusted.shown(name) if isinstance(name, str) else name

    def filename(self):
        """gdb asks for the file. Of frames that were decorated MI tells no full name besides."""
        symtab = self.inferior_frame().find_sal().symtab
        name = (
            model.file_of(symtab) if symtab is not None and settings.for_an_editor() else model.told(super().filename)
        )
        return untrusted.shown(name) if isinstance(name, str) else name

    def line(self):
        """gdb asks for the line."""
        try:
            return super().line()
        except UnicodeDecodeError:  # gdb's decorator wants to know whether the file has a name
            return self.inferior_frame().find_sal().line

    def frame_args(self):
        """gdb asks for the arguments."""
        try:
            return self._readable(super().frame_args())
        except UnicodeDecodeError:
            return self._readable(gdb.FrameDecorator.FrameVars(self.inferior_frame()).fetch_frame_args())

    def frame_locals(self):
        """`bt full` and editors ask for the variables."""
        try:
            found = self._readable(super().frame_locals())
        except UnicodeDecodeError:
            found = self._readable(gdb.FrameDecorator.FrameVars(self.inferior_frame()).fetch_frame_locals())
        more = [Said(_Name(name), value) for name, value in scope.variables(self.inferior_frame())]
        return [*(found or ()), *more] or None

    def _readable(self, variables):
        return [self._sayable(variable) for variable in variables or ()] or None

    def _sayable(self, variable):
        """The variable, with its name as `shown` has it, and a text for a value that is not there or that holds such
        names itself."""
        symbol, value = variable.symbol(), variable.value()
        try:
            if value is None and isinstance(symbol, gdb.Symbol):
                value = symbol.value(self.inferior_frame())
            if isinstance(value, gdb.Value):
                value.fetch_lazy()
                if value.type.strip_typedefs().code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
                    value.referenced_value().fetch_lazy()
                value = "<optimized out>" if _ends_a_scope(value) else _said(value)
        except gdb.MemoryError as error:
            value = f"<unreadable {str(error).rpartition(' ')[2]}>"
        except (gdb.error, TypeError) as error:  # gdb says that itself, where it knows the symbol
            value = f"<error: {untrusted.shown(str(error))}>" if self._plain(symbol) is not symbol else None
        name = self._plain(symbol)
        return Said(name, value) if name is not symbol or isinstance(value, str) else variable

    @staticmethod
    def _plain(symbol):
        """The symbol itself, or its name escaped if that is what gdb must not print."""
        name = model.told(str, symbol)
        plain = untrusted.shown(name)
        return symbol if plain == name else _Name(plain)


class _Name(str):
    """A name where gdb may also have a symbol; newer ones' DAP asks that for the name it is printed by."""

    print_name = property(str)


_SCALARS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_FLT)


def _ends_a_scope(value):
    """Does this gdb's DAP fail at a value, and with it at all that stand beside it? The first ones want each pointer as
    a number."""
    stumbles = "gdb.dap" in sys.modules and not hasattr(gdb.Value, "is_unavailable")
    return stumbles and value.is_optimized_out and value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR


def _said(value):
    """The value itself, or its text if gdb would write names in it that are no plain text: of fields, types,
    functions."""
    if value.type.strip_typedefs().code in _SCALARS:
        return value
    try:
        kind = value.type.name or value.type.strip_typedefs().name or ""
    except UnicodeDecodeError:  # gdb's own printers fail at it
        return f"<of type {model.type_name(value.type)}>"
    try:
        text = model.told(value.format_string)
    except gdb.error:  # gdb will say so
        return value
    plain = untrusted.shown_lines(text, untrusted.LINE)
    return value if plain == text and untrusted.shown(kind) == kind else plain


class Said:
    """A variable with another name, or a text for its value."""

    def __init__(self, symbol, value):
        self._symbol, self._value = symbol, value

    def symbol(self):
        """gdb asks for the name."""
        return self._symbol

    def value(self):
        """gdb asks for the value."""
        return self._value


class Named(Careful):
    """A frame that gdb would name otherwise: by its C++ name alone, or a symbol without debug information as
    Objective-C."""

    def __init__(self, base, name):
        super().__init__(base)
        self._name = name

    def function(self):
        """gdb asks for the name."""
        return self._name


class Roots:
    """A frame filter: what gdb finds below a stack's first function is not a frame."""

    name, priority, enabled = "rt0lab-roots", 100, True

    def filter(self, frames):
        """gdb calls this for `bt`."""
        try:
            builds.warn()
            return self._down_to_root(model.world(), frames)
        except model.Problem:
            return frames

    @staticmethod
    def _down_to_root(world, frames):
        view = views.active()
        for decorator in _as_far_as_it_goes(frames):
            frame = decorator.inferior_frame()
            if view and frame.level() < view[0]:
                if frame.level() == view[0] - 1:
                    yield views.Claimed(decorator, view[1])
                continue
            symbol = model.symbol_of(frame)
            if frame.level() > 0 and symbol is None and model.told(frame.name) is None:
                return
            yield (
                Careful(decorator)
                if symbol is None or _named_well(world, frame, symbol[0])
                else Named(decorator, symbol[0])
            )
            # Go's unwind information leads on, to whatever lies above; ours ends by itself.
            if (
                world.is_go
                and symbol
                and frame.type() == gdb.NORMAL_FRAME
                and switching.is_root(symbol[0].removesuffix(".abi0"), frame)
            ):
                return


def _as_far_as_it_goes(frames):
    """The frames up to where gdb fails to unwind, with what it says then; from a filter it would be shown as
    Python's."""
    try:
        yield from frames
    except gdb.error as error:
        gdb.write(f"Backtrace stopped: {untrusted.shown(str(error))}\n", gdb.STDERR)


def _named_well(world, frame, symbol):
    """Whether gdb's own name will do. For our C++ it is Go's name only up to gdb 13; the ELF symbol always is."""
    if frame.type() != gdb.NORMAL_FRAME:
        return True
    if frame.function() is None:
        return False
    return world.is_go or symbol.startswith("_Z") or "." not in symbol


# ---- Boost.Context's assembly ----------------------------------------------------------------------------------------

_ALL_ONES = (1 << 64) - 1
_CALLEE_SAVED = ("rbx", "rbp", "r12", "r13", "r14", "r15")
_REGISTER = {0x64: "r12", 0x6C: "r13", 0x74: "r14", 0x7C: "r15"}
_REGISTER_48 = {0x5C: "rbx", 0x6C: "rbp"}
# Instructions that neither move SP nor touch a saved register: bytes, and how many operand bytes follow.
_NEUTRAL = (
    (b"\xf3\x0f\x1e\xfa", 0),  # endbr64
    (b"\x0f\xae\x1c\x24", 0),
    (b"\x0f\xae\x14\x24", 0),  # stmxcsr, ldmxcsr (%rsp)
    (b"\xd9\x7c\x24", 1),
    (b"\xd9\x6c\x24", 1),  # fnstcw, fldcw n(%rsp)
    (b"\x48\x89\xe0", 0),
    (b"\x48\x89\xf2", 0),
    (b"\x48\x89\xc7", 0),
    (b"\x48\x89\xf0", 0),  # mov between registers
    (b"\x48\x89\xf8", 0),
    (b"\x48\x83\xe0", 1),
    (b"\x48\x8d\x40", 1),  # make_fcontext: RAX is the new stack
    (b"\x48\x89\x50", 1),
    (b"\x48\x89\x58", 1),
    (b"\x48\x89\x48", 1),
    (b"\x0f\xae\x18", 0),
    (b"\xd9\x78", 1),
    (b"\x48\x8d\x0d", 4),
)


class Row:
    """At one instruction: the caller's SP is SP + cfa, the return address at SP + ra or in a register, registers at SP
    + n."""

    __slots__ = ("cfa", "ra", "saved")

    def __init__(self, cfa, ra, saved):
        self.cfa, self.ra, self.saved = cfa, ra, saved


def rows(code):
    """{offset: Row} for one of Boost's functions; None if an instruction is not one we know (another version)."""
    found, at = {}, 0
    cfa, ra, stored, live = 8, 0, {}, True
    while at < len(code):
        found[at] = Row(cfa, ra, {} if live is True else dict(live))
        here = code[at:]
        neutral = next((mark for mark in _NEUTRAL if here.startswith(mark[0])), None)
        if neutral:
            at += len(neutral[0]) + neutral[1]
        elif here.startswith(b"\x48\x8d\x64\x24"):  # lea n(%rsp),%rsp
            moved = int.from_bytes(here[4:5], "little", signed=True)
            cfa, at = cfa - moved, at + 5
            ra = "r8" if isinstance(ra, str) or moved > 0 else ra - moved
            stored = {name: where - moved for name, where in stored.items()}
            live = live if live is True else {name: where - moved for name, where in live.items()}
        elif here[:2] == b"\x4c\x89" and here[2] in _REGISTER and here[3] == 0x24:  # mov %r12,n(%rsp)
            stored[_REGISTER[here[2]]] = here[4]
            at += 5
        elif here[:2] == b"\x48\x89" and here[2] in _REGISTER_48 and here[3] == 0x24:
            stored[_REGISTER_48[here[2]]] = here[4]
            at += 5
        elif here.startswith(b"\x48\x89\xfc"):  # mov %rdi,%rsp: from here on this is the other context's stack
            live, at = dict(stored), at + 3
        elif here.startswith(b"\x4c\x8b\x44\x24"):  # mov n(%rsp),%r8: the return address
            at += 5
        elif here[:2] == b"\x4c\x8b" and here[2] in _REGISTER and here[3] == 0x24 and live is not True:
            live.pop(_REGISTER[here[2]], None)
            at += 5
        elif here[:2] == b"\x48\x8b" and here[2] in _REGISTER_48 and here[3] == 0x24 and live is not True:
            live.pop(_REGISTER_48[here[2]], None)
            at += 5
        elif here.startswith(b"\x41\xff\xe0"):  # jmp *%r8
            return found
        elif here.startswith(b"\xc3\x55\xff\xe3"):  # ret; then where a new context begins: push %rbp, jmp *%rbx
            return {**found, at + 1: Row(8, None, {}), at + 2: Row(8, None, {})}
        else:
            return None
    return None


# ---- gogo ------------------------------------------------------------------------------------------------------------


def gogo(world, base, sp, bp):
    """What called gogo, as (pc, sp, bp), or None if its unwind information says that rightly; pc is 0 where nothing
    did."""
    found = switching.stacks(base)
    if found is None:
        return None
    if found.begins_at(sp):  # mcall and morestack jump to our gogo once the scheduler's functions have returned
        return 0, sp, 0
    if found.holds(found.g0, sp):
        if world.is_go:
            return None
        sp += 0 if sp % 16 else 8  # it aligns what execute's call has left
        back = model.read_word(sp)
        return None if isinstance(back, model.Unreadable) else (back, sp + 8, bp)
    if not found.holds(found.g, sp):  # but on that of one which is left
        return None
    at, pc = found.g.get("sched.sp") or sp, found.g.get("sched.pc")
    bp = found.g.get("sched.bp") or bp
    symbol = world.symbol_at(pc)
    if symbol is None or symbol[1]:  # our gogo is in the frame that mcall or morestack made
        return (pc, at, bp) if world.is_go else None
    back = model.read_word(at)  # it has not begun: as if goexit had called
    return None if isinstance(back, model.Unreadable) else (back, at + 8, bp)


class Switch(gdb.unwinder.Unwinder):
    """Unwinds out of jump_fcontext, make_fcontext and gogo, whatever instruction they are at."""

    def __init__(self):
        super().__init__("rt0lab-switch")

    @staticmethod
    def _functions(world):
        """[(start, end, rows)]; None for the rows of gogo"""
        found = []
        for name in ("jump_fcontext", "make_fcontext", "runtime.gogo", "runtime.gogo.abi0", "gogo"):
            start, size = world.address(name), world.elf.symbols.get(name, (0, 0))[1] or 128
            code = model.read(start, size) if start and name.endswith("fcontext") else None
            table = rows(code) if isinstance(code, bytes) else None
            if table or start and code is None:
                found.append((start, start + size, table))
        return found

    def __call__(self, pending):
        """gdb asks for each frame; None declines."""
        try:
            world = model.world()
            pc = int(pending.read_register("rip")) & _ALL_ONES
            for start, end, table in world.cached("switches", lambda: self._functions(world)):
                if start <= pc < end:
                    return (
                        self._unwind(pending, table.get(pc - start), start)
                        if table
                        else self._out_of_gogo(world, pending, start)
                    )
        except (model.Problem, gdb.error):
            pass
        return None

    @staticmethod
    def _out_of_gogo(world, pending, start):
        def register(name):
            return int(pending.read_register(name)) & _ALL_ONES

        caller = gogo(world, register("fs_base"), register("rsp"), register("rbp"))
        if caller is None:
            return None
        pc, sp, bp = caller
        return _info(pending, gdb.Value(sp), start, {"rip": gdb.Value(pc), "rbp": gdb.Value(bp)})

    @staticmethod
    def _unwind(pending, row, start):
        if row is None:
            return None
        sp = pending.read_register("rsp")
        word = gdb.lookup_type("unsigned long")
        pointer = word.pointer()

        def stored(offset):
            return (sp.cast(word) + offset).cast(pointer).dereference()

        if row.ra is None:  # a context that has not run: it goes to what it is to begin with
            back = pending.read_register("rbx")
        else:
            back = stored(row.ra) if isinstance(row.ra, int) else pending.read_register(row.ra)
        saved = {name: stored(offset) for name, offset in row.saved.items()}
        return _info(pending, sp.cast(word) + row.cfa, start, {**saved, "rip": back.cast(word)})


def _info(pending, cfa, start, changed):
    """The caller's registers: those that a function preserves, the word that two contexts hand each other, and which
    thread it is; gdb takes what is not mentioned for lost."""
    info = pending.create_unwind_info(views.FrameId(cfa, gdb.Value(start)))
    for name in ("rip", "rsp", "rsi", "fs_base", *_CALLEE_SAVED):
        own = pending.read_register(name)
        info.add_saved_register(name, changed.get(name, cfa if name == "rsp" else own).cast(own.type))
    return info


def register(objfile):
    """Adds the filter and the unwinder to a program."""
    filters = objfile.frame_filters if objfile is not None else gdb.frame_filters
    filters[Roots.name] = Roots()
    gdb.unwinder.register_unwinder(objfile, Switch(), replace=True)
    gdb.unwinder.register_unwinder(objfile, views.unwinder, replace=True)

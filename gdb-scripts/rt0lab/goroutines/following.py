"""What a step must know to stay with the goroutine it was begun in: when that leaves its thread, and where it comes
back.

gdb steps threads. A goroutine leaves its thread wherever it waits or gives way, and comes back on any thread; gdb's
step then runs on with whatever the thread does next, mostly to the end of the program. So while a step lasts,

  1. gdb steps as it always does, and a hardware watchpoint looks at the goroutine's g.m, which is nil from the moment
     it leaves its thread. A step whose goroutine stays costs nothing more, whatever the others do.
  2. Once it has left, its saved frames say where it will come back to the function that is stepped. A breakpoint there,
     at which only this goroutine stops, in this call of the function, waits for it. How often it waits on the way there
     costs nothing.
  3. There, on the thread that it came back on, gdb goes on with the same step.

The stops between are decided here and taken back by `commands/step`, so that the user, an editor and our history see
one step. Nothing is written into the program but the breakpoint instructions that gdb writes for any breakpoint.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import gdb

from .. import program
from ..frames import joins, registers, view
from ..program import hidden, settings
from ..words import tr

_AROUND = 24  # frames around the stepped one that are remembered: where it goes on if a panic leaves that one
_DEEPEST = 1 << 12  # frames of a goroutine that are searched for it
_DEBUG_REGISTERS = 4  # of the processor
# How a function of ours begins: SP, or what it will be, is compared with the guard at FS:0x70; then jb or jae.
_GUARD = re.compile(
    rb"(?:\x4c\x8d\x9c\x24.{4})?\x64[\x48\x4c]\x3b[\x24\x1c]\x25\x70\0\0\0"
    rb"(?:(?:(?P<below>\x72)|\x73)(?P<short>.)|\x0f(?:(?P<below_>\x82)|\x83)(?P<far>.{4}))",
    re.S,
)
_CHECK, _SLOW = 32, 32  # bytes of that, and of the way to __morestack
_WORDS = {1: "unsigned char", 8: "unsigned long"}
_SIGTRAP = 5
ANYWHERE = ("until", "advance")  # the steps that end wherever they wait
TELL = "stepi 0"  # gdb stays where it is, and tells that as any step's end
# Where a goroutine leaves its thread, on g0 already, and where it ends, if no hardware watchpoint is to be had. Others
# come there, too, and each costs a stop.
_LEAVING = (
    "runtime.park_m",
    "runtime.goschedImpl",
    "runtime.exitsyscall0",
    "runtime.preemptPark",
    "runtime.coroswitch_m",
)
_MOVING = ("runtime.copystack",)
_RECOVERING = ("runtime.recovery",)
_RESUMING = ("runtime.gogo", "runtime.gogo.abi0")
_ENDING = ("runtime.goexit0",)
Position = Callable[["int | None"], "int | None"]  # tells an SP so that it stays true, or None


class Internal(hidden.Hidden):
    """A breakpoint of a step's that the user does not see; `asks()` says whether its thread stops."""

    def __init__(self, step: Step, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.step = step

    def stop(self) -> bool:
        """gdb asks, at every hit."""
        try:
            if not self.step.over and self.asks():
                self.step.event = gdb.selected_thread(), self
                return True
        except (program.Problem, gdb.error):
            pass
        return False


class Left(Internal):
    """g.m is nil: the goroutine has left its thread. Or it is another M's, where there was no other thread to say so
    before."""

    def asks(self) -> bool:
        """gdb cannot take back a stop of a program's only thread."""
        m = self.step.field("m")
        return several_threads() and (m == 0 or m != self.step.m)


class Leaves(Internal):
    """The same, at a function that takes a goroutine off its thread."""

    def asks(self) -> bool:
        """It is on its thread still, whose g0 is at work."""
        return several_threads() and self.step.is_behind()


class Ends(Leaves):
    """And the function that ends one."""


class Moves(Leaves):
    """And the one with which Go copies a goroutine's stack: gdb would not know its frames again."""


class Recovers(Internal):
    """A panic is over, and the goroutine goes on where the deferred call that ended it was deferred."""

    def asks(self) -> bool:
        """Where the stepped function is left, that is."""
        if not (self.step.is_current() or self.step.is_behind()):
            return False
        return several_threads() and self.step.is_left_by_recovery()


class Resumes(Internal):
    """The goroutine is about to run again, where its gobuf says."""

    def asks(self) -> bool:
        """From its thread's g0."""
        return self.step.is_behind()


class There(Internal):
    """Where the goroutine is waited for."""

    def __init__(
        self, step: Step, pc: int, position: int | None = None, inside: int | None = None, after_call: bool = True
    ) -> None:
        super().__init__(step, f"*{pc:#x}")
        self.pc, self._position, self._inside, self.after_call = pc, position, inside, after_call
        self.begins = position is None and inside is None  # a function's body

    def asks(self) -> bool:
        """Others come through here, and deeper calls of its own."""
        step = self.step
        if not step.is_current():
            return False
        if step.kind not in ANYWHERE and not several_threads():
            return False
        if self._position is not None and step.position(program.register("rsp")) != self._position:
            return False
        return self._inside is None or here(step.position) == self._inside


class Ended(Internal):
    """The goroutine's end: goexit0 clears g.paniconfault, which hardly anybody else looks at."""

    def asks(self) -> bool:
        """A signal's handler may look at it."""
        return self.step.has_ended() and several_threads()


class Goroutine:
    """Who is followed: the goroutine that the selected thread is on."""

    def __init__(self, addr: int) -> None:
        self.addr = addr
        world = program.world()
        self._at, self._is_go = world.layout("g").at, world.is_go
        self.goid, self.m = self.field("goid"), self.field("m")

    def field(self, path: str) -> int | None:
        """A field of its g, read now; None if it cannot be read."""
        leaf = self._at[path]
        data = program.read(self.addr + leaf.offset, leaf.size)
        return int.from_bytes(data, "little") if isinstance(data, bytes) else None

    def address(self, path: str) -> int:
        """Where that field is."""
        return self.addr + self._at[path].offset

    def position(self, sp: int | None) -> int | None:
        """Where on its stack an SP is, told so that it stays true while Go copies the stack; ours grows by segments,
        and is never moved."""
        return (self.field("stack.hi") or 0) - sp if self._is_go and sp is not None else sp

    def has_ended(self) -> bool:
        """Dead, or another one since."""
        return self.field("goid") != self.goid or program.world().g_status(self.field("atomicstatus") or 0).startswith(
            "_Gdead"
        )

    def is_current(self) -> bool:
        """Is the selected thread on it?"""
        return program.tls_g()[1] == self.addr and self.field("goid") == self.goid

    def is_behind(self) -> bool:
        """Is the selected thread on its g0 on behalf of it?"""
        word = program.tls_g()[1]
        m = program.read_word(word + self._at["m"].offset) if word else None
        return bool(m and program.read_word(m + program.world().layout("m").at["curg"].offset) == self.addr)


class Thread:
    """Who is followed where there is no goroutine: the selected thread itself, during the boot, on g0, in a program of
    another kind."""

    def __init__(self) -> None:
        self._ptid = gdb.selected_thread().ptid

    @staticmethod
    def position(sp: int | None) -> int | None:
        """Where on its stack."""
        return sp

    def is_current(self) -> bool:
        """Is it the selected thread?"""
        return gdb.selected_thread().ptid == self._ptid

    @staticmethod
    def has_ended() -> bool:
        """gdb says so itself."""
        return False


def current() -> Goroutine | None:
    """The Goroutine that the selected thread is on; None on g0, during the boot, or if this is none of our worlds."""
    try:
        addr = program.current_g(program.tls_g()[1])
        found = Goroutine(addr) if addr else None
        return found if found and found.goid else None
    except (program.Problem, gdb.error):
        return None


class Step:
    """One step, from the command to the stop that ends it. `kind` is gdb's command, `who` a Goroutine or a Thread."""

    def __init__(self, kind: str, who: Any, frame: gdb.Frame) -> None:
        self.kind, self.who = kind, who
        self.over = False
        self.event: Any = None  # (thread, breakpoint) of the stop that is at hand
        self.from_pc, self.from_line = frame.pc(), frame.find_sal().line
        self.depth = inlined(frame)
        self._remember(frame)
        self._came_back, self._points, self._command = False, [], kind
        self._hits: dict[int, int] | None = None

    def _remember(self, frame):
        self.frames = [placed(each, self.who.position)[2] for each in frames(frame, _AROUND)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.who, name)

    # ---- what is looked at

    def watch(self) -> None:
        """gdb steps the goroutine's thread."""
        self._drop()
        if watchpoints_left():
            self._points.append(watchpoint(Left, self, self.who.address("m"), 8, gdb.WP_WRITE))
        else:
            self._at(Leaves, _LEAVING)
            self._at(Ends, _ENDING)
        if program.world().is_go:
            self._at(Moves, _MOVING)
        begun = begins(gdb.newest_frame().pc())
        # the function's prologue may go to another stack segment, or leave the thread: it has no frame yet that would
        # last
        if begun:
            self._points.append(There(self, begun))
        self._at(Recovers, _RECOVERING)

    def wait(self, *places: tuple[Any, ...]) -> None:
        """The goroutine will come to one of these: what There is made of."""
        self._drop()
        self._points = [There(self, *place) for place in places]
        if isinstance(self.who, Goroutine):
            if watchpoints_left():
                self._points.append(watchpoint(Ended, self, self.who.address("paniconfault"), 1, gdb.WP_ACCESS))
            else:
                self._at(Ends, _ENDING)
            self._at(Recovers, _RECOVERING)

    def _at(self, kind, functions):
        """An internal breakpoint at each of these functions that the program has."""
        self._points += [kind(self, f"*{at:#x}") for at in map(program.world().address, functions) if at]

    def _drop(self):
        hidden.remove(self._points)
        self._points = []

    def end(self) -> None:
        """The step is over; nothing is looked at any more."""
        self.over = True
        self._drop()

    # ---- what a stop means

    def runs(self, command: str) -> None:
        """gdb is about to do this for the step."""
        self._command, self._hits = command, hits()

    def stopped(self) -> tuple[str, str | None] | None:
        """(what gdb is to do now, a sentence for the user or None) if the stop that gdb is at is not to be told; None
        if it is."""
        event, self.event = self.event, None
        if hits() != self._hits:  # a breakpoint of the user's as well
            return None
        if event is None:
            return self._rest(ended=self._command == self.kind) if self._came_back and signal() == _SIGTRAP else None
        thread, point = event
        if thread.ptid != gdb.selected_thread().ptid:
            return None
        if isinstance(point, Ends) or self.has_ended():
            return self._told(tr("goroutine {goid} has ended.", goid=self.who.goid))
        if isinstance(point, There):
            return self._there(point)
        if isinstance(point, Recovers) and program.world().is_go:  # where to, that function is still to find out
            self._drop()
            self._at(Resumes, _RESUMING)
            return "continue", None
        if isinstance(point, Recovers):
            place = self._words(program.register("rdi"))  # a Defer begins with a gobuf
        elif isinstance(point, Resumes):
            place = self._words(self.who.address("sched.sp") - program.world().layout("gobuf").at["sp"].offset)
        else:
            place = self._target()
        if place is None:
            return self._told(
                tr(
                    "goroutine {goid} has left its thread, and nobody can tell where it will come back.",
                    goid=self.who.goid,
                )
            )
        self.wait(place)
        return "continue", None

    @staticmethod
    def _told(sentence):
        return TELL, sentence

    def _there(self, point):
        self._came_back = True
        if point.begins and self.kind not in ANYWHERE:  # perhaps on a new stack segment
            self._remember(gdb.newest_frame())
        if self.kind in ANYWHERE or here(self.position) != self.frames[0]:
            return self._told(None)
        self.watch()
        if self.kind == "finish":
            frame = gdb.newest_frame()
            while inlined(frame) > self.depth:
                frame = frame.older()
            frame.select()
            return self.kind, None
        return self._rest(point.after_call) or self._told(None)

    def _rest(self, at_statement=True, ended=False):
        """(what gdb is to do for the rest of the step, None) after the goroutine has come back; None if this is its
        end. gdb's own step would take the line that it begins in for the one that is stepped, and a function that is
        inlined here for one to stay in."""
        frame = gdb.newest_frame()
        if here(self.position) != self.frames[0]:
            return None
        deeper, line = inlined(frame) - self.depth, frame.find_sal().line
        # gdb does not show a function inlined here that it was in; `step` goes in, and moves nothing
        if frame.pc() == self.from_pc and deeper < 0:
            return "step", None
        if frame.pc() == self.from_pc:
            return self.kind, None
        if self.kind in ("nexti", "stepi"):
            return None
        if self.kind == "next" and deeper > 0:
            for _ in range(deeper - 1):
                frame = frame.older()
            frame.select()
            return "finish", None
        if ended:  # gdb's own step has, here
            return None
        if line == self.from_line:
            return self.kind, None
        if at_statement and begins_line(frame):
            return None
        return "nexti" if self.kind == "next" else "stepi", None

    def _target(self):
        """What There is made of, where the goroutine will come back to the stepped function, or to the innermost around
        it that is still there; for `step` that may be the function that it was about to enter. None if its frames do
        not say."""
        g = program.read_struct("g", self.who.addr)
        pc, sp, bp = (g.get("sched." + name) for name in ("pc", "sp", "bp"))
        inner = None
        for (at, position, cfa), after_call, put_in in self._saved(pc, sp, bp or 0):
            if cfa in self.frames and not put_in:
                if inner and self.kind == "step" and cfa == self.frames[0] and body(inner[0]):
                    return body(inner[0]), None, inner[1]
                return (begins(at),) if begins(at) else (at, position, None, after_call)
            inner = at, cfa
        return None

    def _saved(self, pc, sp, bp):
        """[((pc, SP, its caller's SP), is it behind a call?, is it one that was put in?)] of the goroutine's frames, as
        positions; it is off its thread.

        What was put in between instructions may lie where the stepped function lay, if that has just returned.
        """
        found, put_in = [], False
        with view.parked(pc, sp, bp, more=registers.registers([self.who.addr]).get(self.who.addr)) as frame:
            for frame in frames(frame, _DEEPEST):
                at, *where = placed(frame, self.position)
                above, symbol = put_in, program.symbol_of(frame)
                put_in = symbol is not None and joins.is_exact(symbol[0], frame)
                # the one that was interrupted has called nothing; joins tells it one byte further on
                found.append(((at - above, *where), not above, put_in))
        return found

    def _words(self, gobuf):
        """What There is made of, where a gobuf leads."""
        where = program.read_struct("gobuf", gobuf)
        return where.get("pc"), self.position(where.get("sp"))

    def is_left_by_recovery(self) -> bool:
        """Does the recovered panic that is at hand go on further out than the stepped function?"""
        layout, is_go = program.world().layout, program.world().is_go
        if not is_go:
            found = program.read_struct("gobuf", program.register("rdi") or 0)
            sp = found.get("sp") if found else None
        elif "retpc" in layout("_panic").at:
            found = program.read_struct("_panic", self.field("_panic") or 0)
            sp = found.get("sp") if found else None
        else:
            sp = self.field("sigcode0")
        frame = self.frames[0]
        if frame is None or sp is None:
            return False
        return self.position(sp) <= frame if is_go else sp >= frame


# ---- small things ----------------------------------------------------------------------------------------------------


def several_threads() -> bool:
    """gdb takes back a stop only if it can select another thread."""
    return len(gdb.selected_inferior().threads()) > 1


def hits() -> dict[int, int]:
    """{number: how often each of the user's breakpoints was hit}"""
    return {number: count for number, count in hidden.hits().items() if number > 0}


def signal() -> int | None:
    """The signal that the selected thread has stopped for; None if gdb cannot tell."""
    try:
        with settings.changed({"language": "c"}):
            return int(gdb.parse_and_eval("$_siginfo.si_signo"))
    except gdb.error:
        return None


def watchpoints_left() -> bool:
    """Is one of the processor's debug registers free? Each watches up to eight bytes. None is where gdb is not to use
    them."""
    if not gdb.parameter("can-use-hw-watchpoints"):
        return False
    kinds = (gdb.BP_HARDWARE_WATCHPOINT, gdb.BP_ACCESS_WATCHPOINT, gdb.BP_READ_WATCHPOINT)
    watched = [point for point in gdb.breakpoints() if point.enabled and point.type in kinds]
    return sum(_registers(point.expression) for point in watched) < _DEBUG_REGISTERS


def _registers(expression):
    try:
        return -(-gdb.parse_and_eval(expression).type.sizeof // 8)
    except gdb.error:  # one of another frame's
        return 1


def watchpoint(kind: type[Internal], step: Step, address: int, size: int, access: int) -> Internal:
    """A watchpoint of the processor's on some bytes."""
    with settings.changed({"language": "c"}):
        return kind(step, f"*({_WORDS[size]} *){address:#x}", type=gdb.BP_WATCHPOINT, wp_class=access)


def inlined(frame: gdb.Frame) -> int:
    """How many functions are inlined around this frame, below the one whose frame it really is."""
    depth = 0
    while frame is not None and frame.type() == gdb.INLINE_FRAME:
        frame, depth = frame.older(), depth + 1
    return depth


def frames(frame: gdb.Frame, most: int) -> Iterator[gdb.Frame]:
    """This frame and those around it, each function's own ones: what is inlined into one has no stack of its own."""
    for _ in range(most):
        while frame is not None and frame.type() == gdb.INLINE_FRAME:
            frame = frame.older()
        if frame is None:
            return
        yield frame
        frame = frame.older()


def placed(frame: gdb.Frame, position: Position) -> tuple[int, int | None, int | None]:
    """(pc, SP, its caller's SP) of a frame, the latter two as `position` tells them; the outermost has no caller's."""
    older = frame.older()
    return (
        frame.pc(),
        position(program.register("rsp", frame)),
        position(program.register("rsp", older)) if older is not None else None,
    )


def here(position: Position) -> int | None:
    """The SP that the function the selected thread is in was called with."""
    return placed(next(frames(gdb.newest_frame(), 1)), position)[2]


def begins_line(frame: gdb.Frame) -> bool:
    """Does a statement begin where this frame stands? What is inlined there is one, while gdb shows it as not entered
    yet."""
    sal, pc = frame.find_sal(), frame.pc()
    if len(functions(pc)) - 1 > inlined(frame):
        return True
    # those of statements only
    return bool(sal.symtab) and any(entry.pc == pc for entry in sal.symtab.linetable().line(sal.line) or ())


def begins(pc: int) -> int | None:
    """Where the body of the function around begins, if `pc` is in its prologue, which ours leave by way of __morestack:
    that goes on one byte behind where it was called from. None in a body, and in Go's functions, whose prologues are
    repeated."""
    world = program.world()
    morestack, symbol = world.address("__morestack"), world.elf.symbol_at(pc - world.slide)
    if morestack is None or symbol is None:
        return None
    if (pc, morestack) in _calls(pc - 5, 5):
        return pc + 1
    start = pc - symbol[1]
    code = program.read(start, _CHECK)
    found = _GUARD.match(code) if isinstance(code, bytes) else None
    if not found:
        return None
    end = start + found.end()
    # The compiler puts the way to __morestack right behind the check, or out of the way.
    short, far = found["short"], found["far"]
    jump = int.from_bytes(short or far, "little", signed=True)
    slow = end + jump if found["below"] or found["below_"] else end
    back = next((back for back, to in _calls(slow, _SLOW) if to == morestack), None)
    return back + 1 if back and (start <= pc < end or slow <= pc < back) else None


def _calls(start, size):
    code = program.read(start, size)
    return list(program.calls(start, code)) if isinstance(code, bytes) else []


def body(pc: int) -> int | None:
    """Where gdb stops in the function that is being entered at `pc`: behind its prologue. None if `pc` is behind it
    already, or the function has no lines."""
    block = function(pc)
    if block is None or not block.function.symtab:
        return None
    for location in {"function": block.function.name}, {
        "source": program.file_of(block.function.symtab),
        "line": str(block.function.line),
    }:
        with contextlib.suppress(gdb.error, program.Problem):  # a name that is no location
            return next((place for place in addresses(**location) if pc < place < block.end), None)
    return None


def functions(pc: int) -> list[gdb.Block]:
    """The blocks of the functions around an address, the innermost inlined one first; none if gdb knows none."""
    block, found = gdb.block_for_pc(pc), []
    while block is not None and not block.is_static and not block.is_global:
        if block.function is not None:
            found.append(block)
        block = block.superblock
    return found


def function(pc: int) -> gdb.Block | None:
    """The block of the function around an address, the one that others are inlined into; None if gdb knows none."""
    found = functions(pc)
    return found[-1] if found else None


def addresses(*location: str, **parts: str) -> list[int]:
    """Where gdb would put a breakpoint for a location."""
    point = hidden.Hidden(*location, **parts)
    found = [place.address for place in point.locations if place.address is not None]
    point.delete()
    if not found:  # gdb has said why
        raise program.Problem(tr("there is no such place in this program."))
    return found

"""A goroutine's frames in gdb without touching it: no register is written, nothing is called, no thread moves.

While a view is open, an unwinder claims the innermost frame of the selected thread and says that its caller is where
the goroutine was parked: gdb then finds all that lies below by itself. Registers that nobody kept are not answered, so
gdb shows what was in them as <optimized out> and never the thread's own values. Works live, on a core and remotely.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import gdb
import gdb.FrameDecorator
import gdb.unwinder

from .. import program
from ..words import tr

_ALL_ONES = (1 << 64) - 1
_PUSH_BP = b"\x55"
_DEPTH = 512  # frames of one goroutine that are gone through by gdb


class FrameId:
    """What gdb knows a frame by."""

    def __init__(self, sp: gdb.Value, pc: gdb.Value) -> None:
        self.sp, self.pc = sp, pc


class Parked(gdb.unwinder.Unwinder):
    """While a view is open: the selected thread's innermost frame was called from where the goroutine is parked."""

    def __init__(self) -> None:
        super().__init__("rt0lab-goroutine")
        self.enabled = False
        self._live: Any = None
        self._saved: Any = None
        self._more: dict[str, int] = {}

    def open(self, live: tuple[int, int | None], saved: tuple[int, int, int], more: dict[str, int]) -> None:
        """`live` is (pc, sp) of the thread whose frame is claimed, `saved` (pc, sp, bp) of the goroutine, `more` what
        else it kept."""
        self._live, self._saved, self._more, self.enabled = live, saved, more, True

    def close(self) -> None:
        """Frames are the thread's own again."""
        self.enabled = False

    def __call__(self, pending: gdb.PendingFrame) -> gdb.UnwindInfo | None:
        """gdb asks for each frame; None declines."""
        rip, rsp = pending.read_register("rip"), pending.read_register("rsp")
        if (int(rip) & _ALL_ONES, int(rsp) & _ALL_ONES) != self._live:
            return None
        pc, sp, bp = self._saved
        # It lies just inside the goroutine's stack.
        info = pending.create_unwind_info(FrameId(gdb.Value(sp - 8).cast(rsp.type), rip))
        info.add_saved_register("rip", gdb.Value(pc).cast(rip.type))
        info.add_saved_register("rsp", gdb.Value(sp).cast(rsp.type))
        info.add_saved_register("rbp", gdb.Value(bp).cast(pending.read_register("rbp").type))
        for name, value in self._more.items():
            info.add_saved_register(name, gdb.Value(value).cast(pending.read_register(name).type))
        return info


unwinder = Parked()
# (level of the frame where the goroutine is parked, what stands for the frames above it, its g's address if that is
# told)
_open = None


def active() -> tuple[int, str] | None:
    """(level of the goroutine's innermost frame, the text for the claimed frame above it) while a view is open, else
    None."""
    return _open and _open[:2]


def owner() -> int | None:
    """Whose frames gdb shows while a view is open: the g's address. None where that is not told, and while none is."""
    return _open and _open[2]


def stopped_thread() -> gdb.InferiorThread | None:
    """A thread whose frames can be read: the selected one if possible; None if all run."""
    selected = program.selected_thread()
    if selected is not None and program.is_stopped(selected):
        return selected
    return next(iter(program.stopped_threads()), None)


@contextlib.contextmanager
def keeping_place() -> Iterator[None]:
    """The selected thread and frame are what they were when this ends."""
    thread = program.selected_thread()
    try:
        level = gdb.selected_frame().level()
    except gdb.error:
        level = None
    try:
        yield
    finally:
        if thread is not None and thread.is_valid():
            thread.switch()
            if level:
                with contextlib.suppress(gdb.error):
                    frame(level).select()


def frame(level: int) -> gdb.Frame:
    """The selected thread's frame of this level."""
    found = gdb.newest_frame()
    while found is not None and found.level() < level:
        found = found.older()
    if found is None:
        raise program.Problem(tr("there is no frame {level}.", level=level))
    return found


def physical(frame: gdb.Frame | None) -> Iterator[tuple[gdb.Frame, str, int]]:
    """(a frame, its function, its SP) from this one outwards; those of inlined functions, too."""
    for _ in range(_DEPTH):
        if frame is None:
            return
        symbol = program.symbol_of(frame) if frame.type() != gdb.INLINE_FRAME else None
        yield frame, symbol[0] if symbol else program.name_of(frame) or "?", int(frame.read_register("rsp"))
        frame = program.older(frame)


def saved_registers(pc: int, sp: int, bp: int) -> tuple[int, int, int]:
    """(pc, sp, bp) as a caller of the claimed frame has them.

    gdb takes a caller's pc for a return address and looks at the instruction before it. A goroutine that has not run
    yet stands at its function's very first instruction: it is shown one byte further on, and if that byte is the
    `push %rbp`, as if it had been done.
    """
    symbol = program.world().symbol_at(pc)
    if symbol is None or symbol[1]:
        return pc, sp, bp
    return pc + 1, sp - 8 if program.read(pc, 1) == _PUSH_BP else sp, bp


@contextlib.contextmanager
def parked(
    pc: int, sp: int, bp: int, title: str = "parked", more: dict[str, int] | None = None, g: int | None = None
) -> Iterator[gdb.Frame]:
    """gdb's frames are a parked goroutine's while this lasts; yields its innermost frame, which is selected.

    `more` are registers that it kept beside those three, `g` is its address.
    """
    global _open
    thread = stopped_thread()
    if thread is None:
        raise program.Problem(tr("all threads are running: `interrupt` stops them; then frames can be looked at."))
    with keeping_place():
        thread.switch()
        live = gdb.newest_frame().pc(), program.register("rsp")
        saved = saved_registers(pc, sp, bp)
        unwinder.open(live, saved, more or {})
        try:
            gdb.invalidate_cached_frames()
            innermost = gdb.newest_frame()
            for _ in range(16):  # frames of inlined functions come before the one that is claimed
                if innermost is None or innermost.pc() == saved[0] and innermost.level():
                    break
                innermost = innermost.older()
            if innermost is None or innermost.pc() != saved[0]:
                raise program.Problem(tr("gdb finds no frame at {pc:#x}: sp {sp:#x} is no stack.", pc=pc, sp=sp))
            innermost.select()
            _open = innermost.level(), title, g
            yield innermost
        finally:
            _open = None
            unwinder.close()
            gdb.invalidate_cached_frames()


class Claimed(gdb.FrameDecorator.FrameDecorator):
    """How the claimed frame is shown: it stands for what parked the goroutine, and is none itself."""

    def __init__(self, base: gdb.FrameDecorator.FrameDecorator, title: str) -> None:
        super().__init__(base)
        self._title = title

    def function(self) -> str:
        return f"<{self._title}>"

    def address(self) -> Any:
        """None: it stands nowhere."""
        return None

    filename = line = frame_args = frame_locals = address

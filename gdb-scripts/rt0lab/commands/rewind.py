"""`rt0 rewind on|off`: gdb records the boot, so that one can step backwards in it.

gdb can do that with one thread alone: it hangs where a second one begins. So the program is stopped in front of that,
and the recording ends before the instruction that makes the thread.
"""

from __future__ import annotations

import gdb

from .. import program
from ..boot import stops
from ..program import hidden, settings
from ..state import history
from ..words import tr
from . import console

MOST = 1_000_000  # instructions; gdb forgets the oldest of more
_BYTES = 200  # of gdb's for each of them
_CLONES = ("runtime.clone", "runtime.clone.abi0")
_LAST = 8  # instructions that may be left to the end
_CODE = 64  # instructions of clone that are looked through
# What Go's own settings keep from a program, of the instructions that gdb cannot record.
_PLAIN = "cpu.aes=off,cpu.avx=off,cpu.avx2=off"


class _Recording:
    """One recording, from `rt0 rewind on` until it ends."""

    def __init__(self, clone: int, call: int) -> None:
        self._clone, self._call, self._points = clone, call, []
        self._users = settings.changed({"record full insn-number-max": str(MOST), "record full stop-at-limit": "off"})

    def begin(self) -> None:
        """gdb records from here on."""
        with settings.quiet():
            self._users.__enter__()
            try:
                gdb.execute("record full", to_string=True)
            except gdb.error:
                self._users.__exit__()
                raise
        self._points = [stops.Point(self._clone), stops.Point(self._call)]
        for point in self._points:
            point.silent = not settings.for_an_editor()
        gdb.events.stop.connect(self.stopped)
        gdb.events.before_prompt.connect(self.look)

    def look(self) -> None:
        """gdb.events.before_prompt: the process may be gone, and its recording with it."""
        if not program.recorded():
            self.tidy()

    def stopped(self, _event: gdb.Event | None = None) -> None:
        """gdb.events.stop: in front of the second thread it is over."""
        sentence = self.sentence()
        if program.register("rip") == self._call and sentence:
            self.end()
        if sentence and not stops.runs_for_us():
            if not settings.for_an_editor():
                console.pass_on(stops.where() + "\n")  # gdb would call the breakpoint by its number
            console.say(sentence)

    def sentence(self) -> str:
        """What is to be said where the program stands, if it stands in front of its second thread."""
        pc = program.register("rip")
        if pc not in (self._clone, self._call) or program.rewound():
            return ""
        return (
            tr(
                "here a second thread is about to be made: gdb can record no further. `reverse-continue` and its like"
                " go back from here; going on ends the recording."
            )
            if pc == self._clone
            else tr("the recording has ended: what comes now can be seen forwards only.")
        )

    def end(self) -> None:
        """gdb records no more; the program stands where it has come to."""
        if program.recorded():
            with settings.quiet():
                if program.rewound():
                    _to_the_end()
                gdb.execute("record stop", to_string=True)
        self.tidy()

    def tidy(self) -> None:
        """Leaves nothing behind."""
        global _now
        gdb.events.stop.disconnect(self.stopped)
        gdb.events.before_prompt.disconnect(self.look)
        hidden.remove(self._points)
        self._users.__exit__()
        _now = None


_now: _Recording | None = None


def remark() -> str:
    """What one of our commands has to say when it has let the program run."""
    return _now.sentence() if _now is not None else ""


def _to_the_end():
    """As far as the program had come. gdb 18's `goto end` leaves out the last instruction."""
    gdb.execute("record goto end", to_string=True)
    program.moved()
    if not program.rewound():
        history.kept.keep()  # nobody is told of a stop there
        return
    for _ in range(_LAST):
        if program.rewound():
            gdb.execute("stepi", to_string=True)


def _call_in(clone):
    """The instruction of clone that enters the kernel."""
    code = gdb.selected_inferior().architecture().disassemble(clone, count=_CODE)
    return next((each["addr"] for each in code if each["asm"].split()[:1] == ["syscall"]), None)


def _able():
    """(runtime.clone, its call of the kernel); Problem where there is nothing that gdb could record."""
    console.need_process()
    console.need_runnable()
    if program.connected() not in ("native", ""):
        raise program.Problem(tr("only a process of gdb's own can be recorded, none that is looked at from afar."))
    if program.recorded():
        raise program.Problem(tr("it is being recorded already: `rt0 rewind` says how it stands."))
    count = len(gdb.selected_inferior().threads())
    if count > 1:
        raise program.Problem(
            tr(
                "there are {count} threads, and gdb can record one: `kill`, then `rt0 run` and `rt0 rewind on`"
                " record the boot up to the second.",
                count=count,
            )
        )
    world = program.world()
    clone = next(filter(None, map(world.address, _CLONES)), None)
    call = _call_in(clone) if clone is not None else None
    if clone is not None and call is not None and clone <= (program.register("rip") or 0) <= call:
        raise program.Problem(tr("a second thread is about to be made: there is nothing left that gdb could record."))
    if clone is None or call is None or world.address("x_cgo_init") is not None or world.is_library:
        raise program.Problem(
            tr("here C makes the threads: it cannot be told when the second one begins, and gdb would hang there.")
        )
    return clone, call


def _must_be_plain():
    """Does this program of Go's use instructions that its own settings could keep it from?"""
    if not program.world().is_go:
        return False
    try:
        with open(f"/proc/{program.pid()}/environ", "rb") as file:
            given = file.read(1 << 16)
    except OSError:
        return True
    return not all(word.encode() in given for word in _PLAIN.split(","))


class Rewind(console.Command):
    """Let gdb record the boot, to go backwards in it.
    From `on` on, gdb's own reverse-stepi, reverse-step, reverse-finish and
    reverse-continue work, up to the second thread; what it costs is said.
    `rt0 history` and `rt0 back` speak of stops that were reached forwards.

    (gdb) rt0 run
    (gdb) rt0 rewind on
    (gdb) rt0 until newproc
    (gdb) reverse-stepi"""

    name = "rt0 rewind"

    def run(self, argument: str) -> None:
        if _now is not None:
            _now.look()
        if argument == "on":
            self._on()
        elif argument == "off":
            self._off()
        elif argument:
            raise program.Problem(tr("`rt0 rewind` takes on or off, or nothing: then it says how it stands."))
        else:
            console.say(_standing())

    @staticmethod
    def _on():
        global _now
        places = _able()
        console.say(
            tr(
                "from here on gdb executes instruction by instruction and notes what each changes: some thousand a"
                " second, {bytes} bytes each, the last {most} at most. What is written by FS, which is the thread's"
                " own g, it does not take back.",
                bytes=_BYTES,
                most=f"{MOST:,}",
            )
        )
        if _must_be_plain():
            console.say(
                tr(
                    "instructions for AES and AVX gdb cannot record, it stops there: `set environment GODEBUG {plain}`"
                    " before `rt0 run` keeps Go from them. An older gdb cannot record rdtscp, which Go uses, too.",
                    plain=_PLAIN,
                )
            )
        recording = _Recording(*places)
        recording.begin()
        _now = recording

    @staticmethod
    def _off():
        if _now is None:
            raise program.Problem(
                tr("it was begun with gdb's own `record`: `record stop` ends it.")
                if program.recorded()
                else _standing()
            )
        rewound = program.rewound()
        _now.end()
        console.say(
            tr("the recording has ended; the program stands at its end: {place}", place=stops.where().split("\n")[0])
            if rewound
            else tr("the recording has ended.")
        )

    def complete(self, text: str, word: str | None) -> list[str]:
        """on, off"""
        return [each for each in ("on", "off") if each.startswith(text)]


def _standing() -> str:
    if not program.recorded():
        return tr("nothing is being recorded: `rt0 rewind on` begins.")
    if program.rewound():
        return tr("the program stands in its recorded past: going on repeats what has been, up to where it had come.")
    return tr("the program is being recorded: `reverse-stepi` and its like go back.")

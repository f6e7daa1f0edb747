"""Reads the truth out of the learner's own process, at the moments an exercise names.

An expression of exercise.toml is the author's and goes to gdb; what a learner types never does. Besides gdb's own
variables an expression may use $entry (the ELF file's entry point), $kernel_entry (what the kernel was told: AT_ENTRY),
$text (where .text begins), $depth (frames of the backtrace), $next (the instruction after this one), and what an
earlier checkpoint kept, $CHECKPOINT_NAME.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping

import gdb
from rt0lab import program
from rt0lab.boot import stops
from rt0lab.frames import roots
from rt0lab.program import settings
from runner.exercises.forms import Checkpoint, Exercise
from runner.exercises.judge import Seen

_AT_ENTRY = 9


class Program:
    """What names stand for in the program being debugged."""

    def addresses(self, name: str) -> set[int]:
        """Where the function or variable of this name is; people leave out `runtime.`."""
        world = program.world()
        found = {world.address(symbol) for symbol in (name, "runtime." + name) if symbol in world.elf.symbols}
        return {address for address in found if address is not None}

    def constants(self, name: str) -> set[int]:
        """The value of an enumerator (`_Grunnable`)."""
        value = program.world().constant(name)
        return set() if value is None else {value}

    def name_of(self, address: int) -> str:
        """The symbol at an address, or the address."""
        found = program.world().symbol_at(address)
        return found[0] if found and not found[1] else f"{address:#x}"


def address_of(checkpoint: Checkpoint) -> int:
    """Where the program counter is at this moment; Problem if the program has no such place."""
    world = program.world()
    kind, _, name = checkpoint.at.partition(":")
    if kind == "entry":
        return world.elf.entry
    symbol = next((s for s in (name, "runtime." + name) if s in world.elf.symbols), None)
    address = symbol and world.address(symbol)
    if not address:
        raise program.Problem(f"checkpoint {checkpoint.name}: the program has no symbol {name}.")
    return address if kind == "fn" else _after_call(checkpoint, address)


def _after_call(checkpoint, callee):
    """The instruction after the caller's `call callee` (E8 and the distance from there)."""
    world = program.world()
    start, size = world.elf.symbols.get(checkpoint.caller, (0, 0))
    code = program.read(start, size) if size else b""
    for at in range(max(0, len(code) - 4)) if isinstance(code, bytes) else ():
        if code[at] == 0xE8 and start + at + 5 + struct.unpack_from("<i", code, at + 1)[0] == callee:
            return start + at + 5
    raise program.Problem(
        f"checkpoint {checkpoint.name}: no call of {checkpoint.at} in {checkpoint.caller or 'its caller'}."
    )


class Watch(stops.Point):
    """A breakpoint nobody sees: it notes what is true at a checkpoint, and stops only if asked to."""

    def __init__(self, observer: Observer, address: int) -> None:
        super().__init__(address)
        self.observer, self.at, self.stopped = observer, address, False

    def stop(self) -> bool:
        """gdb asks whether to stop here."""
        self.stopped = self.observer.arrived(self.at)
        return self.stopped


class Observer:
    """Notes, once in each process, what is true at every checkpoint of some exercises."""

    def __init__(self, exercises: Iterable[Exercise], wanted: Callable[[Exercise, Checkpoint], bool]) -> None:
        """`wanted(exercise, checkpoint)` says whether the program shall stop there."""
        self.wanted, self.trouble = wanted, ""
        self.seen = {}  # (exercise id, question id): Seen, of the last process that got there
        self._begin(0)
        self._exercises = list(exercises)
        self._moments = {}  # address: [(exercise, checkpoint)]
        for exercise in self._exercises:
            for checkpoint in exercise.checkpoints:
                self._moments.setdefault(address_of(checkpoint), []).append((exercise, checkpoint))
        self._watches = [Watch(self, address) for address in self._moments]

    def close(self) -> None:
        """Takes the breakpoints away."""
        for watch in self._watches:
            if watch.is_valid():
                watch.delete()

    def here(self, address: int) -> list[tuple[Exercise, Checkpoint]]:
        """[(exercise, checkpoint)] at an address, noted if this is the first time in this process.

        Called at every stop: also at the learner's own, where there is no checkpoint.
        """
        pid = gdb.selected_inferior().pid
        if pid != self.pid:
            self._begin(pid)
        for exercise in self._exercises:
            self._look_for_trouble(exercise, address)
        moments = [moment for moment in self._moments.get(address, []) if self._prepared(*moment)]
        for exercise, checkpoint in moments:
            if (exercise.id, checkpoint.name) not in self.reached:
                self.reached.add((exercise.id, checkpoint.name))
                self._note(exercise, checkpoint)
        return moments

    def _prepared(self, exercise, checkpoint):
        """Was everything noted that earlier checkpoints keep? Not so if the exercise was opened in the middle of a
        run."""
        earlier = exercise.checkpoints[: exercise.checkpoints.index(checkpoint)]
        return all((exercise.id, c.name) in self.reached for c in earlier if c.keep)

    def arrived(self, address: int) -> bool:
        """A breakpoint was hit: note, and say whether to stop."""
        try:
            return any([self.wanted(*moment) for moment in self.here(address)])
        except (gdb.error, program.Problem, KeyboardInterrupt) as error:
            self.trouble = str(error) or "interrupted"
            return True

    def value(self, exercise: Exercise, expr: str) -> int:
        """An author's expression at this moment."""
        return evaluate(expr, _helpers() | self.kept.get(exercise.id, {}))

    def _begin(self, pid):
        self.pid, self.reached, self.kept = pid, set(), {}
        self._troubles = {}  # exercise id: what did not hold at one of this process's stops

    def _look_for_trouble(self, exercise, address):
        """Evaluates what must hold at every stop; from where it does not, nothing can be said of this process."""
        always = [invariant for invariant in exercise.invariants if not invariant.at]
        if not always or exercise.id in self._troubles:
            return
        broken = _broken(always, _helpers() | self.kept.get(exercise.id, {}))
        if broken:
            self._troubles[exercise.id] = f"{broken} at {Program().name_of(address)}"
            for question in exercise.questions:
                if (exercise.id, question.at) in self.reached:
                    self._spoil(exercise, question, self._troubles[exercise.id])

    def _spoil(self, exercise, question, trouble):
        seen = self.seen[exercise.id, question.id]
        seen.trouble = seen.trouble or trouble

    def _note(self, exercise, checkpoint):
        variables = _helpers() | self.kept.get(exercise.id, {})
        kept = self.kept.setdefault(exercise.id, {})
        for name, expr in checkpoint.keep.items():
            kept[f"{checkpoint.name}_{name}"] = evaluate(expr, variables)
        broken = _broken([i for i in exercise.invariants if i.at == checkpoint.name], variables)
        for question in exercise.questions:
            if question.at == checkpoint.name:
                self.seen[exercise.id, question.id] = _look(question, variables)
                self._spoil(exercise, question, f"{broken} here" if broken else self._troubles.get(exercise.id, ""))


def _broken(invariants, variables):
    """Says which of these does not hold at this moment, or cannot be evaluated; "" if all hold."""
    for invariant in invariants:
        try:
            if not evaluate(invariant.expr, variables):
                return f"{invariant.id} does not hold"
        except gdb.error as error:
            return f"{invariant.id} cannot be evaluated ({error})"
    return ""


def _look(question, variables):
    """The Seen of a question at this moment."""
    try:
        wrong = {m.id: evaluate(m.expr, variables) for m in question.misconceptions if m.expr}
        return Seen(evaluate(question.expr, variables), wrong)
    except gdb.error as error:
        return Seen(trouble=f"gdb: {error}")


def _helpers():
    """The variables that every expression may use."""
    world = program.world()
    frame = gdb.newest_frame()
    text = next((section.lo for section in world.elf.sections if section.name == ".text"), 0)
    code = frame.architecture().disassemble(frame.pc())[0]
    return {
        "entry": world.elf.entry,
        "kernel_entry": _kernel_entry(),
        "text": text,
        "depth": len(roots.frames()),
        "next": frame.pc() + code["length"],
    }


def _kernel_entry():
    """AT_ENTRY of the process's auxiliary vector: what the kernel took as the entry point; 0 if it cannot be read."""
    try:
        with open(f"/proc/{gdb.selected_inferior().pid}/auxv", "rb") as file:
            data = file.read()
    except OSError:
        return 0
    return next((value for key, value in struct.iter_unpack("<QQ", data) if key == _AT_ENTRY), 0)


def evaluate(expr: str, variables: Mapping[str, int]) -> int:
    """An author's expression as an int, in the innermost frame, with these convenience variables for the moment."""
    selected = gdb.selected_frame()
    gdb.newest_frame().select()
    before = {name: gdb.convenience_variable(name) for name in variables}
    try:
        for name, value in variables.items():
            gdb.set_convenience_variable(name, value)
        with settings.off("may-call-functions"):
            return int(gdb.parse_and_eval(expr))
    finally:
        for name, value in before.items():
            gdb.set_convenience_variable(name, value)
        selected.select()

"""Reads the truth out of the learner's own process, at the moments an exercise names.

An expression of exercise.toml is the author's and goes to gdb; what a learner types never does. Besides gdb's own
variables an expression may use $entry (the ELF file's entry point), $kernel_entry (what the kernel was told: AT_ENTRY),
$text (where .text begins), $depth (frames of the backtrace), $next (the instruction after this one), what an earlier
checkpoint kept, $CHECKPOINT_NAME, and $CHECKPOINT_reached, which is 1 where the run has been, else 0. At `event:exit`
there is $_exitcode and no process, at `event:signal` $_siginfo.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import gdb
from rt0lab import program
from rt0lab.boot import stops
from rt0lab.formats import corefile
from rt0lab.frames import roots
from rt0lab.program import settings
from rt0lab.words import later, tr
from runner.exercises.forms import Checkpoint, Exercise, Invariant, Question
from runner.exercises.judge import Seen
from runner.exercises.types import Truth

from . import bugs, facts
from . import variables as runtime
from .bugs import Hunt, Outcome

_AT_ENTRY = 9
_LONGEST = 64  # bytes of a text that is a truth
_NEEDS = later("To see it takes ptrace, which is refused here; `./lab doctor` says how it is permitted")


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


def places(exercise: Exercise) -> dict[str, int]:
    """{checkpoint's name: where the program counter is at this moment}, of those that are a place in the code; Problem
    if the program has no such place."""
    found: dict[str, int] = {}
    for checkpoint in exercise.checkpoints:
        kind, _, name = checkpoint.at.partition(":")
        if kind in _PLACES:
            found[checkpoint.name] = _PLACES[kind](checkpoint, name, found)
    return found


def _function(checkpoint, name, _):
    """The first instruction of a function, or what stands at a label."""
    world = program.world()
    symbol = next((s for s in (name, "runtime." + name) if s in world.elf.symbols), None)
    address = symbol and world.address(symbol)
    if not address:
        raise program.Problem(f"checkpoint {checkpoint.name}: the program has no symbol {name}.")
    return address


def _body(checkpoint, name, _):
    """Where a function has stored its arguments: its second line of code, where gdb's own `break` stops too."""
    start = _function(checkpoint, name, _)
    table = gdb.find_pc_line(start).symtab
    end = start + program.world().elf.symbols[program.world().symbol_at(start)[0]][1]
    rows = sorted(row.pc for row in table.linetable() if start < row.pc < end) if table is not None else []
    return rows[0] if rows else start


def _further(checkpoint, count, found):
    """So many instructions further along in the code than an earlier checkpoint, whatever the program jumps over."""
    at = found[checkpoint.caller]
    architecture = gdb.selected_inferior().architecture()
    for instruction in architecture.disassemble(at, count=int(count)):
        at += instruction["length"]
    return at


def _return(checkpoint, name, _):
    return _after_call(checkpoint, _function(checkpoint, name, _))


_PLACES = {  # what `at` may begin with: how the address is found
    "entry": lambda checkpoint, name, found: program.world().elf.entry,
    "fn": _function,
    "body": _body,
    "return": _return,
    "insn": _further,
}


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
        self.silent = True  # the session says where that is; gdb would say `Breakpoint -2`
        self.observer, self.at, self.stopped = observer, address, False

    def stop(self) -> bool:
        """gdb asks whether to stop here."""
        self.stopped = not program.rewound() and self.observer.arrived(self.at)
        return self.stopped


class Observer:
    """Notes, once in each process, what is true at every checkpoint of some exercises."""

    def __init__(
        self, exercises: Iterable[Exercise], wanted: Callable[[Exercise, Checkpoint], bool], hunt: Hunt | None = None
    ) -> None:
        """`wanted(exercise, checkpoint)` says whether the program shall stop there; `hunt` what is asked about bugs."""
        self.wanted, self.trouble, self.hunt = wanted, "", hunt or Hunt()
        self.left_out: int | None = None  # the process of which nothing is noted
        self.witnessed: dict[str, dict[str, dict[str, Outcome]]] = {}  # {exercise: {question: {text: outcome}}}
        self.held: dict[str, dict[str, str]] = {}  # {exercise: {invariant: why it did not hold, or ""}}
        self.seen = {}  # (exercise id, question id): Seen, of the last process that got there
        self.fresh: list[tuple[Exercise, Checkpoint]] = []  # what was noted at the last look
        self._begin(0)
        self._exercises = list(exercises)
        self._moments = {}  # address, or event: [(exercise, checkpoint)]
        for exercise in self._exercises:
            where = places(exercise)
            for checkpoint in exercise.checkpoints:
                at = where.get(checkpoint.name, checkpoint.at)  # an event is no place
                self._moments.setdefault(at, []).append((exercise, checkpoint))
        self._watches = [Watch(self, address) for address in self.addresses]

    @property
    def addresses(self) -> list[int]:
        """The places in the code that are moments of these exercises."""
        return [at for at in self._moments if isinstance(at, int)]

    def same_run(self) -> None:
        """Takes the core that gdb looks at now, which another process left, for a moment of the same run."""
        self.pid = gdb.selected_inferior().pid

    def passed_over(self, address: int) -> None:
        """Cores are left of a place's first time alone: what is asked about a later one cannot be seen."""
        for exercise, checkpoint in self._moments[address]:
            for question in exercise.questions if (exercise.id, checkpoint.name) not in self.reached else ():
                if question.at == checkpoint.name:
                    why = tr(
                        "it is about a later time at this place; there is no core of that. {needs}", needs=tr(_NEEDS)
                    )
                    known = self.hunt.seen_of_line() if question.form == "line" else None
                    self.seen[exercise.id, question.id] = known or Seen(trouble=why)

    def copied(self, address: int) -> bool:
        """Is what is there now compared with what is there later?"""
        return any((exercise.id, checkpoint.name) in self._copies for exercise, checkpoint in self._moments[address])

    def seen_again(self, address: int) -> None:
        """Takes the core that gdb looks at now for the same moment of a second run: what differs between the two by
        itself is nothing that can be compared."""
        for exercise, checkpoint in self._moments[address]:
            before = self._copies.get((exercise.id, checkpoint.name))
            if before is not None and runtime.changed(before, runtime.copy()):
                del self._copies[exercise.id, checkpoint.name]

    def rest(self) -> None:
        """Where all was noted the breakpoint has nothing to do until the program ends; a gdb can lose one that ends
        while a thread steps over it."""
        for watch in self._watches:
            if all((e.id, c.name) in self.reached for e, c in self._moments[watch.at]):
                watch.enabled = False

    def wake(self) -> None:
        """They are needed again."""
        for watch in self._watches:
            watch.enabled = True

    def close(self) -> None:
        """Takes the breakpoints away."""
        for watch in self._watches:
            if watch.is_valid():
                watch.delete()

    def here(self, address: int) -> list[tuple[Exercise, Checkpoint]]:
        """[(exercise, checkpoint)] at an address, noted if this is the first time in this process.

        Called at every stop: also at the learner's own, where there is no checkpoint.
        """
        self._know_process()
        for exercise in self._exercises:
            self._look_for_trouble(exercise, address)
        return self._noted(address)

    def event(self, at: str) -> list[tuple[Exercise, Checkpoint]]:
        """The same for a moment that is no place: `event:exit`, `event:signal`, `core`."""
        if at == "core":
            self._know_process()
        return self._noted(at)

    def _noted(self, at):
        moments = self._prepared_at(at)
        self.fresh = []
        for exercise, checkpoint in moments:
            if (exercise.id, checkpoint.name) not in self.reached:
                self.fresh.append((exercise, checkpoint))
                self.reached[exercise.id, checkpoint.name] = None
                self._note(exercise, checkpoint)
        return moments

    def _know_process(self):
        """Another process than before has reached nothing yet."""
        pid = gdb.selected_inferior().pid
        if pid != self.pid:
            self._begin(pid)

    def _prepared_at(self, place):
        if self.left_out == gdb.selected_inferior().pid:
            return []
        return [moment for moment in self._moments.get(place, []) if self._prepared(*moment)]

    def _prepared(self, exercise, checkpoint):
        """Was everything noted that earlier checkpoints keep? Not so if the exercise was opened in the middle of a
        run. And is it the time that is meant, of all those at which the program gets there?"""
        earlier = exercise.checkpoints[: exercise.checkpoints.index(checkpoint)]
        bases = {q.source for q in exercise.questions if q.form == "changed" and q.at == checkpoint.name}
        if not all((exercise.id, c.name) in self.reached for c in earlier if c.keep or c.name in bases):
            return False
        known = (exercise.id, checkpoint.name) in self.reached or not checkpoint.when
        return known or bool(evaluate(checkpoint.when, self._variables(exercise)))

    def arrived(self, at: int | str) -> bool:
        """A breakpoint was hit, or an event came: note, and say whether to stop. What is asked of a program of real Go
        wants all its threads to stand still first."""
        try:
            return isinstance(at, int) and self._wants_quiet(at) or self.visit(at)
        except (gdb.error, program.Problem, KeyboardInterrupt) as error:
            self.trouble = str(error) or "interrupted"
            return True

    def moment(self, exercise: Exercise) -> Moment:
        """What can be said of the program now."""
        reached = tuple(name for owner, name in self.reached if owner == exercise.id)
        return Moment(exercise, self._variables(exercise), reached, self._copies)

    def _wants_quiet(self, address):
        """Is something to be shown or asked here of a program of real Go?"""
        return any(e.go for e, _ in self._moments[address]) and any(
            c.goal or any(q.at == c.name for q in e.questions) for e, c in self._due(address)
        )

    def _due(self, address):
        self._know_process()
        return [(e, c) for e, c in self._prepared_at(address) if (e.id, c.name) not in self.reached]

    def pending(self, address: int) -> bool:
        """Is there anything to note at this address that was not noted yet?"""
        return bool(self._due(address))

    def visit(self, at: int | str) -> bool:
        """Notes what there is at this moment, and says whether to stop."""
        moments = self.here(at) if isinstance(at, int) else self.event(at)
        return any([self.wanted(*moment) for moment in moments])

    def _variables(self, exercise):
        reached = {f"{c.name}_reached": int((exercise.id, c.name) in self.reached) for c in exercise.checkpoints}
        return _helpers() | reached | self.kept.get(exercise.id, {})

    def _begin(self, pid):
        self.pid, self.kept = pid, {}
        self.reached = {}  # (exercise id, checkpoint): None, in the order of this process
        self._copies = {}  # the same: the runtime's variables there, where a question compares them
        self._troubles = {}  # exercise id: what did not hold at one of this process's stops

    def _look_for_trouble(self, exercise, address):
        """Evaluates what must hold at every stop; from where it does not, nothing can be said of this process."""
        always = [invariant for invariant in exercise.needed if not invariant.at]
        if not always or exercise.id in self._troubles:
            return
        broken = _broken(always, self._variables(exercise))
        if broken:
            self._troubles[exercise.id] = f"{broken} at {Program().name_of(address)}"
            for question in exercise.questions:
                if (exercise.id, question.at) in self.reached:
                    self._spoil(exercise, question, self._troubles[exercise.id])

    def _spoil(self, exercise, question, trouble):
        seen = self.seen[exercise.id, question.id]
        seen.trouble = seen.trouble or trouble

    def _note(self, exercise, checkpoint):
        variables = self._variables(exercise)
        kept = self.kept.setdefault(exercise.id, {})
        for name, expr in checkpoint.keep.items():
            kept[f"{checkpoint.name}_{name}"] = evaluate(expr, variables)
        here = [invariant for invariant in exercise.invariants if invariant.at == checkpoint.name]
        held = self.held.setdefault(exercise.id, {})
        held.update((invariant.id, _broken([invariant], variables)) for invariant in here)
        broken = next((held[i.id] for i in here if i in exercise.needed and held[i.id]), "")
        if any(q.form == "changed" and q.source == checkpoint.name for q in exercise.questions):
            self._copies[exercise.id, checkpoint.name] = runtime.copy()
        moment = self.moment(exercise)
        for question in exercise.questions:
            if question.at == checkpoint.name:
                self.seen[exercise.id, question.id] = self._hunted(exercise, question) or moment.look(question)
                self._spoil(exercise, question, f"{broken} here" if broken else self._troubles.get(exercise.id, ""))

    def invariants_here(self, exercise: Exercise) -> list[tuple[Invariant, str]]:
        """(invariant, why it does not hold or "") of those that an exercise has for this place, or for all."""
        pc, where = program.register("rip"), places(exercise)
        here = [i for i in exercise.invariants if not i.at or where.get(i.at) == pc]
        return [(invariant, _broken([invariant], self._variables(exercise))) for invariant in here]

    def compared(self, exercise: Exercise, question: Question, given: Any) -> list[Outcome] | None:
        """What a witness said of this program and of the healthy one; None for other answers."""
        if question.form != "witness":
            return None
        here = self.witnessed.get(exercise.id, {}).get(question.id, {})
        there = self.hunt.beside.get(exercise.id, {}).get(question.id, {})
        return [here[given], there[given]] if given in here and given in there else None

    def _hunted(self, exercise, question):
        """The Seen of a question about a bug; None for all others."""
        if question.form == "line":
            return self.hunt.seen_of_line()
        if question.form == "witness":
            here = bugs.outcomes(self.hunt.witnesses.get(exercise.id, {}).get(question.id, ()))
            self.witnessed.setdefault(exercise.id, {})[question.id] = here
            return self.hunt.seen_of_witnesses(exercise.id, question.id, here)
        return None


def broken_anywhere(exercise: Exercise) -> str:
    """Which of an exercise's invariants that hold everywhere does not here; "" if all do."""
    always = [invariant for invariant in exercise.invariants if not invariant.at]
    return _broken(always, _helpers()) if always else ""


def _broken(invariants, variables):
    """Says which of these does not hold at this moment, or cannot be evaluated; "" if all hold."""
    for invariant in invariants:
        try:
            if not evaluate(invariant.expr, variables):
                return f"{invariant.id} does not hold"
        except gdb.error as error:
            return f"{invariant.id} cannot be evaluated ({error})"
    return ""


@dataclass
class Moment:
    """What a truth can be computed from, at a checkpoint."""

    exercise: Exercise
    variables: Mapping[str, int]  # what an expression may use
    reached: tuple[str, ...]  # the exercise's checkpoints so far, in this run's order
    copies: Mapping[tuple[str, str], runtime.Copy]  # (exercise id, checkpoint): the runtime's variables there

    def value(self, expr: str) -> int:
        """An author's expression at this moment."""
        return evaluate(expr, self.variables)

    def truth(self, form: str, source: Any) -> Truth:
        """What a form of TRUTHS makes of its source."""
        return _TRUTHS[form](self, source)

    def look(self, question: Question) -> Seen:
        """The Seen of a question."""
        try:
            form = "text" if question.form == "text" else "expr"
            wrong = {m.id: self.truth(form, m.expr) for m in question.misconceptions if m.expr}
            wrong |= {m.id: facts.value(m.fact) for m in question.misconceptions if m.fact}
            return Seen(self.truth(question.form, question.source), wrong)
        except (gdb.error, program.Problem) as error:
            return Seen(trouble=f"gdb: {error}")

    def text(self, expr: str) -> str:
        """The C string at the address that an author's expression gives."""
        at, text = self.value(expr), b""
        while b"\0" not in text and len(text) < _LONGEST:
            rest = (
                corefile.PAGE - at % corefile.PAGE
            )  # the next page may not be there: arguments end where the stack does
            data = program.read(at, rest)
            if not isinstance(data, bytes):
                raise program.Problem(f"{expr}: {data}")
            at, text = at + rest, text + data
        return text.partition(b"\0")[0][:_LONGEST].decode(errors="replace")

    def each(self, source: Mapping[str, str]) -> frozenset[str]:
        """The names whose expression is true."""
        return frozenset(name for name, expr in source.items() if self.value(expr))

    def order(self, source: Iterable[str]) -> tuple[str, ...]:
        """Those of these checkpoints that were reached, in the order of this run."""
        return tuple(name for name in self.reached if name in source)

    def changed(self, source: str) -> frozenset[str]:
        """The runtime's variables whose bytes differ from what they were at another checkpoint."""
        before = self.copies.get((self.exercise.id, source))
        if before is None:
            why = tr("cores of two runs differ by themselves, not only by the call. {needs}", needs=tr(_NEEDS))
            raise program.Problem(why)
        return runtime.changed(before, runtime.copy())


_TRUTHS: dict[str, Callable[[Moment, Any], Truth]] = {  # the forms of a truth in exercise.toml
    "expr": Moment.value,
    "text": Moment.text,
    "each": Moment.each,
    "order": Moment.order,
    "changed": Moment.changed,
    "fact": lambda moment, name: facts.value(name),
}


def _helpers():
    """The variables that every expression may use; those of the processor only while there is a process."""
    world = program.world()
    text = next((section.lo for section in world.elf.sections if section.name == ".text"), 0)
    found = {"entry": world.elf.entry, "text": text}
    if program.alive():
        frame = gdb.newest_frame()
        code = frame.architecture().disassemble(frame.pc())[0]
        found |= {"kernel_entry": _kernel_entry(), "depth": len(roots.frames()), "next": frame.pc() + code["length"]}
    return found


def _kernel_entry():
    """AT_ENTRY of the process's auxiliary vector: what the kernel took as the entry point; 0 if it cannot be read."""
    return next((value for key, value in struct.iter_unpack("<QQ", program.auxv()) if key == _AT_ENTRY), 0)


def evaluate(expr: str, variables: Mapping[str, int]) -> int:
    """An author's expression as an int, in the innermost frame, with these convenience variables for the moment."""
    selected = gdb.selected_frame() if program.alive() else None
    if selected is not None:
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
        if selected is not None:
            selected.select()

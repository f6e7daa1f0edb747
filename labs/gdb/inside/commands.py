"""The commands of the exercises in gdb: `lab task`, `lab answer`, `lab sched` and the others."""

import gdb
from rt0lab import program
from rt0lab.commands import console, past
from rt0lab.formats import untrusted
from rt0lab.words import in_a_row, screen
from runner.exercises.guide import Guide
from runner.exercises.state import Store
from runner.failure import Failure

from . import names, variables
from .session import Session, show, tell

_MOST_ROWS = 40  # of a comparison
_STARTING = ("run", "start", "starti")

_snaps = variables.Snaps()
_typed = names.Typed()
_open: Session = None  # type: ignore[assignment]  # begin() sets it before there are commands


def begin(exercise_id: str, language: str, state_path: str) -> None:
    """Opens an exercise: registers the commands, shows the task."""
    try:
        guide = Guide(language, Store(state_path, tell))
        _Lab()
        _Starting()
        looks = (_Snap, _Diff, _When, _Invariants, _Sched)
        for command in (_Task, _Answer, _Predict, _Hint, _Check, *looks, _Next, _Solution):
            command()
        gdb.execute("set confirm off")  # leaving is `q`; progress is kept
        gdb.execute("set filename-display basename")
        gdb.events.gdb_exiting.connect(_leave)
        gdb.events.before_prompt.connect(_help_with_names)
        for word in _STARTING:
            gdb.execute(f"define hook-{word}\n{_Starting.name}\nend")
        _enter(guide, guide.find(exercise_id))
    except Failure as failure:
        raise gdb.GdbError(f"lab: {untrusted.shown(str(failure), untrusted.LINE)}") from None


def _leave(event):
    """gdb.events.gdb_exiting: gdb would say of each breakpoint of one thread that this thread is gone."""
    for point in gdb.breakpoints():
        if point.thread is not None:
            point.delete()


def _help_with_names():
    """gdb.events.before_prompt: how the name is written that gdb has just not found."""
    try:
        line = _typed.refused()
        command = line and names.meant(line, program.world().elf.symbols, _open.exercise.go)
    except (gdb.error, program.Problem):
        return
    if command:
        tell(_open.say("name-meant", command=command))


def _enter(guide, exercise):
    global _open
    if _open is not None:
        _open.close()
    _open = Session(guide, exercise)
    _open.clear_breakpoints()  # it says so before the task: that should be what fills the screen
    gdb.prompt_hook = lambda _: f"(lab {exercise.number}) "  # `set prompt` would lose the space
    _show_task()
    _open.begin()


def _show_task():
    end = [_open.say("in-gdb")]
    if _open.exercise.written:
        end = screen.wrap(_open.say("in-gdb-writing", file=_open.file()), "   ")
    show([*_open.guide.task(_open.exercise, _open.done, _open.wrong), *end])


class _LabCommand(console.Command):
    """Runs `act` of the command; failures are one line, in the learner's language."""

    def run(self, argument: str) -> None:
        try:
            self.act(argument)
        except Failure as failure:
            raise gdb.GdbError("\n".join(screen.wrap(str(failure)))) from None

    def complete(self, text: str, word: str | None) -> list[str]:
        """The ids of the questions that begin with this word."""
        return [q.id for q in _open.exercise.questions if q.id.startswith(word or "")]


class _Lab(gdb.Command):
    """The exercises. (lab) alone says what there is.

    (lab 01) lab task
    (lab 01) lab hint"""

    def __init__(self):
        console.translate(self)
        super().__init__("lab", gdb.COMMAND_SUPPORT, gdb.COMPLETE_COMMAND, True)

    @console.careful
    def invoke(self, argument: str, from_tty: bool) -> None:
        """gdb calls this for a bare `lab`, for `lab help` and for an unknown word."""
        self.dont_repeat()
        if argument.strip() not in ("", "help"):
            raise gdb.GdbError(_open.say("no-command", word=argument.split()[0][:20]))
        tell(_open.say("commands"))


class _Starting(gdb.Command):
    """What gdb asks before it starts the program: where an exercise is about a core, that would be gone."""

    name = "lab-starting"  # not one of `lab`, whose list is for learners

    def __init__(self):
        console.translate(self)
        super().__init__(self.name, gdb.COMMAND_OBSCURE)

    @console.careful
    def invoke(self, argument: str, from_tty: bool) -> None:
        """An error here keeps gdb from it."""
        if program.on_core():
            raise gdb.GdbError("\n".join(screen.wrap(_open.say("core-only"))))


class _Task(_LabCommand):
    """Show what this exercise asks, and what is done.

    (lab 01) lab task"""

    name = "lab task"

    def act(self, argument: str) -> None:
        _show_task()


class _Answer(_LabCommand):
    """Answer a question; judged from what this process showed.
    An answer is a number or a name.

    (lab 01) lab answer entry = main.main
    (lab 01) lab answer entry = 0x401000"""

    name = "lab answer"

    def act(self, argument: str) -> None:
        _open.answer(argument)


class _Predict(_LabCommand):
    """Say what will happen, before it does.
    The prediction is locked, and judged when the program gets there.

    (lab 02) lab predict delta = -8"""

    name = "lab predict"

    def act(self, argument: str) -> None:
        _open.predict(argument)


class _Hint(_LabCommand):
    """Show the next hint, or the one asked for.
    There are four for each question; they cost nothing.

    (lab 01) lab hint
    (lab 01) lab hint entry 2"""

    name = "lab hint"

    def act(self, argument: str) -> None:
        show(_open.guide.hint(_open.exercise, argument.split(), _open.done, self.name))


class _Check(_LabCommand):
    """Show how every step of this exercise stands.

    (lab 01) lab check"""

    name = "lab check"

    def act(self, argument: str) -> None:
        _open.check()


class _Snap(_LabCommand):
    """Keep a copy of the runtime's variables, to compare with later.

    (lab 08) lab snap
    (lab 08) lab snap before"""

    name = "lab snap"

    def act(self, argument: str) -> None:
        words = argument.split()
        if len(words) > 1 or not _snaps.able(argument.strip()):
            raise Failure(_open.say("snap-usage"))
        name, count = _snaps.take(argument.strip())
        tell(_open.say("snapped", name=name, n=count))

    def complete(self, text: str, word: str | None) -> list[str]:
        return []


class _Diff(_LabCommand):
    """Show which of the runtime's variables differ: from the last snap to now,
    from one of them to now, or between two of them.

    (lab 08) lab diff
    (lab 08) lab diff before
    (lab 08) lab diff 1 2"""

    name = "lab diff"

    def act(self, argument: str) -> None:
        if not _snaps.names:
            raise Failure(_open.say("diff-nothing"))
        names = argument.split() or _snaps.names[-1:]
        copies = [found for name in names if (found := _snaps.named(name)) is not None]
        if not 1 <= len(names) == len(copies) <= 2:
            raise Failure(_open.say("diff-usage", names=in_a_row(_snaps.names)))
        copies.append(variables.copy())
        rows = variables.differences(copies[0], copies[1])
        for path, before, after in rows[:_MOST_ROWS]:
            tell(f"{path}: {before} → {after}")
        if len(rows) > _MOST_ROWS:
            tell(_open.say("diff-more", n=len(rows) - _MOST_ROWS))
        if not rows:
            tell(_open.say("diff-none"))

    def complete(self, text: str, word: str | None) -> list[str]:
        return [name for name in _snaps.names if name.startswith(word or "")]


class _When(past.When):
    """Say at which stops a field changed, or became what you ask for: `rt0 when`.

    (lab 12) lab when g1 -> running"""

    name = "lab when"


class _Invariants(_LabCommand):
    """Look at what must hold here, and say what does not: first what this exercise knows of this place, then what
    `rt0 check` knows of every place.

    (lab 09) lab invariants"""

    name = "lab invariants"

    def act(self, argument: str) -> None:
        _open.invariants()


class _Sched(_LabCommand):
    """Run the program under a schedule that a seed chooses: one thread at a time goes
    on, from one of the scheduler's functions to the next, and all that must hold is
    looked at in between. The same seed makes the same run.

    (lab 14) lab sched 7
    (lab 14) lab sched 1-20"""

    name = "lab sched"

    def act(self, argument: str) -> None:
        _open.schedule(argument)

    def complete(self, text: str, word: str | None) -> list[str]:
        return []


class _Next(_LabCommand):
    """Go on to the next exercise, in this gdb.

    (lab 01) lab next"""

    name = "lab next"

    def act(self, argument: str) -> None:
        guide, exercise = _open.guide, _open.exercise
        if not _open.was_passed:
            raise Failure(_open.say("still-open", name=guide.name(exercise), command="lab task"))
        following = guide.following(guide.store.read(), exercise)
        if following is None:
            tell(_open.say("all-done"))
            return
        if following.written:
            raise Failure(_open.say("write-next", name=guide.name(following)))
        if following.program != exercise.program or following.variants or exercise.variants:
            raise Failure(_open.say("other-program", name=guide.name(following)))
        guide.move(following)
        _enter(guide, following)


class _Solution(_LabCommand):
    """Show the explained solution, once this exercise is passed.

    (lab 01) lab solution"""

    name = "lab solution"

    def act(self, argument: str) -> None:
        show(_open.guide.solution(_open.exercise, _open.guide.store.read()))

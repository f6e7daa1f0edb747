"""The command line's side of the exercises: `lab`, `lab list|next|goto|run|hint|check|reset|solution`."""

import os
import sys
from argparse import Namespace
from io import TextIOWrapper
from typing import cast

from rt0lab.words import in_a_row, screen, tr

from ..exercises import answers, ask, files, judge, judging, language, state, witness
from ..exercises.forms import Exercise
from ..exercises.guide import Guide, answered, marked, passed, tried
from ..exercises.making import command, implement, source
from ..failure import FAILED, Failure, progress
from ..host import debugger, permits
from . import Verbs, tour, writing

UNREAD = (implement.NO_BUILD, command.NO_LOAD)  # reasons: nothing in the learner's file could be judged
SHOWN = "shown"  # the status of an exercise without questions whose text was on the screen


def register(verbs: Verbs) -> None:
    table = (
        ("run", run, tr("open gdb on the current exercise"), "./lab run"),
        ("hint", hint, tr("the next hint for the current exercise"), "./lab hint\n./lab hint goid 3"),
        ("check", check, tr("judge your answers"), "./lab check\n./lab check --all"),
        ("solution", solution, tr("the solution, once passed"), "./lab solution"),
        ("list", listing, tr("the exercises, and how far you are"), "./lab list"),
        ("next", following, tr("go on to the next exercise"), "./lab next"),
        ("prev", previous, tr("go back to the exercise before"), "./lab prev"),
        ("goto", goto, tr("go to an exercise"), "./lab goto 10\n./lab goto newproc"),
        ("reset", reset, tr("forget your progress in an exercise"), "./lab reset newproc"),
    )
    made = {}
    for name, function, text, example in table:
        made[name] = verbs.add_parser(name, help=text, example=example, here=name in ("run", "check", "solution"))
        made[name].set_defaults(run=function)
    made["goto"].add_argument("id", metavar="ID", help=tr("an exercise's id or number"))
    made["hint"].add_argument("words", nargs="*", metavar="QUESTION|N", help=tr("a question, a level from 1 to 4"))
    made["check"].add_argument("--all", action="store_true", help=tr("every exercise that has answers"))
    made["reset"].add_argument("id", nargs="?", metavar="ID", help=tr("an exercise's id or number"))
    made["reset"].add_argument("--all", action="store_true", help=tr("every exercise"))


def guide() -> Guide:
    """The Guide of whoever sits here."""
    # A terminal without UTF-8 shows what it can. (cli has put a Screen there, which passes this on.)
    cast(TextIOWrapper, sys.stdout).reconfigure(errors="replace")
    return Guide(language.chosen(), state.Store(state.location(), progress))


def where(this: Guide, known: state.Progress, exercise: Exercise) -> str:
    """One line about how an exercise stands, for people at a shell."""
    return this.where(known, exercise, "./lab run", "./lab next")


# ---- bare `lab` ------------------------------------------------------------------------------------------------------


def here() -> int:
    """`lab` alone: where was I, what next."""
    this = guide()
    if introduced(this):
        return 0
    known = this.store.read()
    exercise = this.current(known)
    count = sum(passed(known, e) for e in this.exercises)
    print(this.say("here-head"))
    print(
        this.say(
            "here-machine",
            gdb=_gdb(this),
            ptrace=this.say("ok" if permits.ptrace_permitted() else "refused"),
            language=this.say("language"),
        )
    )
    print(this.say("here-count", n=len(this.exercises), passed=count, file=this.store.path))
    print()
    print(this.say("here-now", name=this.name(exercise)))
    print(*screen.wrap(this.head(exercise), "  "), sep="\n")
    if line := where(this, known, exercise):
        said = this.say("here-pass", following=line) if passed(known, exercise) else line
        print(*screen.wrap(said, "  "), sep="\n")
    print()
    kind = "" if exercise.questions else "-reading"
    if passed(known, exercise) and this.following(known, exercise):
        print(this.say("here-next" + kind))
    print(this.say(("here-passed" if passed(known, exercise) else "here-open") + kind))
    print(this.say("here-verbs"))
    return 0


def _gdb(this):
    try:
        return this.say("gdb-version", version=permits.ask_gdb(permits.find_gdb())[0].rpartition(" ")[2])
    except Failure:
        return this.say("missing")


def introduced(this: Guide) -> bool:
    """Shows the introduction, which all other exercises take for known, to whoever has not seen it: was that so?"""
    first = this.exercises[0]
    if first.questions or state.look(this.store.read(), first.id)["status"] in (SHOWN, "pass"):
        return False
    _print_task(this, first)
    with this.store.change() as known:
        state.record(known, first.id)["status"] = SHOWN
    return True


# ---- moving ----------------------------------------------------------------------------------------------------------


def listing(args: Namespace) -> int:
    """`lab list`."""
    this = guide()
    print(*this.rows(this.store.read()), sep="\n")
    return 0


def following(args: Namespace) -> int:
    """`lab next`: the next exercise, if this one is passed; one without questions is passed by going on."""
    this = guide()
    if introduced(this):
        return 0
    known = this.store.read()
    exercise = this.current(known)
    if not exercise.questions and not passed(known, exercise):
        _pass_by_reading(this, exercise)
        known = this.store.read()
    if not passed(known, exercise):
        raise Failure(this.say("still-open", name=this.name(exercise), command="./lab run"), FAILED)
    after = this.following(known, exercise)
    if after is None:
        print(this.say("all-done"))
        return 0
    return _show(this, after)


def _pass_by_reading(this, exercise):
    """Nothing to solve, but there must be a gdb to go on with."""
    permits.find_gdb()
    with this.store.change() as known:
        state.note_score(state.record(known, exercise.id), exercise, [])
    print(this.say("passed-by-reading", name=this.name(exercise)))


def goto(args: Namespace) -> int:
    """`lab goto ID`."""
    this = guide()
    exercise = this.find(args.id)
    if introduced(this):
        if exercise is this.exercises[0]:
            this.move(exercise)
            return 0
        _waited(this, "read-on")
    return _show(this, exercise)


def previous(args: Namespace) -> int:
    """`lab prev`: the exercise before this one, passed or not."""
    this = guide()
    at = this.exercises.index(this.current(this.store.read()))
    if at == 0:
        raise Failure(this.say("first-one"), FAILED)
    return _show(this, this.exercises[at - 1])


def _show(this, exercise):
    """Makes an exercise the current one and shows its task."""
    this.move(exercise)
    _print_task(this, exercise)
    return 0


def _print_task(this, exercise):
    known = this.store.read()
    print(*this.task(exercise, answered(known, exercise), tried(known, exercise)), sep="\n")
    print(this.say("on-shell" if exercise.questions else "on-shell-reading"))


def _waited(this, key):
    """What somebody types at a terminal, asked for with this sentence; nobody waits where nobody types."""
    if not sys.stdin.isatty():
        return ""
    try:
        return input(this.say(key) + " ").strip()
    except EOFError:
        return "q"


def run(args: Namespace) -> int:
    """`lab run`: gdb on the current exercise; the tour for the one that has no questions."""
    this = guide()
    with this.store.change() as known:  # the seed is kept from now on
        exercise = this.current(known)
        known["current"] = exercise.id
        seed = known["seed"]
    if not exercise.questions:
        return _read(this, exercise, args)
    if exercise.written:
        words = writing.begun(this, exercise, seed)
        if not words:
            return 0
    else:
        if not exercise.core:
            _require_ptrace(this, exercise)
        words = ask.command(exercise, this.store.home, seed, batch=False)
    begin = f"python inside.begin({exercise.id!r}, {this.language!r}, {str(this.store.path)!r})"
    if debugger.interactive(words, ["-iex", "set print thread-events off", "-ex", begin]):
        raise Failure(this.say("gdb-failed"))
    known = this.store.read()
    print(*screen.wrap(where(this, known, this.current(known))), sep="\n")
    return 0


def _read(this, exercise, args):
    """`lab run` where there is nothing to solve: the text, if it was not seen yet, and the tour. Then it is passed."""
    if introduced(this) and _waited(this, "start-tour")[:1] in ("q", "Q"):
        return 0
    args.program, args.batch, args.release = exercise.program, False, False
    tour.run(args)
    if not passed(this.store.read(), exercise):
        _pass_by_reading(this, exercise)
    print(*screen.wrap(where(this, this.store.read(), exercise)), sep="\n")
    return 0


def _require_ptrace(this, exercise):
    """Where gdb may not run the program, its answers can still be judged."""
    try:
        permits.require_ptrace()
    except Failure as refused:
        said = this.say("only-answers", file=os.path.relpath(answers.location(exercise)))
        raise Failure(screen.joined(f"{refused}.", said), refused.status) from None


# ---- hints, reset, solution ----------------------------------------------------------------------------------------


def hint(args: Namespace) -> int:
    """`lab hint [QUESTION] [N]`."""
    this = guide()
    known = this.store.read()
    exercise = this.current(known)
    print(*this.hint(exercise, args.words, answered(known, exercise), "./lab hint"), sep="\n")
    return 0


def solution(args: Namespace) -> int:
    """`lab solution`."""
    this = guide()
    known = this.store.read()
    print(*this.solution(this.current(known), known), sep="\n")
    return 0


def reset(args: Namespace) -> int:
    """`lab reset ID|--all`: forgets answers, hints, verdicts, and sets aside what the learner wrote; the seed stays."""
    this = guide()
    if bool(args.id) == args.all:
        raise Failure(this.say("reset-usage"), 2)
    chosen = this.exercises if args.all else [this.find(args.id)]
    with this.store.change() as known:
        for exercise in chosen:
            known["exercises"].pop(exercise.id, None)
            _put_away(this, exercise)
    print(*screen.wrap(this.say("reset-done", names=in_a_row(e.id for e in chosen))), sep="\n")
    return 0


def _put_away(this, exercise):
    """Sets aside the file that the learner wrote, of answers or of source, and says where it is now."""
    file = _file(exercise)
    aside = files.set_aside(file)
    if aside:
        key = "set-aside" if exercise.written else "answers-aside"
        print(*screen.wrap(this.say(key, file=os.path.relpath(file), aside=os.path.relpath(aside))), sep="\n")


def _file(exercise):
    """What the learner writes: answers, or a source."""
    return (source if exercise.written else answers).location(exercise)


# ---- check -----------------------------------------------------------------------------------------------------------


def check(args: Namespace) -> int:
    """`lab check [--all]`: judges the file of answers and what was answered in gdb, in a fresh run of the program."""
    this = guide()
    with this.store.change() as known:
        seed = known["seed"]
    chosen = this.exercises if args.all else [this.current(known)]
    cases = [
        (exercise, source.collected(exercise) if exercise.written else answers.collected(exercise, known))
        for exercise in chosen
        if exercise.questions
    ]
    cases = [(exercise, found) for exercise, found in cases if found or not args.all]
    if not cases or not any(found for _, found in cases):
        key = "nothing-written" if chosen[0].written and not args.all else "nothing-answered"
        key = key if chosen[0].questions or args.all else "nothing-to-solve"
        raise Failure(this.say(key, file=os.path.relpath(_file(chosen[0]))), FAILED)
    if not permits.ptrace_permitted() and not all(exercise.written or exercise.go for exercise, _ in cases):
        print(*screen.wrap(this.say("looked-at-cores")), sep="\n")
    found = judging.verdicts(cases, this.store.home, seed)
    return max([_report(this, exercise, verdicts) for (exercise, _), verdicts in zip(cases, found)])


def _report(this, exercise, verdicts):
    """Prints one exercise's verdicts, keeps them, and returns the exit status."""
    texts = exercise.texts(this.language)
    print(this.name(exercise))
    for question in exercise.questions:
        verdict = verdicts[question.id]
        mark = marked(verdict.what == judge.PASS, verdict.what == judge.WRONG)
        said = f"{question.id}: {_said(this, texts, question, verdict)}"
        if line := witness.evidence(this.say, verdict.detail):
            said = this.say("evidence", said=said, line=line)
        print(*screen.wrap(said, f"  {mark}", "      "), *writing.quoted(verdict), sep="\n")
    right = [q for q in exercise.questions if verdicts[q.id].what == judge.PASS]
    with this.store.change() as known:
        _keep(state.record(known, exercise.id), exercise, verdicts, right)
    done = len(right) == len(exercise.questions)
    status = "pass-then" if done else _status(exercise, verdicts.values())
    said = this.say(status, following=where(this, this.store.read(), exercise), file=os.path.relpath(_file(exercise)))
    print(*screen.wrap(said, "  "), sep="\n")
    return 0 if done else FAILED


def _status(exercise, verdicts):
    """The sentence below the verdicts, as long as not all are passes."""
    worst = (judge.WRONG, judge.INCONCLUSIVE, judge.INCOMPLETE, judge.PASS)
    overall = min((verdict.what for verdict in verdicts), key=worst.index)
    if overall != judge.INCOMPLETE or not exercise.written:
        return f"status-{overall}"
    unread = [verdict.reason for verdict in verdicts if verdict.reason in UNREAD]
    return f"status-{unread[0]}" if unread else "status-written"


def _said(this, texts, question, verdict):
    if verdict.what == judge.WRONG:
        return texts.to_wrong(question.id, verdict.reason)
    if verdict.what == judge.PASS:
        return texts.to_right(question.id)
    if verdict.reason in UNREAD:
        return this.say(verdict.reason)
    inconclusive = verdict.what == judge.INCONCLUSIVE
    return this.say("inconclusive", reason=verdict.reason) if inconclusive else this.say("step-open")


def _keep(entry, exercise, verdicts, right):
    """Notes a check: the first value of a prediction is the prediction."""
    given = {name: verdict.text for name, verdict in verdicts.items() if verdict.text is not None}
    state.note_answers(entry, given, right, [q for q in exercise.questions if verdicts[q.id].what == judge.WRONG])
    for question in exercise.questions:
        if (
            question.predict
            and question.id in given
            and entry["predicted"].get(question.id, {"right": None})["right"] is None
        ):
            entry["predicted"][question.id] = {"value": given[question.id], "right": question in right}
    state.note_score(entry, exercise, right)

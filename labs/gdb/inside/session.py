"""One learner at one exercise in gdb: answers and predictions, ticks at stops, verdicts, progress kept."""

from collections.abc import Iterable

import gdb
from rt0lab import program
from rt0lab.boot import stops
from rt0lab.commands import console
from rt0lab.program import settings
from rt0lab.formats import untrusted
from rt0lab.state import checks, verdicts
from rt0lab.words import in_a_row, screen
from runner.exercises import judge, judging, literals, patches, state, types, witness
from runner.exercises.forms import Exercise
from runner.exercises.guide import Guide, answered, marked, passed
from runner.exercises.making import source
from runner.failure import Failure

from . import observe, schedules
from .bugs import Hunt

MARK = "  [lab] "


def tell(*texts: str) -> None:
    """Says something as the lab, wrapped; text besides colour on every line."""
    with settings.off("pagination"):
        for text in texts:
            for line in screen.wrap(text, MARK, " " * len(MARK)):
                console.say(line)


def show(lines: Iterable[str]) -> None:
    """A screen of text, as it is."""
    with settings.off("pagination"):
        for line in lines:
            console.pass_on(line + "\n")


class Session:
    """What happens between a learner and an exercise."""

    def __init__(self, guide: Guide, exercise: Exercise) -> None:
        self.guide, self.say, self.exercise = guide, guide.say, exercise
        self.texts = exercise.texts(guide.language)
        self.program = observe.Program()
        self.threads = 0, 1  # of which process how many were told
        progress = guide.store.read()
        entry = state.look(progress, exercise.id)
        predicted = entry["predicted"]
        self.done = set(answered(progress, exercise))
        self.was_passed = passed(progress, exercise)
        if self.was_passed:
            self.done = {name for _, name in exercise.steps()}
        # {question id: text}, to be judged when the program gets there
        self.noted = {q: text for q, text in entry["noted"].items() if exercise.question(q)}
        self.wrong = entry["wrong"]  # {question id: the last wrong answer}
        self.locked = {q: p["value"] for q, p in predicted.items() if p["right"] is None and exercise.question(q)}
        self.judged = {q for q, p in predicted.items() if p["right"] is not None}
        patch = exercise.patch(progress["seed"])
        hunt = Hunt(patches.changed_lines(patch)) if patch else None
        self.observer = observe.Observer([] if exercise.written else [exercise], self._must_stop, hunt)
        self._listen()

    def _listen(self):
        gdb.events.stop.connect(self.stopped)
        gdb.events.exited.connect(self.exited)
        self.observer.wake()  # who did not hear of an end did not hear that

    def begin(self) -> None:
        """The program may stand at one of the exercise's checkpoints already."""
        if program.alive():
            tell(self.say("core-open" if program.on_core() else "goes-on"))
            self.stopped(None)

    def clear_breakpoints(self) -> None:
        """Deletes the learner's breakpoints: those of the exercise before would stop the program where this one's text
        does not expect it."""
        mine = [point for point in gdb.breakpoints() if point.visible]
        for point in mine:
            point.delete()
        if mine:
            tell(self.say("breakpoints-gone"))

    def close(self) -> None:
        """Leaves the exercise; the program stays where it is."""
        self._hear_nothing()
        self.observer.close()

    def _hear_nothing(self):
        gdb.events.stop.disconnect(self.stopped)
        gdb.events.exited.disconnect(self.exited)

    def _must_stop(self, exercise, checkpoint):
        """What was predicted or noted is judged at its checkpoint, wherever the learner was going. At a goal that is no
        place alone, and so not reached with a breakpoint, the program always stops, but only once."""
        nameless = checkpoint.goal and bool(checkpoint.when) and (exercise, checkpoint) in self.observer.fresh
        return nameless or any(exercise.question(name).at == checkpoint.name for name in [*self.locked, *self.noted])

    # ---- what the program does ---------------------------------------------------------------------------------------

    def stopped(self, event: gdb.Event | None) -> None:
        """gdb.events.stop: ticks a goal, judges what waited for this place. What only repeats a recording is none."""
        try:
            if program.rewound():
                return
            self._tell_threads()
            where = stops.where()  # with it, once: gdb's warning that assembly is not C++
            pc = program.register("rip")
            moments = [] if pc is None else self.observer.here(pc)
            moments += self.observer.event("event:signal") if isinstance(event, gdb.SignalEvent) else []
            moments += self.observer.event("core") if program.on_core() else []
            if isinstance(event, gdb.BreakpointEvent) and all(getattr(b, "stopped", False) for b in event.breakpoints):
                self._show_stop(where, moments)
            for _, checkpoint in moments:
                self._at(checkpoint)
            self.observer.rest()
        except (gdb.error, program.Problem, Failure, KeyboardInterrupt) as error:
            tell(str(error) or self.say("interrupted"))

    def _tell_threads(self):
        """How many there are, if that has changed: gdb would have a line for each that comes and goes."""
        inferior = gdb.selected_inferior()
        before = self.threads[1] if self.threads[0] == inferior.pid else 1
        self.threads = inferior.pid, len(inferior.threads())
        if self.threads[1] != before and not program.on_core():
            tell(self.say("threads-now", n=self.threads[1], before=before))

    def _show_stop(self, where, moments):
        """gdb itself says nothing at a breakpoint that nobody sees, unless the learner came by `finish`."""
        if any(checkpoint.at.startswith("return:") for _, checkpoint in moments):
            tell(self.say("stopped-at", where=self._where(moments[0][1])))
        else:
            show(line for line in where.split("\n") if not line.startswith("Warning:"))

    def exited(self, event: gdb.Event) -> None:
        """gdb.events.exited: what waited was never reached; nothing to say if the learner killed it."""
        self.observer.wake()
        for _, checkpoint in self.observer.event("event:exit") if hasattr(event, "exit_code") else ():
            self._at(checkpoint)
        for name in [*self.noted, *self.locked] if hasattr(event, "exit_code") else ():
            tell(
                self.say(
                    "never-reached", question=name, where=self._where(self._checkpoint(self.exercise.question(name)))
                )
            )

    def _at(self, checkpoint):
        if checkpoint.goal and checkpoint.name not in self.done:
            self.done.add(checkpoint.name)
            with self.guide.store.change() as progress:
                state.record(progress, self.exercise.id)["reached"].append(checkpoint.name)
            self._tick(self.texts.replies["reached"][checkpoint.name])
        for question in self.exercise.questions:
            if question.at != checkpoint.name:
                continue
            if question.id in self.noted:
                self._judge(question, self.noted.pop(question.id))
            if question.id in self.locked:
                self._judge_prediction(question, self.locked.pop(question.id))

    def _where(self, checkpoint):
        """The place of a checkpoint, as text."""
        kind, _, name = checkpoint.at.partition(":")
        key = checkpoint.at.replace(":", "-") if kind == "event" else kind
        return self.say("where-" + key, name=name, caller=checkpoint.caller)

    def _checkpoint(self, question):
        return next(c for c in self.exercise.checkpoints if c.name == question.at)

    # ---- what the learner says ---------------------------------------------------------------------------------------

    def answer(self, argument: str) -> None:
        """`lab answer QUESTION = VALUE`."""
        question, text = self._parsed(argument, "answer")
        self._refuse_locked(question)
        if question.predict and question.id not in self.judged and question.id not in self.done:
            raise Failure(self.say("predict-first", question=question.id))
        if question.type == "witness":  # both programs are asked, in runs of their own
            self._judge(question, text, self._proved(question, text))
            return
        checkpoint = self._checkpoint(question)
        if (self.exercise.id, question.id) in self.observer.seen and (
            not checkpoint.goal or checkpoint.name in self.done
        ):
            self._judge(question, text)
        else:
            with self.guide.store.change() as progress:
                state.record(progress, self.exercise.id)["noted"][question.id] = text
            self.noted[question.id] = text
            self._tell_when("noted", question)

    def predict(self, argument: str) -> None:
        """`lab predict QUESTION = VALUE`."""
        question, text = self._parsed(argument, "predict")
        if not question.predict:
            raise Failure(self.say("not-predicted", question=question.id))
        self._refuse_locked(question)
        if question.id in self.judged:
            raise Failure(self.say("predicted-already", question=question.id))
        with self.guide.store.change() as progress:
            record = state.record(progress, self.exercise.id)
            record["predicted"][question.id] = {"value": text, "right": None}
        self.locked[question.id] = text
        self._tell_when("locked", question)

    def _refuse_locked(self, question):
        if question.id in self.locked:
            value = self._as_typed(question, self.locked[question.id])
            raise Failure(self.say("locked-already", question=question.id, value=value))

    def _tell_when(self, key, question):
        """Says at which stop this will be judged, and if this run will not come there any more."""
        over = program.alive() and (self.exercise.id, question.at) in self.observer.reached
        tell(self.say(key, where=self._where(self._checkpoint(question))), *([self.say("too-late")] if over else []))

    def _parsed(self, argument, verb):
        """(question, value as text) of QUESTION = VALUE; Failure says what is wrong with it."""
        names = " | ".join(q.id for q in self.exercise.questions)
        # `＝` is what a Chinese input method makes of `=`
        name, equals, text = argument.replace("＝", "=").partition("=")
        question = self.exercise.question(name.strip())
        if not self.exercise.questions:
            raise Failure(self.say("nothing-to-solve"))
        if self.exercise.written:
            raise Failure(self.say("written-not-answered", file=self.file()))
        if question is None or not equals or not text.strip():
            raise Failure(self.say("usage", verb=verb, names=names))
        kind = types.TYPES[question.type]
        try:
            given = kind.read(text)
        except witness.BadWitness as error:
            raise Failure(witness.why(self.say, error.key, error.at, error.what)) from None
        except literals.BadLiteral as error:
            if not question.options:
                raise Failure(self.say("no-literal", text=error)) from None
            given = None
        if given is None or not judge.fits(question, given, self.program):
            wanted = self.say("asks-" + kind.asks, names=in_a_row(question.options))
            raise Failure(self.say("no-fit", text=literals.shown(text.strip()), question=question.id, wanted=wanted))
        return question, literals.written(given)

    # ---- verdicts ----------------------------------------------------------------------------------------------------

    def _verdict(self, question, text):
        seen = self.observer.seen.get((self.exercise.id, question.id))
        return judge.judge(question, types.TYPES[question.type].read(text), seen, self.program)

    def _proved(self, question, text):
        """The verdict on a witness, and what it said of both programs."""
        store = self.guide.store
        case = self.exercise, {question.id: text}
        verdict = judging.verdicts([case], store.home, store.read()["seed"])[0][question.id]
        if line := witness.evidence(self.say, verdict.detail):
            tell(line)
        return verdict

    def _judge(self, question, text, verdict=None):
        verdict = verdict or self._verdict(question, text)
        if verdict.what == judge.INCONCLUSIVE:
            tell(self.say("inconclusive", reason=verdict.reason))
            return
        right = verdict.what == judge.PASS
        self._keep(question, text, right)
        if right:
            self._right(question)
        else:
            tell(screen.joined(self.say("not-yet"), self.texts.to_wrong(question.id, verdict.reason)))

    def _judge_prediction(self, question, text):
        verdict = self._verdict(question, text)
        if verdict.what == judge.INCONCLUSIVE:
            self.locked[question.id] = text
            tell(self.say("inconclusive", reason=verdict.reason))
            return
        right = verdict.what == judge.PASS
        self.judged.add(question.id)
        with self.guide.store.change() as progress:
            state.record(progress, self.exercise.id)["predicted"][question.id]["right"] = right
        self._keep(question, text, right)
        observed = self._observed(question)
        if right:
            tell(self.say("predicted-right", question=question.id, observed=observed))
            self._right(question)
        else:
            said = self.say(
                "predicted-wrong", question=question.id, value=self._as_typed(question, text), observed=observed
            )
            tell(
                screen.joined(said, self.texts.to_wrong(question.id, verdict.reason)),
                self.say("answer-now", question=question.id),
            )

    def _as_typed(self, question, text):
        """An answer as it is kept, as a learner would write it: `nil` for nobody, names without brackets."""
        kind = types.TYPES[question.type]
        given = kind.read(text)
        return kind.shown(given, self.program) if isinstance(given, int) else text.strip("[]")

    def _observed(self, question):
        """What was seen, as the learner would write it."""
        truth = self.observer.seen[self.exercise.id, question.id].truth
        return types.TYPES[question.type].shown(truth, self.program)

    def _keep(self, question, text, right):
        with self.guide.store.change() as progress:
            entry = state.record(progress, self.exercise.id)
            state.note_answers(entry, {question.id: text}, *(([question], []) if right else ([], [question])))
            self.wrong = entry["wrong"]
            state.note_score(entry, self.exercise, [q for q in self.exercise.questions if q.id in entry["answers"]])

    def _right(self, question):
        self.done.add(question.id)
        self._tick(self.texts.to_right(question.id))
        open_questions = [q for q in self.exercise.questions if q.id not in self.done]
        if not open_questions and not self.was_passed:
            self.was_passed = True
            self.done = {name for _, name in self.exercise.steps()}
            points = sum(q.points for q in self.exercise.questions)
            progress = self.guide.store.read()
            tell(
                self.say("pass", number=self.exercise.number, id=self.exercise.id, points=points),
                self.guide.where(progress, self.exercise, "lab task", "lab next"),
            )

    def _tick(self, text):
        steps = [name for _, name in self.exercise.steps()]
        tell(self.say("tick", n=len(self.done.intersection(steps)), of=len(steps)) + " " + text)

    def file(self) -> str:
        """Where the file is that the learner writes, as it is shown; gdb's environment does not say."""
        return untrusted.shown(str(source.location(self.exercise, {"RT0LAB_STATE": str(self.guide.store.path)})))

    def check(self) -> None:
        """`lab check`: every step and how it stands."""
        for _, name in self.exercise.steps():
            groups = {
                "step-done": self.done,
                "step-locked": self.locked,
                "step-noted": self.noted,
                "step-tried" if self.exercise.written else "step-wrong": self.wrong,
            }
            what = next((key for key, names in groups.items() if name in names), "step-open")
            value = self._as_typed(self.exercise.question(name), self.wrong[name]) if what == "step-wrong" else ""
            said = self.say(what, value=literals.shown(value))
            tell(f"{marked(name in self.done, name in self.wrong)}{name}: {said}")
        overall = "pass" if self.was_passed else "wrong" if self.wrong else "incomplete"
        to_write = self.exercise.written and not self.was_passed
        tell(self.say("written-not-answered", file=self.file()) if to_write else self.say(f"status-{overall}"))

    def invariants(self) -> None:
        """`lab invariants`: what does not hold here."""
        if not program.alive():
            raise Failure(self.say("invariants-no-process"))
        rows = self.observer.invariants_here(self.exercise)
        broken = [f"{invariant.id}: {invariant.expr}" for invariant, trouble in rows if trouble]
        results = checks.run(console.so_far.snapshot())
        broken += [str(result) for result in results if result.verdict == verdicts.BROKEN]
        for line in broken:
            tell(self.say("invariant-broken", text=untrusted.shown(line)))
        tell(self.say("invariants-looked", n=len(rows) + len(results), broken=len(broken)))

    def schedule(self, argument: str) -> None:
        """`lab sched SEED` or `FIRST-LAST`: runs of their own, of which no question of the exercise is judged."""
        seeds = schedules.seeds(argument)
        if seeds is None or self.exercise.go or self.exercise.written and not self.exercise.sources:
            raise Failure(self.say("sched-usage"))
        if program.alive() and program.on_core():
            raise Failure(self.say("sched-core"))
        self._hear_nothing()
        count = 0
        try:
            with schedules.alone(self.exercise.env), schedules.left_out(self.observer):
                for seed in seeds:
                    run = schedules.once(seed, self.exercise)
                    count += run.stops
                    if run.wrong or run.unknown:
                        key = "sched-wrong" if run.wrong else "sched-unknown"
                        why = untrusted.shown(run.wrong or run.unknown)
                        tell(self.say(key, seed=seed, stop=run.stops, thread=run.thread, place=run.place, why=why))
                        return
        finally:
            self._listen()
        tell(self.say("sched-held", n=len(seeds), stops=count))

"""`lab dev check` proves the exercises, `lab dev lint` reads the source with Debian's tools: one line a fault. `lab dev
mutate` undoes the runtime's decisions, one at a time: tests must notice. `lab dev entries` and `lab dev moved` make the
tables of the notes from Go programs, `lab dev screens` the README's pictures."""

import io
import json
import os
import re
import tempfile
from argparse import Namespace
from pathlib import Path

from rt0lab.formats import untrusted
from rt0lab.words import in_a_row, language, tr, trn

from ..exercises import forms, proof, skeleton
from ..exercises import register as beliefs
from ..exercises.language import LANGUAGES
from ..failure import FAILED, MACHINE, USAGE, Failure, progress
from ..host import build, debugger, lint, needs, packages, pace
from ..likeness import entries, moved
from ..mutation import every
from ..pages import screens, sessions
from ..report import films
from . import Verbs, at_least_one

_ASKING = 60  # seconds that gdb may take over one program


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "dev",
        help=tr("for authors: prove the exercises, read the source, measure programs of Go"),
        example="./lab dev check labs/10-newproc\n./lab dev lint --fix",
    )
    parts = verb.add_subparsers(dest="part", metavar="new|check|lint|mutate|films|entries|moved|screens", required=True)
    part = parts.add_parser(
        "new",
        help=tr("the folder of a new exercise, with every line marked that you have to write"),
        example="./lab dev new my-idea --lang en\n./lab dev check --lang en labs/15-my-idea",
    )
    part.add_argument("id", metavar="NAME", help=tr("its id: small letters, digits, dashes"))
    part.add_argument("--lang", choices=LANGUAGES, help=tr("only this language, to begin with"))
    part.add_argument("--into", metavar="FOLDER", default=str(forms.LABS), help=tr("where (default: labs/)"))
    part.set_defaults(run=new)
    part = parts.add_parser(
        "check", help=tr("every exercise against its own tests"), example="./lab dev check labs/10-newproc"
    )
    part.add_argument("--lang", choices=LANGUAGES, help=tr("only this language, for an exercise that is begun"))
    most = len(proof.SEEDS)
    part.add_argument(
        "--seeds",
        type=int,
        choices=proof.SEEDS,
        default=most,
        metavar="N",
        help=tr("on the first N seeds only (default: all {most})", most=most),
    )
    part.add_argument("folders", nargs="*", metavar="FOLDER", help=tr("exercise folders (default: all of labs/)"))
    part.set_defaults(run=check)
    part = parts.add_parser(
        "lint", help=tr("the source, with {names}", names=in_a_row(lint.TOOLS)), example="./lab dev lint --fix"
    )
    part.add_argument("tools", nargs="*", metavar="TOOL", help=tr("only these (default: all)"))
    part.add_argument(
        "--fix", action="store_true", help=tr("first let {names} write their form", names=" and ".join(lint.FORMATTERS))
    )
    part.set_defaults(run=read_source)
    part = parts.add_parser(
        "mutate",
        help=tr("undo the runtime's decisions, one at a time, in a copy, and tell which test notices"),
        example="./lab dev mutate proc_sched.cpp\n./lab dev mutate --own 300 --seed 7",
    )
    part.add_argument(
        "--own",
        nargs="?",
        type=at_least_one,
        const=20,
        metavar="N",
        help=tr("changes that are not in the list instead, of each line what can go wrong in it (default: 20)"),
    )
    part.add_argument("--seed", type=int, default=1, metavar="N", help=tr("--own: others of them (default: 1)"))
    part.add_argument(
        "words",
        nargs="*",
        metavar="FILE|NAME",
        help=tr("of tests/runtime/decisions.toml (default: all of it), or a change that --own has told"),
    )
    part.set_defaults(run=mutate)
    part = parts.add_parser(
        "films",
        help=tr("the ready-made films, as the build makes them"),
        example="ninja -C build/debug films",
    )
    part.add_argument("program", metavar="PROGRAM", help=tr("the path of a program that is built"))
    part.add_argument("folder", metavar="FOLDER", help=tr("where to write them"))
    part.add_argument("depfile", metavar="DEPFILE", help=tr("where to write what they are made of, for ninja"))
    part.set_defaults(run=make_films)
    _register_tables(parts)


def _register_tables(parts):
    part = parts.add_parser(
        "entries",
        help=tr("where Go programs begin, whatever system and processor they are for"),
        example="GOOS=windows GOARCH=arm64 go build -o hello.exe hello.go\n./lab dev entries hello.exe",
    )
    part.add_argument("files", nargs="+", metavar="FILE", help=tr("programs that Go built"))
    part.set_defaults(run=show_entries)
    part = parts.add_parser(
        "moved",
        help=tr("what moved in Go's runtime from version to version, as a table"),
        example="./lab dev moved ./hello-1.19 ./hello-1.24",
    )
    part.add_argument("programs", nargs="*", metavar="GO-BINARY", help=tr("programs of linux/amd64, one of each Go"))
    part.set_defaults(run=show_moved)
    part = parts.add_parser(
        "screens", help=tr("make the README's pictures of the tour and of the film"), example="./lab dev screens"
    )
    part.set_defaults(run=photograph)


def make_films(args: Namespace) -> int:
    """Makes the films of the build, which goes on without them where they cannot be made."""
    folder = Path(args.folder)
    try:
        if missing := needs.missing(needs.TO_SHOW | needs.TO_RUN):
            raise Failure(tr("{names} missing; ./lab setup installs them", names=in_a_row(missing)), MACHINE)
        films.make(args.program, folder, language())
        Path(args.depfile).write_text(films.dependencies(folder))
    except Failure as failure:
        films.unmake(folder)
        progress(tr("no films: {why}", why=str(failure)))
    return 0


def new(args: Namespace) -> int:
    """Writes the folder and says what to do next."""
    folder = skeleton.make(Path(args.into), args.id, (args.lang,) if args.lang else LANGUAGES)
    shown = os.path.relpath(folder)
    print(
        tr(
            "{folder}: write what is marked {mark} in its files, then ./lab dev check {folder}",
            folder=shown,
            mark=skeleton.MARK,
        )
    )
    return 0


def photograph(args: Namespace) -> int:
    """Makes the pictures, and prints where they are."""
    packages.ensure(needs.TO_RUN | needs.TO_SHOW | {"chromium": needs.TO_TEST["chromium"]})
    for path in screens.make():
        print(os.path.relpath(path))
    return 0


def read_source(args: Namespace) -> int:
    """Prints what the tools find in the source; exit status 1 if they find anything."""
    tools = tuple(args.tools) or lint.TOOLS
    unknown = [tool for tool in tools if tool not in lint.TOOLS]
    if unknown:
        raise Failure(
            tr("no such tool: {names}; there are: {known}", names=" ".join(unknown), known=in_a_row(lint.TOOLS)),
            USAGE,
        )
    packages.ensure(needs.TO_RUN | {package: needs.TO_TEST[package] for package in (*lint.TOOLS, "clang")})
    if "clang-tidy" in tools:
        build.build("debug", "clang++")
    if args.fix:
        lint.fix()
    faults = lint.faults(tools)
    for tool, lines in faults.items():
        print(f"{tool:14}" + (trn("{n} fault", "{n} faults", len(lines)) if lines else "ok"))
        for line in lines:
            print(f"  {line}")
    wrong = sum(map(len, faults.values()))
    if wrong:
        raise Failure(
            trn("{n} thing to mend", "{n} things to mend", wrong)
            + tr(" (./lab dev lint --fix writes what is only a matter of form)"),
            FAILED,
        )
    return 0


def mutate(args: Namespace) -> int:
    """Prints who noticed each change; exit status 1 if a test did not notice the one that it is named for, or if
    nobody noticed one that is not in the list."""
    packages.ensure(needs.TO_RUN | {"python3-pytest": needs.TO_TEST["python3-pytest"]})
    return every.run(args.words) if args.own is None else every.run_own(args.words, args.own, args.seed)


def show_entries(args: Namespace) -> int:
    """Prints a line for each file: its name, its kind, its entry."""
    packages.ensure({"python3-pyelftools": needs.TO_RUN["python3-pyelftools"]})
    for file in args.files:
        try:
            entry = entries.of(file)
        except OSError as error:
            raise Failure(f"{untrusted.shown(file)}: {error.strerror}", USAGE) from None
        name = untrusted.shown(os.path.basename(file))
        print(f"{name:24} {entry.kind:7} {untrusted.shown(entry.symbol)}")
    return 0


def show_moved(args: Namespace) -> int:
    """Prints the table, Go 1.10.2 first."""
    columns = {moved.RECORDED: moved.recorded()}
    for name in args.programs:
        version, rows = column(name)
        columns[version] = rows
    print("\n".join(untrusted.shown_lines(line) for line in moved.table(columns)))
    return 0


def column(name: str) -> tuple[str, list[moved.Row]]:
    """(the version, what has moved in it) of a Go program, asked in gdb."""
    target = debugger.program(name)
    if target.runtime != "go":
        raise Failure(tr("{name} is no Go program", name=name), USAGE)
    with tempfile.TemporaryDirectory(prefix="rt0lab-") as folder:
        record, said = Path(folder) / "said.json", io.StringIO()
        words = [*debugger.command(target.path, batch=True), *moved.words(record)]
        debugger.unattended(words, said, limit=pace.Limit(_ASKING))
        if not record.exists():
            raise Failure(
                tr("gdb could not ask {name}", name=name) + f": {untrusted.shown(said.getvalue()[-300:])}", FAILED
            )
        return moved.asked(json.loads(record.read_text()))


def _shown_problems(exercise, languages, verbs):
    """Verbs of ./lab that there are not, and sessions that print something else now, in what an exercise shows."""
    for file in sorted(exercise.folder.iterdir()):
        if not file.name.endswith(tuple(f".{name}{kind}" for name in languages for kind in (".md", ".toml"))):
            continue
        text = file.read_text("utf-8")
        for verb in re.findall(r"\./lab ([a-z]+)", text):
            if verb not in verbs:
                yield f"{exercise.folder.name}/{file.name}: there is no verb {verb}"
        if file.suffix == ".md":
            yield from (f"{exercise.folder.name}/{file.name}: {wrong}" for wrong in sessions.checked(text, {})[1])


def check(args: Namespace) -> int:
    """Prints what is wrong with the exercises; exit status 1 if anything is."""
    exercises = [forms.load(folder.rstrip("/")) for folder in args.folders] or forms.load_all()
    progress(
        trn(
            "checking {n} exercise on {seeds} seeds",
            "checking {n} exercises on {seeds} seeds",
            len(exercises),
            seeds=args.seeds,
        )
    )
    languages = (args.lang,) if args.lang else LANGUAGES
    problems = proof.messages_problems()
    if not args.folders:
        problems += beliefs.problems(beliefs.load(), exercises)
    for exercise in exercises:
        problems += proof.static_problems(exercise, languages)
        problems += _shown_problems(exercise, languages, args.top.verbs())
    ready = [exercise for exercise in exercises if exercise.questions and exercise.judged]
    if ready and not problems:
        problems = proof.live_problems(ready, languages, proof.SEEDS[: args.seeds])
    for problem in problems:
        print(problem)
    if problems:
        raise Failure(trn("{n} thing to mend", "{n} things to mend", len(problems)), FAILED)
    questions = [question for exercise in exercises for question in exercise.questions]
    counted = [
        trn("{n} exercise", "{n} exercises", len(exercises)),
        trn("{n} question", "{n} questions", len(questions)),
        trn("{n} misconception", "{n} misconceptions", sum(len(question.misconceptions) for question in questions)),
        trn("{n} seed", "{n} seeds", args.seeds),
    ]
    print("ok: " + ", ".join(counted))
    return 0

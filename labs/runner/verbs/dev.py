"""`lab dev check` proves the exercises, `lab dev lint` reads the source with Debian's tools: one line a fault."""

from argparse import Namespace

from ..exercises import forms, proof
from ..failure import FAILED, USAGE, Failure, progress
from ..host import build, lint, needs, packages
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "dev",
        help="for authors: prove the exercises, read the source (dev check, dev lint)",
        example="./lab dev check labs/10-newproc\n./lab dev lint --fix",
    )
    parts = verb.add_subparsers(dest="part", metavar="check|lint", required=True)
    part = parts.add_parser(
        "check", help="every exercise against its own tests", example="./lab dev check labs/10-newproc"
    )
    part.add_argument("folders", nargs="*", metavar="FOLDER", help="exercise folders (default: all of labs/)")
    part.set_defaults(run=check)
    part = parts.add_parser("lint", help=f"the source, with {', '.join(lint.TOOLS)}", example="./lab dev lint --fix")
    part.add_argument("tools", nargs="*", metavar="TOOL", help="only these (default: all)")
    part.add_argument("--fix", action="store_true", help=f"first let {' and '.join(lint.FORMATTERS)} write their form")
    part.set_defaults(run=read_source)


def read_source(args: Namespace) -> int:
    """Prints what the tools find in the source; exit status 1 if they find anything."""
    tools = tuple(args.tools) or lint.TOOLS
    unknown = [tool for tool in tools if tool not in lint.TOOLS]
    if unknown:
        raise Failure(f"no such tool: {' '.join(unknown)}; there are: {', '.join(lint.TOOLS)}", USAGE)
    packages.ensure(needs.TO_RUN | {package: needs.TO_TEST[package] for package in (*lint.TOOLS, "clang")})
    if "clang-tidy" in tools:
        build.build("debug", "clang++")
    if args.fix:
        lint.fix()
    faults = lint.faults(tools)
    for tool, lines in faults.items():
        print(f"{tool:14}{f'{len(lines)} faults' if lines else 'ok'}")
        for line in lines:
            print(f"  {line}")
    wrong = sum(map(len, faults.values()))
    if wrong:
        raise Failure(f"{wrong} things to mend (./lab dev lint --fix writes what is only a matter of form)", FAILED)
    return 0


def check(args: Namespace) -> int:
    """Prints what is wrong with the exercises; exit status 1 if anything is."""
    exercises = [forms.load(folder.rstrip("/")) for folder in args.folders] or forms.load_all()
    progress(f"checking {len(exercises)} exercises on {len(proof.SEEDS)} seeds")
    problems = proof.messages_problems() + [
        problem for exercise in exercises for problem in proof.static_problems(exercise)
    ]
    ready = [exercise for exercise in exercises if exercise.questions and exercise.judged]
    if ready and not problems:
        problems = proof.live_problems(ready)
    for problem in problems:
        print(problem)
    if problems:
        raise Failure(f"{len(problems)} things to mend", FAILED)
    print(
        f"ok: {len(exercises)} exercises, {sum(len(e.questions) for e in exercises)} questions, "
        f"{sum(len(q.misconceptions) for e in exercises for q in e.questions)} misconceptions, {len(proof.SEEDS)} seeds"
    )
    return 0

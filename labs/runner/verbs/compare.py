"""`lab compare`: what gdb sees in the mirror's boot beside what it saw in Go's, with the reason for every
difference."""

import json
import os
from argparse import Namespace
from typing import Any

from rt0lab.formats import untrusted
from rt0lab.words import in_a_row, later, screen, tr, trn

from ..failure import FAILED, MACHINE, USAGE, Failure
from ..host import debugger, traces
from ..host.output import writable
from ..host.target import Program
from ..likeness.comparison import comparison
from ..likeness.observations import Trace
from ..tree import ORACLE
from . import Verbs

VERDICTS = (later("same"), later("differs"), later("not mirrored"))
PARTS = (later("observations"), later("fields"))


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "compare",
        help=tr("the mirror's boot beside Go's, with the reason for every difference"),
        example="./lab compare\n./lab compare ./my-go-program",
    )
    verb.add_argument(
        "program", nargs="?", metavar="GO-BINARY", help=tr("a Go program (default: the recorded boot of Go 1.10.2)")
    )
    verb.add_argument("--json", metavar="FILE", help=tr("write the comparison to this file too"))
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Traces hello (and the Go program), compares, prints; exit status 1 if a difference has no reason."""
    output = writable(args.json) if args.json else None
    processors = set(sorted(os.sched_getaffinity(0))[:2])  # the recorded boot had two
    if len(processors) < 2:
        raise Failure(
            tr("compare needs two processors: the recorded boot had them, and with one a boot takes another course"),
            MACHINE,
        )
    go = traces.live(go_program(args.program), affinity=processors) if args.program else recorded()
    result = comparison(go, traces.live(debugger.program("hello"), affinity=processors), bool(args.program))
    show(result, go["runtime"])
    if output:
        output.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
    return FAILED if result["totals"]["unexplained"] else 0


def go_program(name: str) -> Program:
    """The Go program of the command line."""
    target = debugger.program(name)
    if target.runtime != "go":
        raise Failure(
            tr("{name} is no Go program; ./lab compare alone compares our hello with Go 1.10.2", name=name), USAGE
        )
    return target


def recorded() -> Trace:
    """The recorded boot of Go 1.10.2."""
    return traces.parse((ORACLE / "go1.10.2.json").read_text())


def show(result: dict[str, Any], version: str) -> None:
    """The comparison for people, 80 columns wide."""
    print(tr("our hello beside {version}", version=version) + "\n")
    print(tr("The observations"))
    for row in result["observations"]:
        mark = f"{row['n']:>4}  "
        if row["verdict"] == "same":
            line(mark, tr("same: {what}: {ours}", what=tr(row["text"]), ours=say(row["ours"])))
        else:
            line(mark, both(row, tr(row["text"])))
            line("      ", tr("because: {reason}", reason=tr(row["reason"])))
    print("\n" + tr("The fields that change at each stop, on the first thread, until sysmon starts"))
    same = [row for row in result["fields"] if row["verdict"] == "same"]
    groups = {}
    for row in result["fields"]:
        if row["verdict"] != "same":
            groups.setdefault((row["verdict"], row["reason"]), []).append(row)
    for (verdict, reason), rows in groups.items():
        for row in rows:
            line("   -  ", both(row, f"{row['stage']}: {untrusted.shown(row['path'])}"))
        line("      ", tr("because: {reason}", reason=tr(reason)))
    stops = len({row["stage"] for row in same})
    changes = trn("{n} change", "{n} changes", len(same))
    line("   =  ", tr("same: {changes}", changes=changes) + trn(" at {n} stop", " at {n} stops", stops))
    totals = result["totals"]
    print()
    for name in PARTS:
        counts = totals[name]
        said = in_a_row(f"{counts[key]} {tr(key)}" for key in VERDICTS)
        print(screen.pad(f"{tr(name)}:", 14) + said)
    if totals["unexplained"]:
        print(
            trn(
                "{n} difference has no written reason (tests/oracle/differences.toml)",
                "{n} differences have no written reason (tests/oracle/differences.toml)",
                totals["unexplained"],
            )
        )
    for title in totals["stale"]:
        print(tr("stale reason, the difference is gone: {title}", title=title))


def both(row: dict[str, Any], what: str) -> str:
    """What is otherwise on both sides."""
    verdict, go, ours = tr(row["verdict"]), say(row["go"]), say(row["ours"])
    return tr("{verdict}: {what}: go {go}; ours {ours}", verdict=verdict, what=what, go=go, ours=ours)


def line(mark: str, text: str) -> None:
    """Text wrapped to a terminal's width after a mark."""
    print(*screen.wrap(" ".join(text.split()), mark, " " * len(mark)), sep="\n")


def say(value: object) -> str:
    """A value as people read it."""
    if value is None:
        return tr("no change")
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, tuple):
        return " → ".join(say(part) for part in value)
    if isinstance(value, list):
        return "(" + ", ".join(say(part) for part in value) + ")"
    return untrusted.shown(str(value))

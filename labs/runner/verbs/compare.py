"""`lab compare`: what gdb sees in the mirror's boot beside what it saw in Go's, with the reason for every
difference."""

import json
import os
import textwrap
from argparse import Namespace
from typing import Any

from rt0lab.formats import untrusted
from rt0lab.words import trn

from ..failure import FAILED, MACHINE, USAGE, Failure
from ..host import debugger, traces
from ..host.output import writable
from ..host.target import Program
from ..likeness.comparison import comparison
from ..likeness.observations import Trace
from ..tree import ORACLE
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "compare",
        help="the mirror's boot beside Go's, with the reason for every difference",
        example="./lab compare\n./lab compare ./my-go-program",
    )
    verb.add_argument(
        "program", nargs="?", metavar="GO-BINARY", help="a Go program (default: the recorded boot of Go 1.10.2)"
    )
    verb.add_argument("--json", metavar="FILE", help="write the comparison to this file too")
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Traces hello (and the Go program), compares, prints; exit status 1 if a difference has no reason."""
    output = writable(args.json) if args.json else None
    processors = set(sorted(os.sched_getaffinity(0))[:2])  # the recorded boot had two
    if len(processors) < 2:
        raise Failure(
            "compare needs two processors: the recorded boot had them, and with one a boot takes another course",
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
        raise Failure(f"{name} is no Go program; ./lab compare alone compares our hello with Go 1.10.2", USAGE)
    return target


def recorded() -> Trace:
    """The recorded boot of Go 1.10.2."""
    return traces.parse((ORACLE / "go1.10.2.json").read_text())


def show(result: dict[str, Any], version: str) -> None:
    """The comparison for people, 80 columns wide."""
    print(f"our hello beside {version}\n")
    print("The observations")
    for row in result["observations"]:
        mark = f"{row['n']:>4}  "
        if row["verdict"] == "same":
            line(mark, f"same: {row['text']}: {say(row['ours'])}")
        else:
            line(mark, f"{row['verdict']}: {row['text']}: go {say(row['go'])}; ours {say(row['ours'])}")
            line("      ", f"because: {row['reason']}")
    print("\nThe fields that change at each stop, on the first thread, until sysmon starts")
    same = [row for row in result["fields"] if row["verdict"] == "same"]
    groups = {}
    for row in result["fields"]:
        if row["verdict"] != "same":
            groups.setdefault((row["verdict"], row["reason"]), []).append(row)
    for (verdict, reason), rows in groups.items():
        for row in rows:
            what = f"{row['stage']}: {untrusted.shown(row['path'])}"
            line("   -  ", f"{verdict}: {what}: go {say(row['go'])}; ours {say(row['ours'])}")
        line("      ", f"because: {reason}")
    line(
        "   =  ",
        "same: "
        + trn("{n} change", "{n} changes", len(same))
        + trn(" at {n} stop", " at {n} stops", len({row["stage"] for row in same})),
    )
    totals = result["totals"]
    print()
    for name in ("observations", "fields"):
        counts = totals[name]
        print(
            f"{name + ':':14}"
            + ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("same", "differs", "not mirrored"))
        )
    if totals["unexplained"]:
        print(
            trn(
                "{n} difference has no written reason (tests/oracle/differences.toml)",
                "{n} differences have no written reason (tests/oracle/differences.toml)",
                totals["unexplained"],
            )
        )
    for title in totals["stale"]:
        print(f"stale reason, the difference is gone: {title}")


def line(mark: str, text: str) -> None:
    """Text wrapped to 80 columns after a mark."""
    print(textwrap.fill(text, 80, initial_indent=mark, subsequent_indent=" " * len(mark), break_on_hyphens=False))


def say(value: object) -> str:
    """A value as people read it."""
    if value is None:
        return "no change"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " → ".join(say(part) for part in value)
    if isinstance(value, list):
        return "(" + ", ".join(say(part) for part in value) + ")"
    return untrusted.shown(str(value))

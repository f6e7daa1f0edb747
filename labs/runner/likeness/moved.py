"""What of Go's runtime has moved from version to version: the same questions to real programs, a column for each.

Go 1.10.2 answers from what was recorded of it; a program answers in gdb, from its DWARF and from its boot up to
main.main. A question that cannot be answered is `?`, what is not there is `-`.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rt0lab.words import tr

from ..tree import ORACLE

INSIDE = Path(__file__).with_name("inside.py")
ABSENT, UNKNOWN = "-", "?"
RECORDED = "go1.10.2"

FIELDS = """
    g.stackguard0 g.m g.sched g.atomicstatus g.goid g.waitreason g.asyncSafePoint g.coroarg
    m.g0 m.tls m.curg m.p m.fastrand m.chacha8
    p.m p.runqhead p.runq p.runnext p.timers
    schedt.midle schedt.runqhead schedt.runq
    gobuf.pc gobuf.ret gobuf.bp
""".split()
STRUCTURES = ("g", "m", "p", "schedt")

Row = tuple[str, str]  # what is asked, and the answer


def recorded() -> list[Row]:
    """The column of Go 1.10.2."""
    types = json.loads((ORACLE / "go1.10.2-types.json").read_text())
    stops = json.loads((ORACLE / "go1.10.2.json").read_text())["stages"]
    offsets = {f"{name}.{field}": at for name, fields in types.items() for field, at in fields.items()}
    after = sorted(types["g"].values())
    first = next(stop for stop in stops if stop["allgs"])
    main = next(stop for stop in stops if stop["stage"] == "main.main")
    return _rows(
        {
            "entry": stops[0]["symbol"],
            "rt0_go": next(stop["symbol"] for stop in stops if stop["stage"] == "rt0_go"),
            "offsets": offsets,
            "counts": {name: len(types[name]) for name in STRUCTURES},
            "reason": after[after.index(types["g"]["waitreason"]) + 1] - types["g"]["waitreason"],
            "stack": first["allgs"][0]["stack_size"],
            "mainStarted": "runtime.mainStarted" in main["globals"],
            "goroutines": sorted(g["startpc"] for g in main["allgs"]),
        }
    )


def asked(said: Mapping[str, Any]) -> tuple[str, list[Row]]:
    """(the version, the column) of a program, from what inside.py wrote of it."""
    return said["version"], _rows(said)


def words(record: Path) -> list[str]:
    """What gdb's command line needs behind the program to write the answers into `record`."""
    argv = ["", str(record), json.dumps(FIELDS), json.dumps(STRUCTURES)]
    return ["-ex", f"python import sys; sys.argv = {argv!r}", "-x", str(INSIDE)]


def _rows(said: Mapping[str, Any]) -> list[Row]:
    """The questions in the order of the table, with these answers."""

    def answer(key: str, shown: Callable[[Any], str] = str) -> str:
        return shown(said[key]) if said.get(key) is not None else UNKNOWN

    rows = [(tr("the entry"), answer("entry")), (tr("rt0_go's symbol"), answer("rt0_go"))]
    rows += [(tr("main.main begins with"), answer("prologue"))]
    rows += [(tr("fields of {name}", name=name), str(said["counts"].get(name, UNKNOWN))) for name in STRUCTURES]
    rows += [(tr("bytes of {name}", name=name), str(said.get("sizes", {}).get(name, UNKNOWN))) for name in STRUCTURES]
    rows += [(field.replace("schedt.", "sched."), str(said["offsets"].get(field, ABSENT))) for field in FIELDS]
    rows += [(tr("bytes of {name}", name="g.waitreason"), answer("reason"))]
    rows += [(tr("type of {name}", name="g.atomicstatus"), answer("status"))]
    rows += [(tr("type of {name}", name="allp"), answer("allp"))]
    rows += [("mainStarted", answer("mainStarted", lambda there: tr("there") if there else ABSENT))]
    rows += [(tr("g1's first stack"), answer("stack")), (tr("stack of sysmon's g0"), answer("sysmon"))]
    names = answer("goroutines", lambda starts: ", ".join(start.removeprefix("runtime.") for start in starts))
    return [*rows, (tr("goroutines at main.main"), names)]


def table(columns: Mapping[str, list[Row]]) -> list[str]:
    """The columns, by version, as the lines of a table in Markdown."""
    questions = [question for question, _ in next(iter(columns.values()))]
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for question, *answers in zip(questions, *([answer for _, answer in rows] for rows in columns.values())):
        lines.append(f"| {question} | " + " | ".join(f"`{answer}`" for answer in answers) + " |")
    return lines

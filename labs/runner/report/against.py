"""Two runs beside each other: which stops belong together, which fields are one field, which values are one value, and
the written reasons for what differs.

The page finds the differences itself, from numbers: a field's number is the same in both runs whatever its name there
is, a value's number is the same where `./lab compare` would call two values the same.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from rt0lab.words import tr
from rt0lab.words.chosen import LANGUAGES, spoken

from ..likeness import fields, reasons
from .numbers import Numbers

HERE = Path(__file__).parent
MOST = 1 << 21  # of one run's stops times the other's: beyond that, a stop's partner is the one that is as often seen
# What some recorders write of all Ms and Ps, and others not at all: then only one of two runs has it, and says nothing.
WIDER = (
    re.compile(r"m[1-9]\d*\."),
    re.compile(r"p[1-9]\d*\."),
    re.compile(r"p\d+\.runq$"),
    re.compile(r"sched\.runq$"),
)

Run = dict[str, Any]  # one of a film's runs
Pairs = list[list[int | None]]

# What the stop itself says, what the compiler decides, and what only one of the recorders writes in this form.
ASIDE = re.compile(
    r"regs\.|(?:pc|sp|sp_off|ret)$|(?:g\d+|allgs\[\d+\])\.(?:stack_lo|stack_hi|stackguard0_minus_lo|sched_sp_word)$"
)

# Times and numbers that the kernel gives, beyond those that the mirror has: they tell of the machine.
OF_THE_MACHINE = "m0.cheaprand m0.fastrand p0.sysmontick.schedwhen p0.sysmontick.syscallwhen sched.idleTime".split()


def beside(left: Run, right: Run) -> dict[str, Any]:
    """What a film of two runs has beside them: `pairs` of stops, and what is `alike` in them."""
    both = (left, right)
    names = Numbers()
    narrower = [pattern for pattern in WIDER if not all(any(map(pattern.match, _paths(run))) for run in both)]
    paths = [[_field(path, names, narrower) for path in run["paths"]] for run in both]
    classes = Numbers(0)  # nothing: of what no two runs share, all that is asked
    values = [[classes.of(fields.symbol("", fields.main_name(value))) for value in run["values"]] for run in both]
    kinds = {today(path) for path in [*fields.BY_KIND, *OF_THE_MACHINE]}
    return {
        "pairs": pairs(*both),
        "alike": {
            "names": names.kept,
            "paths": paths,
            "values": values,
            "kinds": [number for number, name in enumerate(names.kept) if first_of_its_kind(name) in kinds],
            "renamed": renamings(names.kept, [run["paths"] for run in both], paths),
            "reasons": written(left, right, names.kept),
        },
    }


def first_of_its_kind(path: str) -> str:
    """The same field of the first M or P: what is so for m0.procid is so for m3.procid."""
    return re.sub(r"^([mp])\d+\.", r"\g<1>0.", path)


# ---- stops ---------------------------------------------------------------------------------------------------------


def pairs(left: Run, right: Run) -> Pairs:
    """Which stops belong together, in the order of both runs: first the part of the first thread that no timing can
    change, then the rest, thread by thread; null where a run has none."""
    first = [_course(run) for run in (left, right)]
    rest = [_by_thread(run, set(own)) for run, own in zip((left, right), first)]
    found = []
    for one, other in [first] + [[run.get(thread, []) for run in rest] for thread in {**rest[0], **rest[1]}]:
        names = [fields.key(left["stops"][n]) for n in one], [fields.key(right["stops"][n]) for n in other]
        aligned = fields.aligned if len(one) * len(other) <= MOST else _by_turns
        found += [(None if i is None else one[i], None if j is None else other[j]) for i, j in aligned(*names)]
    return [list(pair) for pair in _in_order(found)]


def _course(run):
    """The numbers of the first thread's stops, until sysmon's thread is there."""
    first = []
    for n, stop in enumerate(run["stops"]):
        if stop["thread"] == run["stops"][0]["thread"]:
            first.append(n)
            if fields.key(stop) == "newm return":
                break
    return first


def _by_thread(run, but):
    """{thread: the numbers of its stops}, but for these: threads take turns differently in each run."""
    found = {}
    for n, stop in enumerate(run["stops"]):
        if n not in but:
            found.setdefault(stop["thread"], []).append(n)
    return found


def _by_turns(left, right):
    """The first of a name beside the first, the second beside the second: for what is too long to be laid side by
    side."""
    waiting = {}
    for j in reversed(range(len(right))):
        waiting.setdefault(right[j], []).append(j)
    last, used = -1, set()
    for i, name in enumerate(left):
        while waiting.get(name) and waiting[name][-1] <= last:
            waiting[name].pop()
        j = waiting[name].pop() if waiting.get(name) else None
        if j is not None:
            last = j
            used.add(j)
        yield i, j
    yield from ((None, j) for j in range(len(right)) if j not in used)


def _in_order(found):
    """Pairs in the order of the left run; what only the right one has comes after what came before it there."""
    order = sorted((pair for pair in found if pair[0] is not None), key=lambda pair: pair[0])
    after = {}
    partners = {j for _, j in order if j is not None}
    at = -1
    for j in sorted(j for _, j in found if j is not None):
        if j in partners:
            at = j
        else:
            after.setdefault(at, []).append((None, j))
    result = after.pop(-1, [])
    for pair in order:
        result.append(pair)
        result += after.pop(pair[1], []) if pair[1] is not None else []
    return result


# ---- fields --------------------------------------------------------------------------------------------------------

_STEPS = {  # a name: (the name that came after it, the Go with which it came); M and P stand for every m and p
    row["was"]: (row["is"], row["since"]) for row in tomllib.loads((HERE / "renamed.toml").read_text("utf-8"))["field"]
}


def _paths(run):
    return [path for path in run["paths"] if isinstance(path, str)]


def _field(path, names, aside):
    """The number of a field; -1 of one that is not compared."""
    if not isinstance(path, str) or any(pattern.match(path) for pattern in (ASIDE, *aside)):
        return -1
    if path.startswith(fields.MEMORIES):
        return -1
    return names.of(today(fields.main_name(path)))


def today(path: str) -> str:
    """What a field of any Go is called today."""
    return ([path] + [name for name, _ in _later(path)])[-1]


def _later(path):
    """(name, since) of what a field was called afterwards."""
    each = re.match(r"([mp])\d+(?=\.)", path)
    name = each[1].upper() + path[each.end() :] if each else path
    while name in _STEPS:
        name, since = _STEPS[name]
        yield (each[0] + name[1:] if each else name), since


def renamings(names: list[str], paths: list[list[Any]], numbers: list[list[int]]) -> dict[int, str]:
    """{number of a field: the Gos in which it got another name, "1.12, 1.25"}, of those that the two runs call
    differently."""
    called: list[dict[int, str]] = [dict(zip(own, given)) for own, given in zip(numbers, paths)]
    result = {}
    for number in range(len(names)):
        one, other = (side.get(number) for side in called)
        for old, new in ((one, other), (other, one)):
            after = dict(_later(old)) if old and new and old != new else {}
            if new in after:
                result[number] = ", ".join(list(after.values())[: list(after).index(new) + 1])
    return result


# ---- reasons -------------------------------------------------------------------------------------------------------


def written(left: Run, right: Run, names: list[str]) -> list[dict[str, Any]]:
    """The written reasons that hold between these two, if one is the mirror: of which fields (-1: the stop itself), at
    which stops. The first that speaks of a difference is its reason."""
    sides = {run["runtime"] == "rt0lab": run for run in (left, right)}
    if len(sides) < 2 or not all(run["stops"] for run in sides.values()):
        return []
    go = sides[False]
    first = {"fs_base": _first(go, "fs_base"), "stage": ""}
    boot = {"runtime": go["runtime"], "stages": [first, *go["stops"]]}
    stops = sorted({fields.key(stop) for run in (left, right) for stop in run["stops"]})
    earlier: dict[str, list[str]] = {}
    for was in _STEPS:
        for name in {"M": ["m0"], "P": ["p0"]}.get(was[0], [""]):
            old = name + was[1:] if name else was
            earlier.setdefault(today(old), []).append(old)
    result = []
    for reason in reasons.Reasons(boot, live=go["runtime"] != "go1.10.2").list:
        if reason.n is not None or reason.go != "*":
            continue
        at = [stop for stop in stops if reason.at(stop)]
        of = [n for n, name in enumerate(names) if any(map(reason.of, [name, *earlier.get(name, [])]))]
        of += [-1] if reason.of("(stop)") else []
        if at and of:
            row = {"text": {name: _said(reason.reason, name) for name in LANGUAGES}, "fields": of}
            result.append(row | ({} if len(at) == len(stops) else {"stages": at}))
    return result


def _first(run, path):
    """A field's value at the first stop."""
    delta = run["stops"][0]["delta"]
    return next((run["values"][v] for p, v in zip(delta[::2], delta[1::2]) if run["paths"][p] == path), None)


def _said(text, language):
    with spoken(language):
        return " ".join(tr(text).split())

"""A trace as the page wants it: every path and value once, and every stop as what differs from the stop before.

Whatever a trace holds is data to be shown: what is missing or of another kind than a recorder writes becomes "not
known" (null), one cell at a time, and what is too much is cut with a mark that says so.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rt0lab.boot import stages
from rt0lab.formats import untrusted
from rt0lab.state import worth

from . import against, sources, words
from .numbers import Numbers

FORMAT = 1
DEEPEST = 4  # structures within structures that a field path has
LONGEST = 400  # characters of one value
WIDEST = 64  # entries of one list: a run queue, a backtrace
MOST_PATHS = 4000  # field paths of one stop

Trace = dict[str, Any]
State = dict[str, Any]  # field path: value
Change = tuple[str, Any, Any]  # field path, before, after


def of(traces: Sequence[tuple[Trace, sources.Finder]]) -> dict[str, Any]:
    """The film of one run, or of two beside each other, each with what finds its source files."""
    runs = [run_of(trace, finder) for trace, finder in traces]
    return {
        "format": FORMAT,
        "runs": runs,
        "stages": {
            stage.name: {"why": {"en": stage.why, "zh": stage.zh.get("why", stage.why)}, "go": stage.go}
            | ({"tour": True} if stage.tour else {})
            for stage in stages.load()
        },
        "words": words.tables(),
    } | (against.beside(*runs) if len(runs) == 2 else {})


def run_of(trace: Trace, finder: sources.Finder) -> dict[str, Any]:
    """One run: what it was, and its stops."""
    values, paths = Numbers(None), Numbers(None)
    stops, told, state = [], {}, {}
    for stage in rows(trace):
        told |= {path: after for path, _, after in changes(stage)}  # some fields only changes tell of: they stay so
        told = {path: value for path, value in told.items() if not named_anew(path, stage)}
        now = dict(list((told | state_of(stage)).items())[:MOST_PATHS])
        stops.append(_stop(stage, state, now, paths, values))
        state = now
    return {
        "program": text(trace.get("program")),
        "runtime": text(trace.get("runtime")),
        "build": text(trace.get("build_id")),
        "args": plain(trace.get("args")),
        "ncpu": plain(trace.get("ncpu")),
        "exit": plain(trace.get("exit")),
        "signal": text(trace.get("signal")),
        "truncated": bool(trace.get("truncated")),
        "unwatched": [text(each) for each in listed(trace.get("not_watched"))],
        "left": left_out(rows(trace)),
        "paths": paths.kept,
        "values": values.kept,
        "stops": stops,
        "sources": finder.around(
            {(text(row.get("file")), text(row.get("symbol")), whole(row.get("line"))) for row in rows(trace)}
        ),
    }


def rows(trace: Trace) -> list[dict[str, Any]]:
    """The stops of a trace, those that are none left out."""
    return [row for row in trace["stages"] if isinstance(row, dict)]


def left_out(stops: list[dict[str, Any]]) -> list[int]:
    """The numbers of the stops before which the recorder left some out, which it numbers, too."""
    counted = [whole(stop.get("seq")) for stop in stops]
    return [n for n, (one, other) in enumerate(zip(counted, counted[1:]), 1) if one is not None and other != one + 1]


def _stop(stage, before, now, paths, values):
    """One stop as numbers: `delta` is [path, value, ...] of all that is not as at the stop before, `changed` [path,
    before, after, ...] of what the recorder calls a change, of which the first `telling` are worth a learner's eye."""
    delta = []
    for path in [*now, *(gone for gone in before if gone not in now)]:
        if path not in before or before[path] != now.get(path):
            delta += [paths.of(path), values.of(now.get(path))]
    changed = []
    first, others = ranked(list(changes(stage)))
    for path, was, is_now in first + others:
        changed += [paths.of(path), values.of(was), values.of(is_now)]
    row = {
        "stage": text(stage.get("stage")),
        "kind": text(stage.get("kind")),
        "symbol": text(stage.get("symbol")),
        "file": text(stage.get("file")),
        "line": whole(stage.get("line")),
        "thread": whole(stage.get("thread")),
        "bt": [values.of(plain(each)) for each in listed(stage.get("bt"))],
        "words": [values.of(plain(each)) for each in listed(stage.get("stack_words"))],
        "delta": delta,
        "changed": changed,
        "telling": len(first),
    }
    written = writers(stage)
    return row | ({"writers": {paths.of(path): who for path, who in written.items()}} if written else {})


# ---- the state at a stop -------------------------------------------------------------------------------------------


def state_of(stage: dict[str, Any]) -> State:
    """The fields that a stop shows of every structure, by their paths: `m0.curg`, `g1.status`, `p1.runq`."""
    return {text(path): value for path, value in _fields(stage)}


def _fields(stage):
    found: State = {}
    for key in ("pc", "sp", "sp_off", "fs_base", "tls_g", "ret"):
        if key in stage:
            found[key] = plain(stage[key])
    for key in ("g0", "m0", "p0", "sched", "globals", "regs"):
        found |= dict(flat(key, stage.get(key)))
    for name, g in ((text(each.get("name")), each) for each in listed(stage.get("allgs")) if isinstance(each, dict)):
        found |= {f"{name}.{path}": plain(value) for path, value in g.items() if path not in ("name", "atomicstatus")}
    for m in listed(stage.get("ms")):
        if isinstance(m, dict) and m.get("id") != 0:  # m0 stands above, and says more
            found |= dict(flat(f"m{whole(m.get('id'))}", m))
    shown = listed(stage.get("ps"))
    for i, p in enumerate(listed(stage.get("allp"))):
        found |= dict(flat(f"p{i}", p))
        if i < len(shown) and isinstance(shown[i], dict):
            found |= {f"p{i}.{key}": plain(value) for key, value in shown[i].items()}
    found |= {"sched.runq": plain(stage["runq"])} if "runq" in stage else {}
    found |= {key: plain(stage[key]) for key in ("allm", "allp_status") if key in stage}
    return [(path, p_status(path, value)) for path, value in found.items()]


def p_status(path: str, value: Any) -> Any:
    """The name of a P's status, which the recorder of Go 1.10.2's boot wrote as its number; another value as it is."""
    known = re.fullmatch(r"p\d+\.status", path) and type(value) is int and 0 <= value < len(_P_STATUS)
    return _P_STATUS[value] if known else value


_P_STATUS = ("_Pidle", "_Prunning", "_Psyscall", "_Pgcstop", "_Pdead")


def named_anew(path: str, stage: dict[str, Any]) -> bool:
    """Whether a field is of a goroutine without a number, `allgs[0].status`, that is called by its number here."""
    names = [g.get("name") for g in listed(stage.get("allgs")) if isinstance(g, dict)]
    return path.startswith("allgs[") and path.partition(".")[0] not in names


def flat(path: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """(path, value) of the fields of a structure and of the structures in it."""
    if isinstance(value, dict) and depth < DEEPEST:
        for name, field in value.items():
            if name == "tls" and isinstance(field, list):
                field = {str(i): word for i, word in enumerate(field)}  # as it is written today
            if name != "_len":
                yield from flat(f"{path}.{name}", field, depth + 1)
    elif depth:
        yield path, plain(value)


def changes(stage: dict[str, Any]) -> Iterator[Change]:
    """(path, before, after) of what the recorder calls a change."""
    changed = stage.get("changed")
    for path, pair in changed.items() if isinstance(changed, dict) else ():
        if isinstance(pair, list) and len(pair) == 2:
            yield text(path), plain(pair[0]), plain(pair[1])


def ranked(found: list[Change]) -> tuple[list[Change], list[Change]]:
    """The changes that are worth a learner's eye, the most telling first, and the others; of a new goroutine, its
    status stands for it."""
    known = {change[0]: change for change in found}
    first = [known.get(change[0]) or known[f"{change[0]}.status"] for change in worth.interesting(found)]
    return first, [change for change in found if change not in first]


def writers(stage: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """{path: who wrote it}, of the changes of which the trace has that."""
    found = stage.get("writers")
    return {
        text(path): {key: whole(who.get(key)) if key == "line" else text(who.get(key)) for key in _WRITER}
        for path, who in (found.items() if isinstance(found, dict) else ())
        if isinstance(who, dict)
    }


_WRITER = ("function", "file", "line", "stage", "pc", "instruction")


# ---- data of others ------------------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A value that the page can show: a number, a text, or a list of them; null for what is neither."""
    if isinstance(value, list):
        cut = [plain(each) for each in value[:WIDEST] if not isinstance(each, list)]
        return cut + ([f"... ({len(value)})"] if len(value) > WIDEST else [])
    if isinstance(value, (bool, int)):
        return value if -(1 << 53) < value < 1 << 53 else hex(value)[:LONGEST]
    return text(value) if isinstance(value, str) else None


def text(value: Any) -> str:
    """A text, not too long, without what turns lines round or cannot be seen; "" for what is none."""
    if not isinstance(value, str):
        return ""
    shown = untrusted.shown(value[:LONGEST])
    return shown if len(value) <= LONGEST else f"{shown}... ({len(value)})"


def whole(value: Any) -> int | None:
    """A number that can count or name something, or null."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31 else None


def listed(value: Any) -> list[Any]:
    """A list, not too long; empty for what is none."""
    return value[:WIDEST] if isinstance(value, list) else []

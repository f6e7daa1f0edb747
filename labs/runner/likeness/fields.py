"""Compares two boots stop by stop: which fields changed on the first thread, and how, until sysmon's thread exists.

Until then nothing depends on timing. A change is compared as (before, after) in symbols; what no two runs share, such
as times and seeds, only as zero or not. A stop that one side lacks does not lose its changes: they join those of the
next stop that both have.
"""

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .observations import Stop, Trace, code, plain

Changes = dict[str, list[Any]]  # path: [before, after]

# Compared only as zero or not zero, because two runs of the very same program differ in them.
BY_KIND = """
    m0.fastrand.0 m0.fastrand.1 m0.cheaprand64 m0.procid m0.sigmask sched.lastpoll sched.procresizetime
    globals.runtime.envs.len globals.runtime.envs.cap globals.runtime.startupRandomData.array
    globals.runtime.processorVersionInfo globals.runtime.runtimeInitTime
""".split()
# These are for sysmon's own thread to change, from newosproc on; when it gets to that is not the first thread's doing.
OTHER_THREAD = ("sched.nmsys",)
PREEMPT = "stackPreempt"
# What was looked up before in the tables of functions: it depends on who was unwound, not on what the boot did.
MEMORIES = ("m0.pcvalueCache.",)
# These belong to the thread that stopped; what a stop of another thread shows of them says nothing about the first.
EACH_THREADS_OWN = ("fs_base", "tls_g")


@dataclass
class Difference:
    """One field at one stop where the two boots are compared; `go` and `ours` are (before, after) or None for no
    change."""

    stage: str
    path: str
    go: object
    ours: object

    @property
    def same(self) -> bool:
        """Whether both boots did the same to this field."""
        return self.go == self.ours


def compare(go: Trace, ours: Trace) -> list[Difference]:
    """Every changed field of every stop in the deterministic part, as a list of Difference, the same ones included."""
    left, right = deterministic(go), deterministic(ours)
    ignored = not_recorded(go, ours)
    result, rest = [], [{}, {}]
    for i, j in aligned([key(stop) for stop in left], [key(stop) for stop in right]):
        if i is not None and j is not None:
            changed = compose(rest[0], left[i]["changed"]), compose(rest[1], right[j]["changed"])
            result += differences(key(left[i]), changed[0], changed[1], ignored)
            rest = [{}, {}]
        elif i is not None:
            result.append(Difference(key(left[i]), "(stop)", "reached", "not reached"))
            rest[0] = compose(rest[0], left[i]["changed"])
        elif j is not None:
            if key(right[j]) not in go.get("not_watched", ()):
                result.append(Difference(key(right[j]), "(stop)", "not reached", "reached"))
            rest[1] = compose(rest[1], right[j]["changed"])
    return result


def aligned(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[int | None, int | None]]:
    """Two lists of stops' names side by side, by their numbers; None where one of them has no such stop."""
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for tag, left_from, left_to, right_from, right_to in matcher.get_opcodes():
        if tag == "equal":
            yield from zip(range(left_from, left_to), range(right_from, right_to))
        else:
            yield from ((i, None) for i in range(left_from, left_to))
            yield from ((None, j) for j in range(right_from, right_to))


def deterministic(trace: Trace) -> list[Stop]:
    """The first thread's stops up to the return of the first newm, whose thread is sysmon's.

    Changes that another thread's stops show in between are kept: they join the next stop of the first thread.
    """
    first, kept, pending = trace["stages"][0]["thread"], [], {}
    for stop in trace["stages"]:
        changed = {path: pair for path, pair in main_named(stop["changed"]).items() if path not in EACH_THREADS_OWN}
        pending = compose(pending, changed)
        if stop["thread"] != first:
            continue
        for path in EACH_THREADS_OWN:
            before = kept[-1][path] if kept else 0
            if before != stop[path]:
                pending[path] = [before, stop[path]]
        kept.append(stop | {"changed": pending})
        pending = {}
        if (stop["stage"], stop["kind"]) == ("newm", "return"):
            break
    return kept


def main_named(changed: Changes) -> Changes:
    """The same changes with main's goroutine called g1 from the start."""
    return {main_name(path): [main_name(before), main_name(after)] for path, (before, after) in changed.items()}


def main_name(value: Any) -> Any:
    """A path or value in which main's goroutine is called g1, also while its goid is still 0."""
    return value.replace("allgs[0]", "g1") if isinstance(value, str) else value


def key(stop: Stop) -> str:
    """A stop's name with its kind, "schedinit entry", by which two runs are laid side by side."""
    return f"{stop['stage']} {stop['kind']}"


def compose(first: Changes, second: Changes) -> Changes:
    """The changes of two stops in a row as one: before the first, after the second."""
    joined = dict(first)
    for path, (before, after) in second.items():
        joined[path] = [joined[path][0] if path in joined else before, after]
    return joined


def not_recorded(*traces: Trace) -> Callable[[str], bool]:
    """Globals that only one of the recorders looked at say nothing about the two boots."""
    seen = [
        {path for stop in trace["stages"] for path in stop["changed"] if path.startswith("globals.")}
        | {f"globals.{name}" for stop in trace["stages"] for name in stop["globals"]}
        for trace in traces
    ]
    return lambda path: path.startswith("globals.") and not all(
        any(path == name or path.startswith(f"{name}.") for name in names) for names in seen
    )


def differences(stage: str, go: Changes, ours: Changes, ignored: Callable[[str], bool]) -> list[Difference]:
    """The union of both sides' changes at one stop, normalised."""
    theirs, our = normal(go), normal(ours)
    return [
        Difference(stage, path, theirs.get(path), our.get(path)) for path in sorted(theirs | our) if not ignored(path)
    ]


def normal(changed: Changes) -> dict[str, tuple[Any, Any]]:
    """{path: (before, after)} as it is compared: symbols without code offsets, volatile values by kind, no empty
    changes."""
    result = {}
    for path, pair in changed.items():
        if path in OTHER_THREAD or path.startswith(MEMORIES):
            continue
        before, after = (symbol(path, value) for value in pair)
        if before != after and PREEMPT not in (before, after):
            result[path] = (before, after)
    return result


def symbol(path: str, value: Any) -> Any:
    """One value as it is compared."""
    if value in (None, "", "[]", False) or value == []:
        return 0
    if path in BY_KIND:
        return "not zero" if value else 0
    if isinstance(value, list):
        return [code(plain(item)) for item in value]
    return code(plain(value))

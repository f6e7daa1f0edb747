"""What gdb showed of the witness, held against what the witness said of itself: each difference is a sentence."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from .said import Frame, Goroutine, name

MOVING = {"running", "runnable", "preempted"}  # where one of these stands now, it need not have stood before
WAITS = re.compile(r"chan (?:receive|send)$|select$|sync\.")  # states of who waits for something that others see, too
_SAID_WRONG = re.compile(r"Traceback \(most recent|Python Exception|rt0 itself failed|internal-error|BROKEN.*")
_SECTION = re.compile(r"(?m)^goroutine (\d+) .*$")
_FRAME = re.compile(r"#\d+ +(?:(0x\w+) in )?(.+?) \(.*\)(?: at (.*):(\d+)| from .*)?$")
_AT_C = ("runtime.systemstack_switch", "runtime.asmcgocall")  # Go names one where it leaves out C, others the other
_RUNTIME = ("runtime.", "internal/runtime/", "runtime/internal/")
Said = dict[int, Goroutine]


def faults(record: dict[str, Any], said: Said, crash: bool) -> list[str]:
    """All that is wrong with what gdb showed (inside.py's record). `crash`: the program's word is of this very moment,
    and whole."""
    if not said:
        return ["the witness said nothing of its goroutines"]
    found = [f"{command}: {answer['text'].strip()[:300]}" for command, answer in _failed(record)]
    found += [
        f"{command}: {wrong[0][:200]}"
        for command, answer in record["answers"].items()
        if (wrong := _SAID_WRONG.search(answer["text"]))
    ]
    for command, check in CHECKS.items():
        if command in record["answers"] and not record["answers"][command]["failed"]:
            found += [f"{command}: {fault}" for fault in check(record["answers"][command]["text"], said, crash)]
    for fault in _views(record.get("threads", {}), said, crash):
        found.append(f"rt0 threads: {fault}")
    return found


def _data(text):
    """The data that a command printed, behind what gdb had to say of a core's registers."""
    return json.loads(text.strip().rpartition("\n")[2])


def _failed(record):
    return ((command, answer) for command, answer in record["answers"].items() if answer["failed"])


# ---- the list --------------------------------------------------------------------------------------------------------


def rows(text: str, said: Said, crash: bool) -> Iterator[str]:
    """`info goroutines -json`: who is there, in which state, made where, standing where."""
    data = _data(text)
    listed = {row["id"]: row for row in data if row.get("id")}
    yield from (f"row without an id: {row}" for row in data if not row.get("id") and not row.get("system"))
    yield from (f"g{number} is missing" for number in said.keys() - listed.keys())
    for number, row in listed.items():
        if number in said:
            yield from (f"g{number} {what}" for what in _row(row, said[number]))
        elif crash or not ((row["start"] or {}).get("function") or "").startswith("runtime."):
            yield f"g{number} is listed, and the program has none"


def _row(row, one):
    state = row["reason"] or row["status"]
    if state != one.state and not {state, one.state} <= MOVING:
        yield f"is {state}, said {one.state}"
    if one.address and one.address != row["address"]:
        yield f"is at {row['address']:#x}, said {one.address:#x}"
    if one.creator:
        made = _place(row["creator"])
        if made is None or (made.function, made.file, made.line) != (
            one.creator.function,
            one.creator.file,
            one.creator.line,
        ):
            yield f"was made in {made}, said {one.creator}"
    users = [frame for frame in one.frames if frame.function.startswith("main.")][:1]
    may = one.frames[: one.frames.index(users[0]) + 1] if users else []
    at = _place(row["at"])
    if at is None:
        yield f"stands nowhere, said {one.frames[0] if one.frames else 'nothing either'}"
    elif one.state == "syscall" and "." not in at.function:  # a function of C's
        return
    elif one.state not in MOVING and may and (at.function, at.line) not in [(f.function, f.line) for f in may]:
        yield f"stands in {at}, said {users[0]}"


def _place(place):
    if not place:
        return None
    return Frame(name(place["function"] or "?"), PurePath(place["file"] or "?").name, place["line"] or 0)


# ---- backtraces ------------------------------------------------------------------------------------------------------


def backtraces(text: str, said: Said, crash: bool) -> Iterator[str]:
    """`goroutine all bt`: each frame that the program names is there, in its order, and none that it does not have."""
    parts = _SECTION.split(text)
    shown = dict(zip(map(int, parts[1::2]), parts[2::2]))
    yield from (f"g{number} has no backtrace" for number in said.keys() - shown.keys())
    for number in said.keys() & shown.keys():
        frames = [_shown(match) for match in map(_FRAME.match, shown[number].splitlines()) if match]
        yield from (f"g{number} {what}" for what in _stack(frames, said[number], crash))


def _shown(match):
    file, line = (PurePath(match[3]).name, int(match[4])) if match[3] else ("", 0)
    return Frame(name(match[2]), file, line, int(match[1], 16) if match[1] else None)


def _stack(frames: list[Frame], one: Goroutine, crash: bool) -> Iterator[str]:
    lines = one.state not in MOVING or crash and one.frames and one.frames[0].function == "panic"
    wanted = one.frames if lines or crash else [f for f in one.frames[-1:] if f.function.startswith("main.")]
    if one.outer is not None:
        yield from _differ(frames, wanted, one, crash, lines, whole=False)
        yield from _differ(frames[::-1], one.outer[::-1], one, crash, lines, whole=False)
    else:
        yield from _differ(frames, wanted, one, crash, lines, whole=lines)


def _differ(frames, wanted, one, crash, lines, whole):
    """The first difference between two lists of frames, if there is one."""
    wanted = [frame for frame in wanted if frame.function not in _AT_C]
    left = list(wanted)
    entered = wanted[0] if wanted and one.state == "syscall" else None  # it went on since it told where it enters
    for i, frame in enumerate(frames):
        exact = lines and left and left[0] is not entered
        if left and frame.function == left[0].function and (not exact or frame.line == left[0].line):
            if exact and frame.pc and left[0].pc and frame.pc != left[0].pc:
                yield f"{frame} is at {frame.pc:#x}, said {left[0].pc:#x}"
                return
            left.pop(0)
        elif not left and not whole:
            return
        elif not _unsaid(frame, frames[i + 1 : i + 2], one, crash, bool(wanted) and left == wanted):
            yield f"has {frame}" + (f" where the program says {left[0]}" if left else ", which the program has not")
            return
    if left:
        yield f"lacks {left[0]} (ends with {frames[-1] if frames else 'nothing'})"


def _unsaid(frame, outer, one, crash, first):
    """Is this a frame that Go's runtime does not write: C's, gdb's own, the runtime's, a wrapper?"""
    if (
        "." not in frame.function or frame.function.startswith("<") or frame.function in _AT_C
    ):  # also C's, in a .go file
        return True
    if first and one.state == "syscall" and "syscall" in frame.function.lower():  # Go begins where it entered
        return True
    if first and one.state in MOVING and not crash:  # it went on into what it calls now
        return True
    if crash:
        return first and frame.function.startswith(_RUNTIME)
    if frame.function.startswith(_RUNTIME) or _wraps(frame):
        return True
    last = bool(outer) and outer[0].function == "runtime.goexit"  # up to Go 1.20 a wrapper has a closure's name
    return last and one.creator is not None and (frame.file, frame.line) == (one.creator.file, one.creator.line)


def _wraps(frame):
    return frame.file == "<autogenerated>" or re.search(r"\.(?:gowrap|deferwrap)\d+$|-fm$", frame.function) is not None


# ---- the rest --------------------------------------------------------------------------------------------------------


def waits(text: str, said: Said, crash: bool) -> Iterator[str]:
    """`rt0 waits -json`: who is said to wait waits for something there, and nothing proves a deadlock."""
    graph = _data(text)
    waiting = {number for thing in graph["things"] for number in thing["waiting"]}
    yield from (
        f"g{one.id} waits for nothing, said {one.state}"
        for one in said.values()
        if WAITS.match(one.state) and one.id not in waiting and _is_user(one)
    )
    if graph["deadlock"]:
        yield "a deadlock is claimed, though timers will wake some"


def _is_user(one):
    return any(frame.function.startswith("main.") for frame in one.frames)


def _count(text, said, crash):
    if len(_data(text)) < 1:
        yield "an empty list"


def _history(text, said, crash):
    if len(_data(text)) < 3:
        yield "fewer than three stops were kept"


def _views(threads: dict[str, list[list[Any]]], said: Said, crash: bool) -> Iterator[str]:
    """`rt0 threads`: a thread for each goroutine, with its frames. threads: {id: [[function, file, line]...]}

    Such a thread begins where the goroutine stands: the runtime's frames above are not in it.
    """
    if not threads:
        return
    yield from (f"g{number} is no thread" for number in said.keys() - set(map(int, threads)))
    for number, found in threads.items():
        if int(number) in said:
            frames = [Frame(name(function), file, line) for function, file, line in found]
            yield from (f"g{number} {what}" for what in _stack(frames, _public(said[int(number)]), False))


def noise(text: str) -> list[str]:
    """What gdb wrote beside the answers, if something went wrong in it."""
    return [f"gdb wrote: {wrong[0][:200]}" for wrong in [_SAID_WRONG.search(text)] if wrong]


def _public(one):
    """The goroutine with those frames that Go shows its users."""
    return replace(one, frames=[f for f in one.frames if not f.function.startswith(_RUNTIME) and not _wraps(f)])


def tour(status: int | None, text: str) -> list[str]:
    """The tour's own output: it came to its end, with cards, and nothing went wrong in it."""
    found = [f"tour: exit status {status}"] if status else []
    found += [f"tour: {each}" for each in noise(text)]
    cards = re.findall(r"(?m)^== stage (\d+)/(\d+)", text)
    if not cards:
        return [*found, f"tour: no card; it said: {text.strip()[-200:]}"]
    return found + ([] if cards[-1][0] == cards[-1][1] else [f"tour: the last card is {'/'.join(cards[-1])}"])


CHECKS: dict[str, Callable[[str, Said, bool], Iterator[str]]] = {
    "info goroutines -json": rows,
    "goroutine all bt": backtraces,
    "rt0 waits -json": waits,
    "info ms -json": _count,
    "info ps -json": _count,
    "rt0 history -json": _history,
}

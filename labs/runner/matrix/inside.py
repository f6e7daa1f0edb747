"""Runs inside gdb for `lab test --matrix`: brings the witness to where it stands, asks each command, and writes what
came of it.

sys.argv: the file to write; `live` or `core`.
"""

import json
import os
import sys

import gdb

LOOKS = (
    "info goroutines -json",
    "info goroutines",
    "info goroutines -long",
    "info goroutines -group where",
    "info ms -json",
    "info ms",
    "info ps -json",
    "info ps",
    "info sched",
    "goroutine all bt",
    "rt0 waits -json",
    "rt0 waits",
    "rt0 check",
    "rt0 dump",
    "rt0",
)
BEFORE = ("set rt0 history 50", "continue", "continue", "continue", "delete")
LATER = ("rt0 history -json", "rt0 history", "rt0 back 1", "rt0 diff", "rt0 when g1 -> running")
DEEPEST = 400  # frames


def main(file: str, look: str) -> None:
    """The whole of it."""
    record: dict = {"answers": {}}
    if look == "live":
        gdb.execute("handle SIGSEGV nostop noprint pass", to_string=True)  # one of its goroutines recovers from it
        gdb.execute("break main.ready", to_string=True)
        gdb.execute("run", to_string=True)
        for command in BEFORE:
            ask(record, command)
    for command in (*LOOKS, *(LATER if look == "live" else ())):
        ask(record, command)
    ask(record, "rt0 threads")
    if not record["answers"]["rt0 threads"]["failed"]:
        record["threads"] = threads()
    with open(file, "w") as stream:
        json.dump(record, stream)


def ask(record: dict, command: str) -> None:
    """Notes what a command prints, or the error that it ends with."""
    try:
        text, failed = gdb.execute(command, to_string=True), False
    except gdb.error as error:
        text, failed = str(error), True
    record["answers"][command] = {"text": text, "failed": failed}


def threads() -> dict:
    """{goroutine's id: its frames}: of each thread of the inferior that `rt0 threads` has made."""
    gdb.execute(f"inferior {max(each.num for each in gdb.inferiors())}", to_string=True)
    found = {}
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        found[str(thread.ptid[1])] = frames()
    return found


def frames() -> list:
    """[function, file, line] of each frame of the thread that is selected."""
    found: list = []
    frame = gdb.newest_frame()
    while frame is not None and len(found) < DEEPEST:
        place = frame.find_sal()
        file = os.path.basename(place.symtab.filename) if place.symtab else ""
        found.append([frame.name() or "?", file, place.line])
        frame = frame.older()
    return found


main(*sys.argv[1:])

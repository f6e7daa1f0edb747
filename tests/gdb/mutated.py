"""Runs the commands over damaged copies of a program or of a recorded run (mutants.py makes them). Runs inside gdb.

A line is written for each copy as soon as it is done, so that whoever started this gdb knows at which one it died.
"""

import json

import gdb
from damage import do, faults, ids
from gdbrun import LOADER

STATIC = ("rt0", "rt0 stages", "rt0 dump all", "print g0", "info goroutines")
OVER = (
    "info goroutines -json",
    "info goroutines -long",
    "info goroutines -group where",
    "info ms",
    "info ps",
    "info sched",
    "info ms -json",
    "info ps -json",
    "info sched -json",
    "goroutine 1 bt",
    "goroutine all bt",
    "rt0 waits",
    "rt0 waits -json",
    "rt0 dump all",
    "rt0 check",
    "rt0 panel",
    "rt0",
    "bt",
    "info locals",
    "print $getg()",
    "print *$g(1)",
    "with print pretty on -- print *$m(0)",
    "print $stage()",
    "rt0 holders sched.lock",
)
PAST = (
    "rt0 history",
    "rt0 history -json",
    "rt0 back",
    "rt0 back 3 -json",
    "rt0 back @1",
    "rt0 diff",
    "rt0 diff 1 2 -json",
    "rt0 when g1 -> running",
    "rt0 when p0.runnext",
    "rt0 when sched.npidle > 0",
    "rt0 when p0.runq has g4",
    "rt0 panel",
)


def programs(paths, core, out):
    """Each of these programs alone, then with a core of the whole one: [what was wrong], and how many goroutines were
    seen, a line each."""
    for path in paths:
        do("core-file")
        do("file")
        said = [do(f"file {path}"), do(f"source {LOADER}")]
        found = [("load", text[-300:]) for text, _ in said if "Traceback" in text or "Python Exception" in text]
        found += faults(STATIC, ())
        do(f"core-file {core}")
        found += faults(OVER, ())
        # gdb's own scripts know no bad names
        found = [fault for fault in found if "Traceback" not in fault[1] or "/rt0lab/" in fault[1]]
        try:
            seen = len(ids())
        except ValueError:  # a sentence
            seen = None
        _note(out, {"path": path, "faults": found, "seen": seen, "refused": said[0][1]})


def traces(paths, out):
    """Each of these recorded runs."""
    for path in paths:
        said, failed = do(f"rt0 replay {path}")
        found = faults(("rt0 replay " + path, *(() if failed else PAST)), ())
        _note(out, {"path": path, "faults": found, "seen": None if failed else said})
        do("rt0 replay off")


def _note(out, row):
    with open(out, "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


gdb.execute("set pagination off")
gdb.execute("set python print-stack full")  # a traceback says whose code failed

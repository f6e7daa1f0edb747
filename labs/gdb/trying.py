"""Tries a learner's gdb command on programs that stand still. Sourced in a gdb of its own, in a sandbox, with nothing
else of ours: what it loads is a stranger's."""

import json
import traceback

import gdb


def run(job_file: str) -> None:
    """Reads the job, {"word", "file", "command", "cases": [{"program", "at": address, "first": is it the first
    thread?}...]}, and prints a line for each case: the word, and {"said": what the command printed, "error", "trouble":
    why there was nothing to try it on}. What Python says of an error comes before that line, and after a line that is
    the word alone."""
    with open(job_file, encoding="utf-8") as file:
        job = json.load(file)
    for setting in ("confirm off", "pagination off", "width 0", "python print-stack full", "startup-with-shell off"):
        gdb.execute(f"set {setting}", to_string=True)
    for case in job["cases"]:
        print(f"\n{job['word']} {json.dumps(_tried(job, case))}", flush=True)


def _tried(job, case):
    """What came of one case."""
    try:
        _stop(case)
    except gdb.error as error:
        return {"said": "", "error": "", "trouble": str(error)}
    print(f"\n{job['word']}", flush=True)  # gdb's own words about the stop end here
    try:
        _load(job["file"])
    except BaseException as error:  # a stranger's file may raise anything
        print("".join(traceback.format_exception(type(error), error, error.__traceback__.tb_next.tb_next)))
        return {"said": "", "error": "load", "trouble": ""}
    try:
        return {"said": gdb.execute(job["command"], to_string=True)[:2000], "error": "", "trouble": ""}
    except gdb.error as error:
        trouble = str(error)
    _say_why(job["command"])
    return {"said": "", "error": trouble, "trouble": ""}


def _say_why(command):
    """Runs it once more: what Python said of the error was lost with the output that was caught."""
    print(flush=True)
    try:
        gdb.execute(command)
    except gdb.error:
        pass  # it is known


def _load(name):
    """Runs the learner's file as `source` does; that, however, does not tell us of errors in every gdb."""
    with open(name, encoding="utf-8") as file:
        exec(compile(file.read(), name, "exec"), {"__name__": "__main__", "gdb": gdb})


def _stop(case):
    """The program stands where it should, in the thread that should be there."""
    gdb.execute("delete", to_string=True)
    if gdb.selected_inferior().pid:
        gdb.execute("kill", to_string=True)
    gdb.execute(f"file {case['program']}", to_string=True)
    gdb.execute(f"tbreak *{case['at']:#x} if $_thread {'==' if case['first'] else '!='} 1", to_string=True)
    gdb.execute("run", to_string=True)
    if gdb.selected_thread() is None or gdb.newest_frame().pc() != case["at"]:
        raise gdb.error("the program did not stop where it should")

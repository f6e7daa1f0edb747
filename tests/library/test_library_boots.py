"""A thousand boots in one process leave nothing behind, and each begins like the first."""

import json

import pytest
from boots import BUILDS, STEPS, python, tree
from test_library_states import flat

MANY = """
import gc, json, os, time, rt0lab
STEPS = %r
def usage():
    time.sleep(0.01)   # a thread that has been joined may stand in /proc for a moment
    fields = dict(line.split(":") for line in open("/proc/self/status"))
    return {"rss": int(fields["VmRSS"].split()[0]), "size": int(fields["VmSize"].split()[0]),
            "threads": len(os.listdir("/proc/self/task")), "fds": len(os.listdir("/proc/self/fd")),
            "maps": open("/proc/self/maps").read().count("\\n")}
def boots(n):
    for i in range(n):
        runtime = rt0lab.Runtime()
        for step in STEPS[:i %% 7]:
            getattr(runtime, step)()
        if i %% 2:
            runtime.close()
        del runtime
boots(200)
before = usage()
boots(1000)
print(json.dumps([before, usage()]))
"""


@pytest.fixture(scope="module")
def usage():
    """The process before and after the thousand boots: to the end, to each step, closed or only dropped."""
    return json.loads(python(MANY % STEPS).stdout)


# libc keeps stacks of ended threads for the next ones: a run with more threads at once than ever before adds one. The
# limits are what less than a kilobyte, or less than one boot in a hundred, would leave.
@pytest.mark.parametrize("what, more", [("threads", 0), ("fds", 0), ("maps", 10), ("rss", 512), ("size", 10000)])
def test_a_thousand_boots_leave_nothing(usage, what, more):
    assert usage[1][what] - usage[0][what] <= more


def test_every_boot_begins_like_the_first(rt0lab, boot):
    def globals_now():
        runtime, into = boot(), {}
        for root, kind in {
            "g0": "g",
            "m0": "m",
            "sched": "schedt",
            "allgs": "slice<g*>",
            "worldsema": "",
            "maxstacksize": "",
        }.items():
            flat(rt0lab, root, getattr(runtime, root), kind, into)
        runtime.close()
        return into

    first = globals_now()
    boot("mstart").close()
    assert globals_now() == first


@pytest.mark.parametrize(
    "ending",
    [
        "",
        "rt.close()",
        "del rt",
        "rt.newproc(); rt.mstart()",
        (
            "rt.newproc(lambda: __import__('time').sleep(0.2))\n"
            "import threading; threading.Thread(target=rt.mstart).start()"
        ),
    ],
)
def test_the_interpreter_ends_in_peace(ending):
    result = python(
        "import rt0lab\nrt = rt0lab.Runtime()\nfor step in (rt.check, rt.args, rt.osinit, rt.schedinit): step()\ndel"
        " step\n" + ending
    )
    assert (result.returncode, result.stderr) == (0, "")


DAEMON = """
import atexit, sys, threading, time, rt0lab
rt = rt0lab.Runtime()
for step in (rt.check, rt.args, rt.osinit, rt.schedinit): step()
begun = threading.Event()
def main():
    begun.set()
    %s
rt.newproc(main)
threading.Thread(target=rt.mstart, daemon=True).start()
begun.wait()
%s
"""
WAITS = ["time.sleep(10000)", "threading.Event().wait()", "while True: time.sleep(0.0001)", "while True: pass"]


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize(
    "ending, status",
    [
        ("", 0),
        ("sys.exit(5)", 5),
        ("raise SystemExit", 0),
        ("1 / 0", 1),
        ("atexit.register(lambda: sys.stdout.write('bye'))", 0),
    ],
)
def test_a_daemon_in_mstart_does_not_keep_the_interpreter(wait, ending, status):
    result = python(DAEMON % (wait, ending))
    assert (result.returncode, result.stdout) == (status, "bye" if "bye" in ending else "")
    assert result.stderr.count("Traceback") == result.stderr.count("ZeroDivisionError") == ("1 / 0" in ending)


def test_a_daemon_that_waits_in_close_does_not_either():
    """mstart says in its thread that the Runtime is closed; but Python itself dies of a daemon that it ends while that
    prints."""
    ending = "threading.excepthook = lambda _: None; threading.Thread(target=rt.close, daemon=True).start()"
    result = python(DAEMON % ("time.sleep(10000)", ending))
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("compiler, buildtype", BUILDS)
def test_every_build_boots_in_python(compiler, buildtype):
    result = python(
        "import rt0lab\nwith rt0lab.Runtime() as rt:\n    for step in %r: getattr(rt, step)()\n    print(rt.stdout)"
        % STEPS,
        build=tree.build_folder(buildtype, compiler),
    )
    assert (result.stdout, result.stderr) == ("b'hello world\\n'\n", "")

"""A process that has the module may fork: its child boots like any other, whatever the parent was doing."""

import textwrap

import pytest
from boots import STEPS, python

PRELUDE = f"""
import multiprocessing, os, sys, threading, time, rt0lab
STEPS = {STEPS!r}
def steps(n, fn=None):
    rt = rt0lab.Runtime()
    for step in STEPS[:n]:
        rt.newproc(fn) if step == "newproc" else getattr(rt, step)()
    return rt
def boot(_=None):
    with steps(6) as rt:
        return rt.stdout.decode()
def queue():
    q = rt0lab.RunQueue()
    q.put(7)
    return q.get()[0]
def child(f):
    sys.stdout.flush()
    if os.fork():
        return os.wait()[1]
    try:
        print(f())
    except rt0lab.Error as error:
        print(error)
    sys.stdout.flush()
    os._exit(0)
"""


def printed(script):
    result = python(PRELUDE + textwrap.dedent(script))
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()


PARENTS = {
    "has not booted": "pass",
    "has booted and closed": "boot()",
    "is at a step": "rt = steps(3)",
    "has run to the end": "rt = steps(6)",
    "is in main.main": (
        "rt = steps(5, lambda: time.sleep(1)); t = threading.Thread(target=rt.mstart, daemon=True); t.start()"
    ),
}


@pytest.mark.parametrize("parent", PARENTS)
def test_the_child_boots(parent):
    assert printed(f"{PARENTS[parent]}\nchild(boot)") == ["hello world", ""]


@pytest.mark.parametrize("parent", PARENTS)
def test_the_child_has_its_own_queues(parent):
    assert printed(f"{PARENTS[parent]}\nchild(queue)") == ["7"]


def test_the_child_goes_on_with_the_parent_s_queues():
    assert printed("q = rt0lab.RunQueue(); q.put(1); q.put(2); child(lambda: (q.get()[0], q.runq)); print(q.runq)") == [
        "(1, [2])",
        "[1, 2]",
    ]


@pytest.mark.parametrize("what", ["rt.osinit()", "rt.g0", "rt.exit_code", "rt.stdout"])
def test_the_parent_s_runtime_says_where_it_is(what):
    assert printed(f"rt = steps(2); child(lambda: {what})") == [
        "this Runtime was begun before the fork, and its threads are in the parent: begin another one here"
    ]


def test_the_child_may_close_the_parent_s_runtime_and_the_parent_goes_on():
    assert printed("rt = steps(2); child(lambda: (rt.close(), boot())); rt.osinit(); print(rt.ncpu)") == [
        "(None, 'hello world\\n')",
        "2",
    ]


def test_main_main_may_fork():
    assert printed("rt = steps(5, lambda: child(boot)); rt.mstart(); print(rt.exit_code)") == ["hello world", "", "0"]


def test_main_main_may_return_in_the_child_too():
    assert printed("rt = steps(5, lambda: os.fork() and os.wait()); rt.mstart(); print(rt.exit_code)") == ["0"]


def test_a_pool_of_processes_boots():
    assert (
        printed(
            """
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(pool.map(boot, range(3)))"""
        )
        == [str(["hello world\n"] * 3)]
    )

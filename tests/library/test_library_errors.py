"""Wrong order, fatal errors, exceptions, Ctrl-C: always a Python exception with a sentence, and Python is as it was."""

import copy
import os
import pickle
import signal
import threading
import time

import pytest
from boots import STEPS, python


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_step_too_early_says_what_comes_first(rt0lab, boot, step):
    with pytest.raises(
        rt0lab.Error, match=f"^{step} comes after {STEPS[STEPS.index(step) - 1]}; the next step is check$"
    ):
        getattr(boot(), step)()


@pytest.mark.parametrize("step", STEPS[:-1])
def test_a_step_twice_says_so(rt0lab, boot, step):
    with pytest.raises(
        rt0lab.Error, match=f"^{step} has run already; the next step is {STEPS[STEPS.index(step) + 1]}$"
    ):
        getattr(boot(step), step)()


def test_a_wrong_step_does_no_harm(rt0lab, boot):
    runtime = boot("args")
    with pytest.raises(rt0lab.Error):
        runtime.schedinit()
    for step in STEPS[2:]:
        getattr(runtime, step)()
    assert runtime.stdout == b"hello world\n"


def test_after_the_end_nothing_runs(rt0lab, boot):
    with pytest.raises(rt0lab.Error, match="the program has ended"):
        boot("mstart").mstart()


def test_after_close_nothing_is_there(rt0lab, boot):
    runtime = boot("check")
    runtime.close()
    with pytest.raises(rt0lab.Error, match="the Runtime is closed"):
        runtime.g0


def test_a_structure_of_a_closed_runtime_is_gone(rt0lab, boot):
    runtime = boot("check")
    g0 = runtime.g0
    runtime.close()
    boot("check")
    with pytest.raises(rt0lab.Error, match="the g is gone"):
        g0.goid


def test_one_runtime_at_a_time(rt0lab, boot):
    boot()
    with pytest.raises(rt0lab.Error, match="one Runtime at a time"):
        rt0lab.Runtime()


@pytest.mark.parametrize(
    "arguments", [{"argv": []}, {"ncpu": 0}, {"ncpu": 1025}, {"argv": ["a\0b"]}, {"env": {"A": "\0"}}]
)
def test_a_bad_argument_is_a_value_error(rt0lab, arguments):
    with pytest.raises(ValueError):
        rt0lab.Runtime(**arguments)


def test_main_main_can_be_python_s(boot):
    seen = []
    runtime = boot("mstart", fn=lambda: seen.append("main.main"))
    assert (seen, runtime.exit_code, runtime.stdout) == (["main.main"], 0, b"")


def test_python_s_main_main_is_in_a_system_call_of_g1(boot):
    seen = []
    runtime = boot("newproc", fn=lambda: seen.append([g.atomicstatus for g in runtime.allgs if g.goid == 1]))
    runtime.mstart()
    assert seen in ([[2]], [[3]])  # _Gsyscall; _Grunning if it looks before g1 has left for the call


def test_an_exception_in_main_main_is_a_panic(rt0lab, boot):
    def main():
        raise ValueError("nothing works")

    with pytest.raises(rt0lab.Fatal, match="^panic: ValueError: nothing works$") as caught:
        boot("mstart", fn=main)
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_deadlock_is_go_s_message(rt0lab, boot):
    runtime = boot("newproc", fn=lambda: runtime.gopark())
    with pytest.raises(rt0lab.Fatal, match="^fatal error: all goroutines are asleep - deadlock!$"):
        runtime.mstart()
    assert runtime.exit_code == 2


def test_no_memory_is_go_s_message():
    result = python(
        "import rt0lab, resource\nrt = rt0lab.Runtime(); rt.check(); rt.args(); rt.osinit()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1, 1))\n"
        "try: rt.schedinit()\nexcept rt0lab.Fatal as e: print(e, rt.exit_code)"
    )
    assert result.stdout == "fatal error: mallocinit: cannot reserve memory 2\n"


def test_ctrl_c_leaves_mstart_and_can_be_closed(boot):
    """It is pressed by whom mstart runs: pressed before mstart it would end the tests."""

    def pressed():
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        time.sleep(0.5)

    runtime = boot("newproc", fn=pressed)
    with pytest.raises(KeyboardInterrupt):
        runtime.mstart()
    runtime.close()


def test_close_from_another_thread_ends_mstart(rt0lab, boot):
    runtime = boot("newproc", fn=lambda: time.sleep(0.3))
    threading.Timer(0.1, runtime.close).start()
    with pytest.raises(rt0lab.Error, match="the Runtime is closed"):
        runtime.mstart()


def test_close_inside_main_main_is_refused(rt0lab, boot):
    runtime = boot("newproc", fn=lambda: runtime.close())
    with pytest.raises(rt0lab.Fatal, match="close\\(\\) inside main.main"):
        runtime.mstart()


def test_the_runtime_s_handlers_are_noted_and_not_installed(boot):
    def caught():
        return [line for line in open("/proc/self/status") if line.startswith(("SigCgt", "SigBlk", "SigIgn"))]

    before = caught()
    runtime = boot("mstart")
    assert caught() == before and signal.SIGSEGV in runtime.signals


# ---- objects with nothing in them ----------------------------------------------------------------------------------

ASKED = {
    "repr": repr,
    "str": str,
    "dir": dir,
    "hash": hash,
    "int": int,
    "equal": lambda o: o == o,
    "less": lambda o: o < o,
    "attribute": lambda o: o.goid,
    "set": lambda o: setattr(o, "goid", 1),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {n}": lambda o, n=n: pickle.dumps(o, n) for n in range(pickle.HIGHEST_PROTOCOL + 1)},
}


@pytest.mark.parametrize("how", ["an Object of a boot", "__new__", "the base's __new__"])
@pytest.mark.parametrize("what", ASKED)
def test_whatever_is_asked_of_an_object_is_answered_or_an_exception(rt0lab, boot, how, what):
    kind = rt0lab.Object
    one = (
        boot("check").g0
        if how == "an Object of a boot"
        else (kind.__new__(kind) if how == "__new__" else kind.__base__.__new__(kind))
    )
    try:
        ASKED[what](one)
    except (rt0lab.Error, TypeError, AttributeError):
        pass


def test_an_object_that_nobody_made_says_so(rt0lab):
    with pytest.raises(rt0lab.Error, match="^this Object was made by __new__ alone: nothing is in it$"):
        repr(rt0lab.Object.__new__(rt0lab.Object))


def members(kind):
    return [name for name in dir(kind) if not name.startswith(("__", "_pybind11_"))]


@pytest.mark.parametrize(
    "kind, words",
    [("Runtime", "this Runtime was made by __new__ alone: nothing is in it"), ("RunQueue", "the RunQueue is closed")],
)
def test_every_member_of_what_nobody_made_is_an_exception(rt0lab, kind, words):
    one, other = (getattr(rt0lab, kind).__new__(getattr(rt0lab, kind)) for _ in range(2))
    for name in set(members(getattr(rt0lab, kind))) - ({"close"} if kind == "RunQueue" else set()):
        with pytest.raises(rt0lab.Error, match=f"^{words}$"):
            member = getattr(one, name)
            member(*{"put": [1], "steal": [other]}.get(name, []))


def test_what_nobody_made_can_still_be_made(rt0lab):
    runtime = rt0lab.Runtime.__new__(rt0lab.Runtime)
    runtime.__init__()
    runtime.check()
    runtime.close()


def test_the_common_base_has_no_instances(rt0lab):
    with pytest.raises(TypeError):
        rt0lab.Object.__base__()

"""What each signal does to a program that has not asked for it, as Go 1.10's sigtable and sighandler have it:
signal_unix.cpp."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SIGNALS = sorted(set(range(1, 65)) - {signal.SIGKILL, signal.SIGSTOP})
DIES = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM, 32, 33}
REPORTS = {signal.SIGQUIT, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGSTKFLT, signal.SIGSYS}
STOPS = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
FAULTS = {signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV}
GO_1_10 = {
    **dict.fromkeys(SIGNALS, "runs on"),
    **dict.fromkeys(DIES, "dies of it"),
    **dict.fromkeys(REPORTS, "reports"),
    **dict.fromkeys(STOPS, "stops"),
}

# A fault that somebody sends is nothing to Go 1.10, but for a goroutine in a system call, which could not panic; later
# it is always a report. And later Go has 33 for itself, to change something on all threads, and leaves 34 to a C
# library that does. So it is in 1.19, 1.24, 1.26 and 1.27.
LATER_GO = {**GO_1_10, **dict.fromkeys(FAULTS, "reports"), 33: "runs on", 34: "dies of it"}

EPOLL_WAIT = "232"  # the system call


def started(program, *arguments, stdin=subprocess.PIPE, **options):
    """The program, which has said that it is ready: its handlers are there. In a process group of its own, because a
    stop means something only there."""
    process = subprocess.Popen(
        [program, *arguments],
        env={"GOMAXPROCS": "1"},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **{"preexec_fn": os.setpgrp, **options},
    )
    assert process.stdout.readline() == "ready\n"
    return process


def outcome(process, sig, ends, say=None):
    """What becomes of a program that sig is sent to. If it is not to end of that, it is told something, and can then
    end by itself; else it hears nothing more."""
    with process:
        try:
            process.send_signal(sig)
            if sig in STOPS:
                return "stops" if os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1]) else "ends"
            if ends:
                process.wait(60)
            elif say:
                say()
            output, report = process.communicate(None if ends or say else "you\n", timeout=60)
        finally:
            process.kill()
    if process.returncode == -sig:
        return "dies of it"
    if process.returncode == 2 and "goroutine" in report:
        return "reports"
    return "runs on" if (process.returncode, output) == (0, "heard you\n") else (process.returncode, output, report)


def outcomes(program, expected):
    """The same of each signal: {signal: what becomes of the program}."""
    return {sig: outcome(started(program), sig, word != "runs on") for sig, word in expected.items()}


def test_each_signal_does_what_it_does_in_go_1_10(build):
    expected = {sig: word for sig, word in GO_1_10.items() if sig not in FAULTS}
    assert outcomes(build / "tests/runtime/signals", expected) == expected


@pytest.mark.parametrize("sig", sorted(FAULTS))
def test_a_fault_that_somebody_sends_is_nothing_to_a_parked_goroutine(build, sig):
    """Its standard input does not block, so main parks, and when a thread waits for that input none does anything
    else."""
    here, there = os.pipe()
    os.set_blocking(here, False)
    with open(there, "w") as say:
        process = started(build / "tests/runtime/signals", stdin=here)
        os.close(here)
        while all(
            task.read_text().split()[0] != EPOLL_WAIT for task in Path(f"/proc/{process.pid}/task").glob("*/syscall")
        ):
            assert process.poll() is None

        def you():
            say.write("you\n")
            say.close()

        assert outcome(process, sig, False, you) == "runs on"


@pytest.mark.parametrize("sig", sorted(FAULTS))
def test_a_fault_that_somebody_sends_is_a_report_of_a_goroutine_in_a_system_call(build, sig):
    """The goroutine asks the system for it: sent from outside, it goes to whichever thread the system chooses."""
    with started(build / "tests/runtime/signals", str(int(sig))) as process:
        assert process.wait(60) == 2 and "goroutine 1" in process.stderr.read()


def test_where_no_traceback_is_asked_for_a_report_has_the_signal_alone(run):
    said = run("signals", str(int(signal.SIGQUIT)), GOTRACEBACK="none").stderr
    assert said.startswith("SIGQUIT: quit\nPC=") and "goroutine" not in said


def test_later_go_differs_where_it_is_known_to(tmp_path):
    go = shutil.which("go", path="/usr/bin:/usr/local/go/bin")
    if go is None:
        pytest.skip("there is no go: `apt-get install golang-go` brings one")
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "GOFLAGS": "",
        "GO111MODULE": "off",
        "GOCACHE": os.environ.get("GOCACHE", str(tmp_path / "cache")),
    }
    subprocess.run([go, "build", "-o", tmp_path / "signals", HERE / "signals.go"], env=env, check=True, timeout=600)
    assert outcomes(tmp_path / "signals", LATER_GO) == LATER_GO


@pytest.mark.parametrize("sig", [signal.SIGHUP, signal.SIGINT])
def test_what_is_ignored_from_the_start_stays_ignored(build, sig):
    """nohup, and what a shell starts in the background."""
    process = started(build / "tests/runtime/signals", preexec_fn=lambda: signal.signal(sig, signal.SIG_IGN))
    assert outcome(process, sig, False) == "runs on"


def test_other_signals_are_caught_though_they_were_ignored(build):
    process = started(build / "tests/runtime/signals", preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))
    assert outcome(process, signal.SIGTERM, True) == "dies of it"


def test_what_the_runtime_needs_is_not_blocked_whatever_it_was_started_with(build):
    process = started(
        build / "tests/runtime/signals",
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals()),
    )
    needed = FAULTS | {signal.SIGILL, signal.SIGTRAP, signal.SIGSTKFLT, signal.SIGCHLD, signal.SIGPROF}
    end = time.monotonic() + 60
    with process:
        # While an M is being made all is blocked on it and on its maker; it soon goes to sleep, and then nothing is
        # made any more.
        while (found := unblocked(process.pid)) != needed and time.monotonic() < end:
            pass
        process.communicate()
    assert found == needed


def unblocked(pid):
    """The signals that no thread of a process blocks."""
    masks = [
        int(line.split()[1], 16)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for line in (task / "status").read_text().splitlines()
        if line.startswith("SigBlk")
    ]
    return {sig for sig in SIGNALS if not any(mask >> sig - 1 & 1 for mask in masks)} - {32, 33}


def catches(pid, sig):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("SigCgt:")[1].split()[0], 16) >> sig - 1 & 1


@pytest.mark.parametrize(
    "name, lines", [("selects-poisoned", "sent ok 80000\nfair ok \ndefault ok close ok\n"), ("grow", "stacks 8 of 8\n")]
)
def test_signals_in_the_middle_of_everything_change_nothing(build, name, lines):
    """As many as can be sent while it runs, all that are nothing in turn: to whichever thread the system chooses, also
    while it goes from stack to stack. Not the real-time ones: they queue up."""
    harmless = [sig for sig in range(1, 32) if GO_1_10.get(sig) == "runs on" and sig not in FAULTS]
    with subprocess.Popen(
        [build / "tests/runtime" / name],
        env={"GOMAXPROCS": "2"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        while not catches(process.pid, harmless[-1]):
            assert process.poll() is None
        while process.poll() is None:
            for sig in harmless:
                process.send_signal(sig)
        assert (process.returncode, process.stdout.read()) == (0, lines)

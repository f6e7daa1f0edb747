"""Signals: whenever they come and however many, nothing that the lab started is left, what it attached to goes on."""

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from runner.tree import ROOT


@pytest.fixture
def with_gdb(tmp_path):
    """with_gdb(SCRIPT): an environment in which this shell script is the gdb; it is asked for its version first, as gdb
    is."""

    def make(script):
        (tmp_path / "bin").mkdir()
        gdb = tmp_path / "bin" / "gdb"
        gdb.write_text('#!/bin/sh\ncase "$*" in *PYTHON*) exec /usr/bin/gdb "$@";; esac\n' + script)
        gdb.chmod(0o755)
        return os.environ | {"PATH": f"{gdb.parent}:{os.environ['PATH']}", "RT0LAB_STATE": str(tmp_path / "state.json")}

    return make


BLOCK = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])"
DEAF = f"""exec /usr/bin/gdb -iex 'python {BLOCK}' "$@"\n"""


def processes(pattern):
    """The processes, zombies aside, whose command line matches: {pid: command line}."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
        if re.search(pattern, line):
            found[int(file.parent.name)] = line
    return found


def until(holds):
    """Waits, up to a bound that no working program comes near; the value that holds."""
    end = time.monotonic() + 60
    while not (value := holds()) and time.monotonic() < end:
        select.select([], [], [], 0.02)
    assert value
    return value


@pytest.fixture
def standing(tmp_path):
    """A copy of a program of ours that never ends, with a path of its own to look for."""
    from runner.host import build

    copy = tmp_path / "standing-of-this-test"
    copy.write_bytes((build.build("debug") / "tests" / "runtime" / "standing").read_bytes())
    copy.chmod(0o755)
    return copy


def stopped_by(signals, environment, arguments, standing, typed="", threads=1):
    """The lab's exit status after these signals, sent once the program runs under its gdb and has so many threads;
    nothing of it goes on running."""
    lab = subprocess.Popen(
        [ROOT / "lab", *map(str, arguments)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        lab.stdin.write(typed)
        lab.stdin.flush()
        until(
            lambda: any(
                line.startswith(str(standing)) and len(list(Path(f"/proc/{pid}/task").glob("*"))) >= threads
                for pid, line in processes(re.escape(str(standing))).items()
            )
        )
        for number in signals:
            lab.send_signal(number)
        status = lab.wait(60)
        # what the kernel ends in our place ends a moment after us
        until(lambda: not processes(re.escape(str(standing))))
        return status
    finally:
        for process in [lab.pid, *processes(re.escape(str(standing)))]:
            subprocess.run(["kill", "-9", str(process)], capture_output=True)
        lab.communicate()


TERM, INT, HUP, KILL = signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL


@pytest.mark.parametrize("verb", ["tour", "trace", "gdb"])
def test_two_sigterms_while_gdb_is_deaf_leave_nothing(with_gdb, standing, tmp_path, verb):
    arguments = {
        "tour": ["tour", "--batch", standing],
        "trace": ["trace", standing, "-o", tmp_path / "trace.json"],
        "gdb": ["gdb", standing, "-ex", "run"],
    }[verb]
    assert stopped_by([TERM, TERM], with_gdb(DEAF), arguments, standing) == 143


@pytest.mark.parametrize(
    "signals,status",
    [([TERM, INT], {143, 130}), ([INT, TERM], {143, 130}), ([HUP], {129}), ([HUP, HUP], {129})],
    ids=str,
)
def test_other_signals_leave_nothing_either(with_gdb, standing, signals, status):
    assert stopped_by(signals, with_gdb(DEAF), ["tour", "--batch", standing], standing) in status


def test_a_killed_lab_leaves_nothing_either(with_gdb, standing):
    # With a second thread gdb has begun to trace it: what it is only about to start nobody can end any more.
    assert stopped_by([KILL], with_gdb(DEAF), ["gdb", standing, "-ex", "run"], standing, threads=2) == -KILL


def test_what_a_killed_gdb_was_about_to_start_is_not_started(with_gdb, tmp_path):
    """A child that gdb traces and has not yet told the kernel to end with itself."""
    child = tmp_path / "newborn"
    child.write_text(
        "import ctypes, os, signal\nctypes.CDLL(None).ptrace(0, 0, 0, 0)\nos.kill(os.getpid(), signal.SIGSTOP)\n"
        "while True: signal.pause()\n"
    )
    mother = tmp_path / "mother"
    mother.write_text(
        "import signal, subprocess, sys\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"subprocess.Popen([sys.executable, {str(child)!r}])\nwhile True: signal.pause()\n"
    )
    environment = with_gdb(f"exec /usr/bin/python3 {mother}\n")
    lab = subprocess.Popen(
        [ROOT / "lab", "tour", "--batch"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    until(lambda: [pid for pid in processes(re.escape(str(child))) if " t " in Path(f"/proc/{pid}/stat").read_text()])
    lab.send_signal(TERM)
    said, _ = lab.communicate(timeout=60)
    assert (lab.returncode, said) == (143, b"")
    until(lambda: not processes(re.escape(str(child))))


@contextlib.contextmanager
def lasting(sleep):
    with subprocess.Popen([sleep, "1000"]) as process:
        try:
            yield process
        finally:
            process.kill()


def in_state(process, states):
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] in states


def test_what_a_killed_gdb_was_about_to_attach_to_goes_on():
    """The stop that it asked for and never heard of would come after its end, and stay."""
    from runner.host import debugger

    with lasting("sleep") as other:
        attach = f"import ctypes, signal; ctypes.CDLL(None).ptrace(16, {other.pid}, 0, 0); signal.pause()"
        gdb = debugger.started(["/usr/bin/python3", "-c", attach])
        until(lambda: in_state(other, "t"))
        debugger.kill(gdb)
        until(lambda: in_state(other, "S"))


def test_killing_passes_over_processes_of_any_name(tmp_path):
    from runner.host import debugger

    odd = os.fsencode(tmp_path) + b"/\xff"
    shutil.copy("/bin/sleep", odd)
    with lasting(odd):
        debugger.kill(debugger.started(["sleep", "1000"]))


def test_ctrl_c_from_the_first_instruction_on_is_130(launched):
    """The signal is there before the lab is, held back; it comes when Python has come up."""

    def pending():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        os.kill(os.getpid(), signal.SIGINT)

    done = launched("doctor", preexec_fn=pending)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_the_launcher_holds_ctrl_c_back(tmp_path):
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\nexec grep SigBlk /proc/self/status\n")
    python.chmod(0o755)
    launcher = tmp_path / "lab"
    launcher.write_text((ROOT / "lab").read_text().replace("/usr/bin/python3", str(python)))
    blocked = subprocess.run(["/bin/sh", launcher], capture_output=True, text=True).stdout.split()[1]
    assert int(blocked, 16) == 1 << signal.SIGINT - 1


def at_a_terminal(environment, *arguments, typed=b""):
    """(exit status, what the terminal showed) of the lab at a terminal of its own."""
    lab, terminal = pty.fork()
    if lab == 0:
        os.execve(ROOT / "lab", ["lab", *arguments], environment)
    os.write(terminal, typed)
    shown = b""
    try:
        while data := os.read(terminal, 1 << 16):
            shown += data
    except OSError:  # the other side is closed
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(lab, 0)[1]), shown.decode()


# to the terminal's foreground, as the terminal sends it
CTRL_C = '/bin/kill -INT -- -$(ps -o tpgid= -p $$ | tr -d " ")\n'


@pytest.mark.parametrize("verb", ["tour", "gdb"])
def test_ctrl_c_while_gdb_comes_up_does_not_reach_it(with_gdb, verb):
    environment = with_gdb(
        "trap 'echo Traceback of gdb' INT TERM\n"
        "[ $(ps -o pgid= -p $$) = $(ps -o tpgid= -p $$) ] && echo in the foreground\n" + CTRL_C + "kill -STOP $$\n"
    )
    assert at_a_terminal(environment, verb) == (130, "")


def test_ctrl_c_belongs_to_gdb_once_it_is_up(with_gdb):
    environment = with_gdb(f"""exec /usr/bin/gdb "$@" -ex 'shell {CTRL_C.strip()}'\n""")
    assert at_a_terminal(environment, "gdb", typed=b"quit 7\n")[0] == 7

"""What learners write runs in a sandbox: it sees the system alone, reaches nothing, has little, and dies with it."""

import os
import select
import socket
import subprocess
import sys
import uuid

import pytest
from learners import ROOT
from runner.host import build, sandbox
from runner.host.sandbox import Limits

pytestmark = pytest.mark.skipif(not sandbox.possible()[0], reason=sandbox.possible()[1])


def script(text, **options):
    """What comes of a Python script in the sandbox."""
    return sandbox.run(["/usr/bin/python3", "-c", text], **options)


def running(mark):
    """The command lines of the machine that hold this word."""
    return subprocess.run(["pgrep", "-f", mark], capture_output=True, text=True).stdout.split()


def test_the_status_and_both_streams_come_back():
    outcome = script("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")
    assert (outcome.status, sorted(outcome.output.split()), outcome.ended) == (7, ["err", "out"], "")


def test_the_network_is_not_reached():
    outcome = script(
        "import socket\n"
        "try: socket.create_connection(('1.1.1.1', 80), 3)\n"
        "except OSError as error: print(type(error).__name__, error.errno)"
    )
    assert outcome.output.split() == ["OSError", "101"]  # ENETUNREACH


def test_a_listener_outside_is_not_there_inside():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        outcome = script(f"import socket; socket.create_connection(('127.0.0.1', {port}), 3)")
    assert outcome.status == 1 and "refused" in outcome.output


@pytest.mark.parametrize("place", ["/", "/usr", "/dev/shm", "/etc", str(ROOT / "labs"), str(ROOT / "build")])
def test_nothing_is_written_outside(place):
    outcome = script(f"open({place + '/written'!r}, 'w')", readable=[ROOT / "labs"])
    assert outcome.status == 1 and not os.path.exists(place + "/written")


def test_what_is_shown_is_not_written_to(tmp_path):
    """Not even where everybody may write."""
    tmp_path.chmod(0o777)
    script(f"open({str(tmp_path / 'written')!r}, 'w')", readable=[tmp_path])
    assert os.listdir(tmp_path) == []


def test_the_scratch_folder_is_written_to(tmp_path):
    outcome = script("open('made', 'w').write('here')", scratch=tmp_path)
    assert (outcome.status, (tmp_path / "made").read_text()) == (0, "here")


def test_the_temporary_folder_is_its_own():
    assert script("open('/tmp/written', 'w'); import os; print(os.listdir('/tmp'))").output == "['written']\n"


@pytest.mark.parametrize("place", ["/root", "/home", "/etc/passwd", "/etc/shadow", "/var", "/run", str(ROOT)])
def test_what_is_not_shown_cannot_be_read(place):
    assert script(f"import os; os.stat({place!r})").status == 1


def test_beside_what_is_shown_there_is_nothing(tmp_path):
    """Another learner's answers, say."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "theirs").mkdir()
    outcome = script(f"import os; print(os.listdir({str(tmp_path)!r}))", readable=[tmp_path / "mine"])
    assert outcome.output == "['mine']\n"


def test_a_stranger_is_no_root_even_where_root_started_it():
    script_text = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('CapEff')])"
    assert script(script_text).output == "['0000000000000000']\n"


def test_no_process_outside_is_seen_or_killed():
    outcome = script(
        "import os, signal\n"
        "try: os.kill(-1, signal.SIGKILL)\n"
        "except ProcessLookupError: pass\n"
        f"print({os.getpid()} < 50 or os.path.exists('/proc/{os.getpid()}'))"
    )
    assert outcome.output == "False\n"


def test_the_environment_is_clean(monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_CLASS", "1")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    names = script("import os; print(*sorted(os.environ))").output.split()
    assert not {"SECRET_OF_THE_CLASS", "PYTHONPATH"} & set(names) and "PATH" in names


def test_an_endless_loop_ends_by_the_clock():
    outcome = script("import time\nwhile True: time.sleep(1)", limits=Limits(seconds=1))
    assert outcome.ended == sandbox.TIME


def test_an_endless_loop_ends_by_its_processor_time():
    outcome = script("while True: pass", limits=Limits(seconds=60, cpu=1))
    assert (outcome.status, outcome.ended) == (137, "")


def test_memory_has_an_end():
    assert "MemoryError" in script("x = bytearray(1 << 28)", limits=Limits(memory=1 << 27)).output


def test_processes_have_a_number():
    outcome = script(
        "import os, time\n"
        "made = 0\n"
        "try:\n"
        "    while made < 1000:\n"
        "        if os.fork() == 0: time.sleep(60)\n"
        "        made += 1\n"
        "except BlockingIOError: print(made)",
        limits=Limits(processes=20),
    )
    assert 0 < int(outcome.output) < 20


def test_a_fork_bomb_leaves_nothing():
    mark = uuid.uuid4().hex
    script(f"'{mark}'\nimport os\nwhile True:\n    try: os.fork()\n    except OSError: pass", limits=Limits(seconds=2))
    assert running(mark) == []


def test_what_goes_on_behind_the_command_ends_with_it():
    mark = uuid.uuid4().hex
    outcome = script(
        "import os, time\n"
        f"'{mark}'\n"
        "if os.fork() == 0:\n"
        "    os.setsid(), os.closerange(0, 9)\n"
        "    time.sleep(600)\n"
    )
    assert (outcome.status, running(mark)) == (0, [])


def test_output_has_an_end():
    outcome = script("while True: print('x' * 1000)", limits=Limits(output=5000))
    assert (len(outcome.output), outcome.ended) == (5000, sandbox.OUTPUT)


def test_a_file_has_an_end(tmp_path):
    script("open('large', 'wb').write(bytes(1 << 20))", scratch=tmp_path, limits=Limits(file=1 << 16))
    assert (tmp_path / "large").stat().st_size <= 1 << 16


def test_many_files_have_an_end(tmp_path):
    outcome = script(
        "import itertools\nfor i in itertools.count(): open(str(i), 'wb').write(bytes(1 << 16))",
        scratch=tmp_path,
        limits=Limits(disk=1 << 20),
    )
    assert outcome.ended == sandbox.DISK


def test_gdb_runs_a_program_in_it():
    program = build.executable("hello")
    words = ["gdb", "-nx", "-batch", "-iex", "set auto-load no", "-iex", "set demangle-style none"]
    words += ["-ex", "tbreak runtime.newproc", "-ex", "run", "-ex", "info symbol fn->fn", "-ex", "continue"]
    outcome = sandbox.run([*words, str(program)], readable=[program])
    assert "runtime.main" in outcome.output and "hello world" in outcome.output


def test_it_dies_with_whoever_started_it(tmp_path):
    inner = "import os, time; os.mkfifo('begun'); open('begun', 'w').close(); time.sleep(600)"
    outer = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path; from runner.host import sandbox\n"
        "limits = sandbox.Limits(seconds=600)\n"
        "sandbox.run(['/usr/bin/python3', '-c', sys.argv[3]], scratch=Path(sys.argv[4]), limits=limits)"
    )
    words = [sys.executable, "-c", outer, str(ROOT / "labs"), str(ROOT / "gdb-scripts"), inner, str(tmp_path)]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        while not (tmp_path / "begun").exists() and process.poll() is None:
            os.sched_yield()
        open(tmp_path / "begun").close()
        held = [os.pidfd_open(int(number)) for number in running(str(tmp_path))]
        process.kill()
    ended = select.poll()
    for number in held:
        ended.register(number, select.POLLIN)
    while held and (found := ended.poll(60_000)):
        for number, _ in found:
            ended.unregister(number)
            held.remove(number)
            os.close(number)
    assert held == []


def test_without_bubblewrap_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    assert sandbox.possible.__wrapped__() == (False, "there is no bubblewrap (bwrap); ./lab setup installs it")


def test_where_it_is_refused_it_says_so(monkeypatch):
    monkeypatch.setattr(sandbox, "SYSTEM", ())
    assert sandbox.possible.__wrapped__()[0] is False

"""./lab serve: goroutines as threads over gdb's remote protocol, with real gdb, gdb/MI and raw packets as clients."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from runner.tree import ROOT

sys.path.insert(0, str(ROOT / "gdb-scripts"))

from rt0lab.formats import elf, packets  # noqa: E402  (found only now)

GDB = [
    "gdb",
    "-nx",
    "-q",
    "-batch",
    "-iex",
    "set auto-load off",
    "-iex",
    "set debuginfod enabled off",
    "-iex",
    "set remotetimeout 100",
]
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


@pytest.fixture(scope="session")
def our_standing():
    from runner.host import build

    return build.build("debug") / "tests" / "runtime" / "standing"


@pytest.fixture(params=["mirror", "go"])
def standing(request):
    """The program with parked goroutines, in each of the two worlds."""
    return request.getfixturevalue("our_standing" if request.param == "mirror" else "go_standing")


@contextlib.contextmanager
def running(program, *arguments):
    """The program, once all its goroutines stand."""
    process = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "standing\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def process(standing):
    with running(standing) as process:
        yield process


@contextlib.contextmanager
def serving(*arguments):
    """./lab serve with these arguments, once it is ready; yields (process, address)."""
    server = subprocess.Popen(
        [ROOT / "lab", "serve", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = server.stdout.readline()
        assert line, server.stderr.read()
        yield server, re.search(r"`target remote (.*)`", line)[1]
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)


@pytest.fixture
def server(process):
    with serving(process.pid, "--port", 0) as (server, address):
        yield server, address


def state(process):
    """What the kernel says of a process: (State, TracerPid)."""
    with open(f"/proc/{process.pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return fields["State"].split()[0], fields["TracerPid"].strip()


# ---- gdb as the client -----------------------------------------------------------------------------------------------

CLIENT = """
import json, gdb
def do(command):
    try:
        return gdb.execute(command, to_string=True)
    except gdb.error as error:
        return str(error)
def threads():
    return sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.ptid[1] or thread.ptid[2])
def stack(thread):
    thread.switch()
    frame, names = gdb.newest_frame(), []
    while frame is not None and 'goexit' not in (names or [''])[-1] and len(names) < 30:
        names.append(str(frame.name()))
        frame = frame.older()
    return names
do('set backtrace past-main on')
"""


def ask(address, script, tmp_path, *arguments):
    """What a plain gdb, without our package, finds in `result` after the script."""
    body, answer = tmp_path / "client.py", tmp_path / "answer.json"
    body.write_text(CLIENT + script + f"\nwith open({str(answer)!r}, 'w') as file: json.dump(result, file)\n")
    done = subprocess.run(
        [*GDB, *map(str, arguments), "-ex", f"target remote {address}", "-ex", f"source {body}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        env=ENVIRONMENT,
    )
    assert answer.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(answer.read_text())


def test_goroutines_are_named_threads(server, tmp_path):
    names = ask(server[1], "result = [t.name for t in threads()]", tmp_path)
    assert len(names) > 20 and names[0].startswith("g1 sleep main.main")
    assert sum("chan receive" in name for name in names) >= 20


def test_thread_ids_are_goroutine_ids(server, tmp_path):
    found = ask(server[1], "result = [[t.ptid[1] or t.ptid[2], t.name] for t in threads()]", tmp_path)
    assert all(name.startswith(f"g{number} ") for number, name in found)


def test_backtraces_reach_goexit(server, tmp_path):
    stacks = ask(server[1], "result = [stack(t) for t in threads() if 'chan receive' in t.name]", tmp_path)
    assert len(stacks) >= 20
    assert [names for names in stacks if "goexit" not in names[-1] or not any("worker" in name for name in names)] == []


def test_locals_of_parked_frames(server, tmp_path):
    script = """
result = []
for thread in threads():
    thread.switch(); frame = gdb.newest_frame()
    while frame is not None and 'worker' not in str(frame.name()) and 'goexit' not in str(frame.name()):
        frame = frame.older()
    if frame is not None and 'worker' in str(frame.name()):
        mine, number, depth = (int(frame.read_var(name)) for name in ('mine', 'number', 'depth'))
        result.append([mine, number * 1000 + depth])
"""
    found = ask(server[1], script, tmp_path)
    assert len(found) == 20 and all(mine == expected for mine, expected in found)


def test_unknown_registers_are_unavailable(server, tmp_path):
    script = "t = next(t for t in threads() if 'chan receive' in t.name); t.switch(); result = do('info registers r9')"
    assert "<unavailable>" in ask(server[1], script, tmp_path)


# In the client itself: our package, too.
LOADED = ["-ex", f"source {ROOT / 'gdb-scripts' / 'rt0lab-gdb.py'}"]
REFUSED = ["continue", "stepi", "set var $rip = 0", "set var *(char*)$sp = 0"]


def test_nothing_runs_and_nothing_is_written(server, process, tmp_path):
    script = f"""
do('set language c'); before = [stack(t) for t in threads()]; result = {{}}
for command in {REFUSED}:
    do(command)
    held = next(line for line in open('/proc/{process.pid}/status') if line.startswith('State')).split()[1]
    result[command] = [held, before == [stack(t) for t in threads()]]
"""
    assert ask(server[1], script, tmp_path) == dict.fromkeys(REFUSED, ["t", True])


MOVES = [
    "continue",
    "step",
    "next",
    "stepi",
    "nexti",
    "finish",
    "until",
    "advance main.standing",
    "signal 0",
    "jump *$pc",
]
POINTS = ["break main.standing", "break *$pc", "hbreak main.standing", "watch *(int *) $sp"]


def look(address, script, tmp_path, *arguments):
    """`ask`, and the server is there for the next one."""
    return ask(address, script + "\ndo('disconnect')", tmp_path, *arguments)


@pytest.mark.parametrize("scripts", [(), LOADED], ids=["plain gdb", "our scripts"])
def test_every_way_to_move_says_that_this_is_a_view(ours, tmp_path, scripts):
    script = f"""
do('set language c'); before = [stack(t) for t in threads()]; result = {{}}
for command in {MOVES}:
    said = do(command)
    result[command] = [said.count('this is a view'), before == [stack(t) for t in threads()]]
"""
    assert look(ours, script, tmp_path, *scripts) == dict.fromkeys(MOVES, [1, True])


def test_breakpoints_do_not_keep_a_move_from_saying_so(ours, tmp_path):
    script = f"""
do('set language c'); result = {{}}
for point in {POINTS}:
    do(point)
    result[point] = do('continue').count('this is a view'), len(threads()) > 20
    do('delete')
"""
    assert look(ours, script, tmp_path) == dict.fromkeys(POINTS, [1, True])


@pytest.mark.parametrize(
    "command", ["rt0 next", "rt0 run", "rt0 until schedinit", "rt0 tour -batch", "rt0 record trace.json"]
)
def test_our_commands_that_move_say_so_too(ours, tmp_path, command):
    said, count = look(ours, f"result = do('{command}'), len(threads())", tmp_path, *LOADED)
    assert said.startswith("this is a view") and len(said.splitlines()) == 1 and count > 20


def test_our_stops_elsewhere_do_not_end_a_remote_session(ours, tmp_path):
    """Which process it is there, nobody knows here."""
    script = (
        "from rt0lab.boot import stops; ending = stops._Exit(); stops._bury(ending, 1 << 22); result = ending.happened,"
        " len(threads())"
    )
    happened, count = look(ours, script, tmp_path, *LOADED)
    assert not happened and count > 20


def test_a_view_of_a_view_is_refused(ours, tmp_path):
    said, inferiors = look(ours, "result = do('rt0 threads'), len(gdb.inferiors())", tmp_path, *LOADED)
    assert "already" in said and inferiors == 1


@pytest.mark.parametrize("command", ["kill", "run"])
def test_what_would_end_it_is_refused(server, process, tmp_path, command):
    assert (
        len(
            ask(
                server[1],
                f"do('set confirm off'); do('{command}'); result = [t.name for t in threads()]; do('disconnect')",
                tmp_path,
            )
        )
        > 20
    )
    assert state(process)[0] == "t"


def test_detaching_ends_the_server_and_the_process_goes_on(server, process, tmp_path):
    ask(server[1], "result = do('detach')", tmp_path)
    assert server[0].wait(60) == 0
    assert state(process) == ("S", "0")


def test_disconnecting_leaves_it_for_the_next_client(server, process, tmp_path):
    first = ask(server[1], "result = [t.name for t in threads()]; do('disconnect')", tmp_path)
    assert ask(server[1], "result = [t.name for t in threads()]", tmp_path) == first


def test_ctrl_c_lets_the_process_go_on(server, process):
    assert state(process) == ("t", state(process)[1]) and state(process)[1] != "0"
    server[0].send_signal(signal.SIGINT)
    assert server[0].wait(60) == 0 and state(process) == ("S", "0")


def test_ctrl_c_ends_it_during_a_connection(server, process):
    with connected(server[1]):
        server[0].send_signal(signal.SIGINT)
        assert server[0].wait(60) == 0
    assert state(process) == ("S", "0")


def test_a_killed_server_holds_nothing(server, process):
    server[0].kill()
    server[0].wait(60)
    wait_until(lambda: state(process) == ("S", "0"))


def wait_until(holds):
    """Asks again and again, up to a bound that no working program comes near."""
    end = time.monotonic() + 60
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    assert holds()


def test_the_program_is_found_by_the_protocol(server, standing, tmp_path):
    assert ask(server[1], "result = gdb.current_progspace().filename", tmp_path) == str(standing)


def test_stdio(process, tmp_path):
    assert len(ask(f"| {ROOT}/lab serve {process.pid} --stdio", "result = [t.name for t in threads()]", tmp_path)) > 20
    wait_until(lambda: state(process) == ("S", "0"))


def test_unix_socket(process, tmp_path):
    path = tmp_path / "a socket of 'mine'"
    with serving(process.pid, "--unix", path) as (_, address):
        assert len(ask(address, "result = [t.name for t in threads()]", tmp_path)) > 20
    assert not path.exists()


@pytest.fixture
def core(process, tmp_path):
    path = tmp_path / "core"
    subprocess.run(
        [*GDB, "-p", str(process.pid), "-ex", f"gcore {path}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=120,
        env=ENVIRONMENT,
    )
    return path


def test_a_core_file_is_served_as_the_process_is(process, core, tmp_path):
    script = "result = [[t.name, stack(t)] for t in threads()]"
    with serving(process.pid, "--port", 0) as (_, address):
        live = ask(address, script, tmp_path)
    with serving(core, "--port", 0) as (_, address):
        assert ask(address, script, tmp_path) == live


def test_a_core_of_another_build_is_said_to_be_one(core, standing, tmp_path):
    data, path = standing.read_bytes(), tmp_path / "rebuilt"
    for owner, text in elf.Elf(standing).build_ids.items():
        mark = bytes.fromhex(text) if owner == "GNU" else text.encode()
        data = data.replace(mark, mark[::-1])
    path.write_bytes(data)
    path.chmod(0o755)
    done = subprocess.run(
        [ROOT / "lab", "serve", core, path, "--stdio"], stdin=subprocess.DEVNULL, capture_output=True, timeout=120
    )
    assert b"rebuilt is not what left this core" in done.stderr


def test_of_many_it_says_how_lists_are_fast(our_standing, tmp_path):
    program, path = our_standing.with_name("parked"), tmp_path / "core"
    subprocess.run(
        [*GDB, program, "-ex", "break main.ready", "-ex", "run 1100", "-ex", f"gcore {path}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=120,
        env=ENVIRONMENT,
    )
    with serving(path, "--port", 0) as (server, _):
        server.send_signal(signal.SIGINT)
        assert "print frame-arguments presence" in server.stdout.read()


# ---- what editors speak ----------------------------------------------------------------------------------------------


def test_the_machine_interface_lists_goroutines(server):
    """What editors that speak gdb/MI (VS Code's C++ extension) send when they connect and show threads."""
    commands = f"-target-select remote {server[1]}\n-thread-info\n-stack-list-frames --thread 2\n-gdb-exit\n"
    done = subprocess.run(
        [*GDB[:3], "--interpreter=mi2", *GDB[4:]],
        input=commands,
        capture_output=True,
        text=True,
        timeout=120,
        env=ENVIRONMENT,
    )
    assert len(re.findall(r'name="g\d+ chan receive [^"]*"', done.stdout)) >= 20
    assert re.search(r'stack=\[frame=\{level="0",addr="0x', done.stdout)


class DebugAdapter:
    """gdb as a server of the debug adapter protocol. Ends by itself, so that no answer is awaited for ever."""

    def __enter__(self):
        self._gdb = subprocess.Popen(
            [*GDB[:3], "--interpreter=dap", *GDB[4:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
        )
        self._end = threading.Timer(60, self._gdb.kill)
        self._end.start()
        self._sent, self._answers = 0, {}
        return self

    def __exit__(self, *_):
        self._end.cancel()
        self._gdb.kill()
        self._gdb.communicate()

    def send(self, command, **arguments):
        """Sends a request; returns its number."""
        self._sent += 1
        body = json.dumps({"seq": self._sent, "type": "request", "command": command, "arguments": arguments}).encode()
        self._gdb.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._gdb.stdin.flush()
        return self._sent

    def answer(self, number):
        """The response to a request; others may come before it."""
        while number not in self._answers:
            length = 0
            while line := self._gdb.stdout.readline().strip():
                length = int(line.split(b":")[1])
            assert length, "gdb has ended"
            message = json.loads(self._gdb.stdout.read(length))
            if message["type"] == "response":
                self._answers[message["request_seq"]] = message
        return self._answers[number]


def test_the_debug_adapter_lists_goroutines(server):
    version = subprocess.run(
        [*GDB, "-ex", "python print(gdb.VERSION)"], capture_output=True, text=True, env=ENVIRONMENT
    ).stdout
    if int(re.search(r"\d+", version)[0]) < 14:
        pytest.skip(f"gdb {version.strip()} has no debug adapter; 14 is the first that has")
    with DebugAdapter() as gdb:
        gdb.answer(gdb.send("initialize", adapterID="gdb"))
        attached = gdb.send("attach", target=server[1])
        gdb.answer(gdb.send("configurationDone"))  # from gdb 15 on the answer to `attach` waits for this one
        assert gdb.answer(attached)["success"]
        names = [thread["name"] for thread in gdb.answer(gdb.send("threads"))["body"]["threads"]]
        assert sum("chan receive" in name for name in names) >= 20


# ---- what cannot be served -------------------------------------------------------------------------------------------


def test_no_such_process(lab, one_line):
    assert "no process" in one_line(lab("serve", 2**22 + 1), 2)


def test_not_a_core_file(lab, one_line):
    assert "neither a process nor a core file" in one_line(lab("serve", __file__), 2)


def test_a_core_cut_short(lab, one_line, core):
    os.truncate(core, 3000)
    one_line(lab("serve", core), 2)


def test_a_process_of_another_kind(lab, one_line):
    with subprocess.Popen(["sleep", "60"]) as sleep:
        line = one_line(lab("serve", sleep.pid), 2)
        sleep.kill()
    assert "stripped" in line or "neither" in line


def test_a_taken_port_holds_nobody(lab, one_line, process):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "--port 0" in one_line(lab("serve", process.pid, "--port", taken.getsockname()[1]), 1)
    assert state(process) == ("S", "0")


@pytest.mark.parametrize("port", ["x", "65536", "-1", "1:2:3", ":"])
def test_a_port_that_is_none(lab, process, port):
    assert lab("serve", process.pid, f"--port={port}").returncode in (1, 2)
    assert state(process) == ("S", "0")


def test_a_process_that_a_debugger_holds(lab, one_line, server, process):
    assert "debugger" in one_line(lab("serve", process.pid, "--port", 0), 1)


NOBODY = 65534
only_root = pytest.mark.skipif(
    os.getuid() != 0, reason="only root can become somebody else for this test: run it as root"
)


@only_root
def test_where_ptrace_is_refused(launched, one_line, process):
    """A user who may read the program's name but not trace it."""
    if subprocess.run(["test", "-x", ROOT / "lab"], user=NOBODY).returncode:
        pytest.skip(f"others cannot reach {ROOT}: `chmod o+x` the folders above it")
    line = one_line(launched("serve", process.pid, "--port", 0, user=NOBODY, extra_groups=[]), 3)
    assert str(process.pid) in line


# ---- where it listens, and to whom -----------------------------------------------------------------------------------


@contextlib.contextmanager
def at_home(what, *arguments, runtime):
    """serving(...) without a place named, with this XDG_RUNTIME_DIR and a umask that takes nothing away."""
    runtime.mkdir(mode=0o700, exist_ok=True)
    before = os.environ.get("XDG_RUNTIME_DIR"), os.umask(0)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        with serving(what, *arguments) as served:
            yield served
    finally:
        os.umask(before[1])
        os.environ.pop("XDG_RUNTIME_DIR") if before[0] is None else os.environ.update(XDG_RUNTIME_DIR=before[0])


@pytest.fixture
def one(our_standing):
    """Our program with parked goroutines: enough where the two worlds cannot differ."""
    with running(our_standing) as process:
        yield process


def test_by_default_it_listens_where_only_its_user_comes(one, tmp_path):
    with at_home(one.pid, runtime=tmp_path / "run") as (_, address):
        place = Path(address)
        assert place == tmp_path / "run" / "rt0lab" / f"process-{one.pid}"
        assert (stat.S_IMODE(place.stat().st_mode), stat.S_IMODE(place.parent.stat().st_mode)) == (0o600, 0o700)
        assert len(ask(address, "result = [t.name for t in threads()]", tmp_path)) > 20
    assert not place.exists()


@pytest.mark.parametrize(
    "theirs",
    [
        lambda folder: folder.chmod(0o755),
        lambda folder: folder.chmod(0o770),
        lambda folder: (folder.rmdir(), folder.symlink_to("/root")),
    ],
    ids=["read", "group", "link"],
)
def test_a_runtime_folder_that_others_enter_is_not_used(monkeypatch, tmp_path, theirs):
    from runner.host import listener

    (tmp_path / "run").mkdir(mode=0o700)
    theirs(tmp_path / "run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(listener.tempfile, "tempdir", str(tmp_path))
    assert listener.private_folder() == str(tmp_path / f"rt0lab-{os.geteuid()}")


def test_a_folder_of_our_name_that_is_somebody_elses_is_not_used(monkeypatch, tmp_path):
    from runner.host import listener

    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(listener.tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"rt0lab-{os.geteuid()}").symlink_to(tmp_path)
    with pytest.raises(listener.Failure, match="not a folder of yours alone"):
        listener.private_folder()


@contextlib.contextmanager
def bound(path):
    """A server of somebody's that does not listen yet."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        yield server


def test_a_stale_socket_is_replaced(one, tmp_path):
    with bound(tmp_path / "socket"):
        pass
    with serving(one.pid, "--unix", tmp_path / "socket") as (_, address):
        assert len(ask(address, "result = [t.name for t in threads()]", tmp_path)) > 20


@pytest.mark.parametrize("ready", [False, True], ids=["bound", "listening"])
def test_a_socket_that_somebody_has_is_left_to_them(lab, one_line, one, tmp_path, ready):
    with bound(tmp_path / "socket") as theirs:
        theirs.listen() if ready else None
        assert "a server does so already" in one_line(lab("serve", one.pid, "--unix", tmp_path / "socket"), 1)
        theirs.listen()
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):  # nor has anybody knocked
            theirs.accept()
    assert (tmp_path / "socket").is_socket() and state(one) == ("S", "0")


@pytest.mark.parametrize(
    "make",
    [Path.touch, Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")],
    ids=["file", "folder", "fifo", "link"],
)
def test_what_is_no_socket_is_left_alone(lab, one_line, one, tmp_path, make):
    make(tmp_path / "socket")
    assert "is no socket" in one_line(lab("serve", one.pid, "--unix", tmp_path / "socket"), 1)
    assert os.path.lexists(tmp_path / "socket")


@pytest.mark.parametrize("name", ["a:1", "a\nb", "\x1b[31m"])
def test_a_path_that_nobody_can_type(lab, one_line, one, tmp_path, name):
    assert "cannot be typed" in one_line(lab("serve", one.pid, "--unix", tmp_path / name), 2)
    assert os.listdir(tmp_path) == []


def test_a_path_too_long_for_a_socket(lab, one_line, one, tmp_path):
    assert "107 bytes" in one_line(lab("serve", one.pid, "--unix", tmp_path / ("x" * 108)), 2)


def test_only_the_socket_that_we_made_is_removed(one, tmp_path):
    with serving(one.pid, "--unix", tmp_path / "socket"):
        (tmp_path / "socket").unlink()
        (tmp_path / "socket").write_text("of somebody else")
    assert (tmp_path / "socket").read_text() == "of somebody else"


@pytest.mark.parametrize("place", ["--port", "--unix"])
def test_nobody_is_let_in_before_there_is_something_to_see(one, tmp_path, place):
    """A gdb that never becomes ready: whoever comes meanwhile is turned away by the kernel, at once."""
    gdb, path = tmp_path / "gdb", tmp_path / "socket"
    gdb.write_text(
        '#!/bin/sh\ncase "$*" in *PYTHON*) exec /usr/bin/gdb "$@";; esac\necho > "$0.started"\nkill -STOP $$\n'
    )
    gdb.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    server = subprocess.Popen(
        [ROOT / "lab", "serve", str(one.pid), place, str(path if place == "--unix" else address[1])],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(Path(f"{gdb}.started").exists)
        with socket.socket(socket.AF_UNIX if place == "--unix" else socket.AF_INET) as client:
            with pytest.raises(ConnectionRefusedError):
                client.connect(str(path) if place == "--unix" else address)
    finally:
        server.kill()  # its gdb goes with it
        server.wait()


def test_other_machines_are_not_let_in_unasked(lab, one_line, one):
    assert "--any-user" in one_line(lab("serve", one.pid, "--port", "0.0.0.0:0"), 2)
    assert state(one) == ("S", "0")


def test_a_socket_in_the_file_system_is_for_one_user(lab, one_line, one, tmp_path):
    one_line(lab("serve", one.pid, "--unix", tmp_path / "socket", "--any-user"), 2)


KNOCK = """
import socket, sys
place = sys.argv[1]
line = socket.socket(socket.AF_UNIX) if "/" in place else socket.socket()
try:
    line.connect(place if "/" in place else (place.split(":")[0], int(place.split(":")[1])))
    line.sendall(b"$QStartNoAckMode#b0")
    print(line.recv(1000).decode())
except OSError as error:
    print(type(error).__name__)
"""


def knocked(address, user):
    """What a user's debugger gets for an answer."""
    return subprocess.run(
        ["/usr/bin/python3", "-c", KNOCK, address], user=user, extra_groups=[], capture_output=True, text=True
    ).stdout


@only_root
def test_on_a_port_another_user_gets_a_sentence(ours):
    assert "user who serves them" in knocked(ours, NOBODY) and knocked(ours, 0).startswith("+$OK#")


@only_root
def test_any_user_is_let_in_when_asked_for(one):
    with serving(one.pid, "--port", 0, "--any-user") as (_, address):
        assert knocked(address, NOBODY).startswith("+$OK#")


@only_root
def test_another_user_cannot_open_the_socket(one, tmp_path):
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder.stat().st_mode & 1 == 0:
            folder.chmod(folder.stat().st_mode | 1)
    with serving(one.pid, "--unix", tmp_path / "socket") as (_, address):
        assert knocked(address, NOBODY) == "PermissionError\n"


# ---- one at a time ---------------------------------------------------------------------------------------------------


def test_a_second_debugger_is_told_at_once(ours, tmp_path):
    with connected(ours) as talk:
        say = quiet(talk)
        done = subprocess.run(
            [*GDB, "-ex", f"target remote {ours}"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            env=ENVIRONMENT,
        )
        assert "another debugger looks at these goroutines" in done.stderr
        assert say(b"qAttached") == b"1"


def test_when_the_first_has_left_the_next_is_served(ours):
    for _ in range(20):
        with connected(ours) as talk:
            assert quiet(talk)(b"qAttached") == b"1"


def test_an_idle_one_gives_way(one):
    """With no patience at all everybody is idle."""
    with (
        serving(one.pid, "--port", 0, "--idle", 0) as (_, address),
        connected(address) as first,
        connected(address) as second,
    ):
        assert quiet(second)(b"qAttached") == b"1" and first(b"") is None


@pytest.mark.parametrize("text", ["x", "-1", "nan", "inf"])
def test_idle_is_a_number_of_seconds(lab, one, text):
    assert lab("serve", one.pid, f"--idle={text}").returncode == 2


def test_many_who_are_told_to_wait_do_not_disturb(ours):
    with connected(ours) as talk, contextlib.ExitStack() as stack:
        say = quiet(talk)
        others = [stack.enter_context(connected(ours)) for _ in range(30)]
        assert say(b"qAttached") == b"1"
        with contextlib.suppress(ConnectionError):
            assert others[-1](packets.packet(b"?")) is None


def test_a_client_that_does_not_read_does_not_hold_up_the_others(ours):
    host, port = ours.split(":")
    with socket.create_connection((host, int(port))) as deaf:
        deaf.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                deaf.send(packets.packet(b"g") * 1000)
        with connected(ours) as talk:
            assert talk(packets.packet(b"?")) is packets.Sign.ACK and talk(b"").startswith(b"E.another debugger")


def test_two_sigterms_while_gdb_is_deaf_let_the_process_go(one, tmp_path, monkeypatch):
    """A gdb that hears neither SIGTERM nor that its line to the lab is closed."""
    deaf = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])"
    found = f'import sys; sys.path.insert(0, "{ROOT}/gdb-scripts")'
    stuck = "import rt0lab.remote.clients as c, signal; c.Desk._over = lambda self: signal.pause()"
    gdb = tmp_path / "gdb"
    gdb.write_text(
        f"""#!/bin/sh
case "$*" in *PYTHON*) exec /usr/bin/gdb "$@";; esac
exec /usr/bin/gdb -iex 'python {deaf}' -iex 'python {found}' -iex 'python {stuck}' "$@"
"""
    )
    gdb.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with serving(one.pid, "--unix", tmp_path / "socket") as (server, _):
        server.terminate()
        server.terminate()
        assert server.wait(60) == 143
    assert state(one) == ("S", "0") and not (tmp_path / "socket").exists()


@pytest.fixture(scope="module")
def ours(our_standing):
    """The address of a server of our runtime's program."""
    with running(our_standing) as process, serving(process.pid, "--port", 0) as (_, address):
        yield address


# ---- packets ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def connected(address):
    """talk(bytes): sends them and returns the next payload or sign that comes."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        reader, found = packets.Reader(), []

        def talk(data):
            line.sendall(data)
            while not found:
                data = line.recv(1 << 16)
                if not data:
                    return None
                found.extend(reader.feed(data))
            return found.pop(0)

        yield talk


def quiet(talk):
    """Without acknowledgements, as gdb itself wants it."""
    talk(packets.packet(b"QStartNoAckMode")), talk(b"")
    return lambda payload: talk(packets.packet(payload))


def test_answer_and_acknowledgement_come_together(ours):
    with connected(ours) as talk:
        assert talk(packets.packet(b"qAttached")) is packets.Sign.ACK
        assert talk(b"") == b"1"


def test_a_bad_checksum_is_asked_for_again(ours):
    with connected(ours) as talk:
        assert talk(b"$qAttached#00") is packets.Sign.NAK


def test_an_answer_is_sent_again(ours):
    with connected(ours) as talk:
        assert [talk(packets.packet(b"qAttached")), talk(b"")] == [packets.Sign.ACK, b"1"]
        assert [talk(b"-"), talk(b"-")] == [b"1", b"1"]


def test_old_clients_get_the_threads_one_by_one(ours):
    with connected(ours) as talk:
        say = quiet(talk)
        assert say(b"qfThreadInfo").startswith(b"m1,") and say(b"qsThreadInfo") == b"l"
        assert bytes.fromhex(say(b"qThreadExtraInfo,1").decode()).startswith(b"g1 ")


def test_memory_ends_where_it_ends(ours):
    """A read over the end of what is mapped gives what there is; binary and hex reads agree."""
    with connected(ours) as talk:
        say = quiet(talk)
        assert say(b"m10000,4") == b"E01" and say(b"xffffffffffffffffff,4") == b"E01"
        assert say(b"m400000,4").decode() == b"\x7fELF".hex() and say(b"x400000,4") == b"b\x7fELF"


ODD = [
    b"",
    b"H",
    b"Hg",
    b"Hgzz",
    b"Hgp1.2",
    b"T",
    b"T-5",
    b"p",
    b"pffff",
    b"p-1",
    b"m",
    b"m1",
    b"m1,2,3",
    b"m-1,5",
    b"m1,-5",
    b"x,",
    b"qXfer:",
    b"qXfer:threads:read::",
    b"qXfer:threads:write::0,1",
    b"qXfer:features:read:other.xml:0,fff",
    b"qXfer:threads:read::-5,-5",
    b"qThreadExtraInfo",
    b"\x00",
    b"\xff" * 100,
    b"v",
    b"Q",
    b"q" * 1000,
    b"}",
    b"vCont;c:1",
    b"M0,1:00",
]


def test_every_packet_has_an_answer(ours):
    with connected(ours) as talk:
        say = quiet(talk)
        assert [payload for payload in ODD if not isinstance(say(payload), bytes) or say(b"qAttached") != b"1"] == []


def test_garbage_ends_nothing(ours):
    noise = random.Random(1).randbytes(1 << 20)
    with connected(ours) as talk:
        assert quiet(talk)(b"qAttached") == b"1" == talk(noise + b"#00" + packets.packet(b"qAttached"))


# ---- the packet layer alone ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [b"", b"plain", b"}$#*", bytes(range(256)), b"}" * 1000])
@pytest.mark.parametrize("size", [1, 2, 7, 10000])
def test_what_is_packed_comes_out(payload, size):
    reader, data, found = packets.Reader(), packets.packet(payload), []
    for i in range(0, len(data), size):
        found += reader.feed(data[i : i + size])
    assert found == [payload]


def test_a_packet_that_was_cut_off_does_not_hide_the_next():
    assert list(packets.Reader().feed(b"$cut" + packets.packet(b"next"))) == [packets.Sign.BAD, b"next"]


def test_a_packet_without_end_is_dropped():
    reader = packets.Reader()
    found = [item for _ in range(100) for item in reader.feed(b"$" + b"a" * 10000)]
    assert len(reader._buffer) <= packets.MAX_PAYLOAD + 2 and b"next" in [
        *found,
        *reader.feed(b"#00" + packets.packet(b"next")),
    ]


def test_signs():
    assert list(packets.Reader().feed(b"+x-\x03")) == [packets.Sign.ACK, packets.Sign.NAK, packets.Sign.BREAK]

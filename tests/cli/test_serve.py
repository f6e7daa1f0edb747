"""./lab serve: goroutines as threads over gdb's remote protocol, with real gdb, gdb/MI and raw packets as clients."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from runner.tree import ROOT

sys.path.insert(0, str(ROOT / "gdb-scripts"))

from rt0lab import elf, packets  # noqa: E402  (found only now)

GDB = ["gdb", "-nx", "-q", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off",
       "-iex", "set remotetimeout 100"]
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


@pytest.fixture(scope="session")
def our_standing():
    from runner import build

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
    server = subprocess.Popen([ROOT / "lab", "serve", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
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
    done = subprocess.run([*GDB, *map(str, arguments), "-ex", f"target remote {address}", "-ex", f"source {body}"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, env=ENVIRONMENT)
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
    while frame is not None and 'worker' not in str(frame.name()) and 'goexit' not in str(frame.name()): frame = frame.older()
    if frame is not None and 'worker' in str(frame.name()):
        result.append([int(frame.read_var('mine')), int(frame.read_var('number')) * 1000 + int(frame.read_var('depth'))])
"""
    found = ask(server[1], script, tmp_path)
    assert len(found) == 20 and all(mine == expected for mine, expected in found)


def test_unknown_registers_are_unavailable(server, tmp_path):
    script = "t = next(t for t in threads() if 'chan receive' in t.name); t.switch(); result = do('info registers r9')"
    assert "<unavailable>" in ask(server[1], script, tmp_path)


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


def test_killing_is_letting_go(server, process, tmp_path):
    ask(server[1], "do('kill'); result = 0", tmp_path)
    assert server[0].wait(60) == 0 and state(process) == ("S", "0")


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
    path = tmp_path / "socket"
    with serving(process.pid, "--unix", path) as (_, address):
        assert len(ask(address, "result = [t.name for t in threads()]", tmp_path)) > 20
    assert not path.exists()


@pytest.fixture
def core(process, tmp_path):
    path = tmp_path / "core"
    subprocess.run([*GDB, "-p", str(process.pid), "-ex", f"gcore {path}"], stdin=subprocess.DEVNULL, capture_output=True, check=True,
                   timeout=120, env=ENVIRONMENT)
    return path


def test_a_core_file_is_served_as_the_process_is(process, core, tmp_path):
    script = "result = [[t.name, stack(t)] for t in threads()]"
    with serving(process.pid, "--port", 0) as (_, address):
        live = ask(address, script, tmp_path)
    with serving(core, "--port", 0) as (_, address):
        assert ask(address, script, tmp_path) == live


def test_a_core_of_another_build_is_said_to_be_one(core, standing, tmp_path):
    ids = elf.Elf(standing).build_ids
    mark = bytes.fromhex(ids["GNU"]) if "GNU" in ids else ids["Go"].encode()
    path = tmp_path / "rebuilt"
    path.write_bytes(standing.read_bytes().replace(mark, mark[::-1]))
    path.chmod(0o755)
    done = subprocess.run([ROOT / "lab", "serve", core, path, "--stdio"], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    assert b"rebuilt is not what left this core" in done.stderr


# ---- what editors speak ----------------------------------------------------------------------------------------------


def test_the_machine_interface_lists_goroutines(server):
    """What editors that speak gdb/MI (VS Code's C++ extension) send when they connect and show threads."""
    commands = f"-target-select remote {server[1]}\n-thread-info\n-stack-list-frames --thread 2\n-gdb-exit\n"
    done = subprocess.run([*GDB[:3], "--interpreter=mi2", *GDB[4:]], input=commands, capture_output=True, text=True, timeout=120,
                          env=ENVIRONMENT)
    assert len(re.findall(r'name="g\d+ chan receive [^"]*"', done.stdout)) >= 20
    assert re.search(r'stack=\[frame=\{level="0",addr="0x', done.stdout)


class DebugAdapter:
    """gdb as a server of the debug adapter protocol. Ends by itself, so that no answer is awaited for ever."""

    def __enter__(self):
        self._gdb = subprocess.Popen([*GDB[:3], "--interpreter=dap", *GDB[4:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, env=ENVIRONMENT)
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
    version = subprocess.run([*GDB, "-ex", "python print(gdb.VERSION)"], capture_output=True, text=True, env=ENVIRONMENT).stdout
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


def test_where_ptrace_is_refused(lab, one_line, process):
    """A user who may read the program's name but not trace it."""
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else for this test")
    if subprocess.run(["test", "-x", ROOT / "lab"], user=65534).returncode:
        pytest.skip(f"others cannot reach {ROOT}: `chmod o+x` the folders above it")
    line = one_line(lab("serve", process.pid, "--port", 0, user=65534, extra_groups=[]), 3)
    assert str(process.pid) in line


@pytest.fixture(scope="module")
def ours(our_standing):
    """The address of a server of our runtime's program."""
    with running(our_standing) as process, serving(process.pid, "--port", 0) as (_, address):
        yield address


# ---- packets -----------------------------------------------------------------------------------------------------------


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


ODD = [b"", b"H", b"Hg", b"Hgzz", b"Hgp1.2", b"T", b"T-5", b"p", b"pffff", b"p-1", b"m", b"m1", b"m1,2,3", b"m-1,5", b"m1,-5", b"x,",
       b"qXfer:", b"qXfer:threads:read::", b"qXfer:threads:write::0,1", b"qXfer:features:read:other.xml:0,fff",
       b"qXfer:threads:read::-5,-5", b"qThreadExtraInfo", b"\x00", b"\xff" * 100, b"v", b"Q", b"q" * 1000, b"}", b"vCont;c:1", b"M0,1:00"]


def test_every_packet_has_an_answer(ours):
    with connected(ours) as talk:
        say = quiet(talk)
        assert [payload for payload in ODD if not isinstance(say(payload), bytes) or say(b"qAttached") != b"1"] == []


def test_garbage_ends_nothing(ours):
    noise = random.Random(1).randbytes(1 << 20)
    with connected(ours) as talk:
        assert quiet(talk)(b"qAttached") == b"1" == talk(noise + b"#00" + packets.packet(b"qAttached"))


# ---- the packet layer alone --------------------------------------------------------------------------------------------


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
    assert len(reader._buffer) <= packets.MAX_PAYLOAD + 2 and b"next" in [*found, *reader.feed(b"#00" + packets.packet(b"next"))]


def test_signs():
    assert list(packets.Reader().feed(b"+x-\x03")) == [packets.Sign.ACK, packets.Sign.NAK, packets.Sign.BREAK]

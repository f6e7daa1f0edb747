"""What the gdb tests share: one gdb a test, whose Python sends JSON back."""

import json
import pathlib

import pytest

from gdbrun import PREAMBLE, run_gdb


@pytest.fixture
def gdb_json(tmp_path):
    """gdb_json(program, script): runs Python inside gdb and returns what it left in `result`."""

    def run(program, script, *arguments):
        body, answer = tmp_path / "body.py", tmp_path / "answer.json"
        body.write_text(PREAMBLE + script + f"\nwith open({str(answer)!r}, 'w') as file: json.dump(result, file)\n")
        done = run_gdb(program, *arguments, "-ex", f"source {body}", cwd=tmp_path)
        assert answer.exists(), f"the script did not end:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return json.loads(answer.read_text())

    return run


@pytest.fixture
def gdb_text(tmp_path):
    """gdb_text(program, command...): what gdb printed."""

    def run(program, *commands):
        return run_gdb(program, *[word for c in commands for word in ("-ex", c)], cwd=tmp_path).stdout

    return run


@pytest.fixture(scope="session", params=["mirror", "mirror-O2", "go", "go-O2"])
def parked(request):
    """A program whose goroutines wait for each kind of thing; it calls main.ready once they do. Its argument is how
    many receive."""
    if request.param.startswith("mirror"):
        return request.getfixturevalue("mirror_program")(
            "parked", "tests/runtime", "release" if request.param.endswith("O2") else "debug"
        )
    flags = [] if request.param.endswith("O2") else ["-gcflags=all=-N -l"]
    return request.getfixturevalue("go_build")(
        "parked", pathlib.Path(__file__).with_name("parked.go.txt").read_text(), *flags
    )


@pytest.fixture(scope="session", params=["mirror", "go"])
def either(request):
    """Each of the two worlds' hello in turn."""
    return request.getfixturevalue("hello" if request.param == "mirror" else "go_hello")


@pytest.fixture(scope="session")
def trace(tmp_path_factory):
    """trace(program): one recording of it, made once; trace(program, 1) another."""
    known = {}

    def recorded(program, number=0):
        if (program, number) not in known:
            path = tmp_path_factory.mktemp("trace") / "trace.json"
            done = run_gdb(program, "-ex", f"rt0 record -bare {path}")
            assert path.exists(), f"nothing was recorded:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            known[program, number] = json.loads(path.read_text())
        return known[program, number]

    return recorded

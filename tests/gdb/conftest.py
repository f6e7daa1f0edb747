"""What the gdb tests share: one gdb a test, whose Python sends JSON back."""

import functools
import hashlib
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
def recorded(made_once):
    """recorded(program): the file of one recorded run of it, made once for all workers; recorded(program, 1) of
    another run."""

    def path(program, number=0):
        def make(new):
            done = run_gdb(program, "-ex", f"rt0 record -bare {new}")
            assert new.exists(), f"nothing was recorded:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"

        return made_once(f"{hashlib.sha256(str(program).encode()).hexdigest()[:16]}-{number}.trace.json", make)

    return path


@pytest.fixture(scope="session")
def trace(recorded):
    """trace(program): what is in that file."""
    return functools.cache(lambda program, number=0: json.loads(recorded(program, number).read_text()))

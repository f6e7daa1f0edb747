"""What the gdb tests share: one gdb a test, whose Python sends JSON back; the programs to look at."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from gdbrun import PREAMBLE, ROOT, environment, run_gdb

HELLO_GO = 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hello world")\n}\n'

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


def _mirror(name, folder="runtime/programs", build="debug"):
    builds = pathlib.Path(os.environ.get("RT0LAB_BUILD", ROOT / "build" / "debug")).parent
    path = builds / build / folder / name
    if not path.exists():
        pytest.skip(f"{path} is not built: `./lab test` builds it")
    return path


@pytest.fixture(scope="session")
def hello():
    """The mirror's hello."""
    return _mirror("hello")


@pytest.fixture(scope="session")
def mirror_program():
    """mirror_program(name): one of the mirror's programs."""
    return _mirror


@pytest.fixture(scope="session")
def pingpong():
    """The mirror's program with a few goroutines over channels."""
    return _mirror("pingpong")


@pytest.fixture(scope="session")
def go_build(tmp_path_factory):
    """go_build(name, source, flag...): a real Go program with debug information; all workers share one cache."""
    if not shutil.which("go", path="/usr/bin:/usr/local/go/bin"):
        pytest.skip("there is no go: `apt-get install golang-go` brings one")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base

    def build(name, source, *flags):
        folder = tmp_path_factory.mktemp("go")
        (folder / f"{name}.go").write_text(source)
        env = {**environment(), "PATH": "/usr/bin:/bin:/usr/local/go/bin", "HOME": str(folder), "GOFLAGS": "", "GO111MODULE": "off",
               "GOCACHE": os.environ.get("GOCACHE", str(shared / "go-cache"))}  # fmt: skip
        subprocess.run(["go", "build", *flags, "-o", name, f"{name}.go"], cwd=folder, env=env, check=True, timeout=600)
        return folder / name

    return build


@pytest.fixture(scope="session")
def go_hello(go_build):
    """A real Go program, compiled without optimisation."""
    return go_build("hello", HELLO_GO, "-gcflags=all=-N -l")


@pytest.fixture(scope="session")
def mirror_test():
    """mirror_test(name): one of the mirror's test programs."""
    return lambda name: _mirror(name, "tests/runtime")


@pytest.fixture(scope="session", params=["mirror", "mirror-O2", "go", "go-O2"])
def parked(request):
    """A program whose goroutines wait for each kind of thing; it calls main.ready once they do. Its argument is how many receive."""
    if request.param.startswith("mirror"):
        return _mirror("parked", "tests/runtime", "release" if request.param.endswith("O2") else "debug")
    flags = [] if request.param.endswith("O2") else ["-gcflags=all=-N -l"]
    return request.getfixturevalue("go_build")("parked", pathlib.Path(__file__).with_name("parked.go.txt").read_text(), *flags)


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
            done = run_gdb(program, "-ex", f"rt0 record {path}")
            assert path.exists(), f"nothing was recorded:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            known[program, number] = json.loads(path.read_text())
        return known[program, number]

    return recorded

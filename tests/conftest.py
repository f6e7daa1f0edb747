"""What all tests share: an option, a Go program, and that Ctrl-C means what it means at a terminal, also where the tests
were started in the background."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

# A shell starts background jobs with SIGINT ignored, programs inherit that, and the tests of Ctrl-C would wait in vain.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption("--operations", type=int, metavar="N", help="how many operations the stress programs do (runtime/test_stress.py)")


@pytest.fixture(scope="session")
def go_standing(tmp_path_factory):
    """tests/gdb/standing.go, built: a real Go program whose goroutines stand still."""
    go = shutil.which("go", path="/usr/bin:/usr/local/go/bin")
    if go is None:
        pytest.skip("there is no go: `apt-get install golang-go` brings one")
    folder = tmp_path_factory.mktemp("standing")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "GOFLAGS": "", "GO111MODULE": "off",
           "GOCACHE": os.environ.get("GOCACHE", str(folder / "cache"))}
    source = pathlib.Path(__file__).parent / "gdb" / "standing.go"
    subprocess.run([go, "build", "-gcflags=-N -l", "-o", folder / "standing", source], env=env, check=True, timeout=600)
    return folder / "standing"

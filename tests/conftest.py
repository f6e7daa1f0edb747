"""What all tests share: an option, the programs to look at, what is made once for all of pytest's workers, a browser,
and that Ctrl-C means what it means at a terminal, also where the tests were started in the background."""

import datetime
import fcntl
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
HELLO_GO = 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hello world")\n}\n'

os.environ["LAB_LANG"] = "en"  # whoever runs the tests

# A shell starts background jobs with SIGINT ignored, programs inherit that, and the tests of Ctrl-C would wait in vain.
# `lab test` has seen to it; this is for a pytest without it. A worker now and then reads this on another thread.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--operations",
        type=int,
        metavar="N",
        help="how many operations the stress programs do (runtime/test_stress.py)",
    )
    parser.addoption(
        "--day",
        type=datetime.date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="the day whose changes to the runtime are tried (runtime/test_decisions.py; default: today)",
    )
    parser.addoption("--sanitize", action="store_true", help="run what `./lab test --sanitize` builds (sanitize, fuzz)")


def pytest_ignore_collect(collection_path, config):
    """What takes builds of its own is run by `./lab test --sanitize` only."""
    return True if collection_path.name in ("sanitize", "fuzz") and not config.getoption("--sanitize") else None


@pytest.fixture(scope="session")
def go_standing(tmp_path_factory):
    """tests/gdb/standing.go, built: a real Go program whose goroutines stand still."""
    go = shutil.which("go", path="/usr/bin:/usr/local/go/bin")
    if go is None:
        pytest.skip("there is no go: `apt-get install golang-go` brings one")
    folder = tmp_path_factory.mktemp("standing")
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "GOFLAGS": "",
        "GO111MODULE": "off",
        "GOCACHE": os.environ.get("GOCACHE", str(folder / "cache")),
    }
    source = pathlib.Path(__file__).parent / "gdb" / "standing.go"
    subprocess.run([go, "build", "-gcflags=-N -l", "-o", folder / "standing", source], env=env, check=True, timeout=600)
    return folder / "standing"


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
def made_once(tmp_path_factory):
    """made_once(name, make): the path of what `make` makes for all workers of this run of pytest; the first of them
    that asks calls it, with the path to write to, while the others wait."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base

    def path(name, make):
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / name).exists():
                make(shared / f"new-{name}")
                (shared / f"new-{name}").rename(shared / name)
        return shared / name

    return path


@pytest.fixture(scope="session")
def hello_trace(made_once):
    """The file that `./lab trace` wrote of the mirror's hello."""

    def make(new):
        words = [ROOT / "lab", "trace", "hello", "-o", new]
        subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=600)

    return made_once("hello.trace.json", make)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """One headless Chromium for all tests of a worker."""
    pytest.importorskip("selenium", reason="python3-selenium is not there: ./lab setup")
    from runner.host import browser as headless

    with headless.opened(tmp_path_factory.mktemp("chromium"), {"browser": "ALL", "performance": "ALL"}) as driver:
        yield driver


@pytest.fixture
def browser(chromium):
    """That browser, with a screen of the usual size for each test and nothing that an earlier one kept. No page may
    complain in it."""
    yield chromium
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": "file://", "storageTypes": "local_storage"})
    chromium.get_log("performance")  # the next test reads its own
    assert chromium.get_log("browser") == []


@pytest.fixture(scope="session")
def go_build(tmp_path_factory):
    """go_build(name, source, flag...): a real Go program with debug information, of a text or all files of a folder;
    all workers share one cache, and what is built of the same text in the same way is built once. Nobody changes it."""
    if not shutil.which("go", path="/usr/bin:/usr/local/go/bin"):
        pytest.skip("there is no go: `apt-get install golang-go` brings one")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base

    def build(name, source, *flags, **more):
        if not isinstance(source, str):
            return made(tmp_path_factory.mktemp("go"), name, source, ".", flags, more)
        key = hashlib.sha256(repr((name, source, flags, sorted(more.items()))).encode()).hexdigest()[:16]
        folder = shared / f"go-{key}"
        folder.mkdir(exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / name).exists():
                (folder / f"{name}.go").write_text(source)
                made(folder, name, folder, f"{name}.go", flags, more)
        return folder / name

    def made(folder, name, where, what, flags, more):
        env = {
            "PATH": "/usr/bin:/bin:/usr/local/go/bin",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "GOFLAGS": "",
            "GO111MODULE": "off",
            "GOCACHE": os.environ.get("GOCACHE", str(shared / "go-cache")),
            **more,
        }
        subprocess.run(["go", "build", *flags, "-o", folder / name, what], cwd=where, env=env, check=True, timeout=600)
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

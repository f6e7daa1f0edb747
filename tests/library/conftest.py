"""What the tests of the library share: the module, boots that are closed again, and what gdb sees in the static program."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import library_world
from library_world import HELLO, STEPS, tree


def load():
    """The module of the debug build. gdb's package has the same name, so ours does not stay in sys.modules."""
    (file,) = (tree.build_folder("debug", "g++") / "runtime/library").glob("rt0lab.*.so")
    other = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "rt0lab"}
    spec = importlib.util.spec_from_file_location("rt0lab", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules.pop("rt0lab", None)
    sys.modules.update(other)
    return module


@pytest.fixture(scope="session")
def rt0lab():
    """The extension module, loaded once a worker: it cannot be loaded twice."""
    return load()


@pytest.fixture
def boot(rt0lab):
    """Boots up to and including this many steps, or a step of this name; fn is main.main. Closed at the end of the test."""
    made = []

    def to(steps=0, fn=None, **arguments):
        made.append(rt0lab.Runtime(**arguments))
        for step in STEPS[:steps if isinstance(steps, int) else STEPS.index(steps) + 1]:
            made[-1].newproc(fn) if step == "newproc" else getattr(made[-1], step)()
        return made[-1]
    yield to
    for runtime in made:
        runtime.close()


@pytest.fixture
def script():
    """library_world.script."""
    return library_world.script


@pytest.fixture(scope="session")
def gdb(tmp_path_factory):
    """What gdb_hello.py finds out: {"structures": ..., "states": ...}."""
    answer = tmp_path_factory.mktemp("gdb") / "answer.json"
    command = ["gdb", "-nx", "-batch", "-iex", "set auto-load no", "-x", Path(__file__).parent / "gdb_hello.py", HELLO]
    subprocess.run(command, env={"PATH": os.environ["PATH"], "ANSWER": str(answer)}, stdin=subprocess.DEVNULL,
                   check=True, capture_output=True, timeout=120)
    return json.loads(answer.read_text())

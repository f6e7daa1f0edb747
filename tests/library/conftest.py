"""What the tests of the library share: the module, boots that are closed again, and what gdb sees in the static
program."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from boots import HELLO, STEPS, module_file


@pytest.fixture(scope="session")
def rt0lab():
    """The module of the debug build, loaded once a worker. gdb's package has the same name, so ours leaves
    sys.modules."""
    other = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "rt0lab"}
    spec = importlib.util.spec_from_file_location("rt0lab", module_file())
    module = importlib.util.module_from_spec(spec)
    sys.modules.pop("rt0lab", None)
    sys.modules.update(other)
    return module


@pytest.fixture
def boot(rt0lab):
    """Boots up to and including this many steps, or a step of this name; fn is main.main. Closed at the end of the
    test."""
    made = []

    def to(steps=0, fn=None, **arguments):
        made.append(rt0lab.Runtime(**arguments))
        for step in STEPS[: steps if isinstance(steps, int) else STEPS.index(steps) + 1]:
            made[-1].newproc(fn) if step == "newproc" else getattr(made[-1], step)()
        return made[-1]

    yield to
    for runtime in made:
        runtime.close()


@pytest.fixture(scope="session")
def gdb(tmp_path_factory):
    """What gdb_hello.py finds out: {"structures": ..., "plain": ..., "states": ...}."""
    answer = tmp_path_factory.mktemp("gdb") / "answer.json"
    command = ["gdb", "-nx", "-batch", "-iex", "set auto-load no", "-x", Path(__file__).parent / "gdb_hello.py", HELLO]
    subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "ANSWER": str(answer)},
        stdin=subprocess.DEVNULL,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return json.loads(answer.read_text())

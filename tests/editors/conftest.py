"""What the tests of editors share: a gdb that speaks DAP or MI, started as an editor starts it. `RT0LAB_GDB` names
another gdb."""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "gdb"))

from dap import Dap  # noqa: E402  (gdbrun is found only now)
from gdbrun import GDB, environment  # noqa: E402
from mi import Mi  # noqa: E402


def _started(kind):
    talks = []

    def start(*arguments, **options):
        talks.append(kind.__new__(kind))  # its end is due even if its beginning fails
        talks[-1].__init__(*arguments, **options)
        return talks[-1]

    yield start
    for talk in talks:
        talk.end()


@pytest.fixture(scope="session")
def _has_dap():
    asked = subprocess.run(
        [GDB, "-nx", "-q", "-batch", "-ex", "python import gdb.dap"], capture_output=True, env=environment()
    )
    if asked.returncode or asked.stderr:
        pytest.skip(
            "this gdb has no DAP: gdb has it from 14 on (Debian 13 brings 16); RT0LAB_GDB=PATH names another gdb than"
            " PATH's"
        )


@pytest.fixture
def dap(_has_dap):
    """dap(program, word...): a gdb that speaks DAP, `initialize` done; see dap.Dap."""
    yield from _started(Dap)


@pytest.fixture
def mi():
    """mi(program, word...): a gdb that speaks MI; see mi.Mi."""
    yield from _started(Mi)

"""The gdbs that the tests here fork from one that stands ready: nobody can tell them from those that were started."""

import gdbrun
import pytest
from forked import Stock
from gdbrun import run_gdb


@pytest.mark.parametrize("last", ["pwd", "nosuch"])
def test_a_forked_gdb_is_as_one_that_was_started(hello, tmp_path, monkeypatch, last):
    stock = Stock()
    monkeypatch.setattr(gdbrun, "_stock", stock)
    commands = ["starti", "bt", "info goroutines", "python print(1 / 0)", last]
    started, forked = (
        run_gdb(hello, *(word for command in commands for word in ("-ex", command)), cwd=tmp_path) for _ in range(2)
    )
    assert (forked.stdout, forked.stderr, forked.returncode) == (started.stdout, started.stderr, started.returncode)
    ((_, ready),) = stock.ready.items()
    ready.end()
    assert not ready.folder.exists()

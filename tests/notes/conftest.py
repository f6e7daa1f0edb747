"""What the tests of the notes share: the runner's modules, and programs that are built before a session looks at
one."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "labs"))


@pytest.fixture(scope="session")
def built():
    """Builds what the sessions run, so that no session shows a build."""
    from runner.verbs import notes

    notes.prepare()

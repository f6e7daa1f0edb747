"""What the tests of the exercises share: a learner, an exercise that is wrong."""

import shutil

import pytest

from learners import ROOT, Learner


@pytest.fixture
def learner(tmp_path):
    return Learner(tmp_path)


@pytest.fixture
def copied(tmp_path):
    """copied(NAME, FILE, OLD, NEW): an exercise's folder with one thing changed."""

    def change(name, file, old, new):
        folder = tmp_path / "labs" / name
        shutil.copytree(ROOT / "labs" / name, folder)
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new))
        return folder

    return change

"""The recipes of the page for teachers: what it says to type is run."""

import json
import re
import subprocess

import pytest
from handed import Class
from learners import ROOT


def fence(first):
    """The fence of the page that has this line."""
    page = (ROOT / "notes" / "for-teachers.md").read_text()
    return next(text for text in re.findall(r"^```\w+\n(.*?)^```$", page, re.M | re.S) if first in text)


@pytest.fixture
def autograder(tmp_path):
    """Gradescope's folder for one submission."""
    root = tmp_path / "autograder"
    for name in ("source", "submission", "results"):
        (root / name).mkdir(parents=True)
    made = Class(tmp_path / "autograder" / "source", "alice")
    (root / "source" / "rt0lab").symlink_to(ROOT)
    (root / "submission" / "upload.json").write_text(json.dumps(made.work("alice")))
    (root / "submission_metadata.json").write_text(json.dumps({"users": [{"sid": "alice"}]}))
    return root


def test_what_gradescope_runs_writes_its_results(autograder):
    script = fence("# run_autograder").replace("/autograder/", f"{autograder}/")
    subprocess.run(["sh"], input=script, text=True, check=True)
    found = json.loads((autograder / "results" / "results.json").read_text())
    assert found["score"] == 14 and all(test["status"] == "passed" for test in found["tests"])

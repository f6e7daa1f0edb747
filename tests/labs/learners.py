"""A learner with a folder of their own, for the tests; puts the runner's modules into the path."""

import json
import os
import sys
from pathlib import Path

import standby

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "labs"))


class Learner:
    """Somebody who sits before ./lab, with progress of their own."""

    def __init__(self, folder):
        self.folder, self.file = folder, folder / "state.json"
        self.environment = {"RT0LAB_STATE": str(self.file), "LAB_LANG": "en"}

    def lab(self, *arguments, typed="", within=120, **environment):
        """Runs ./lab with these arguments and this typed into it."""
        return standby.lab(arguments, typed, within, os.environ | self.environment | environment)

    def gdb(self, exercise, *lines, **environment):
        """What one session in gdb says (both streams) when these lines are typed."""
        self.lab("goto", exercise)
        typed = "\n".join([*lines, "q", ""])
        return standby.lab(["run"], typed, 120, os.environ | self.environment | environment, together=True).stdout

    def state(self):
        """The progress file's content."""
        return json.loads(self.file.read_text())

    def entry(self, exercise):
        """The record of one exercise."""
        return self.state()["exercises"][exercise]

    def answers(self, name, text):
        """Writes a file of answers."""
        folder = self.folder / "answers"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.toml").write_text(text)

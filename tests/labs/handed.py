"""What a class hands in, for the tests: a class, and submissions like those of `lab export`."""

import json
from pathlib import Path

import standby
from learners import ROOT
from runner.classes import course, invented, roster
from runner.exercises import forms


class Class:
    """A class in a folder, and what was handed in."""

    def __init__(self, folder, *students, ids=("entry", "newproc")):
        self.folder, self.inbox = folder, folder / "in"
        course.make(folder / "class", [roster.Student(name) for name in students])
        self.inbox.mkdir()
        self.exercises = [e for e in forms.load_all() if e.id in ids]
        policy = folder / "class" / "class.toml"
        policy.write_text(policy.read_text().replace("exercises = []", f"exercises = {json.dumps(ids)}"))

    @property
    def course(self):
        return course.load(self.folder / "class")

    def work(self, student, /, **change):
        """A submission with the right answers; `change` replaces parts of it."""
        return invented.handed_in(self.course, student, self.exercises) | change

    def hand_in(self, name, content):
        """Lays a submission (a table, or bytes as they are) into the inbox."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (self.inbox / name).write_bytes(data)

    def command(self, *arguments):
        """The words of `lab grade` on the inbox."""
        return [ROOT / "lab", "grade", self.inbox, "--class", self.folder / "class", *arguments]

    def grade(self, *arguments):
        """Runs it."""
        return standby.lab(list(map(str, self.command(*arguments)[1:])))

    def results(self, folder="out.csv.results"):
        """{the student: the Result as JSON}"""
        found = [json.loads(path.read_text()) for path in sorted(Path(self.folder, folder).glob("*.json"))]
        return {result["student"]: result for result in found}

"""What lies in the user's home and folder, and what PYTHON* variables name, runs in no verb of the lab."""

import os
import subprocess

import pytest
from runner.tree import ROOT

MODULES = (
    "sitecustomize usercustomize gdb json tomllib linecache re os signal subprocess argparse elftools pytest rt0lab"
    " runner inside mesonbuild"
).split()
VERSIONS = ("3.11", "3.12", "3.13", "3.14")  # whichever gdb has


class Planted:
    """A home, a folder and a PYTHONPATH with a module of every name that might be imported by mistake; each notes that
    it ran."""

    def __init__(self, root):
        self.ran, self.folder, home = root / "ran", root / "folder", root / "home"
        note = f"import sys\nwith open({str(self.ran)!r}, 'a') as file: file.write(__file__ + '\\n')\n"
        for place in (self.folder, root / "path", *(home / f".local/lib/python{v}/site-packages" for v in VERSIONS)):
            place.mkdir(parents=True)
            for module in MODULES:
                (place / f"{module}.py").write_text(note)
            (place / "planted.pth").write_text(f"import sys; open({str(self.ran)!r}, 'a').write('pth\\n')\n")
        for file in (
            home / ".gdbinit",
            home / ".gdbearlyinit",
            home / ".config/gdb/gdbinit",
            home / ".config/gdb/gdbearlyinit",
            self.folder / ".gdbinit",
        ):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"shell echo {file} >> {self.ran}\n")
        (root / "startup").write_text(note)
        (root / "shell").write_text(f"echo shell >> {self.ran}\n")
        self.environment = {
            "HOME": str(home),
            "PYTHONPATH": str(root / "path"),
            "PYTHONSTARTUP": str(root / "startup"),
            "PYTHONINSPECT": "",
            "PYTHONNOUSERSITE": "",
            "ENV": str(root / "shell"),
            "BASH_ENV": str(root / "shell"),
            "GDBHISTFILE": "hist",
            "XDG_CONFIG_HOME": str(home / ".config"),
            "RT0LAB_STATE": str(root / "state.json"),
        }

    def seen(self):
        """What ran, since the last time."""
        lines = self.ran.read_text().splitlines() if self.ran.exists() else []
        self.ran.unlink(missing_ok=True)
        return lines


@pytest.fixture
def planted(tmp_path):
    return Planted(tmp_path)


def test_the_traps_work(planted):
    """Else the tests below prove nothing: the system's Python and gdb do run what is planted, if nobody keeps them from
    it."""
    environment = os.environ | planted.environment
    subprocess.run(["/usr/bin/python3", "-c", "pass"], env=environment, cwd=planted.folder, capture_output=True)
    assert any("sitecustomize" in line for line in planted.seen())
    del environment["PYTHONPATH"]
    subprocess.run(
        ["gdb", "-batch"], env=environment, cwd=planted.folder, stdin=subprocess.DEVNULL, capture_output=True
    )
    assert {"usercustomize.py", "gdbinit"} <= {line.rpartition("/")[2] for line in planted.seen()}


VERBS = [
    [],
    ["list"],
    ["doctor"],
    ["path", "hello"],
    ["tour", "--batch"],
    ["trace", "-o", "trace.json"],
    ["gdb", "hello", "-ex", "run"],
    ["check"],
]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0] if verb else "lab")
def test_no_verb_runs_what_is_planted(launched, planted, verb):
    done = launched(*verb, env=os.environ | planted.environment, cwd=planted.folder)
    assert planted.seen() == [] and "Traceback" not in done.stderr


def test_serve_runs_nothing_that_is_planted(planted):
    from runner.host import build

    program = build.build("debug") / "tests" / "runtime" / "standing"
    with subprocess.Popen([program], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        server = subprocess.Popen(
            [ROOT / "lab", "serve", str(process.pid), "--port", "0"],
            env=os.environ | planted.environment,
            cwd=planted.folder,
            stdout=subprocess.PIPE,
        )
        assert b"goroutines at" in server.stdout.readline()
        server.terminate()
        server.communicate()
        process.kill()
    assert planted.seen() == []


def test_the_build_runs_nothing_that_is_planted(planted, monkeypatch):
    """meson is written in Python."""
    from runner.host import build

    for name, value in planted.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(planted.folder)
    build.quietly([build.MESON, "--version"], None)
    assert planted.seen() == []


def test_the_tests_run_nothing_that_is_planted(planted, monkeypatch):
    """`lab test` builds and then becomes pytest, which starts further Pythons."""
    from runner.host import build, modules
    from runner.verbs import test

    for name, value in planted.environment.items():
        monkeypatch.setenv(name, value)
    became = []
    monkeypatch.setattr(build, "build", lambda *_: None)
    monkeypatch.setattr(modules, "ensure", lambda: None)  # it would go into the planted home
    monkeypatch.setattr(os, "execve", lambda *words: became.append(words))
    monkeypatch.chdir(planted.folder)
    test.run(["tests/cli/test_elf.py", "-k", "test_directory", "-n", "1"])
    done = subprocess.run(became[0][1], env=became[0][2], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert "1 passed" in done.stdout and planted.seen() == []


def test_the_traced_program_sees_none_of_it(launched):
    """What gdb's Python is told is not for the program, the size of whose environment moves its stack."""
    done = launched("gdb", "hello", "-batch", "-ex", "show environment", env=os.environ | {"PYTHONPATH": "x"})
    assert [line for line in done.stdout.splitlines() if "=" in line and "PYTHON" in line] == []

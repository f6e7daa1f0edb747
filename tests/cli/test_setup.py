"""What the lab needs of the machine, and what it says where that cannot be had: exit status 3."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from runner.failure import MACHINE, Failure
from runner.host import needs, packages, permits


def absent(monkeypatch, *commands):
    """Makes shutil.which find none of these commands."""
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, *rest: None if name in commands else which(name, *rest))


def test_the_lab_comes_up_where_nothing_is_installed_yet():
    """Else `lab setup` could not install it. -S: nothing but Python's own modules."""
    root = Path(__file__).resolve().parent.parent.parent
    lab = ["/usr/bin/python3", "-I", "-S", root / "labs" / "runner", "help", "setup"]
    done = subprocess.run(lab, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_missing_lists_only_what_is_missing():
    table = {"there": (lambda: True, ""), "gone": (lambda: False, "")}
    assert needs.missing(table) == ["gone"]


def test_neither_root_nor_sudo(monkeypatch):
    absent(monkeypatch, "sudo")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Failure, match="as root: apt-get install gdb") as failure:
        packages.apt_get(["gdb"])
    assert failure.value.status == MACHINE


def test_no_apt(monkeypatch):
    absent(monkeypatch, "apt-get")
    with pytest.raises(Failure, match="there is no apt-get here") as failure:
        packages.apt_get(["gdb"])
    assert failure.value.status == MACHINE


def test_a_user_goes_through_sudo(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name, *rest: f"/usr/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert packages.apt_get(["gdb"])[0] == "sudo"


@pytest.fixture
def installing(monkeypatch, tmp_path):
    """Replaces apt-get by a list of what it was asked; `answers` are the exit statuses, in turn."""
    asked = []

    def prepare(answers, lists=True):
        def apt(command):
            asked.append(command[-1] if command[-1] == "update" else "install")
            return type("Result", (), {"returncode": answers[len(asked) - 1], "stdout": "", "stderr": "E: no luck"})

        monkeypatch.setattr(packages, "apt", apt)
        monkeypatch.setattr(packages.glob, "glob", lambda pattern: ["some"] if lists else [])
        monkeypatch.setattr(packages, "apt_get", lambda packages: ["apt-get"])
        monkeypatch.setitem(needs.ALL, "gdb", (lambda: True, ""))
        return asked

    return prepare


def test_no_update_when_the_lists_are_good(installing):
    asked = installing([0])
    packages.install(["gdb"])
    assert asked == ["install"]


def test_update_first_when_there_are_no_lists(installing):
    asked = installing([0, 0], lists=False)
    packages.install(["gdb"])
    assert asked == ["update", "install"]


def test_update_and_again_when_the_lists_are_stale(installing):
    asked = installing([100, 0, 0])
    packages.install(["gdb"])
    assert asked == ["install", "update", "install"]


def test_apt_that_fails_is_the_machines_fault(installing):
    installing([100, 0, 100])
    with pytest.raises(Failure) as failure:
        packages.install(["gdb"])
    assert failure.value.status == MACHINE


@pytest.fixture
def fake_gdb(tmp_path):
    """A program that answers like a gdb that was built without Python."""
    script = tmp_path / "gdb"
    script.write_text("#!/bin/sh\necho Python scripting is not supported in this copy of GDB. >&2\nexit 1\n")
    script.chmod(0o755)
    return str(script)


def test_no_gdb(tmp_path):
    with pytest.raises(Failure, match="there is no gdb here") as failure:
        permits.find_gdb([None, str(tmp_path / "gdb")])
    assert failure.value.status == MACHINE


def test_gdb_without_python(fake_gdb):
    with pytest.raises(Failure, match="was built without Python") as failure:
        permits.find_gdb([fake_gdb])
    assert failure.value.status == MACHINE


def test_another_gdb_is_taken_when_the_first_has_no_python(fake_gdb):
    assert permits.find_gdb([fake_gdb, "/usr/bin/gdb"]) == "/usr/bin/gdb"

"""Where the lines of source come from: our own runtime, a Go of that version, the main package of what ran here."""

import os
import subprocess

import pytest

from runner.report import sources


@pytest.fixture
def goroot(tmp_path, monkeypatch):
    """A Go of version go1.2.3 among those that are installed."""
    root = tmp_path / "goroot"
    (root / "src" / "runtime").mkdir(parents=True)
    (root / "VERSION").write_text("go1.2.3\ntime 2001-01-01\n")
    (root / "src" / "runtime" / "proc.go").write_text("one\ntwo\nthree\n")
    monkeypatch.setattr(sources, "installed", lambda: (root,))
    return root


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A Go program, with its source beside it."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "small.go").write_text('package main\n\nfunc main() { println("small") }\n')
    environment = {**os.environ, "GO111MODULE": "off", "GOFLAGS": "", "GOCACHE": str(folder / "cache")}
    subprocess.run(["go", "build", "-o", "small", "small.go"], cwd=folder, env=environment, check=True, timeout=300)
    return folder / "small"


def test_a_go_of_that_version_has_the_lines(goroot):
    assert sources.finder("go1.2.3").around({("proc.go", "runtime.main", 2)}) == {
        "proc.go": {1: "one", 2: "two", 3: "three"}
    }


def test_no_other_version_is_shown(goroot):
    assert sources.finder("go1.2.4").around({("proc.go", "runtime.main", 2)}) == {}


def test_a_trace_names_no_path(goroot):
    (goroot / "secret.go").write_text("secret\n")
    assert sources.finder("go1.2.3").around({("../../secret.go", "main.main", 1)}) == {}


def test_the_main_package_of_a_program_that_ran_here_has_the_lines(built):
    found = sources.finder("go0", built).around({("small.go", "main.main", 3)})
    assert found["small.go"][3] == 'func main() { println("small") }'


def test_a_source_that_is_newer_than_its_program_is_not_shown(built):
    source = built.with_name("small.go")
    was = source.stat()
    os.utime(source, (was.st_atime, built.stat().st_mtime + 60))
    try:
        assert sources.finder("go0", built).around({("small.go", "main.main", 3)}) == {}
    finally:
        os.utime(source, (was.st_atime, was.st_mtime))


def test_of_two_files_of_one_name_none_is_shown(goroot, tmp_path):
    (tmp_path / "proc.go").write_text("mine\n")
    finder = sources.Finder([goroot / "src" / "runtime"], {"proc.go": tmp_path / "proc.go"})
    assert finder.around({("proc.go", "main.main", 1)}) == {}


def test_what_is_no_program_names_nothing(tmp_path):
    (tmp_path / "x").write_bytes(b"\x7fELF" + b"\xff" * 200)
    assert sources.built_from(tmp_path / "x") == ({}, [])

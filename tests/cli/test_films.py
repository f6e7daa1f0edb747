"""Films: made by a plain build, by the lab's own only if asked for; where they cannot be, nothing fails."""

import json
import os
import subprocess

import pytest
from runner.failure import Failure
from runner.host import build
from runner.report import films
from runner.tree import ROOT


def by_default(folder):
    """Whether a plain build in this folder makes the films."""
    targets = json.loads(subprocess.check_output([build.MESON, "introspect", "--targets", folder]))
    return [each["build_by_default"] for each in targets if each["name"] == "films" and each["type"] == "custom"]


def set_up(folder, **environment):
    words = [build.MESON, "setup", folder, ROOT]
    subprocess.run(words, check=True, capture_output=True, env=os.environ | environment)


def test_a_plain_build_makes_films(tmp_path):
    set_up(tmp_path)
    assert by_default(tmp_path) == [True]


def test_where_there_is_no_gdb_a_plain_build_makes_none(tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for name in os.listdir(folder):
            if not name.startswith("gdb") and not os.path.lexists(tools / name):
                (tools / name).symlink_to(f"{folder}/{name}")
    set_up(tmp_path / "build", PATH=str(tools))
    assert by_default(tmp_path / "build") == [False]


def test_the_lab_s_own_builds_make_films_only_if_asked_for():
    assert by_default(build.build("debug")) == [False]


@pytest.fixture
def held(monkeypatch, tmp_path):
    """While another lab builds, for which this one would not wait at all; of a lock that no test beside this one
    holds."""
    build.build("debug")
    monkeypatch.setattr(build, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(build, "WAIT", 0)
    with build.locked():
        yield


def test_nobody_waits_for_films_who_wants_only_what_is_built(held):
    assert build.build("debug") == build.build_folder("debug")


def test_whoever_wants_what_is_out_of_date_waits(held, monkeypatch):
    monkeypatch.setattr(build, "as_source", lambda *_: False)
    with pytest.raises(Failure, match="is building"):
        build.build("debug")


def test_a_folder_from_before_the_films_is_told_of_them(monkeypatch, tmp_path):
    said = []
    monkeypatch.setattr(build, "build_folder", lambda *_: tmp_path)
    monkeypatch.setattr(build, "configured", lambda _: True)
    monkeypatch.setattr(build, "quietly", lambda words, _: said.append(words))
    build.build("debug")
    assert said[0][1:3] == ["setup", "--reconfigure"] and build.UNASKED in said[0]


def test_what_cannot_be_recorded_is_one_line_and_the_build_goes_on(lab, tmp_path):
    result = lab("dev", "films", "/bin/true", tmp_path, tmp_path / "films.d")
    assert result.returncode == 0 and result.stderr.startswith("lab: no films: ") and result.stderr.count("\n") == 1


def test_where_films_cannot_be_made_again_none_of_before_stay(lab, tmp_path):
    for name in (films.BOOT, films.BESIDE, films.TRACE):
        (tmp_path / name).touch()
    lab("dev", "films", "/bin/true", tmp_path, tmp_path / "films.d")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["gdb-scripts/rt0lab/state/trace.py", "labs/runner/report/page/film.css"])
def test_the_films_are_made_again_when_what_makes_them_changes(place):
    assert f" {ROOT / place} " in films.dependencies(ROOT)

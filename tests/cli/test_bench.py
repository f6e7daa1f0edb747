"""./lab bench startup: its timing program and the shape of its figures. What they say is no test's business: machines differ."""

import json
import subprocess

import pytest
from runner import bench


@pytest.fixture(scope="module")
def driver():
    """The timing program."""
    return bench.compiled("startup", ["g++", "-O2", "-std=c++20", str(bench.SOURCES / "startup.cpp")])


def test_the_floor_says_hello_and_ends():
    floor = bench.compiled("floor", ["gcc", "-nostdlib", "-static", str(bench.SOURCES / "peers" / "floor.S")])
    result = subprocess.run([floor], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "hello world\n")


def test_timing_gives_a_median_and_a_minimum_for_each(driver):
    lines = subprocess.run([driver, "5", "/bin/true", "/bin/echo"], capture_output=True, text=True).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["/bin/true", "/bin/echo"]
    assert all(0 < float(line.split()[2]) <= float(line.split()[1]) for line in lines)


@pytest.mark.parametrize("program", ["/bin/false", "/nonsense"])
def test_timing_stops_at_a_program_that_fails(driver, program):
    result = subprocess.run([driver, "1", program], capture_output=True, text=True)
    assert result.returncode == 1 and f"{program} could not be run or failed" in result.stderr


def test_json_has_the_figure(lab, tmp_path):
    assert lab("bench", "startup", "--json", tmp_path / "bench.json").returncode == 0
    data = json.loads((tmp_path / "bench.json").read_text())
    figure, = data["figures"]
    assert {"name", "unit", "ours", "go", "floor", "peers", "ratio_go", "ratio_floor", "goal", "met"} <= set(figure)
    assert figure["ratio_floor"] == pytest.approx(figure["ours"] / figure["floor"], abs=0.001)

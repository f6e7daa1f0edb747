"""The scheduler's protocols, searched through: spin finds nothing wrong with a model as the runtime has it, in all its
states, and does find what is wrong when the step that matters is turned round. A model's head says which steps those
are, which functions it stands for, and with which cases of tests/explore those are tried themselves."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
RUNTIME = HERE.parents[1] / "runtime"
SOURCES = (HERE.parent / "explore" / "cases").glob("*.cpp")
CASES = {name for source in SOURCES for name in re.findall(r"^CASE\((\w+),", source.read_text(), re.M)}
MODELS = sorted(model.stem for model in HERE.glob("*.pml"))

# Models that are searched in more than one size, because one with everything in it has too many states.
SIZES = {"runq": [[], ["-DTHIEVES=2", "-DGOROUTINES=4"]], "spinning": [[], ["-DPS=3", "-DGOROUTINES=3"]]}


def sizes(model):
    return SIZES.get(model, [[]])


def text(model):
    return (HERE / f"{model}.pml").read_text()


def faults(model):
    """The names below "To be seen to fail" in the model's head."""
    return re.findall(r"^ \*\t([A-Z_]+)\t", text(model), re.M)


def search(folder, model, *defines):
    """What the search said of itself: (errors found, states seen, was it cut short?). Most are over before gcc could
    make them fast."""
    shutil.copy(HERE / f"{model}.pml", folder)
    liveness = "\nltl " in text(model)
    for command in (
        ["spin", "-a", *defines, f"{model}.pml"],
        ["gcc", "-w", "-DMEMLIM=1000", *([] if liveness else ["-DSAFETY"]), "-o", "pan", "pan.c"],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0 and "Error" not in done.stdout, done.stdout + done.stderr
    words = ["./pan", "-m500000", "-w20", *(["-a"] if liveness else [])]  # a small table, as most models are
    said = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300).stdout
    cut = "Warning" in said or "too small" in said or "reached -DMEMLIM" in said
    return int(re.search(r"errors: (\d+)", said)[1]), int(re.search(r"(\d+) states, stored", said)[1]), cut


@pytest.mark.parametrize("model, size", [(model, size) for model in MODELS for size in sizes(model)])
def test_nothing_is_wrong_in_any_state(tmp_path, model, size):
    errors, states, cut = search(tmp_path, model, *size)
    assert (errors, cut) == (0, False)
    assert states > 20


@pytest.mark.parametrize("model, fault", [(model, fault) for model in MODELS for fault in faults(model)])
def test_the_fault_is_found(tmp_path, model, fault):
    assert any(search(tmp_path, model, "-D" + fault, *size)[0] for size in sizes(model))


@pytest.mark.parametrize("model", MODELS)
def test_the_head_lists_every_fault(model):
    used = set(re.findall(r"^#ifn?def ([A-Z_]+)", text(model), re.M)) - {"PS", "GOROUTINES", "THIEVES"}
    assert used and used == set(faults(model))


# ---- what a model stands for -----------------------------------------------------------------------------------------


def stands_for(model):
    """[(file, [function...])...], as the model's head says."""
    said = re.findall(r"^ \*\t(\w+\.(?:cpp|S))\t(.*)$", text(model), re.M)
    return [(RUNTIME / file, functions.split(", ")) for file, functions in said]


def explored(model):
    """The cases with which the real functions are tried in every order."""
    said = re.search(r"with the real ones \(tests/explore\): ([^.]*)\.", text(model)).group(1)
    return set(re.findall(r"\w+", said))


@pytest.mark.parametrize("model", MODELS)
def test_what_it_stands_for_is_there(model):
    assert stands_for(model)
    for file, functions in stands_for(model):
        source = file.read_text()
        for name in functions:
            there = rf"^TEXT\(runtime\.{name}\)|^(?!static_assert|//)\w[^;(]*\b{name}\([^;{{]*\{{"
            assert re.search(there, source, re.M), f"{file.name} has no {name}"


@pytest.mark.parametrize("model", MODELS)
def test_the_real_one_is_explored_too(model):
    assert explored(model) and explored(model) <= CASES

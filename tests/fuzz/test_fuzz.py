"""What reads words and files that may be anything: some thousand inputs, the same in each run, end in no fault."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent.parent / "build" / "debug-clang++" / "tests" / "fuzz"
BEGINNINGS = {"elf": [BUILT / "fuzz-small"], "words": sorted((HERE / "words").iterdir())}
RUNS = {"elf": 10000, "words": 30000}


@pytest.mark.parametrize("target", RUNS)
def test_no_input_is_a_fault(target, tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for path in BEGINNINGS[target]:
        shutil.copy(path, corpus)
    words = ["-seed=1", f"-runs={RUNS[target]}", "-timeout=10", "-max_len=20000", f"-artifact_prefix={tmp_path}/"]
    result = subprocess.run(
        [BUILT / f"fuzz-{target}", *words, corpus],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-4000:]

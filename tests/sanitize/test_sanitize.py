"""The core over the C library with each of the compiler's sanitizers: nothing is reported but what is planted."""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent.parent / "build" / "debug" / "tests" / "sanitize"
KINDS = ["undefined", "address", "thread"]
PROGRAMS = sorted(path.name.rpartition("-")[0] for path in BUILT.glob("*-undefined") if path.is_file())
PROGRAMS.remove("planted")
WORDS = {"sematreap": ["500"]}  # what else a program is told
FAULTS = {
    "race": ("thread", "data race"),
    "freed": ("address", "use-after-poison"),
    "beyond": ("address", "stack-buffer-overflow"),
    "segment": ("address", "use-after-poison"),
    "overflow": ("undefined", "signed integer overflow"),
    "misaligned": ("undefined", "misaligned address"),
}


def ran(name, kind, *words):
    """What came of a program with a sanitizer; what that reports ends it."""
    return subprocess.run(
        [BUILT / f"{name}-{kind}", *words],
        env={"GOMAXPROCS": "4", "TSAN_OPTIONS": f"halt_on_error=1:suppressions={HERE / 'thread.supp'}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_nothing_is_reported(program, kind):
    if (program, kind) == ("churn", "thread"):
        pytest.skip("a fiber of ThreadSanitizer's takes 4 MB and a millisecond, and churn has 100,000 at once")
    result = ran(program, kind, *WORDS.get(program, []))
    assert (result.stderr, result.returncode) == ("", 0)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_reported(fault):
    kind, words = FAULTS[fault]
    result = ran("planted", kind, fault)
    assert words in result.stderr and result.returncode not in (0, 2)

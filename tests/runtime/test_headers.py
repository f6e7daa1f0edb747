"""The runtime's headers: each function is declared once, in one of them, and each can be included by itself."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

RUNTIME = Path(__file__).resolve().parents[2] / "runtime"
HEADERS = sorted(str(path.relative_to(RUNTIME)) for path in RUNTIME.rglob("*.hpp"))
DECLARED = re.compile(r'\bGO\("([^"]+)"\)')


def declared(*patterns):
    """How often each Go name is given away, in the files that match."""
    return Counter(
        name for pattern in patterns for path in RUNTIME.rglob(pattern) for name in DECLARED.findall(path.read_text())
    )


def test_a_function_is_declared_once():
    counts = declared("*.hpp", "*.cpp")
    assert {name: count for name, count in counts.items() if count != 1} == {}
    assert len(counts) > 300


def test_it_is_declared_in_a_header():
    assert declared("*.cpp") == {}


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_includes_what_it_uses(header):
    command = ["clang++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{RUNTIME}"]
    done = subprocess.run(
        [*command, f"-I{RUNTIME / 'library'}", *python_flags(header), "-x", "c++", "-"],
        input=f'#include "{header}"\n',
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def python_flags(header):
    """What Python's own headers need: only the module's files include them."""
    if not header.startswith("library/"):
        return ["-ffreestanding", "-Wno-unused-template", "-Wno-undefined-inline", "-Wno-unused-function"]
    include = subprocess.run(
        ["/usr/bin/python3", "-c", "import sysconfig; print(sysconfig.get_path('include'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return ["-isystem", include.stdout.strip()]

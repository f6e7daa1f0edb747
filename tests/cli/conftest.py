"""What the tests of the command line share: running ./lab, the runner's modules, and programs that are wrong in one
way."""

import subprocess
import sys
from pathlib import Path

import pytest
import standby

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "labs"))


@pytest.fixture(scope="session")
def lab():
    """Runs a lab with these arguments, without a terminal, and returns what came of it."""
    return lambda *arguments, **options: standby.lab(list(map(str, arguments)), **options)


@pytest.fixture(scope="session")
def launched():
    """The same of a ./lab that is started, for what is decided at its start."""

    def run(*arguments, **options):
        return subprocess.run(
            [ROOT / "lab", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            **options,
        )

    return run


@pytest.fixture
def one_line():
    """Asserts that a run of the lab failed with this status and one plain line, and returns the line."""

    def check(result, status):
        assert result.returncode == status, result.stderr
        # Tests run beside each other, and the first of them may build.
        lines = [
            line
            for line in result.stderr.splitlines()
            if not line.endswith("is building; waiting for it, 600 s at most")
        ]
        assert len(lines) == 1 and lines[0].startswith("lab: "), result.stderr
        assert result.stdout == ""
        return lines[0]

    return check


@pytest.fixture
def deterministic(launched, tmp_path):
    """Traces our hello and returns what must be the same in every run: each stop until sysmon's thread exists."""
    from runner.host import traces
    from runner.likeness import fields

    def run(**options):
        file = tmp_path / "trace.json"  # without who wrote what, which takes longer than all the rest
        assert launched("gdb", "hello", "-batch", "-ex", f"rt0 record -bare {file}", **options).returncode == 0
        return [
            (fields.key(stop), stop["pc"], stop["sp"], stop["bt"], fields.normal(stop["changed"]))
            for stop in fields.deterministic(traces.parse(file.read_text()))
        ]

    return run


@pytest.fixture
def compiled(tmp_path):
    """Compiles a C program of one line, with further arguments for gcc, and returns its path."""

    def build(text="int main(void) { return 0; }", *arguments):
        source = tmp_path / "program.c"
        source.write_text(text)
        subprocess.run(["gcc", source, "-o", tmp_path / "program", *arguments], check=True)
        return tmp_path / "program"

    return build

"""Where things are in this tree, and which programs can be built."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / "runtime" / "programs"
GDB_SCRIPT = ROOT / "gdb-scripts" / "rt0lab-gdb.py"
LAB_SCRIPT = ROOT / "labs" / "gdb" / "lab.py"  # adds the exercises to it
ORACLE = ROOT / "tests" / "oracle"


def build_folder(buildtype: str, cxx: str | None = None) -> Path:
    """build/debug and build/release; another compiler in CXX gets its own folder (build/debug-clang++)."""
    compiler = cxx if cxx else os.environ.get("CXX", "g++")
    name = re.sub(r"[^\w.+-]+", "-", os.path.basename(compiler))
    return ROOT / "build" / (buildtype if name == "g++" else f"{buildtype}-{name}")


def writable(folder: Path = ROOT) -> bool:
    """Whether this clone can be written to; one that cannot be is used as it was built, with progress kept at home."""
    return os.access(folder if folder.exists() else ROOT, os.W_OK)


def programs() -> list[str]:
    """The names of the programs in runtime/programs, sorted."""
    return sorted(source.stem for source in PROGRAMS.glob("*.cpp"))

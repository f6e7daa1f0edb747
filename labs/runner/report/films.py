"""The ready-made films, as the build makes them: hello's boot, that boot beside Go 1.10.2's, and the trace of it."""

import json
from pathlib import Path

from ..host import traces
from ..host.target import examine
from ..tree import ORACLE, ROOT
from . import film, page, sources

FOLDER = Path("labs") / "films"  # in a build folder
BOOT, BESIDE, TRACE = "boot.html", "boot-beside-go1.10.2.html", "hello.trace.json"
RECORDED = ORACLE / "go1.10.2.json"


def make(program: str, folder: Path, language: str) -> None:
    """Records the program once and writes the three files."""
    boot = traces.live(examine(program), folder / TRACE, writers=True)
    runs = [(boot, sources.finder("rt0lab")), (json.loads(RECORDED.read_text("utf-8")), sources.finder("go1.10.2"))]
    (folder / BOOT).write_text(page.html(film.of(runs[:1]), language), "utf-8")
    (folder / BESIDE).write_text(page.html(film.of(runs), language), "utf-8")


def unmake(folder: Path) -> None:
    """Takes away earlier ones: a build that cannot make them again would take those for what it made."""
    for name in (BOOT, BESIDE, TRACE):
        (folder / name).unlink(missing_ok=True)


def made_of() -> list[Path]:
    """The files of this tree that the films are made of and by, but for the program."""
    found = [RECORDED, ORACLE / "differences.toml"]
    for folder in (ROOT / "gdb-scripts", ROOT / "labs" / "runner", ROOT / "runtime"):
        found += (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return sorted(found)


def dependencies(folder: Path) -> str:
    """The same as ninja reads it."""

    def quoted(path):
        return str(path).replace("$", "$$").replace(" ", "\\ ").replace("#", "\\#")

    return f"{quoted(folder / TRACE)}: " + " ".join(map(quoted, made_of())) + "\n"

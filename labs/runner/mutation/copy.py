"""One file of the runtime, changed, beside the tree and its builds, which stay as they are: what is needed of it is
compiled, and linked with the objects of the build."""

import os
import shutil
from pathlib import Path

from rt0lab.words import tr

from ..failure import Failure
from ..tree import ROOT
from .processes import Processes
from .recipes import Recipes

_LONG = 300  # seconds that a compiler may take


class NotCompiled(Exception):
    """What the compiler says of the change."""


class Copy:
    """A folder with one file of runtime/ as it would be, and programs as they would be then."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.folder, self.processes = folder, processes
        self._recipes: dict[str, Recipes] = {}
        self.file = ""

    def change(self, file: str, text: str) -> None:
        """From here on the programs are those with this text in this file."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.file = file
        if file.endswith((".h", ".hpp")):
            self._surround()
        self._source.parent.mkdir(parents=True, exist_ok=True)
        self._source.write_text(text, "utf-8")

    def _surround(self):
        """A header is found beside who includes it: so all of runtime/ is there, as links."""
        for path in (ROOT / "runtime").rglob("*"):
            link = self._tree / path.relative_to(ROOT / "runtime")
            if path.is_file() and path.name != "meson.build" and link != self._source:
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path)

    @property
    def _tree(self):
        return self.folder / "source" / "runtime"

    @property
    def _source(self):
        return self._tree / self.file

    def recipes(self, build: str) -> Recipes:
        """How a build folder's programs are made."""
        if build not in self._recipes:
            if not (ROOT / "build" / build / "build.ninja").exists():
                raise Failure(tr("{folder} is not built: ./lab test builds it", folder=f"build/{build}"))
            self._recipes[build] = Recipes(ROOT / "build" / build)
        return self._recipes[build]

    def program(self, build: str, name: str) -> Path:
        """The path of a program of this build, with the change in it."""
        recipes = self.recipes(build)
        return self._part(recipes, name) or recipes.folder / name  # nothing of it in it: as it was built

    def same_code(self, build: str, archive: str, before: str) -> bool:
        """Whether an optimizing compiler makes the same of the file in its objects of this archive as of the text
        that it had before."""
        recipes = self.recipes(build)
        name = next(
            part for part in recipes.parts(archive) if recipes.objects.get(part) == ROOT / "runtime" / self.file
        )
        made, text = [], self._source.read_text("utf-8")
        for each in (before, text):
            self._source.write_text(each, "utf-8")
            into = self.folder / "code.o"
            self._made(recipes.compiler(name, self._source, into, "-O2", "-g0"), recipes.folder)
            made.append(into.read_bytes())
        return made[0] == made[1]

    def _part(self, recipes, name):
        """The path of an object, archive or program with the change in it; None if there is nothing of it in it."""
        into = self.folder / recipes.folder.name / name
        if into.exists():
            return into
        into.parent.mkdir(parents=True, exist_ok=True)
        if (source := self._changed(recipes, name)) is not None:
            named = f"-fdebug-prefix-map={self.folder}/source/="  # as the build names the file
            self._made(recipes.compiler(name, source, into, named, "-iquote", str(self._tree)), recipes.folder)
            return into
        changed = {part: path for part in recipes.parts(name) if (path := self._part(recipes, part))}
        if not changed:
            return None
        self._made(recipes.joiner(name, changed, into), recipes.folder)
        return into

    def _changed(self, recipes, name):
        """What an object is to be compiled from, with the change in it; None if there is nothing of it in it."""
        source, file = recipes.objects.get(name), ROOT / "runtime" / self.file
        if source != file and name not in recipes.including(file):
            return None
        core = source.is_relative_to(ROOT / "runtime")
        return self._tree / source.relative_to(ROOT / "runtime") if core else source

    def _made(self, words, folder):
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        result = self.processes.run(words, folder, _LONG, environment)
        if result.status != 0:
            lines = [line for line in result.said.splitlines() if ": error: " in line or ": undefined " in line]
            raise NotCompiled(lines[0] if lines else result.said[-200:])

"""How the build made a program: ninja tells the commands, and the same commands make it with one file changed."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from ..failure import MACHINE, Failure

_PAIRS = {"-MQ", "-MF", "-o", "-c"}  # words of a compiler's command that are followed by a file


class Recipes:
    """The commands of one build folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects: dict[str, Path] = {}  # {object: what it is made of}
        self._words: dict[str, list[str]] = {}  # {object, archive or program: words that make it}
        self._including: dict[Path, set[str]] = {}  # {header: objects}, once somebody has asked
        for line in self._told("commands"):
            self._learn(shlex.split(line.split(" && ")[-1]))

    def _told(self, tool):
        """The lines that a tool of ninja's says of this folder."""
        words = [shutil.which("ninja") or "/usr/bin/ninja", "-C", str(self.folder), "-t", tool]
        asked = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if asked.returncode:
            raise Failure(asked.stdout.strip() or asked.stderr.strip(), MACHINE)
        return asked.stdout.splitlines()

    def _learn(self, words):
        if "-o" in words:
            name = words[words.index("-o") + 1]
            self._words[name] = words
            if "-c" in words:
                self.objects[name] = Path(os.path.normpath(self.folder / words[words.index("-c") + 1]))
        elif os.path.basename(words[0]).endswith("ar"):
            words[1] = words[1].replace("T", "")  # not thin: it is made elsewhere, and would look there
            self._words[words[2]] = words

    def programs(self) -> list[str]:
        """All that is linked, as paths in the build folder."""
        return [name for name, words in self._words.items() if "-o" in words and "-c" not in words]

    def parts(self, name: str) -> list[str]:
        """The objects and archives that a program or an archive is made of."""
        if name in self.objects:
            return []
        return [word for word in self._words[name] if word in self._words and word != name]

    def including(self, header: Path) -> set[str]:
        """The objects that this header is in, by what the compiler has told ninja."""
        if not self._including:
            name = ""
            for line in self._told("deps"):
                if line.startswith(" "):
                    path = Path(os.path.normpath(self.folder / line.strip()))
                    self._including.setdefault(path, set()).add(name)
                else:
                    name = line.partition(": ")[0]
        return self._including.get(header, set())

    def compiler(self, of: str, source: Path, into: Path, *more: str) -> list[str]:
        """The words that compile what an object is made of, but this file, into another."""
        words = iter(self._words[of])
        kept = []
        for word in words:
            if word in _PAIRS:
                next(words)
            elif word != "-MD":
                kept.append(word)
        beside = str(self.objects[of].parent)  # where its own headers are
        return [*kept, "-w", *more, "-iquote", beside, "-o", str(into), "-c", str(source)]

    def joiner(self, name: str, changed: dict[str, Path], into: Path) -> list[str]:
        """The words that make a program or an archive, but with these parts in place of others, into another file."""
        return [str(into if word == name else changed.get(word) or word) for word in self._words[name]]

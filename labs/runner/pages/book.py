"""The notes as a site with search: stages the pages of each language for Sphinx, and has it make the book.

Why Sphinx with MyST: its search works in a book that is read from a disk, where a browser lets no page fetch another;
it can be taught how Chinese is cut; a link that leads nowhere is an error. mkdocs-material, the other generator that
Debian keeps, wants a server for its search, and in Debian 12 cannot cut Chinese. The look (site/theme) is our own, for
the one theme in Debian that knows light and dark, furo, loads a style sheet from the server's root and a script that a
browser takes from no disk.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..host import debugger, permits, traces
from ..report import film, sources
from ..report import page as film_page
from ..tree import ROOT
from . import pictures
from .shelf import NOTES, is_note, name, pages, spoken

SITE = Path(__file__).resolve().parent / "site"  # conf.py and what it names
LANGUAGES = {"en": "en", "zh": "zh_CN"}  # ours, and what Sphinx calls it
ENGLISH_ONLY = [ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
LINK = re.compile(r"(?<!!)\[((?:[^\[\]`]|`[^`]*`)*)\]\(([^)\s:]+)\)")
FIGURE = '```{{figure}} {path}\n:alt: {quoted}\n:target: {film}\n\n{alt} <a href="{film}">{here}</a>\n```'
HERE = {"en": "The film, at this moment", "zh": "在影片里看这一刻"}
FENCE = re.compile(r"(^```.*?^```$)", re.M | re.S)
HAN, STOPS = "\u4e00-\u9fff", "\u3001-\u303f\uff01-\uff5e“”…—"  # characters, and what stands between them
WRAPPED = re.compile(rf"(?<=[{HAN}{STOPS}])\n *(?=[{HAN}{STOPS}])|(?<=[{STOPS}])\n *(?=[A-Za-z`])")
FRONT = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>rt0lab</title>
<script>location.replace((navigator.language.startsWith("zh") ? "zh" : "en") + "/index.html");</script>
<p><a href="en/index.html">English</a> · <a href="zh/index.html" lang="zh-CN">中文</a></p>
</html>
"""


class Broken(Exception):
    """The book could not be made: what Sphinx says."""


@dataclass
class Leaf:
    """A page of the book: the file that it is made from, its language, and its name, the same in both languages."""

    source: Path
    language: str
    name: str


def leaves() -> list[Leaf]:
    """All pages of the book in both languages."""
    found = [Leaf(page, spoken(page), _name(page)) for page in pages()]
    return found + [Leaf(page, "en", page.stem.lower()) for page in ENGLISH_ONLY]


def _name(page):
    if is_note(page):
        return name(page)
    return "index" if page.parent == NOTES else "readme"


def is_book(folder: Path) -> bool:
    """Whether a folder holds a book of ours, which another one may replace."""
    return all((folder / language / "searchindex.js").is_file() for language in LANGUAGES)


def make(folder: Path) -> None:
    """Writes the book to this folder, in place of the book that may be there."""
    with tempfile.TemporaryDirectory(prefix=".book-", dir=folder.parent) as scratch:
        new = Path(scratch, "book")
        staged = {language: Path(scratch, language) for language in LANGUAGES}
        for language, place in staged.items():
            stage(language, place, new / "files")
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda language: sphinx(staged[language], new / language, language), LANGUAGES))
        for program in filmed():
            write_films(program, new)
        (new / "index.html").write_text(FRONT, "utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)


# ---- the films -------------------------------------------------------------------------------------------------------


def filmed() -> list[str]:
    """The programs of which there is a film: hello, and those of the pages' pictures."""
    found = [picture for leaf in leaves() for picture in pictures.find(leaf.source, leaf.source.read_text("utf-8"))]
    return sorted({"hello", *(picture.command.program for picture in found)})


def film_of(program: str) -> str:
    """The film of a program, as a page names it; each language has its own, which speaks it."""
    return "boot.html" if program == "hello" else f"boot-{program}.html"


def write_films(program: str, new: Path) -> None:
    """Records a program, and writes its film in both languages."""
    trace = traces.live(debugger.program(program), writers=True)
    made = film.of([(trace, sources.finder(trace["runtime"]))])
    for language in LANGUAGES:
        (new / language / film_of(program)).write_text(film_page.html(made, language), "utf-8")


# ---- what Sphinx reads -----------------------------------------------------------------------------------------------


def stage(language: str, place: Path, files: Path) -> None:
    """Writes to `place` what Sphinx makes a language's book from; what pages link to and is no page, to `files`."""
    shutil.copytree(SITE, place)
    shutil.copytree(NOTES, place, dirs_exist_ok=True, ignore=lambda _, names: [n for n in names if n.endswith(".md")])
    known = {leaf.source: leaf for leaf in leaves()}
    mine = [leaf for leaf in known.values() if leaf.language == language]
    for leaf in mine:
        (place / f"{leaf.name}.md").write_text(rewritten(leaf, known, files), "utf-8")
    index = place / "index.md"
    index.write_text(index.read_text("utf-8") + contents(index, [leaf.name for leaf in mine]), "utf-8")


def rewritten(leaf: Leaf, known: dict[Path, Leaf], files: Path) -> str:
    """A page's text as the book has it: links that hold there, and pictures that lead into the film."""
    parts = FENCE.split(leaf.source.read_text("utf-8"))
    parts[::2] = [links(leaf, figures(leaf, joined(prose)), known, files) for prose in parts[::2]]
    return "".join(parts)


def joined(text: str) -> str:
    """The text with each Chinese sentence in one line: a browser shows the end of a line as a space."""
    return WRAPPED.sub("", text)


def links(leaf: Leaf, text: str, known: dict[Path, Leaf], files: Path) -> str:
    """The text with each link to a page leading to that page in the book, and to a file of the repository to a copy."""

    def link(match):
        text, (target, sharp, anchor) = match[1], match[2].partition("#")
        path = (leaf.source.parent / target).resolve()
        page = known.get(path)
        if page and page.language == leaf.language:
            return f"[{text}]({page.name}.md{sharp}{anchor})"
        if page:
            return f'<a href="../{page.language}/{page.name}.html{sharp}{anchor}">{text}</a>'
        if not target or not path.is_file() or ROOT not in path.parents:
            return match[0]  # where it leads nowhere, Sphinx says so
        copy = files / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        return f'<a href="../files/{path.relative_to(ROOT)}">{text}</a>'

    return LINK.sub(link, text)


def figures(leaf: Leaf, text: str) -> str:
    """The text with each picture where the book has it; one of a run leads to the moment in the film that it shows."""

    def figure(match):
        alt, path, command = match.groups()
        path = (leaf.source.parent / path).resolve().relative_to(NOTES)
        if not command:
            return f"![{alt}]({path})"
        made = pictures.command(command)
        there = film_of(made.program) + (f"#{made.at}" if made.at else "")
        return FIGURE.format(path=path, alt=alt, quoted=json.dumps(alt), film=there, here=HERE[leaf.language])

    return pictures.IMAGE.sub(figure, text)


def contents(index: Path, names: list[str]) -> str:
    """The table of contents, for the side of each page: in the order in which the first page names the others."""
    order = [name for name in re.findall(r"\]\(([\w.-]+)\.md\)", index.read_text("utf-8")) if name in names]
    rows = dict.fromkeys(["readme", *order, *sorted(set(names) - {"index"})])
    return "\n```{toctree}\n:hidden:\n\n" + "\n".join(rows) + "\n```\n"


# ---- running it ------------------------------------------------------------------------------------------------------


def sphinx(source: Path, output: Path, language: str) -> None:
    """One run of Sphinx over a staged language; a warning is an error, and Broken has what it says."""
    command = [sys.executable, "-I", "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(source / ".doctrees")]
    only = ",".join(leaf.name for leaf in leaves() if leaf.source in ENGLISH_ONLY)
    result = subprocess.run(
        [*command, "-D", f"language={LANGUAGES[language]}", "-A", f"english_only={only}", str(source), str(output)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=permits.without_python(),
    )
    if result.returncode:
        raise Broken(result.stdout.replace(f"{source}/", f"{language}/").strip())

"""What a page says about the source, and the shape of a note."""

import re
from pathlib import Path

from rt0lab.words import screen

from ..tree import ROOT
from .shelf import NOTES, fences, language, other, prose, title

SOURCES = ("runtime", "gdb-scripts", "labs")  # where `file: symbol` may point to
SUFFIXES = "S|cpp|hpp|h|py|gdb|toml"
SYMBOLS = re.compile(rf"`([\w./-]+\.(?:{SUFFIXES})): ([^`]+)`")
FILES = re.compile(rf"`([\w./-]+\.(?:{SUFFIXES}))`")
LINE_NUMBER = re.compile(rf"\.(?:{SUFFIXES}|s|go):\d+")
LINKS = re.compile(r'\]\(([^)#:\s]+)(?:#[^)]*| "[^"]*")?\)')
PICTURES = re.compile(r'\]\(pictures/\S+ "(\./lab report [^"]*)"\)')
TRY = {"": "## Try this", ".zh": "## 试一试"}
GOTO = re.compile(r"`\./lab goto ([^`]*)`")
LENGTH = range(60, 151)


def references(text: str) -> list[str]:
    """What is wrong with the references of a page: files and symbols that are not there, line numbers, dead links."""
    text = prose(text)
    wrong = [f"no space between code and Chinese: {line}" for line in screen.touching(text)]
    for file, symbols in SYMBOLS.findall(text):
        texts = [source.read_text("utf-8") for source in resolve(file)]
        for symbol in re.split(r",\s*", symbols):
            if not any(re.search(rf"(?<![\w.]){re.escape(symbol)}(?!\w)", content) for content in texts):
                wrong.append(f"`{file}: {symbol}`: no such " + ("symbol in the file" if texts else "file"))
    wrong += [f"`{file}`: no such file" for file in FILES.findall(text) if not resolve(file)]
    wrong += [f"{found}: refer to a symbol, not to a line" for found in LINE_NUMBER.findall(text)]
    wrong += [
        f"{link}: the link leads nowhere"
        for link in LINKS.findall(text)
        if not ((NOTES / link).exists() or (ROOT / link).exists())
    ]
    return wrong


def resolve(file: str) -> list[Path]:
    """The files that a reference can mean: a path from the root, or the end of one below the source folders."""
    if (ROOT / file).is_file():
        return [ROOT / file]
    return [
        path
        for folder in SOURCES
        for path in (ROOT / folder).rglob(Path(file).name)
        if path.is_file() and ("/" + str(path.relative_to(ROOT))).endswith("/" + file)
    ]


def exercises(text: str) -> list[str]:
    """What is wrong with the exercises that a page's last section sends its readers to."""
    named = GOTO.findall(prose(text).rpartition("\n## ")[2])
    wrong = [] if named else ["the last section names no exercise that goes with the page: `./lab goto 06-tls`"]
    there = {file.parent.name for file in (ROOT / "labs").glob("*/exercise.toml")}
    return wrong + [f"`./lab goto {name}`: there is no such exercise" for name in named if name not in there]


def structure(page: Path) -> list[str]:
    """What is wrong with the shape of a note: question first, `Try this` last, with
    an exercise, length, the same in both languages."""
    text, wrong = page.read_text("utf-8"), []
    body = [line for line in text.splitlines() if line]
    headings = re.findall(r"^#+ .*$", prose(text), re.M)
    if len(text.splitlines()) not in LENGTH:
        wrong.append(f"{len(text.splitlines())} lines; a page has {LENGTH[0]} to {LENGTH[-1]}")
    if not body[0].startswith("# ") or not re.match(r'\*["“].*[?？]', body[1] + body[2]):
        wrong.append('a page begins with its title and a question: *"...?"*')
    if not headings[-1] == TRY[language(page)]:
        wrong.append(f"the last heading is `{TRY[language(page)]}`")
    wrong += exercises(text)
    if not PICTURES.findall(text):
        wrong.append("a page shows at least one picture of a run")
    if not other(page).exists():
        return [*wrong, f"{title(other(page))} is missing"]
    twin = other(page).read_text("utf-8")
    if [h.split()[0] for h in headings] != [h.split()[0] for h in re.findall(r"^#+ .*$", prose(twin), re.M)]:
        wrong.append(f"{title(other(page))} has other headings")
    if fences(text) != fences(twin):
        wrong.append(f"{title(other(page))} shows other sessions")
    if sorted(GOTO.findall(prose(text))) != sorted(GOTO.findall(prose(twin))):
        wrong.append(f"{title(other(page))} names other exercises")
    if PICTURES.findall(text) != PICTURES.findall(twin):
        wrong.append(f"{title(other(page))} shows other pictures")
    if sorted(SYMBOLS.findall(prose(text))) != sorted(SYMBOLS.findall(prose(twin))):
        wrong.append(f"{title(other(page))} refers to other symbols")
    return wrong

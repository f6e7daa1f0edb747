"""`lab notes`: runs every session that the notes and the README show again, and checks what they say about the source.

`--update` writes what the sessions print now into the pages, in place.
"""

import re
import sys
from pathlib import Path

from ..failure import FAILED, USAGE, Failure
from ..host import build, permits
from ..pages import sessions
from ..tree import ROOT

NOTES = ROOT / "notes"
SOURCES = ("runtime", "gdb-scripts", "labs")  # where `file: symbol` may point to
SUFFIXES = "S|cpp|hpp|h|py|gdb|toml"
SYMBOLS = re.compile(rf"`([\w./-]+\.(?:{SUFFIXES})): ([^`]+)`")
FILES = re.compile(rf"`([\w./-]+\.(?:{SUFFIXES}))`")
LINE_NUMBER = re.compile(rf"\.(?:{SUFFIXES}|s|go):\d+")
LINKS = re.compile(r"\]\(([^)#:]+)\)")
TRY = {"": "## Try this", ".zh": "## 试一试"}
LENGTH = range(60, 151)


def register(verbs):
    verb = verbs.add_parser("notes", help="run the sessions of the notes again and check what they refer to")
    verb.add_argument("pages", nargs="*", metavar="PAGE", help="only these (tls-g0-and-m0, README...; default: all)")
    verb.add_argument("--update", action="store_true", help="write what the sessions print now into the pages")
    verb.set_defaults(run=run)


def run(args):
    """One line a page, then what is wrong with it; exit status 1 if anything is."""
    chosen = [page for page in pages() if not args.pages or {page.name, page.stem, name(page)} & set(args.pages)]
    if not chosen:
        raise Failure(f"no such page; there are: {', '.join(sorted({name(page) for page in pages()}))}", USAGE)
    prepare()
    seen, bad = {}, 0
    for page in chosen:
        text = page.read_text()
        problems = references(text) + (structure(page) if is_note(page) else [])
        found, wrong = checked(text, seen)
        if wrong and args.update:
            page.write_text(updated(text, seen))
            wrong = []
            print(f"updated {title(page)}", flush=True)
        problems += wrong
        bad += bool(problems)
        print(
            (
                f"{'WRONG' if problems else 'ok':6}{title(page)} ({len(found)} sessions,"
                f" {len(SYMBOLS.findall(text))} references)"
            ),
            flush=True,
        )
        for problem in problems:
            print("      " + problem.replace("\n", "\n      "))
    if bad:
        print(
            f"{bad} of {len(chosen)} pages are wrong" + ("" if args.update else "; --update rewrites the sessions"),
            file=sys.stderr,
        )
    return FAILED if bad else 0


def prepare():
    """What the sessions need before the first of them runs, so that no page shows a build."""
    permits.require_ptrace()
    build.build("debug")


# ---- pages ---------------------------------------------------------------------------------------------------------


def pages():
    """Every page with sessions: the notes and the project's README, each in its languages."""
    return [*sorted(ROOT.glob("README*.md")), *sorted(NOTES.glob("*.md"))]


def is_note(page):
    """Whether a page is one of the guide's, which all have the same shape; a README has its own."""
    return page.parent == NOTES and name(page) != "README"


def name(page):
    """A page's name, the same in both languages."""
    return page.name.removesuffix(".md").removesuffix(".zh")


def language(page):
    """ "" for English, ".zh" for Chinese."""
    return ".zh" if page.name.endswith(".zh.md") else ""


def other(page):
    """The same page in the other language."""
    return page.with_name(name(page) + ("" if language(page) else ".zh") + ".md")


def title(page):
    """How messages name a page."""
    return str(page.relative_to(ROOT))


# ---- sessions ------------------------------------------------------------------------------------------------------


def checked(text, seen):
    """(the sessions of a text, what is wrong with them); `seen` keeps what each run printed."""
    try:
        found = sessions.find(text)
    except sessions.BadPage as reason:
        return [], [str(reason)]
    wrong = []
    for session in found:
        if session.key not in seen:
            seen[session.key] = sessions.run(session)
        difference = sessions.differences(session, seen[session.key])
        if difference:
            wrong.append(f"the session of line {session.line}: {difference}")
    return found, wrong


def updated(text, seen):
    """The text with every session that is wrong rewritten."""
    for i in range(len(sessions.find(text))):
        session = sessions.find(text)[i]
        if sessions.differences(session, seen[session.key]):
            text = sessions.rewritten(text, session, seen[session.key])
    return text


# ---- what a page says about the source -----------------------------------------------------------------------------


def prose(text):
    """A page without its fences."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def references(text):
    """What is wrong with the references of a page: files and symbols that are not there, line numbers, dead links."""
    text, wrong = prose(text), []
    for file, symbols in SYMBOLS.findall(text):
        texts = [source.read_text() for source in resolve(file)]
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


def resolve(file):
    """The files that a reference can mean: a path from the root, or the end of one below the source folders."""
    if (ROOT / file).is_file():
        return [ROOT / file]
    return [
        path
        for folder in SOURCES
        for path in (ROOT / folder).rglob(Path(file).name)
        if path.is_file() and ("/" + str(path.relative_to(ROOT))).endswith("/" + file)
    ]


def structure(page):
    """What is wrong with the shape of a note: question first, `Try this` last, length, the same in both languages."""
    text, wrong = page.read_text(), []
    body = [line for line in text.splitlines() if line]
    headings = re.findall(r"^#+ .*$", prose(text), re.M)
    if len(text.splitlines()) not in LENGTH:
        wrong.append(f"{len(text.splitlines())} lines; a page has {LENGTH[0]} to {LENGTH[-1]}")
    if not body[0].startswith("# ") or not re.match(r'\*["“].*[?？]', body[1] + body[2]):
        wrong.append('a page begins with its title and a question: *"...?"*')
    if not headings[-1] == TRY[language(page)]:
        wrong.append(f"the last heading is `{TRY[language(page)]}`")
    if not other(page).exists():
        return [*wrong, f"{title(other(page))} is missing"]
    twin = other(page).read_text()
    if [h.split()[0] for h in headings] != [h.split()[0] for h in re.findall(r"^#+ .*$", prose(twin), re.M)]:
        wrong.append(f"{title(other(page))} has other headings")
    if fences(text) != fences(twin):
        wrong.append(f"{title(other(page))} shows other sessions")
    if sorted(SYMBOLS.findall(prose(text))) != sorted(SYMBOLS.findall(prose(twin))):
        wrong.append(f"{title(other(page))} refers to other symbols")
    return wrong


def fences(text):
    """What the fences of a page hold."""
    return re.findall(r"^```.*?^```$", text, re.M | re.S)

"""`lab notes`: runs every session that the notes and the README show again, makes their pictures again, and checks what
they say about the source.

`--update` writes what the sessions print now into the pages, in place, and the pictures as they are made now.
"""

import sys
from argparse import Namespace

from rt0lab.words import in_a_row, tr, trn

from ..failure import FAILED, USAGE, Failure
from ..host import build, permits
from ..pages import pictures, sessions
from ..pages.claims import SYMBOLS, references, structure
from ..pages.shelf import is_note, name, pages, spoken, title
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "notes",
        help=tr("make the sessions and pictures of the notes again, and check what they refer to"),
        example="./lab notes tls-g0-and-m0\n./lab notes --update README\n./lab notes --update --pictures",
    )
    verb.add_argument(
        "pages", nargs="*", metavar="PAGE", help=tr("only these (tls-g0-and-m0, README...; default: all)")
    )
    verb.add_argument(
        "--update", action="store_true", help=tr("write what the sessions print now into the pages, and the pictures")
    )
    verb.add_argument("--pictures", action="store_true", help=tr("only the pictures, no sessions"))
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """One line a page, then what is wrong with it; exit status 1 if anything is."""
    chosen = [page for page in pages() if not args.pages or {page.name, page.stem, name(page)} & set(args.pages)]
    if not chosen:
        raise Failure(
            tr("no such page; there are: {names}", names=in_a_row(sorted({name(page) for page in pages()}))), USAGE
        )
    prepare()
    outputs, runs, bad = {"en": {}, "zh": {}}, pictures.Runs(), 0
    for page in chosen:
        text, seen = page.read_text("utf-8"), outputs[spoken(page)]
        problems = references(text) + (structure(page) if is_note(page) else [])
        found, wrong = ([], []) if args.pictures else sessions.checked(text, seen, spoken(page))
        if wrong and args.update:
            page.write_text(sessions.updated(text, seen), "utf-8")
            wrong = []
            print(tr("updated {page}", page=title(page)), flush=True)
        shown, poor = pictures.checked(page, text, runs, args.update)
        problems += wrong + poor
        bad += bool(problems)
        print(
            f"{'WRONG' if problems else 'ok':6}{title(page)} "
            f"({trn('{n} session', '{n} sessions', len(found))}, "
            f"{trn('{n} picture', '{n} pictures', len(shown))}, "
            f"{trn('{n} reference', '{n} references', len(SYMBOLS.findall(text)))})",
            flush=True,
        )
        for problem in problems:
            print("      " + problem.replace("\n", "\n      "))
    if bad:
        print(
            trn("{n} page is wrong", "{n} pages are wrong", bad)
            + tr(" (of {n})", n=len(chosen))
            + ("" if args.update else tr("; --update rewrites the sessions and the pictures")),
            file=sys.stderr,
        )
    return FAILED if bad else 0


def prepare() -> None:
    """What the sessions need before the first of them runs, so that no page shows a build."""
    permits.require_ptrace()
    build.build("debug")

"""`lab book`: the notes as a site with search, in both languages, each page with its film at the right moment."""

import os
import sys
from argparse import Namespace
from pathlib import Path

from rt0lab.words import tr

from ..failure import FAILED, USAGE, Failure, progress
from ..host import needs, packages
from ..pages import book
from ..tree import ROOT
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "book",
        help=tr("make a site of the notes, with search and the film"),
        example="./lab book\n./lab book -o public",
    )
    verb.add_argument("-o", "--output", metavar="FOLDER", help=tr("the folder (default: build/book)"))
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Makes the book, whole or not at all, and prints where it begins."""
    folder = target(args.output)
    packages.ensure(needs.TO_BOOK | needs.TO_SHOW)
    progress(tr("making the book"))
    try:
        book.make(folder)
    except book.Broken as broken:
        print(broken, file=sys.stderr)
        raise Failure(tr("the book was not made (why is above)"), FAILED) from None
    print(folder / "index.html")
    return 0


def target(named: str | None) -> Path:
    """The folder to write: one that is not there, one that is empty, or that of an earlier book."""
    (ROOT / "build").mkdir(exist_ok=True)
    folder = Path(named).absolute() if named else ROOT / "build" / "book"
    if not folder.parent.is_dir():
        raise Failure(tr("{folder}: no such directory", folder=folder.parent), USAGE)
    if folder.exists() and not folder.is_dir() or not os.access(folder.parent, os.W_OK):
        raise Failure(tr("cannot write to {path}", path=folder), USAGE)
    if folder.is_dir() and any(folder.iterdir()) and not book.is_book(folder):
        raise Failure(tr("{folder} is not empty and holds no book; it stays as it is", folder=folder), USAGE)
    return folder

"""`lab setup`: installs what is missing with apt-get, says what it does, and does nothing when nothing is missing."""

from argparse import Namespace

from rt0lab.words import tr

from ..host import modules, needs, packages
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("setup", help=tr("install what is missing (apt-get)"), example="./lab setup")
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Installs every package the lab can use, and what its tests use of npm."""
    if any([packages.ensure(needs.ALL), modules.ensure()]):
        print(tr("lab: set-up done"))
    else:
        print(tr("lab: nothing to do, all {n} packages are there", n=len(needs.ALL)))
    return 0

"""`lab watch`: judges your answers every time you save them; after a pass it stops and waits for you."""

import os
import select
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rt0lab.words import tr

from ..exercises import answers
from ..exercises.forms import Exercise
from ..exercises.guide import passed
from ..exercises.making import source
from ..failure import FAILED, Failure, progress
from . import Verbs, exercises

ENDINGS = (".toml", ".cpp", ".py")  # of what a learner writes beside answers/NN-id
SECONDS = 1  # between two looks where the kernel does not tell


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "watch",
        help=tr("judge your answers every time you save them"),
        description=tr(
            "Waits until you save answers/NN-id.toml (or the source that you write for an exercise, beside it) and "
            "judges. After a pass it stops and waits: Enter goes on to the next exercise, q and Enter ends, and so "
            "does Ctrl-C."
        ),
        example="./lab watch",
    )
    verb.set_defaults(run=run)


class Keyboard:
    """Whoever sits here, as long as somebody does."""

    def __init__(self) -> None:
        self.descriptors = [sys.stdin.fileno()]

    def line(self) -> str:
        """The line that was typed; "q" once nobody types any more."""
        text = b""
        while not text.endswith(b"\n"):
            if not self.descriptors or not (read := os.read(self.descriptors[0], 1)):
                self.descriptors = []
                return "q"
            text += read
        return text.decode("utf-8", "replace").strip().lower()


def run(args: Namespace) -> int:
    """Watches until there is nothing left, or somebody ends it."""
    this, keyboard = exercises.guide(), Keyboard()
    exercises.introduced(this)
    while True:
        with this.store.change() as known:  # the seed is kept from now on
            exercise, seed = this.current(known), known["seed"]
        if exercise.questions and not passed(known, exercise):
            if not _watched(exercise, seed, keyboard):
                return 0
        elif this.following(known, exercise) is None:
            return 0
        print(tr("Enter goes on to the next exercise, q and Enter ends."), flush=True)
        if keyboard.line() == "q":
            return 0
        exercises.following(Namespace())


def _watched(exercise: Exercise, seed: int, keyboard: Keyboard) -> bool:
    """Judges at every save until the exercise is passed; False if somebody ends it before."""
    file = (source if exercise.written else answers).location(exercise)
    _folder(file.parent)
    if exercise.written:
        source.begin(exercise, seed)
    print(tr("Watching {file}. Enter judges at once, q and Enter ends.", file=os.path.relpath(file)), flush=True)
    with _waiting(file.parent, keyboard) as changed:
        before: list[tuple[int, ...] | None] = [None] * len(ENDINGS)
        asked = False
        while True:
            now = [_signature(file.with_suffix(ending)) for ending in ENDINGS]
            if asked or now != before:
                before = now
                if _judged():
                    return True
            asked = changed()
            if asked and keyboard.line() == "q":
                if keyboard.descriptors:
                    return False
                asked = False


def _judged() -> bool:
    """One check, its failure said in one line; is the exercise passed now?"""
    try:
        return exercises.check(Namespace(all=False)) == 0
    except Failure as failure:
        progress(str(failure))
        return False
    finally:
        sys.stdout.flush()


def _folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise Failure(tr("{path}: {why}", path=folder, why=error.strerror), FAILED) from None


def _signature(path: Path) -> tuple[int, ...] | None:
    """What is another after a save, in place or by renaming."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@contextmanager
def _waiting(folder: Path, keyboard: Keyboard) -> Iterator[Callable[[], bool]]:
    """A function that waits until something may have been saved in this folder, or a line was typed: was it that?"""
    told = _kernel(folder)
    if not told:
        progress(tr("looks every second: python3-inotify, which tells of a save, is missing (./lab setup installs it)"))

    def changed() -> bool:
        ready, _, _ = select.select([*keyboard.descriptors, *told], [], [], None if told else SECONDS)
        for number in told:
            if number in ready:
                os.read(number, 1 << 16)
        return any(number in ready for number in keyboard.descriptors)

    try:
        yield changed
    finally:
        for number in told:
            os.close(number)


def _kernel(folder: Path) -> list[int]:
    """A descriptor that can be read when something in the folder was saved; none if there is no way to have one."""
    try:
        from inotify import calls, constants
    except ImportError:
        return []
    saves = constants.IN_CLOSE_WRITE | constants.IN_MOVED_TO | constants.IN_DELETE
    try:
        told = calls.inotify_init()
    except calls.InotifyError:  # a user has only so many
        return []
    try:
        calls.inotify_add_watch(told, os.fsencode(folder), saves)
        return [told]
    except calls.InotifyError:
        os.close(told)
        return []

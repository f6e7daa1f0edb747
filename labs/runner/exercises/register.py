"""The register of misconceptions, labs/misconceptions.toml: what people have publicly got wrong, and which exercises
meet it."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..failure import Failure
from .forms import LABS, Exercise

FILE = LABS / "misconceptions.toml"
PUBLISHED = re.compile(r"[\w.-]+/[\w.-]+#\d+")


@dataclass
class Belief:
    """What people take for true: in each language, where it was said, the ids of the exercises that meet it, and the
    page of the notes or the exercise's folder that shows a session."""

    id: str
    texts: dict[str, str]
    said: list[str]
    met: list[str]
    shown: str

    def link(self, language: str) -> Path:
        """The page or the exercise's text that shows it to readers of this language, from the project's root."""
        if (LABS / self.shown / "exercise.toml").exists():
            return Path("labs", self.shown, f"text.{language}.md")
        return Path("notes", self.shown + {"en": ".md", "zh": ".zh.md"}[language])


def load(file: Path = FILE) -> list[Belief]:
    """Every belief, in the order of the file."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Failure(f"{file}: {error}") from None
    return [
        Belief(
            name,
            {key: row[key] for key in ("en", "zh") if key in row},
            row.get("said", []),
            row.get("met", []),
            row.get("shown", ""),
        )
        for name, row in table.items()
    ]


def problems(beliefs: Iterable[Belief], exercises: Sequence[Exercise]) -> Iterator[str]:
    """Where the register and the exercises do not say the same."""
    ideas = {e.id: {m.id for q in e.questions for m in q.misconceptions} for e in exercises}
    for belief in beliefs:
        place = f"misconceptions.toml: {belief.id}"
        if set(belief.texts) != {"en", "zh"}:
            yield f"{place}: it is not in both languages"
        yield from (f"{place}: {where} is no place" for where in belief.said if not PUBLISHED.fullmatch(where))
        if not belief.met:
            yield f"{place}: no exercise meets it"
        yield from (
            f"{place}: there is no {link}"
            for link in map(belief.link, sorted(belief.texts))
            if not (LABS.parent / link).is_file()
        )
        for name in belief.met:
            if belief.id not in ideas.get(name, ()):
                yield f"{place}: {name} does not meet it"
        for name in sorted(name for name, found in ideas.items() if belief.id in found and name not in belief.met):
            yield f"{place}: {name} meets it, too"


def without_evidence(exercise: Exercise, language: str, beliefs: Iterable[Belief]) -> Iterator[str]:
    """Replies to a belief of the register that show nothing to type or to look at."""
    replies = exercise.texts(language).replies.get("misconception", {})
    for name in sorted({belief.id for belief in beliefs} & set(replies)):
        if "`" not in replies[name]:
            yield f"replies: misconception.{name}: the evidence is missing, something to type"

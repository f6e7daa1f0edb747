"""Which language the learner reads: what LAB_LANG says, else what the machine's own settings say."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

LANGUAGES = ("en", "zh")
_ENGLISH = {"c", "posix"}  # locales of no people speak English
_now = ""  # what was chosen, once somebody asked


def language() -> str:
    """`en` or `zh`: the language of all that is said from here on."""
    global _now
    _now = _now or asked(os.environ) or "en"
    return _now


def choose(name: str) -> None:
    """From here on it is this one; "" is what the environment says."""
    global _now
    _now = name if name in LANGUAGES else ""


@contextlib.contextmanager
def spoken(name: str) -> Iterator[None]:
    """All is said in this language while this lasts: data are English, whoever reads them."""
    global _now
    before, _now = language(), name
    try:
        yield
    finally:
        _now = before


def asked(environment: Mapping[str, str]) -> str | None:
    """What an environment asks for; None if it asks for what we have not.

    LAB_LANG comes first. Without it, as gettext reads them: LANGUAGE is a list and counts unless the locale is C.
    """
    if environment.get("LAB_LANG"):
        return _known(environment["LAB_LANG"])
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    listed = environment.get("LANGUAGE", "").split(":") if locale not in ("C", "POSIX") else []
    return next(filter(None, map(_known, filter(None, listed) if any(listed) else [locale])), None)


def _known(name):
    """`zh` for zh, ZH, zh_CN, zh-Hans, zh_CN.UTF-8, zh@pinyin."""
    first = name.strip().lower().replace("-", "_").partition(".")[0].partition("@")[0].partition("_")[0]
    return "en" if first in _ENGLISH else first if first in LANGUAGES else None


def complaint(environment: Mapping[str, str] = os.environ) -> str:
    """One sentence for a LAB_LANG that names none of ours; "" if there is nothing to say."""
    wanted = environment.get("LAB_LANG", "")
    if not wanted or _known(wanted):
        return ""
    return f"LAB_LANG={ascii(wanted[:20])} is none of {', '.join(LANGUAGES)}"

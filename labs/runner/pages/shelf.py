"""Which pages there are, which belong together, and which part of one is prose."""

import re
from pathlib import Path

from ..tree import ROOT

NOTES = ROOT / "notes"


def pages() -> list[Path]:
    """Every page with sessions: the notes and the project's README, each in its languages."""
    return [*sorted(ROOT.glob("README*.md")), *sorted(NOTES.glob("*.md"))]


def is_note(page: Path) -> bool:
    """Whether a page is one of the guide's, which all have the same shape; a README has its own."""
    return page.parent == NOTES and name(page) != "README"


def name(page: Path) -> str:
    """A page's name, the same in both languages."""
    return page.name.removesuffix(".md").removesuffix(".zh")


def language(page: Path) -> str:
    """What its name has before `.md`: nothing for English, `.zh` for Chinese."""
    return ".zh" if page.name.endswith(".zh.md") else ""


def spoken(page: Path) -> str:
    """The language in which its sessions are run: that of its reader."""
    return "zh" if language(page) else "en"


def other(page: Path) -> Path:
    """The same page in the other language."""
    return page.with_name(name(page) + ("" if language(page) else ".zh") + ".md")


def title(page: Path) -> str:
    """How messages name a page."""
    return str(page.relative_to(ROOT))


def prose(text: str) -> str:
    """A page without its fences."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def fences(text: str) -> list[str]:
    """What the fences of a page hold; of a session its commands, for what they print is in the reader's language."""
    found = re.findall(r"^```.*?^```$", text, re.M | re.S)
    return [_commands(fence) if re.match("```(session|gdb)\n", fence) else fence for fence in found]


def _commands(fence):
    return "\n".join(line for line in fence.split("\n") if line.startswith(("$ ", "(gdb) ")))

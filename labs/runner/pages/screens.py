"""The two pictures of the README: a card of the tour as a terminal shows it, and the film as a browser does.

They are made by hand (`./lab dev screens`), for a browser draws with the fonts of its machine.
"""

import os
import pty
import re
import select
import subprocess
import tempfile
from html import escape
from pathlib import Path

from rt0lab.words import screen, tr

from ..failure import Failure
from ..host import debugger, traces
from ..report import film, sources
from ..report import page as film_page
from ..tree import ROOT
from .shelf import NOTES

CARD, MOMENT = 27, "mstart/entry"  # the boot is over, and the first goroutine waits
SECONDS = 120
PROMPT = re.compile(r"-- [^\n]*q[^\n]* -- $")  # of the tour, in either language
LINE, CELL, MARGIN = 21, 8.4, 18  # of the terminal, in pixels
BOLD = re.compile("\033\\[1m")
ESCAPES = re.compile("\033\\[[\\d;?]*[A-Za-z]")
WINDOW = (1280, 1765)  # of the browser


def make() -> list[Path]:
    """Makes both pictures in both languages; returns where they are."""
    trace = traces.live(debugger.program("hello"), writers=True)
    seen = film.of([(trace, sources.finder(trace["runtime"]))])
    made = []
    for language, suffix in (("en", ""), ("zh", ".zh")):
        made += [NOTES / "pictures" / f"tour{suffix}.svg", NOTES / "pictures" / f"film{suffix}.png"]
        made[-2].write_text(svg(card(language)), "utf-8")
        photograph(film_page.html(seen, language, MOMENT), made[-1])
    return made


# ---- the tour --------------------------------------------------------------------------------------------------------


def card(language: str) -> list[str]:
    """The lines of the card, with the escapes that make them bold."""
    terminal, inside = pty.openpty()
    environment = os.environ | {"LAB_LANG": language, "TERM": "xterm", "LINES": "24", "COLUMNS": "80"}
    tour = subprocess.Popen(
        [ROOT / "lab", "tour"], stdin=inside, stdout=inside, stderr=inside, env=environment, start_new_session=True
    )
    os.close(inside)
    try:
        said(terminal, PROMPT)
        os.write(terminal, b"j")
        said(terminal, re.compile(r"\n."))
        os.write(terminal, f"{CARD}\r".encode())
        lines = said(terminal, PROMPT).replace("\r", "").split("\n")
        os.write(terminal, b"q")
        tour.wait(SECONDS)
    finally:
        tour.kill()
        os.close(terminal)
    return lines[next(i for i, line in enumerate(lines) if f" {CARD}/" in line) :]


def said(terminal: int, end: re.Pattern[str]) -> str:
    """What a terminal gets until it is this that stands last."""
    text = b""
    while not end.search(text.decode("utf-8", "replace").replace("\r", "")):
        if not select.select([terminal], [], [], SECONDS)[0]:
            raise Failure(tr("the tour says nothing more"))
        text += os.read(terminal, 4096)
    return text.decode("utf-8", "replace")


def svg(lines: list[str]) -> str:
    """A terminal with these lines; each run of wide or narrow characters stands in its cells, whatever the font."""
    width, height = 80 * CELL + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
        f'height="{height}" role="img">',
        "<style>text{font:14px 'DejaVu Sans Mono','Noto Sans Mono CJK SC',monospace;white-space:pre;fill:#d7dce2}"
        ".bold{font-weight:bold;fill:#fff}</style>",
        '<rect width="100%" height="100%" rx="8" fill="#1b1f24"/>',
    ]
    for row, line in enumerate(lines):
        column, look = 0, "bold" if BOLD.search(line) else "plain"
        for part in re.findall(r"[\u2e80-\uffef]+|[^\u2e80-\uffef]+", ESCAPES.sub("", line)):
            cells = screen.width(part)
            place = f'x="{MARGIN + column * CELL:.1f}" y="{MARGIN + row * LINE + 15}" textLength="{cells * CELL:.1f}"'
            if part.strip():
                rows.append(f'<text class="{look}" {place} xml:space="preserve">{escape(part)}</text>')
            column += cells
    return "\n".join([*rows, "</svg>", ""])


# ---- the film --------------------------------------------------------------------------------------------------------


def photograph(html: str, picture: Path) -> None:
    """Has the browser write a picture of a page."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "film.html")
        file.write_text(html, "utf-8")
        words = ["--headless=new", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={folder}/browser"]
        words += ["--window-size={},{}".format(*WINDOW), f"--screenshot={picture}", file.as_uri()]
        done = subprocess.run(["chromium", *words], capture_output=True, timeout=SECONDS)
        if done.returncode or not picture.exists():
            raise Failure(tr("the browser made no picture"))

"""One picture of one moment of a film as an SVG file that stands alone: drawn by node with the page's own scripts.

The film goes to node as data on its standard input, and nothing of it stands on a command line or in a script.
"""

import difflib
import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from rt0lab.formats import untrusted
from rt0lab.words import in_a_row, tr

from ..failure import USAGE, Failure
from ..host import needs, packages
from . import page

SHOWN = ("timeline", "stack", "objects")
_LONGEST = 300  # seconds for one picture
_NEAREST = 5  # moments that are named where one is not found

# Reads {film, show, at, language, style}; writes the picture, or what moments there are.
_DRAW = """
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const run = rt0.runOf(asked.film, 0);
const stop = asked.at ? run.named(asked.at) : 0;
const options = { language: asked.language, alone: true };
process.stdout.write(JSON.stringify(
  stop < 0
    ? { moments: run.data.stops.map((_, n) => run.moment(n)) }
    : { svg: rt0.toText(rt0.alone(rt0.pictures[asked.show](asked.film, 0, stop, options), asked.style)) }
));
"""


def svg(film: dict[str, Any], show: str, at: str, language: str) -> str:
    """The picture `show` of this film's (first) run at a moment ("newproc1/entry", "42"; "" for its first stop)."""
    packages.ensure(needs.TO_DRAW)
    asked = {"film": film, "show": show, "at": at, "language": language, "style": style()}
    answer = node(page.script_of(page.PURE) + _DRAW, json.dumps(asked))
    if "svg" in answer:
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{answer["svg"]}\n'
    moments = answer["moments"]
    near = difflib.get_close_matches(at, moments, _NEAREST, 0.3) or moments[:_NEAREST]
    raise Failure(
        tr(
            "this run has no moment {moment}; it has, for one, {near}",
            moment=untrusted.shown(at),
            near=in_a_row(untrusted.shown(each) for each in near),
        ),
        USAGE,
    )


def style() -> str:
    """The pictures' styles with the page's light colours in their places: not every reader of SVG knows variables."""
    light = (page.HERE / "film.css").read_text("utf-8").partition("}")[0]
    colours = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", light))
    return re.sub(r"var\((--[\w-]+)\)", lambda found: colours[found[1]], page.joined(("picture.css",)))


def node(script: str, given: str) -> dict[str, Any]:
    """What a script of ours writes that is given this on its standard input."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "draw.js"
        file.write_text(script, "utf-8")
        done = subprocess.run(
            ["node", str(file)], input=given, capture_output=True, encoding="utf-8", timeout=_LONGEST, check=False
        )
    if done.returncode:
        why = next((line for line in done.stderr.splitlines() if "Error" in line), str(done.returncode))
        raise Failure(tr("node could not draw this: {why}", why=untrusted.shown(why)))
    return json.loads(done.stdout)

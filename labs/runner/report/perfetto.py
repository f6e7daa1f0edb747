"""A run as a file for Perfetto, from the same logic that the page's lanes have: node runs it."""

import json
from typing import Any

from rt0lab.words import tr

from ..host import needs, packages
from . import page, pictures

_WRITE = """
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(rt0.perfetto(rt0.runOf(asked.film, 0), asked.names)));
"""


def text(film: dict[str, Any]) -> str:
    """This film's (first) run in Perfetto's JSON format."""
    packages.ensure(needs.TO_DRAW)
    names = {"m": tr("Ms, one stop is 1 us long"), "g": tr("Gs, one stop is 1 us long")}
    script = page.script_of((*page.PURE, "perfetto.js")) + _WRITE
    return json.dumps(pictures.node(script, json.dumps({"film": film, "names": names})), separators=(",", ":")) + "\n"

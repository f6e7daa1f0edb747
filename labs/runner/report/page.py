"""The HTML file: a template, the styles, the scripts and a film, in one file that asks nobody for anything.

The scripts and styles are allowed by their hashes and nothing else is, so that a text of the recorded program, should
one ever get where it must not, does nothing.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "page"
# In the order in which they need each other; the first ones need no page, so that node runs them, too.
PURE = (
    "draw.js",
    "run.js",
    "lanes.js",
    "wakes.js",
    "timeline.js",
    "pairs.js",
    "fields.js",
    "questions.js",
    "notes.js",
    "picture.js",
    "stack.js",
    "objects.js",
)
SCRIPTS = (
    *PURE,
    "app.js",
    "walk.js",
    "panel_timeline.js",
    "against.js",
    "kept.js",
    "changes.js",
    "life.js",
    "predict.js",
    "scene.js",
    "notebook.js",
    "begin.js",
)
STYLES = ("film.css", "timeline.css", "against.css", "asking.css", "picture.css", "scene.css")


def html(film: dict[str, Any], language: str, at: str = "") -> str:
    """The page of this film, in the language in which it opens; `at` is the moment at which it does."""
    import jinja2  # only who makes a page needs it

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script, style = script_of(SCRIPTS), joined(STYLES)
    return environment.get_template("film.html.jinja").render(
        language=language,
        words=film["words"][language],
        title=" / ".join(f"{run['program']} ({run['runtime']})" for run in film["runs"]),
        policy=f"default-src 'none'; script-src '{allowed(script)}'; style-src '{allowed(style)}'; base-uri 'none'; "
        "form-action 'none'",
        script=script,
        style=style,
        film=embedded(film | {"language": language, "at": at}),
    )


def script_of(names: tuple[str, ...]) -> str:
    """These scripts as one."""
    return '"use strict";\n' + joined(names)


def joined(names: tuple[str, ...]) -> str:
    """These files, one after the other."""
    return "\n".join((HERE / name).read_text("utf-8") for name in names)


def allowed(text: str) -> str:
    """How a page's policy names a script or style that it may have."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def embedded(data: Any) -> str:
    """Data as JSON that can stand inside a script element: whatever a text holds, it cannot end that."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")

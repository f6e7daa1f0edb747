"""What the tests of the film share: a recorded boot, its page, node for the scripts, and a browser to look with."""

import json
import sys
from pathlib import Path

import pytest
from browsing import until

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "labs"))

from runner.report import film, page, pictures, sources  # noqa: E402

ORACLE = ROOT / "tests" / "oracle" / "go1.10.2.json"


@pytest.fixture(scope="session")
def boot(hello_trace):
    """The trace of one run of hello, with who wrote what."""
    return json.loads(hello_trace.read_text())


@pytest.fixture(scope="session")
def recorded(boot):
    """The film of that run."""
    return film.of([(boot, sources.finder("rt0lab"))])


@pytest.fixture(scope="session")
def oracle():
    """Go 1.10.2's boot, as it was recorded."""
    return json.loads(ORACLE.read_text())


@pytest.fixture(scope="session")
def node():
    """node(film, expression): the JSON value of a JavaScript expression in which `film` is that film, `run` its first
    run, and rt0 the page's scripts."""
    scripts = page.script_of(page.PURE)

    def ask(film, expression):
        asking = (
            f"{scripts}\nconst film = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"
            f"const run = film.runs && new rt0.Run(film.runs[0]);\n"
            f"process.stdout.write(JSON.stringify({expression}) ?? 'null');\n"
        )
        return pictures.node(asking, json.dumps(film))

    return ask


@pytest.fixture(scope="session")
def boot_page(recorded, tmp_path_factory):
    """The file of the page of hello's boot."""
    file = tmp_path_factory.mktemp("page") / "boot.html"
    file.write_text(page.html(recorded, "en"), "utf-8")
    return file


@pytest.fixture
def shown(browser, boot_page):
    """The page of hello's boot, open in the browser: a function that opens it anew, at a moment, and waits until it
    stands."""

    def open_at(moment=""):
        browser.get("about:blank")
        browser.get(f"{boot_page.as_uri()}#{moment}")
        until(browser, lambda b: b.execute_script("return rt0.app.film !== null"))
        return browser

    return open_at


@pytest.fixture(scope="session")
def axe():
    """The script of axe-core, a checker of accessibility."""
    from runner.host import modules

    file = modules.folder() / "node_modules" / "axe-core" / "axe.min.js"
    if not file.exists():
        pytest.skip("axe-core is not here; ./lab setup brings it by npm")
    return file.read_text("utf-8")

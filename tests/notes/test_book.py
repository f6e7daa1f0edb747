"""The book of the notes, made once: its links, its languages, its search in a browser, and what a browser loads."""

import json
import re
import subprocess
import sys
from argparse import Namespace
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from browsing import until
from runner.failure import USAGE, Failure
from runner.pages import book, shelf
from runner.verbs import book as verb

LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("link", "href"), ("source", "src")}


@pytest.fixture(scope="module")
def made(made_once):
    """The folder of a book, the same for all of pytest's workers."""
    return made_once("book", book.make)


class Links(HTMLParser):
    """What a page names: {(tag, attribute, value)}, and the anchors it has."""

    def __init__(self, text):
        super().__init__()
        self.named, self.anchors = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """HTMLParser calls this."""
        for name, value in attributes:
            if name in ("href", "src"):
                self.named.add((tag, name, value))
            if name == "id":
                self.anchors.add(value)


@pytest.fixture(scope="module")
def links(made):
    """{page: its Links}."""
    return {page: Links(page.read_text()) for page in made.rglob("*.html")}


def test_every_link_leads_to_something_in_the_book(links):
    dead = []
    for page, found in links.items():
        for _, _, value in found.named:
            parts = urlsplit(value)
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            places = (
                links[target].anchors if target in links and not target.name.startswith("boot") else {parts.fragment}
            )
            if not parts.scheme and (not target.is_file() or parts.fragment not in {"", *places}):
                dead.append((page.name, value))
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(made, links):
    named = [value for found in links.values() for tag, name, value in found.named if (tag, name) in LOADED]
    for sheet in made.rglob("*.css"):
        named += re.findall(r"""(?:url\(|@import)\s*["']?([^"')\s]+)""", sheet.read_text())
    assert [value for value in named if urlsplit(value).scheme not in ("", "data") or value.startswith("/")] == []


def test_each_page_has_its_twin_in_the_other_language(links, made):
    twins = [made / "en" / f"{leaf.name}.html" for leaf in book.leaves() if leaf.language == "zh"]
    assert [page.name for page in twins if ("a", "href", f"../zh/{page.name}") not in links[page].named] == []


def test_what_is_typed_in_a_session_stands_out(made):
    assert '<span class="gp">(gdb)</span><span class="gs"> p &amp;g0' in (made / "en/tls-g0-and-m0.html").read_text()


def test_the_contents_have_the_reading_order_of_the_notes(made):
    first = re.search(
        r'<div class="contents">|<nav aria-label="Pages">(.*?)</nav>', (made / "en/index.html").read_text(), re.S
    )
    names = re.findall(r'href="([\w.-]+)\.html"', first[1])
    rows = re.findall(r"^\|.*?\]\(([\w.-]+)\.md\)", (shelf.NOTES / "README.md").read_text(), re.M)
    assert [name for name in names if name in rows] == rows


@pytest.mark.parametrize(
    "language, asked, page",
    [
        ("en", "goexit trick", "newproc-and-the-goexit-trick"),
        ("zh", "会长大的栈", "stacks-that-grow"),
        ("zh", "谁", "who-runs-next"),
    ],
)
def test_the_search_finds_a_page(browser, made, language, asked, page):
    from selenium.webdriver.common.by import By

    browser.get((made / language / "index.html").as_uri())
    box = browser.find_element(By.NAME, "q")
    box.send_keys(asked)
    box.submit()
    until(browser, lambda _: browser.find_elements(By.CSS_SELECTOR, f'.search a[href^="{page}.html"]'))
    asked_for = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [row["params"]["request"]["url"] for row in asked_for if row["method"] == "Network.requestWillBeSent"]
    assert [url for url in urls if not url.startswith("file:")] == []


def test_the_pages_are_utf_8_whatever_the_locale_says(tmp_path):
    words = "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from runner.pages import book\n"
    words += "book.stage('zh', Path(sys.argv[2], 'zh'), Path(sys.argv[2], 'files'))"
    strict = [sys.executable, "-I", "-X", "warn_default_encoding", "-W", "error::EncodingWarning"]
    done = subprocess.run([*strict, "-c", words, book.ROOT / "labs", tmp_path], capture_output=True, text=True)
    assert done.stderr == ""


def test_a_link_that_leads_nowhere_is_an_error(tmp_path):
    (tmp_path / "index.md").write_text("# A book\n\n[a page](nosuch.md)\n")
    (tmp_path / "conf.py").write_text("extensions = ['myst_parser']\n")
    with pytest.raises(book.Broken, match="nosuch"):
        book.sphinx(tmp_path, tmp_path / "out", "en")


def test_a_folder_with_something_else_in_it_stays_as_it_is(tmp_path):
    (tmp_path / "mine").touch()
    with pytest.raises(Failure, match="holds no book") as failure:
        verb.run(Namespace(output=str(tmp_path)))
    assert failure.value.status == USAGE


def test_a_book_may_take_the_place_of_a_book(made):
    assert verb.target(str(made)) == made


def test_a_link_to_a_file_of_the_repository_leads_to_its_copy(tmp_path):
    page = book.Leaf(book.NOTES / "page.md", "en", "page")
    text = book.links(page, "[how](../labs/README.md)", {}, tmp_path)
    assert text == '<a href="../files/labs/README.md">how</a>' and (tmp_path / "labs/README.md").is_file()


@pytest.mark.parametrize(
    "text, shown",
    [
        ("真正的\n  程序。\nGo 的", "真正的程序。Go 的"),
        ("the\nend", "the\nend"),
        ("看 gdb\n吗", "看 gdb\n吗"),
        ("有：\n\n- 一", "有：\n\n- 一"),
        ("有：\n1. 一", "有：\n1. 一"),
    ],
)
def test_no_space_stands_in_a_chinese_sentence_where_a_line_ended(text, shown):
    assert book.joined(text) == shown


def test_a_picture_leads_to_its_moment_in_the_film():
    page = book.Leaf(book.NOTES / "page.md", "en", "page")
    text = book.figures(
        page, '![Two: a "g" and more.](pictures/page.svg "./lab report hello --svg --at newproc1/entry")'
    )
    assert '{figure} pictures/page.svg\n:alt: "Two: a' in text and '<a href="boot.html#newproc1/entry">' in text


def test_the_film_of_a_language_speaks_it(made):
    said = {
        language: re.search(r'<html lang="([\w-]+)"', (made / language / "boot.html").read_text())[1]
        for language in ("en", "zh")
    }
    assert said == {"en": "en", "zh": "zh"}

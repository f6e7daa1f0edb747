"""The notes and the README, page by page and language by language: every session prints what the page shows, every
reference resolves, and the pages of the guide have their shape. tests/notes/test_sessions.py tests the tester."""

import pytest
from runner.pages import sessions
from runner.verbs import notes

PAGES = pytest.mark.parametrize("page", notes.pages(), ids=notes.title)
GUIDE = pytest.mark.parametrize("page", [page for page in notes.pages() if notes.is_note(page)], ids=notes.title)


@PAGES
def test_sessions_print_what_the_page_shows(page, built):
    _, wrong = notes.checked(page.read_text(), {})
    assert not wrong, "\n\n".join([*wrong, "./lab notes --update rewrites the sessions"])


@PAGES
def test_references_resolve(page):
    assert notes.references(page.read_text()) == []


@GUIDE
def test_a_page_of_the_guide_has_its_shape(page):
    assert notes.structure(page) == []


@pytest.mark.parametrize(
    "page", [page for page in notes.pages() if page.name == "README.md" and notes.other(page).exists()], ids=notes.title
)
def test_a_readme_shows_the_same_sessions_in_both_languages(page):
    assert notes.fences(page.read_text()) == notes.fences(notes.other(page).read_text())


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_reading_order_names_every_page(readme):
    text = (notes.NOTES / readme).read_text()
    suffix = notes.language(notes.NOTES / readme) + ".md"
    pages = {notes.name(page) for page in notes.pages() if notes.is_note(page)}
    assert [page for page in pages if f"({page}{suffix})" not in text] == []


@GUIDE
def test_a_session_shows_something_that_can_be_wrong(page):
    for session in sessions.find(page.read_text()):
        assert any(line != sessions.LEFT_OUT for step in session.steps for line in step.shown), f"line {session.line}"

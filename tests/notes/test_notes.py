"""The notes and the README, page by page and language by language: every session prints what the page shows, every
reference resolves, and the pages of the guide have their shape. tests/notes/test_sessions.py tests the tester."""

import pytest
from runner.pages import claims, sessions, shelf

PAGES = pytest.mark.parametrize("page", shelf.pages(), ids=shelf.title)
GUIDE = pytest.mark.parametrize("page", [page for page in shelf.pages() if shelf.is_note(page)], ids=shelf.title)


@PAGES
def test_sessions_print_what_the_page_shows(page, built):
    _, wrong = sessions.checked(page.read_text(), {}, shelf.spoken(page))
    assert not wrong, "\n\n".join([*wrong, "./lab notes --update rewrites the sessions"])


@PAGES
def test_references_resolve(page):
    assert claims.references(page.read_text()) == []


@GUIDE
def test_a_page_of_the_guide_has_its_shape(page):
    assert claims.structure(page) == []


@pytest.mark.parametrize(
    "page", [page for page in shelf.pages() if page.name == "README.md" and shelf.other(page).exists()], ids=shelf.title
)
def test_a_readme_shows_the_same_sessions_in_both_languages(page):
    assert shelf.fences(page.read_text()) == shelf.fences(shelf.other(page).read_text())


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_reading_order_names_every_page(readme):
    text = (shelf.NOTES / readme).read_text()
    suffix = shelf.language(shelf.NOTES / readme) + ".md"
    pages = {shelf.name(page) for page in shelf.pages() if shelf.is_note(page)}
    assert [page for page in pages if f"({page}{suffix})" not in text] == []


@GUIDE
def test_a_session_shows_something_that_can_be_wrong(page):
    for session in sessions.find(page.read_text()):
        assert any(line != sessions.LEFT_OUT for step in session.steps for line in step.shown), f"line {session.line}"

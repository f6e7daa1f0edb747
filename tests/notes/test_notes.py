"""The notes and the README, page by page and language by language: every session prints what the page shows, every
picture is as it is made today, every reference resolves, and the pages of the guide have their shape.
tests/notes/test_sessions.py and tests/notes/test_pictures.py test the tester."""

import json
import os
import re

import pytest
from runner.exercises import forms, register
from runner.pages import claims, pictures, sessions, shelf

PAGES = pytest.mark.parametrize("page", shelf.pages(), ids=shelf.title)
GUIDE = pytest.mark.parametrize("page", [page for page in shelf.pages() if shelf.is_note(page)], ids=shelf.title)


def alike(page):
    """The sessions that a page shows line by line the same in both languages, without a Chinese word."""
    here, there = (
        {session.key: [step.shown for step in session.steps] for session in sessions.find(each.read_text())}
        for each in (page, shelf.other(page))
    )
    return [
        key
        for key, steps in here.items()
        if there.get(key) == steps and not any(re.search("[\u4e00-\u9fff]", line) for shown in steps for line in shown)
    ]


@pytest.mark.parametrize("page", [page for page in shelf.pages() if shelf.spoken(page) == "en"], ids=shelf.title)
def test_sessions_print_what_the_page_shows(page, built):
    """In both languages; what is alike only for a Chinese reader: where nothing is translated, another sees the
    same."""
    chinese = {}
    _, wrong = sessions.checked(shelf.other(page).read_text(), chinese, "zh")
    _, more = sessions.checked(page.read_text(), {key: chinese[key] for key in alike(page)}, "en")
    assert not wrong + more, "\n\n".join([*wrong, *more, "./lab notes --update rewrites the sessions"])


@pytest.fixture(scope="session")
def runs(made_once):
    """The programs that pictures show, each recorded once for all of pytest's workers."""

    live = pictures.Runs.recorded

    class Shared(pictures.Runs):
        def recorded(self, program):
            file = made_once(f"{program}.json", lambda new: new.write_text(json.dumps(live(self, program))))
            return json.loads(file.read_text())

    return Shared()


@PAGES
def test_pictures_are_as_they_are_made_now(page, built, runs):
    _, wrong = pictures.checked(page, page.read_text(), runs)
    assert not wrong, "\n\n".join([*wrong, "./lab notes --update --pictures makes them again"])


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


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_reading_order_leads_forward(readme):
    """The pages are numbered, and none takes for known what comes after it."""
    rows = re.findall(r"^\| (\d+) \|.*\| (\S.*?) \|$", (shelf.NOTES / readme).read_text(), re.M)
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    assert [number for number, before in rows if before.isdigit() and int(before) >= int(number)] == []
    assert len(rows) == len({shelf.name(page) for page in shelf.pages() if shelf.is_note(page)})


@GUIDE
def test_a_session_shows_something_that_can_be_wrong(page):
    for session in sessions.find(page.read_text()):
        assert any(line != sessions.LEFT_OUT for step in session.steps for line in step.shown), f"line {session.line}"


def test_the_words_are_the_same_on_both_sides():
    """Its tables are in both languages at once, so but for their headings they are the same in both."""
    tables = [
        re.findall(r"^\| .*$", shelf.prose((shelf.NOTES / f"words-used-here{suffix}.md").read_text()), re.M)
        for suffix in ("", ".zh")
    ]
    words, other = ([row for row in table if row != table[0]] for table in tables)
    assert words == other and all(len(row.split(" | ")) == 4 for row in words)


@pytest.mark.parametrize("suffix, language", [("", "en"), (".zh", "zh")])
def test_the_page_of_beliefs_says_what_the_register_says(suffix, language):
    """Each once, in its own words, with the numbers of the exercises that meet it and a link to what shows it."""
    numbers = {exercise.id: exercise.number for exercise in forms.load_all()}
    text = (shelf.NOTES / f"what-people-get-wrong{suffix}.md").read_text()
    row = r"^- \*\*\[([a-z0-9-]+)\]\(([^)]+)\)\*\*(?: \(([\d, ]+)\))?[:：] ?[*“](.*?)[*”]"
    rows = re.findall(row, text.replace("\n  ", " "), re.M)
    said = {name: (link, met, re.sub(r"\s", "", belief)) for name, link, met, belief in rows}
    assert len(said) == len(rows)
    assert said == {
        row.id: (
            os.path.relpath(row.link(language), "notes"),
            ", ".join(sorted(numbers[name] for name in row.met)),
            re.sub(r"\s", "", row.texts[language]),
        )
        for row in register.load()
    }


@pytest.mark.parametrize("belief", register.load(), ids=lambda belief: belief.id)
def test_what_shows_a_belief_has_a_session(belief):
    """A page has one that is run again; an exercise's folder is a program to ask, and one that meets the belief."""
    link = belief.link("en")
    if link.parts[0] == "labs":
        assert forms.load(str(shelf.ROOT / link.parent)).id in belief.met
    else:
        assert sessions.find((shelf.ROOT / link).read_text())

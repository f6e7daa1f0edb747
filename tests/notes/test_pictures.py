"""How pictures are found, compared and rewritten: each test is a way in which a page can be wrong or right."""

import pytest
from runner.failure import Failure
from runner.pages import pictures, screens, sessions, shelf

PAGE = shelf.NOTES / "page.md"


def image(title, place="pictures/page.svg"):
    """A page with one picture."""
    return f'# A page\n\n![What one sees.]({place} "{title}")\n'


def test_a_picture_is_found_with_what_makes_it():
    found = pictures.find(PAGE, image("./lab report hello --svg --show stack --at newproc1/entry"))
    command = pictures.Command("hello", "stack", "newproc1/entry")
    assert found == [pictures.Picture(3, shelf.NOTES / "pictures/page.svg", command)]


def test_a_page_with_a_dot_in_its_name_has_pictures():
    assert len(pictures.find(PAGE, image("./lab report hello --svg", "pictures/go-1.10.svg"))) == 1


def test_an_image_that_is_no_picture_of_a_run_is_left_alone():
    assert pictures.find(PAGE, "![An editor.](in-an-editor.png)\n") == []


@pytest.mark.parametrize(
    "title",
    [
        "./lab report",
        "./lab report hello",
        "./lab report /bin/true --svg",
        "./lab report nosuch --svg",
        "./lab report hello --svg -o x.svg",
        "./lab report hello --svg --against x.json",
        "./lab report hello --svg --at",
        "./lab report hello --svg --at ok --at ok",
        "./lab report hello --svg --at $(date)",
        "./lab report hello --svg --at ok; date",
        "./lab report hello --svg --show ../x",
    ],
)
def test_a_title_with_anything_else_is_refused(title):
    with pytest.raises(pictures.BadPicture):
        pictures.find(PAGE, image(title))


@pytest.mark.parametrize("place", ["pictures/page.zh.svg", "../page.svg", "page.svg", "pictures/../page.svg"])
def test_a_picture_stands_with_the_pictures_of_its_language(place):
    with pytest.raises(pictures.BadPicture):
        pictures.find(PAGE, image("./lab report hello --svg", place))


class Drawn:
    """Runs whose picture is known beforehand."""

    def __init__(self, svg):
        self.svg, self.asked = svg, []

    def drawn(self, command, language):
        """What pictures.Runs does."""
        self.asked.append((command, language))
        if self.svg is None:
            raise Failure("no stop of this run is called that")
        return self.svg


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page with one picture, whose file shows a stack of two words."""
    monkeypatch.setattr(pictures, "NOTES", tmp_path)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "page.svg").write_text("<svg><text>0x401150</text><text>two</text></svg>")
    return tmp_path / "page.md"


TEXT = image("./lab report hello --svg --show stack")


def test_a_picture_that_is_made_just_so_is_right(page):
    drawn = Drawn("<svg><text>0x500000</text><text>two</text></svg>")  # an address may be another one
    assert pictures.checked(page, TEXT, drawn)[1] == []


def test_a_picture_that_is_made_otherwise_is_wrong(page):
    _, wrong = pictures.checked(page, TEXT, Drawn("<svg><text>0x500000</text><text>three</text></svg>"))
    assert len(wrong) == 1 and "-<text>two</text>" in wrong[0] and "+<text>three</text>" in wrong[0]


def test_a_picture_that_is_not_there_yet_is_wrong(page):
    (page.parent / "pictures" / "page.svg").unlink()
    assert len(pictures.checked(page, TEXT, Drawn("<svg/>"))[1]) == 1


def test_a_moment_that_is_not_in_the_run_is_said(page):
    assert "no stop" in pictures.checked(page, TEXT, Drawn(None))[1][0]


def test_a_picture_is_written_anew_when_asked_for(page):
    assert pictures.checked(page, TEXT, Drawn("<svg>new</svg>"), update=True)[1] == []
    assert (page.parent / "pictures" / "page.svg").read_text() == "<svg>new</svg>"


def test_a_picture_is_made_in_its_reader_s_language(page):
    drawn = Drawn("<svg/>")
    text = TEXT.replace("page.svg", "page.zh.svg")
    pictures.checked(page.with_name("page.zh.md"), text, drawn)
    assert [language for _, language in drawn.asked] == ["zh"]


@pytest.mark.parametrize("language, suffix", [("en", ""), ("zh", ".zh")])
def test_the_readme_s_card_of_the_tour_is_as_a_terminal_shows_it(built, language, suffix):
    shown = (shelf.NOTES / "pictures" / f"tour{suffix}.svg").read_text()
    assert sessions.normal(shown) == sessions.normal(screens.svg(screens.card(language)))

"""How pictures are found, compared and rewritten: each test is a way in which a page can be wrong or right."""

import pytest
from runner.pages import pictures, shelf

PAGE = shelf.NOTES / "page.md"


def image(title, place="pictures/page.svg"):
    """A page with one picture."""
    return f'# A page\n\n![What one sees.]({place} "{title}")\n'


def test_a_picture_is_found_with_what_makes_it():
    found = pictures.find(PAGE, image("./lab report hello --svg --show stack --at newproc1/entry"))
    command = pictures.Command("hello", "stack", "newproc1/entry")
    assert found == [pictures.Picture(3, shelf.NOTES / "pictures/page.svg", command)]


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

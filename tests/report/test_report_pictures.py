"""Pictures of single moments: a file each that stands alone, the same bytes for the same run, harmless texts."""

import copy
import xml.etree.ElementTree as ElementTree

import pytest

from runner.failure import Failure
from runner.report import film, pictures, sources

SHOWN = pytest.mark.parametrize("show", pictures.SHOWN)
SVG = "{http://www.w3.org/2000/svg}"


@SHOWN
def test_a_picture_stands_alone(recorded, show):
    root = ElementTree.fromstring(pictures.svg(recorded, show, "newproc1/entry", "en").encode())
    assert root.tag == f"{SVG}svg" and {"width", "height", "viewBox"} <= root.attrib.keys()
    assert (
        root.find(f"{SVG}title").text and root.find(f"{SVG}desc").text and "var(" not in root.find(f"{SVG}style").text
    )


def test_two_recordings_of_a_boot_give_the_same_pictures(recorded):
    from runner.host import debugger, traces

    again = film.of([(traces.live(debugger.program("hello")), sources.finder("rt0lab"))])
    for show in ("stack", "objects"):  # the timeline shows what the threads did this time
        for moment in ("rt0_go/entry", "acquirep/return", "newproc1/return"):  # the second has a time near SP
            assert pictures.svg(recorded, show, moment, "en") == pictures.svg(again, show, moment, "en")


@SHOWN
def test_hostile_texts_are_texts(boot, show):
    trace = copy.deepcopy(boot)
    evil = "]]></svg><script>alert(1)</script>\x1b[31m\x00\"'&\ud800"
    trace["stages"] = trace["stages"][:70]
    for stage in trace["stages"]:
        stage |= {"bt": [evil], "stack_words": [evil, 1e300, None, []], "tls_g": evil, "runq": [evil], "sp": evil}
        stage["m0"]["curg"] = evil
    root = ElementTree.fromstring(
        pictures.svg(film.of([(trace, sources.finder("rt0lab"))]), show, "61", "en").encode("utf-8")
    )
    assert root.find(f".//{SVG}script") is None


def test_a_moment_that_is_not_there_is_named_with_what_is_near(recorded):
    with pytest.raises(Failure, match="newproc1/entry"):
        pictures.svg(recorded, "stack", "newproc1/enter", "en")

"""What one sees of a stop: what lies on the stack, what was pushed, and which structure points at which."""

import copy

import pytest

from runner.report import film, sources


STOPS = "[...Array(run.length).keys()]"


def stack(node, film, moment):
    return node(film, f"rt0.stackAt(run, run.named('{moment}'))")


@pytest.fixture(scope="module")
def go(oracle):
    """The film of Go 1.10.2's boot."""
    return film.of([(oracle, sources.finder("go1.10.2"))])


def test_a_call_pushed_where_it_returns_to(recorded, node):
    first = stack(node, recorded, "newproc1/entry")["words"][0]
    assert (first["kind"], first["fresh"]) == ("returns", "pushed") and first["word"].startswith(
        "runtime.newproc.func1+"
    )


def test_what_lies_higher_than_sp_was_is_not_pushed(go, node):
    words = stack(node, go, "acquirep1/entry")["words"]  # 24 bytes below acquirep's entry
    assert [word["fresh"] for word in words] == ["pushed", "pushed", "pushed", None, None]


def test_a_return_pops_the_address_that_it_used(go, node):
    found = stack(node, go, "runqput/return")
    assert found["lowered"] == -8 and [word["word"] for word in found["gone"]] == ["runtime.newproc1+654"]


def test_each_word_belongs_to_the_frame_whose_call_it_serves(go, node):
    found = stack(node, go, "acquirep1/entry")
    assert [word["frame"] for word in found["words"]] == [0, 1, 1, 1, 2]


def test_an_old_return_address_is_not_called_one(recorded, node):
    words = stack(node, recorded, "gfget/entry")["words"]
    assert [word["kind"] for word in words if str(word["word"]).startswith("runtime.rt0_go+")] == ["code"]


def test_what_an_earlier_call_left_behind_is_no_return_address(recorded, node):
    words = stack(node, recorded, "mstart1/entry")["words"]  # rt0_go's call of newproc left one in mstart's frame
    assert [word["at"]["below"] for word in words if word["kind"] == "returns"] == [48, 8]


def test_a_goroutine_s_stack_is_known_with_its_size(go, node):
    found = stack(node, go, "runtime.main/entry")
    assert (found["stack"], found["below"], found["size"], found["guardAboveLo"]) == ("g1", 40, 2048, 880)


def test_the_kernel_s_stack_becomes_g0_s(recorded, node):
    found = stack(node, recorded, "nocpuinfo/label")
    assert (found["stack"], found["lowered"]) == ("g0", 48) and found["since"] == 2


def test_what_lies_above_a_goroutine_s_stack_is_not_its_own(go, node):
    words = stack(node, go, "mstart/entry/2")["words"]  # SP is 8 bytes below hi
    assert [word["kind"] for word in words] == ["returns"] + ["beyond"] * 4


def test_a_call_that_does_not_come_back_leaves_a_return_address_too(recorded, node):
    words = stack(node, recorded, "exit/entry")["words"]  # the function that called ends with that call
    assert [(word["kind"], word["frame"]) for word in words[:2]] == [("returns", 0), (words[1]["kind"], 1)]


def test_what_the_kernel_left_has_its_names(go, node):
    words = stack(node, go, "_rt0_amd64_linux/entry")["words"]
    assert [word["name"] for word in words] == ["argc", "argv[0]", "argv[1]", "envp[0]", "envp[1]"]


def test_what_the_kernel_left_is_no_call_s(recorded, node):
    first = stack(node, recorded, "rt0_go/entry")["words"]
    assert {word["frame"] for word in first} == {None}


def test_what_the_kernel_left_keeps_its_names_above_a_frame(recorded, node):
    words = stack(node, recorded, "ok/label")["words"]
    assert [word["name"] for word in words if word["frame"] is None] == ["argc", "argv[0]"]


def objects(node, film, moment):
    found = node(film, f"rt0.objectsAt(run, run.named('{moment}'))")
    return found, {(box["name"], field["field"]): field for box in found["boxes"] for field in box["fields"]}


def test_m_and_its_goroutine_point_at_each_other(go, node):
    _, fields = objects(node, go, "runtime.main/entry")
    assert fields["m0", "curg"]["to"] == ["g1"] and fields["g1", "m"]["to"] == ["m0"]


def test_a_goroutine_is_new_once(recorded, node):
    marks = node(
        recorded, f"{STOPS}.map((n) => rt0.objectsAt(run, n).boxes.some((box) => box.name === 'g1' && box.fresh))"
    )
    assert sum(marks) == 1


def test_what_is_not_set_up_is_said_to_be_so(go, node):
    found, _ = objects(node, go, "rt0_go/entry")
    assert {box["name"]: box["made"] for box in found["boxes"]} == {
        "g0": False,
        "m0": False,
        "sched": True,
        "all": True,
    }


def test_the_m_that_runs_is_known_by_its_thread_s_word_for_g(go, node):
    assert objects(node, go, "mstart/entry/2")[0]["m"] == "m1"


def test_a_thread_that_has_no_tls_of_its_own_yet_is_not_taken_for_the_one_that_made_it(recorded, node):
    found, _ = objects(node, recorded, "settls/entry/2")
    assert (found["m"], found["g"]) == ("m1", None)


def test_of_a_crowd_the_rest_is_counted(oracle, node):
    trace = copy.deepcopy(oracle)
    last = trace["stages"][-1]
    g = last["allgs"][0]
    last["allgs"] = [g | {"name": f"g{i}", "goid": i} for i in range(1, 1001)]
    last["globals"]["runtime.allglen"] = 1000
    crowd = film.of([(trace, sources.finder("go1.10.2"))])
    found = node(crowd, "rt0.objectsAt(run, run.length - 1)")
    shown = [box["name"] for box in found["boxes"] if box["kind"] == "g"]
    assert "g1" in shown and found["left"]["g"] == 1000 - len(shown)


def test_a_goroutine_that_comes_later_does_not_take_the_place_of_another(oracle, node):
    trace = copy.deepcopy(oracle)
    one, other = trace["stages"][-2:]
    g = other["allgs"][0]
    for stage, names in ((one, ["g1", "g18"]), (other, ["g1", "g18", "g17"])):
        stage["allgs"] = [g | {"name": name} for name in names]
    late = film.of([(trace | {"stages": [one, other]}, sources.finder("go1.10.2"))])
    boxes = "rt0.objectsAt(run, 1).boxes.filter((box) => box.kind === 'g').map((box) => box.name)"
    assert node(late, boxes) == ["g1", "g18", "g17"]


@pytest.mark.parametrize("run", ["recorded", "go"])
def test_every_stop_can_be_drawn(run, node, request):
    drawn = """.flatMap((n) => ["stack", "objects"].map((show) =>
        rt0.toText(rt0.pictures[show](film, 0, n, { language: "zh", width: 360 }))))
        .filter((text) => /NaN|undefined|null/.test(text))"""
    assert node(request.getfixturevalue(run), STOPS + drawn) == []

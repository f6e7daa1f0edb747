"""layout() beside the debug information of the static program: the same sizes, offsets, types, and no field missing."""

import re

import pytest

KINDS = "g m p schedt gobuf stack sudog hchan waitq note mutex sysmontick".split()


@pytest.mark.parametrize("kind", KINDS)
def test_layout_is_the_debug_information_s(rt0lab, gdb, kind):
    ours = rt0lab.layout(kind)
    for field in ours["fields"]:
        field["type"] = re.sub(r"^\w+", lambda name: gdb["plain"].get(name[0], name[0]), field["type"])
    assert ours == gdb["structures"][kind]


def test_an_unknown_structure_is_a_key_error(rt0lab):
    with pytest.raises(KeyError):
        rt0lab.layout("zebra")


def test_an_unknown_field_is_an_attribute_error(boot):
    with pytest.raises(AttributeError, match="g has no field zebra"):
        boot().g0.zebra


def test_dir_lists_the_fields(rt0lab, boot):
    assert set(dir(boot().m0)) == {field["name"] for field in rt0lab.layout("m")["fields"]}

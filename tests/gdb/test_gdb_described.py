"""The file that tells gdb of a variable `runtime`: another reader of debug information understands it, and it says what
is so."""

import io

import pytest
from elftools.elf.elffile import ELFFile


@pytest.fixture
def told(gdb_json, either):
    """(the entries of the file for a program, that program's symbols)"""
    text = gdb_json(either, "from rt0lab.show import packages\nresult = packages._described(program.world()).hex()")
    entries = [
        die for unit in ELFFile(io.BytesIO(bytes.fromhex(text))).get_dwarf_info().iter_CUs() for die in unit.iter_DIEs()
    ]
    with open(either, "rb") as file:
        symbols = {
            symbol.name: symbol["st_value"] for symbol in ELFFile(file).get_section_by_name(".symtab").iter_symbols()
        }
    return entries, symbols


def name(die):
    return die.attributes["DW_AT_name"].value.decode() if "DW_AT_name" in die.attributes else ""


def test_each_field_lies_where_the_variable_does(told):
    entries, symbols = told
    package = next(die for die in entries if die.tag == "DW_TAG_variable" and name(die) == "runtime")
    base = int.from_bytes(bytes(package.attributes["DW_AT_location"].value[1:]), "little")
    fields = {
        name(die): die.attributes["DW_AT_data_member_location"].value
        for die in package.get_DIE_from_attribute("DW_AT_type").iter_children()
    }
    assert {"g0", "m0", "sched", "allgs", "allp"} <= set(fields)
    assert {field for field, offset in fields.items() if symbols[f"runtime.{field}"] != base + offset} == set()


def test_every_type_is_there(told):
    entries, _ = told
    referred = [die.get_DIE_from_attribute("DW_AT_type") for die in entries if "DW_AT_type" in die.attributes]
    assert {die.tag for die in referred} <= {
        "DW_TAG_base_type",
        "DW_TAG_pointer_type",
        "DW_TAG_structure_type",
        "DW_TAG_union_type",
        "DW_TAG_array_type",
        "DW_TAG_typedef",
    }


def test_no_type_is_only_declared(told):
    assert [name(die) for die in told[0] if "DW_AT_declaration" in die.attributes] == []

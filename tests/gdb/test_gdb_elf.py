"""What an ELF file says of itself need not be so: one thing that is wrong costs that thing. No gdb in it."""

import struct

import pytest

import hostile
from rt0lab.formats import elf


@pytest.fixture
def damaged(hello, tmp_path):
    """damaged(place, format, value...): the Elf of hello with something else at that place; places are functions of its
    bytes."""

    def make(place, form, *values):
        data = bytearray(hello.read_bytes())
        struct.pack_into(form, data, place(data), *values)
        (tmp_path / "program").write_bytes(data)
        return elf.Elf(tmp_path / "program")

    return make


def sections(data):
    """(where its head is, its head) of each section."""
    (start,), (size, count) = struct.unpack_from("<Q", data, 40), struct.unpack_from("<HH", data, 58)
    return [(start + i * size, struct.unpack_from("<IIQQQQIIQQ", data, start + i * size)) for i in range(count)]


def symbol(name):
    """Where the entry of this symbol is in .symtab."""

    def at(data):
        heads = sections(data)
        table = next(head for _, head in heads if head[1] == 2)
        strings = heads[table[6]][1][4]
        return next(
            place
            for place in range(table[4], table[4] + table[5], 24)
            if data[strings + struct.unpack_from("<I", data, place)[0] :].startswith(name.encode() + b"\0")
        )

    return at


def head(kind, offset):
    """A field of the head of the first section of this type."""
    return lambda data: next(place for place, fields in sections(data) if fields[1] == kind) + offset


def test_a_name_outside_of_the_file_costs_that_symbol(hello, damaged):
    found = damaged(symbol("runtime.osinit"), "<I", 0xFFFFFFF0)
    assert "runtime.osinit" not in found.symbols and len(found.symbols) >= len(elf.Elf(hello).symbols) - 1


@pytest.mark.parametrize(
    "place, form, value, left",
    [
        (lambda data: 40, "<Q", 1 << 63, False),
        (lambda data: 58, "<H", 0, False),
        (lambda data: 58, "<H", 1, None),
        (lambda data: 60, "<H", 0xFFFF, True),
        (lambda data: 62, "<H", 0xFFFF, True),
        (head(2, 24), "<Q", 1 << 62, False),
        (head(2, 32), "<Q", 1 << 62, None),
        (head(2, 32), "<Q", 25, None),
        (head(2, 40), "<I", 0xFFFF, False),
        (head(2, 56), "<Q", 0, True),
        (head(7, 32), "<Q", 3, True),
    ],
)
def test_a_head_that_is_wrong_costs_what_it_is_of(damaged, place, form, value, left):
    found = damaged(place, form, value)
    assert left is None or bool(found.symbols) == left


@pytest.mark.parametrize("length", [0, 4, 6, 20, 63])
def test_a_piece_of_a_head_is_no_elf_file(hello, tmp_path, length):
    (tmp_path / "program").write_bytes(hello.read_bytes()[:length])
    with pytest.raises(elf.NotElf):
        elf.Elf(tmp_path / "program")


@pytest.mark.parametrize("length", [64, 100, 5000])
def test_a_piece_of_a_file_has_no_symbols(hello, tmp_path, length):
    (tmp_path / "program").write_bytes(hello.read_bytes()[:length])
    assert elf.Elf(tmp_path / "program").symbols == {}


def test_names_are_what_they_are_and_long_ones_are_cut(hello, tmp_path):
    found = elf.Elf(
        hostile.renamed(
            hello, tmp_path / "program", {"runtime.osinit": b"\xff\n", "runtime.schedinit": b"x" * (10 << 20)}
        )
    )
    assert "\udcff\n" in found.symbols and max(map(len, found.symbols)) < 5000


def test_two_functions_of_one_name_have_each_their_own_size(hello, tmp_path):
    whole = elf.Elf(hello)
    found = elf.Elf(
        hostile.renamed(hello, tmp_path / "program", {"runtime.osinit": b"same", "runtime.schedinit": b"same"})
    )
    for name in ("runtime.osinit", "runtime.schedinit"):
        start, size = whole.symbols[name]
        assert found.symbol_at(start + size - 1) == ("same", size - 1)


def test_a_section_s_name_is_shown_as_what_it_is(hello, tmp_path):
    data = hello.read_bytes()
    assert data.count(b"\0.rodata\0") == 1
    (tmp_path / "program").write_bytes(data.replace(b"\0.rodata\0", b"\0\x1b\x9bdata\0\0"))
    assert "\\x1b\\x9bdata" in [section.name for section in elf.Elf(tmp_path / "program").sections]


def test_a_symbol_is_found_at_the_end_of_another_s_name(hello, damaged):
    whole = elf.Elf(hello).symbols
    strings = next(fields for _, fields in sections(hello.read_bytes()) if fields[1] == 3 and fields[5] > 1000)
    at = hello.read_bytes().index(b"\0runtime.schedinit\0", strings[4]) + 1 - strings[4]
    found = damaged(symbol("runtime.osinit"), "<I", at + len("runtime."))
    assert found.symbols["schedinit"] == whole["runtime.osinit"] and found.symbols.get("init") == whole.get("init")


def test_symbols_begin_as_all_of_them_say(hello):
    found = elf.Elf(hello).symbols
    assert sorted(set(found.beginning("runtime.g"))) == sorted(name for name in found if name.startswith("runtime.g"))


@pytest.mark.parametrize("name", ["", "\ud800", "runtime.g0\0runtime.m0", "x" * 5000])
def test_what_is_no_symbol_s_name_finds_none(hello, name):
    assert elf.Elf(hello).symbols.get(name) is None

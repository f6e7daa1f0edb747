"""The tables that the notes have from Go programs of several versions: the rows of the Go that is here are measured
again, and what reads the programs is tried on files of other systems."""

import functools
import os
import re
import struct
import subprocess

import pytest
from runner.likeness import entries, moved
from runner.pages import shelf
from runner.tree import ROOT
from runner.verbs import dev

HELLO = ROOT / "tests" / "notes" / "hello.go"


@functools.cache
def go(*words, **environment):
    """What this machine's Go says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GO")}
    return subprocess.run(["go", *words], env=kept | environment, text=True, capture_output=True, check=True).stdout


def version():
    """1.19 for go1.19.8."""
    return re.search(r"go(\d+\.\d+)", go("version"))[1]


def page(name):
    return (shelf.NOTES / f"{name}.md").read_text()


def columns(name):
    """{1.10: the answers} of the table in a page, by the version of Go."""
    rows = [line.strip("|").split(" | ") for line in shelf.prose(page(name)).splitlines() if line.startswith("| ")]
    head, *body = [[cell.strip().strip("`") for cell in row] for row in rows]
    return {name.removeprefix("go").rpartition(".")[0]: [row[n] for row in body] for n, name in enumerate(head) if n}


def test_the_page_counts_the_systems_of_this_go():
    rows = dict(re.findall(r"^\| ([\d., ]+) \| (\d+) \|", page("each-system-and-architecture"), re.M))
    counts = {name: int(count) for names, count in rows.items() for name in names.split(", ")}
    if version() not in counts:
        pytest.skip(f"the page has no row of Go {version()}")
    assert counts[version()] == len(go("tool", "dist", "list").split())


def test_the_page_has_what_is_recorded_of_the_first_go():
    assert columns("from-go-1.10-to-today")["1.10"] == [answer for _, answer in moved.recorded()]


def test_the_page_has_what_moved_up_to_this_go(tmp_path):
    there = columns("from-go-1.10-to-today")
    if version() not in there:
        pytest.skip(f"the page has no column of Go {version()}")
    go("build", "-o", str(tmp_path / "hello"), str(HELLO))
    assert there[version()] == [answer for _, answer in dev.column(str(tmp_path / "hello"))[1]]


def test_the_table_is_the_same_in_chinese():
    words = {"有": "there"}
    other = columns("from-go-1.10-to-today.zh")
    read = {name: [words.get(answer, answer) for answer in answers] for name, answers in other.items()}
    assert read == columns("from-go-1.10-to-today")


def pe():
    """A program of Windows with one section, at 0x1000, and two symbols; it begins 0x40 bytes into the section."""
    names = b"_rt0_amd64_windows\0"
    symbols = struct.pack("<8sIhHBB", b"other", 0x10, 1, 0, 2, 0) + struct.pack("<IIIhHBB", 0, 4, 0x40, 1, 0, 2, 0)
    section = struct.pack("<8sII", b".text", 0x100, 0x1000).ljust(40, b"\0")
    head = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0x40 + 24 + 32 + 40, 2, 32, 0)
    optional = struct.pack("<16xI", 0x1040).ljust(32, b"\0")
    start = (b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)) + b"PE\0\0"
    return start + head + optional + section + symbols + struct.pack("<I", 4 + len(names)) + names


def macho(*command):
    """A program of Darwin with one segment, at 0x10000, one symbol 0x40 bytes into it, and this command."""
    segment = struct.pack("<II16sQ", 0x19, 72, b"__TEXT", 0x10000).ljust(72, b"\0")
    last = struct.pack(*command)
    table = 32 + len(segment) + len(last) + 24
    symtab = struct.pack("<6I", 2, 24, table, 1, table + 16, 0)
    head = struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, 2, 3, 0, 0, 0)
    return head + segment + last + symtab + struct.pack("<IBBHQ", 0, 0, 0, 0, 0x10040) + b"__rt0_arm64_darwin\0"


WASM = b"\0asm\1\0\0\0" + b"\1\2ab" + b"\7\x0d\2\3mem\2\0\4resu\0\1"


@pytest.mark.parametrize(
    "data, kind, symbol",
    [
        (pe(), "PE", "_rt0_amd64_windows"),
        (macho("<IIQQ", 0x80000028, 24, 0x40, 0), "Mach-O", "_rt0_arm64_darwin"),
        (macho("<IIII16QQ4Q", 5, 184, 4, 42, *[0] * 16, 0x10040, 0, 0, 0, 0), "Mach-O", "_rt0_arm64_darwin"),
        (WASM, "wasm", "resu"),
        (b"#!/bin/sh\n", "?", "?"),
    ],
    ids=["windows", "darwin", "older darwin", "wasm", "none"],
)
def test_where_a_program_begins(data, kind, symbol, tmp_path):
    (tmp_path / "program").write_bytes(data)
    assert entries.of(str(tmp_path / "program")) == entries.Entry(kind, symbol)


@pytest.mark.parametrize("data", [pe(), macho("<IIQQ", 0x80000028, 24, 0x40, 0), WASM], ids=["PE", "Mach-O", "wasm"])
def test_a_file_that_is_cut_short_is_only_not_understood(data, tmp_path):
    for size in range(len(data)):
        (tmp_path / "program").write_bytes(data[:size])
        assert isinstance(entries.of(str(tmp_path / "program")), entries.Entry)

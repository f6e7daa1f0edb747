"""A program whose own file is damaged: a report reads its symbols and lines from there, and must not fail over them."""

import random
import re
import subprocess

import pytest
from elftools.elf.elffile import ELFFile
from runner import tree

SECTIONS = [".symtab", ".strtab", ".debug_info", ".debug_abbrev", ".debug_line", ".debug_str", ".debug_ranges"]
ZEROS, ONES, NOISE = (lambda n: bytes(n)), (lambda n: b"\xff" * n), (lambda n: random.Random(1).randbytes(n))


@pytest.fixture(scope="module")
def program():
    """A program that ends with a report, and where the sections are that only a report reads."""
    path = tree.build_folder("debug", "g++") / "runtime" / "programs" / "deadlock"
    with path.open("rb") as file:
        elf = ELFFile(file)
        places = {name: elf.get_section_by_name(name) for name in SECTIONS}
        headers = elf["e_shoff"]
        return path.read_bytes(), {name: (s["sh_offset"], s["sh_size"]) for name, s in places.items()}, headers


def report(folder, content):
    """Of what a program says as it fails the lines that no file is needed for, and how it ended."""
    path = folder / "damaged"
    path.write_bytes(content)
    path.chmod(0o755)
    result = subprocess.run(
        [path], env={"GOMAXPROCS": "1"}, capture_output=True, text=True, errors="replace", timeout=20
    )
    return (
        re.findall(r"^(?:fatal error|panic|goroutine|\[signal|SIG).*", result.stderr, re.MULTILINE),
        result.returncode,
    )


ASLEEP = (
    [
        "fatal error: all goroutines are asleep - deadlock!",
        "goroutine 1 [chan receive]:",
        "goroutine 5 [chan receive]:",
    ],
    2,
)


@pytest.mark.parametrize("filling", [ZEROS, ONES, NOISE], ids=["zeros", "ones", "noise"])
@pytest.mark.parametrize("section", SECTIONS)
def test_a_report_does_without_a_section(program, tmp_path, section, filling):
    content, places, _ = program
    offset, size = places[section]
    assert report(tmp_path, content[:offset] + filling(size) + content[offset + size :]) == ASLEEP


@pytest.mark.parametrize("seed", range(8))
def test_a_report_survives_wrong_bytes_anywhere_in_what_it_reads(program, tmp_path, seed):
    content, places, _ = program
    damaged, rng = bytearray(content), random.Random(seed)
    for offset, size in places.values():
        for _ in range(size // 50):
            damaged[offset + rng.randrange(size)] = rng.randrange(256)
    assert report(tmp_path, bytes(damaged)) == ASLEEP


def test_a_report_does_without_section_headers(program, tmp_path):
    content, _, headers = program
    assert report(tmp_path, content[:headers]) == ASLEEP


def test_a_report_does_without_what_was_cut_off(program, tmp_path):
    content, places, _ = program
    assert report(tmp_path, content[: places[".debug_info"][0]]) == ASLEEP

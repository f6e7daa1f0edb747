"""./lab's answer to files that it cannot show: one line that says what is wrong and what to do, exit status 2."""

import os
import subprocess

import pytest
from runner.host import target

GO_LIKE = 'char table[1] __attribute__((section(".gopclntab"))); int main(void) { return 0; }'


@pytest.mark.parametrize(
    "verb", [["tour"], ["gdb"], ["trace", "-o", "/dev/null"], ["compare"]], ids=lambda words: words[0]
)
def test_every_verb_says_that_there_is_no_such_file(lab, one_line, tmp_path, verb):
    line = one_line(lab(*verb[:1], tmp_path / "nothing", *verb[1:]), 2)
    assert line == f"lab: {tmp_path}/nothing: no such file"


def test_directory(lab, one_line, tmp_path):
    assert one_line(lab("tour", tmp_path), 2) == f"lab: {tmp_path} is a directory, not a program"


def test_fifo_does_not_hang(lab, one_line, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert "not a regular file" in one_line(lab("tour", tmp_path / "fifo"), 2)


def test_text_file(lab, one_line):
    assert "not an ELF program" in one_line(lab("tour", __file__), 2)


@pytest.mark.parametrize("length", [4, 20, 64, 2000])
def test_truncated_elf(lab, one_line, compiled, length):
    program = compiled()
    os.truncate(program, length)
    assert "not an ELF program" in one_line(lab("tour", program), 2)


def patched(program, offset, replacement):
    """The program with some bytes of its ELF header replaced."""
    data = bytearray(program.read_bytes())
    data[offset : offset + len(replacement)] = replacement
    program.write_bytes(data)
    return program


def test_section_table_outside_the_file(lab, one_line, compiled):
    assert "not an ELF program" in one_line(lab("tour", patched(compiled(), 0x28, b"\xff" * 8)), 2)


def test_other_machine(lab, one_line, compiled):
    line = one_line(lab("tour", patched(compiled(), 18, b"\xb7")), 2)
    assert "for another machine (AARCH64)" in line


def test_thirty_two_bits(lab, one_line, compiled, tmp_path):
    program = compiled("int main(void) { return 0; }", "-m32", "-nostdlib", "-static", "-Wl,-e,main")
    assert "for another machine (386)" in one_line(lab("tour", program), 2)


def test_object_file(lab, one_line, compiled):
    assert "not a program" in one_line(lab("tour", compiled("int main(void) { return 0; }", "-c")), 2)


def test_stripped(lab, one_line, compiled):
    assert "is stripped" in one_line(lab("tour", compiled("int main(void) { return 0; }", "-s")), 2)


def test_stripped_go_names_the_flag(lab, one_line, compiled):
    assert "without -ldflags=-s" in one_line(lab("tour", compiled(GO_LIKE, "-s")), 2)


def test_neither_ours_nor_go(lab, one_line, compiled):
    assert "neither rt0lab's runtime nor Go's" in one_line(
        lab("tour", compiled("int main(void) { return 0; }", "-g")), 2
    )


def test_go_without_dwarf(lab, one_line, compiled):
    assert "without DWARF; build it without -w" in one_line(lab("tour", compiled(GO_LIKE)), 2)


def test_not_executable(lab, one_line, compiled):
    program = compiled(GO_LIKE, "-g")
    program.chmod(0o644)
    if os.geteuid() == 0:
        assert os.access(program, os.X_OK) is False  # not even root may run a file without any x bit
    assert "not executable" in one_line(lab("tour", program), 2)


def test_go_with_dwarf_is_go(compiled):
    from runner.host.target import examine

    assert examine(compiled(GO_LIKE, "-g")).runtime == "go"


def test_what_names_the_file_of_its_debug_information_is_for_gdb_to_see(compiled):
    program = compiled(GO_LIKE, "-s")
    subprocess.run(["objcopy", f"--add-gnu-debuglink={__file__}", program], check=True)
    assert target.examine(program).runtime == "go"

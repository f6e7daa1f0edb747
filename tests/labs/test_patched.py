"""The runtime with a patch: what is compiled, what is shown of it, and that nobody is disturbed by it."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from learners import ROOT
from runner.exercises import patched, patches, variant
from runner.failure import Failure
from runner.host import build, debugger

# main.main is called by nothing else; the program ends without its line
SILENT = """\
--- a/runtime/proc.cpp
+++ b/runtime/proc.cpp
@@ -{line},3 +{line},3 @@
     unlockOSThread();
-    main_main();
+    exit_(7);
\x20
"""


@pytest.fixture
def silent(tmp_path):
    """A patch that lets the program end with 7 instead of calling main.main."""
    lines = (ROOT / "runtime" / "proc.cpp").read_text().splitlines()
    path = tmp_path / "silent.patch"
    path.write_text(SILENT.format(line=lines.index("    main_main();")))
    return path


def test_the_program_has_the_patch(silent, tmp_path):
    assert subprocess.run([variant.program("hello", tmp_path, 7, silent)]).returncode == 7


def test_without_a_patch_it_is_the_healthy_one(silent, tmp_path):
    variant.program("hello", tmp_path, 7, silent)
    assert subprocess.run([variant.program("hello", tmp_path, 7)], capture_output=True).stdout == b"hello world\n"


def test_an_assembly_file_can_be_patched(tmp_path):
    lines = (ROOT / "runtime" / "rt0_linux_amd64.S").read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.split()[:1] == ["jmp"])
    path = tmp_path / "trap.patch"
    head = "--- a/runtime/rt0_linux_amd64.S\n+++ b/runtime/rt0_linux_amd64.S\n"
    path.write_text(f"{head}@@ -{at + 1},1 +{at + 1},1 @@\n-{lines[at]}\n+\tud2\n")
    assert subprocess.run([variant.program("hello", tmp_path, 7, path)]).returncode == -4


def test_it_is_compiled_once(silent, tmp_path):
    first = patched.made(silent, tmp_path).instead
    made = [path.stat().st_mtime_ns for path in first.values()]
    assert [path.stat().st_mtime_ns for path in patched.made(silent, tmp_path).instead.values()] == made


def test_another_patch_is_another_program(silent, tmp_path):
    one = variant.program("hello", tmp_path, 7, silent)
    silent.write_text(silent.read_text().replace("exit_(7)", "exit_(8)"))
    assert variant.program("hello", tmp_path, 7, silent) != one


def test_what_was_compiled_in_part_is_compiled_again(silent, tmp_path):
    path = next(iter(patched.made(silent, tmp_path).instead.values()))
    path.rename(path.with_suffix(".new"))
    assert next(iter(patched.made(silent, tmp_path).instead.values())).exists()


def test_two_at_once_get_the_same(silent, tmp_path):
    build.executable("hello")
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda seed: variant.program("hello", tmp_path, seed, silent), (7, 8)))
    assert [subprocess.run([path]).returncode for path in both] == [7, 7]


def test_the_healthy_objects_are_not_touched(silent, tmp_path):
    objects = sorted((build.build("debug") / "runtime" / "libruntime.a.p").glob("*.o"))
    before = [path.stat().st_mtime_ns for path in objects]
    variant.program("hello", tmp_path, 7, silent)
    assert [path.stat().st_mtime_ns for path in objects] == before


def _fullname(program, function):
    """Where the learner's gdb says that the source of a function is."""
    asked = f"python print('is', gdb.decode_line('{function}')[1][0].symtab.fullname())"
    words = [*debugger.command(str(program), batch=True), "-d", str(variant.listing(program)), "-ex", asked]
    said = subprocess.run(words, capture_output=True, text=True, env=debugger.environment()).stdout
    return said.rpartition("is ")[2].strip()


@pytest.mark.parametrize("function", ["runtime.schedinit", "runtime.schedule"])
def test_gdb_shows_the_sources_of_the_variant_patched_or_not(silent, tmp_path, function):
    program = variant.program("hello", tmp_path, 7, silent)
    assert _fullname(program, function).startswith(str(program.parent.parent / "runtime"))


def test_the_healthy_program_has_no_sources_of_its_own(tmp_path):
    assert variant.listing(variant.program("hello", tmp_path, 7)) is None


@pytest.mark.parametrize("name", ["runtime/proc.hpp", "labs/runner/cli.py", "../proc.cpp", "runtime/../x.cpp"])
def test_only_sources_of_the_runtime_may_be_patched(name):
    with pytest.raises(Failure, match="no .cpp or .S file of runtime/"):
        patches.changed_files("x.patch", f"--- a/{name}\n+++ b/{name}\n")


def test_a_patch_that_does_not_fit_is_told_by_its_name(silent, tmp_path):
    silent.write_text(silent.read_text().replace("    unlockOSThread();", "    somethingElse();"))
    with pytest.raises(Failure, match="silent.patch does not fit the runtime"):
        patched.made(silent, tmp_path)


def test_a_patch_that_does_not_compile_is_told_by_its_name(silent, tmp_path):
    silent.write_text(silent.read_text().replace("exit_(7)", "exit_(seven)"))
    with pytest.raises(Failure, match="silent.patch does not compile"):
        patched.made(silent, tmp_path)


@pytest.mark.parametrize(
    "hunk, lines",
    [
        (["@@ -5,3 +5,3 @@", " a", "-b", "+c", " d"], [6]),
        (["@@ -5,3 +5,2 @@", " a", "-b", " d"], [6]),
        (["@@ -5,2 +5,4 @@", " a", "+b", "+c", " d"], [6, 7]),
    ],
)
def test_the_lines_that_a_patch_changed(tmp_path, hunk, lines):
    path = tmp_path / "x.patch"
    path.write_text("\n".join(["--- a/runtime/proc.cpp", "+++ b/runtime/proc.cpp", *hunk]) + "\n")
    assert patches.changed_lines(path) == {"runtime/proc.cpp": lines}

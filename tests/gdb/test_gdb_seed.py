"""The tutorial's session, typed as it stands there, on the mirror."""

import re

import pytest


def test_info_files_names_the_entry(gdb_json, hello):
    text = gdb_json(hello, "result = [do('info files'), program.world().elf.entry]")
    assert f"Entry point: {text[1]:#x}" in text[0]


def test_a_breakpoint_at_the_entry_has_file_and_line(gdb_json, hello):
    text = gdb_json(hello, "b = do('break *%#x' % program.world().elf.entry); result = b")
    assert re.search(r"rt0_linux_amd64\.S, line \d+\.", text)


@pytest.mark.parametrize(
    "name",
    [
        "_rt0_amd64",
        "runtime.rt0_go",
        "ok",
        "nocpuinfo",
        "runtime.check",
        "runtime.args",
        "runtime.osinit",
        "runtime.schedinit",
        "runtime.newproc",
        "runtime.mstart",
        "runtime.main",
        "main.main",
    ],
)
def test_break_by_go_name_has_file_and_line(gdb_json, hello, name):
    assert re.search(
        r"Breakpoint 1 at 0x[0-9a-f]+: file .*, line \d+\.", gdb_json(hello, f"result = do('break {name}')")
    )


def test_the_run_passes_the_places_in_the_seeds_order(gdb_json, hello):
    script = """
for name in ('_rt0_amd64', 'runtime.rt0_go', 'nocpuinfo', 'ok', 'runtime.check'): do('break ' + name)
stops.start()
result = []
for _ in range(5):
    do('continue')
    result.append(program.world().symbol_at(gdb.newest_frame().pc())[0])
"""
    assert gdb_json(hello, script) == [
        "_rt0_amd64",
        "runtime.rt0_go",
        "runtime.rt0_go",
        "runtime.rt0_go",
        "runtime.check",
    ]


def test_the_first_line_is_the_jump(gdb_json, hello):
    assert "jmp\t_rt0_amd64" in gdb_json(hello, "stops.start(); result = do('frame')").replace(" ", "\t")


def test_mainpc_holds_runtime_main(gdb_json, hello):
    script = "w = program.world(); result = program.read_word(w.address('runtime.mainPC')) == w.address('runtime.main')"
    assert gdb_json(hello, script)

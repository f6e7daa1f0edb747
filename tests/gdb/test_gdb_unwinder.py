"""Backtraces: at every stage, and at every instruction of Boost.Context's switch."""

import pytest

ROOTS = set(
    """
    _rt0_amd64_linux _rt0_amd64 runtime.rt0_go runtime.goexit runtime.clone runtime.mcall runtime.systemstack
    runtime.morestack runtime.gogo make_fcontext
""".split()
)


def test_bt_at_every_stage_ends_at_a_root(gdb_json, either):
    script = """
result = []
outcome = stops.start()
while outcome.what == 'stage':
    result.append((outcome.stage.name, do('bt')))
    targets = {p.address for p in stops.places().values()
               if p.address is not None and p.stage.name not in stops.walk.reached}
    outcome = stops.toward(targets)
"""
    found = gdb_json(either, script)
    assert [
        (stage, text) for stage, text in found if "??" in text or "corrupt" in text or not any(r in text for r in ROOTS)
    ] == []


@pytest.mark.parametrize("function", ["jump_fcontext", "make_fcontext"])
def test_bt_at_every_instruction_of_the_switch(gdb_json, hello, function):
    script = f"""
world = program.world()
until('execute')
do('set scheduler-locking on')
stops.toward({{world.address({function!r})}})
result = []
while (world.symbol_at(program.register('rip')) or ('',))[0] in ('jump_fcontext', 'make_fcontext'):
    result.append([name for name, *_ in roots.frames()])
    gdb.execute('stepi', to_string=True)
"""
    found = gdb_json(hello, script)
    assert len(found) >= 10 and [frames for frames in found if frames[-1] not in ROOTS] == []


def test_unknown_bytes_are_declined(gdb_json, hello):
    assert gdb_json(hello, "result = fcontext.rows(bytes.fromhex('488d6424c80f0b'))") is None


def test_main_main_has_callers(gdb_json, either):
    assert gdb_json(either, "until('main.main'); result = [f[0] for f in roots.frames()]") == [
        "main.main",
        "runtime.main",
        "runtime.goexit",
    ]


def test_bt_shows_go_s_names(gdb_json, hello):
    script = "until('acquirep1'); result = [line.split(' (')[0].split()[-1] for line in do('bt').splitlines()]"
    names = ["runtime.acquirep1", "runtime.acquirep", "runtime.procresize", "runtime.schedinit", "runtime.rt0_go"]
    assert gdb_json(hello, script) == names


def test_bt_names_a_caller_whose_call_never_returns(gdb_json, mirror_program):
    """Its return address is where the next function begins."""
    script = "do('break runtime.gopanic'); do('run'); result = do('bt 2').splitlines()[1].split(' (')[0].split()[-1]"
    assert gdb_json(mirror_program("panic"), script) == "runtime.panic"

"""Printers: uninitialised, live and garbage, in both worlds."""

import pytest

MIRROR = {
    "g": "g0",
    "m": "m0",
    "p": "*allp.array[0]",
    "schedt": "sched",
    "gobuf": "g0.sched",
    "stack": "g0.stack",
    "note": "m0.park",
    "mutex": "sched.lock",
}
GO = {
    "g": "'runtime.g0'",
    "m": "'runtime.m0'",
    "p": "*'runtime.allp'.array[0]",
    "schedt": "'runtime.sched'",
    "gobuf": "'runtime.g0'.sched",
    "stack": "'runtime.g0'.stack",
    "note": "'runtime.m0'.park",
    "mutex": "'runtime.sched'.lock",
}


def value(expression):
    return f"gdb.execute('output ' + {expression!r}, to_string=True)"


@pytest.mark.parametrize(
    "expression, shown",
    [
        ("g0", "g0{goid 0, _Gidle, m nil, stack [0x0,0x0)} (not yet initialised: rt0_go fills it)"),
        ("m0", "m0{id 0, g0 nil, curg nil, p nil} (not yet initialised: rt0_go ties it to g0)"),
        ("g0.sched", "gobuf{nothing saved}"),
        ("g0.stack", "[0x0,0x0)"),
        ("m0.park", "note{not yet}"),
        ("sched.lock", "mutex{unlocked}"),
        ("allgs", "slice of 0, room for 0"),
        ("buildVersion", '"go1.10.2"'),
    ],
)
@pytest.mark.parametrize("running", [False, True])
def test_uninitialised(gdb_json, hello, expression, shown, running):
    start = "stops.start()\n" if running else ""
    assert gdb_json(hello, f"{start}result = {value(expression)}") == shown


@pytest.mark.parametrize(
    "expression, shown",
    [
        ("g0.sched", "gobuf{sp g0.stack.hi-"),
        ("*allgs.array[0]", "g1{goid 1, _Grunning, m m0, stack [0xc42"),
        ("m0", "m0{id 0, thread "),
        ("*allp.array[0]", "p0{"),
        ("sched", "sched{goidgen "),
        ("allgs", "slice of "),
    ],
)
def test_live_on_the_mirror(gdb_json, hello, expression, shown):
    assert gdb_json(hello, f"until('main.main'); result = {value(expression)}").startswith(shown)


@pytest.mark.parametrize("kind", GO)
def test_live_on_go(gdb_json, go_hello, kind):
    text = gdb_json(go_hello, f"until('main.main'); result = {value(GO[kind])}")
    assert text.startswith(
        {"schedt": "sched{", "stack": "[0x", "p": "p0{", "g": "g0{", "m": "m0{"}.get(kind, kind + "{")
    )


@pytest.mark.parametrize(
    "kind", ["g", "m", "p", "schedt", "gobuf", "stack", "sudog", "hchan", "waitq", "note", "mutex"]
)
def test_garbage_prints_as_what_it_is(gdb_json, hello, kind):
    places = ["$rsp", "(char*)&m0+3", "'runtime.rt0_go'"]
    texts = gdb_json(
        hello, f"until('newproc'); result = [do('output *(struct {kind}*)(' + at + ')') for at in {places}]"
    )
    assert [t for t in texts if not t or any(mark in t for mark in ("Python", "Traceback", "cannot be shown"))] == []


@pytest.mark.parametrize("kind", ["g", "sudog", "hchan"])
def test_unreadable_is_a_sentence(gdb_json, hello, kind):
    assert "annot access memory" in gdb_json(hello, f"stops.start(); result = do('output *(struct {kind}*)0x10')")


def test_pretty_shows_all_fields(gdb_json, either):
    name = "g0" if "programs" in str(either) else "'runtime.g0'"
    text = gdb_json(either, f"until('check'); result = do({'print -pretty -- ' + name!r})")
    assert "stackguard0 = 0x" in text and "<g0.stack.lo+0>" in text


def test_set_print_pretty_on_shows_all_fields(gdb_json, hello):
    assert "atomicstatus = 0 (_Gidle)" in gdb_json(hello, "do('set print pretty on'); result = do('print g0')")


def test_a_parked_goroutine_says_why(gdb_json, hello):
    text = gdb_json(
        hello, "until('main.main'); result = [lines.g_line(lines.g_row(g)) for g in snapshot.Snapshot().gs]"
    )
    assert any(line.endswith("(GC sweep wait)") for line in text)


def test_gos_wait_reason_is_read_from_its_table(gdb_json, go_hello):
    text = gdb_json(
        go_hello, "until('main.main'); result = [lines.g_line(lines.g_row(g)) for g in snapshot.Snapshot().gs]"
    )
    assert any(line.endswith("(GC sweep wait)") for line in text)


def test_a_damaged_run_queue_says_so(gdb_json, hello):
    text = gdb_json(
        hello, "until('newproc'); do('set var allp.array[0]->runqtail = 9999'); result = " + value("*allp.array[0]")
    )
    assert "make no sense" in text


def test_a_cycle_in_a_wait_queue_ends(gdb_json, pingpong):
    script = """
until('main.main'); until('park_m')
do('set var $s = (sudog*)($rsp - 4096)'); do('set var $s->next = $s'); do('set var *(waitq*)($rsp-8192) = {$s, $s}')
result = gdb.execute('output *(waitq*)($rsp-8192)', to_string=True)
"""
    assert gdb_json(pingpong, script) == "waitq[nil ...]"


def test_printing_a_channel(gdb_json, pingpong):
    script = """
until('main.main')
until('gopark')
for g in snapshot.Snapshot().gs:
    for s in program.chain('sudog', g.get('waiting') or 0, 'waitlink', 4):
        if s.get('c'): result = lines.hchan_line(program.read_struct('hchan', s.get('c')))
result = result or 'chan{'
"""
    assert gdb_json(pingpong, script).startswith("chan{")


@pytest.mark.parametrize("expression", ["g0", "sched", "*allm", "m0.tls", "allp"])
def test_names_work_in_an_assembly_frame(gdb_json, hello, expression):
    assert "No symbol" not in gdb_json(hello, f"until('mstart'); result = do({'print ' + expression!r})")


def test_the_prompt_is_given_no_file_of_ours(gdb_json, hello):
    assert not [
        name
        for name in gdb_json(hello, "stops.start(); result = [each.filename for each in gdb.objfiles()]")
        if "/fd/" in name
    ]


def test_a_long_queue_says_how_many_it_has(gdb_json, hello):
    script = (
        "from rt0lab.show import lines; from rt0lab.state import rows; refs = [rows.Ref(f'g{n}', n) for n in range(9)]"
    )
    script += "; result = lines.queue(refs, 2, counted=True), lines.queue(refs, 2), lines.queue(refs, 9, counted=True)"
    found = gdb_json(hello, script)
    assert found[:2] == ["[g0 g1 ... 9 in all]", "[g0 g1 ...]"] and "all" not in found[2]

"""Empty is "not yet" only while the boot's own counters agree; else something was lost, and every command says so."""

import pytest

LOST = "until('main.main'); do('set var allgs.len = 0'); do('set var allglen = 0'); "
SAID = "although sched.goidgen is"


@pytest.mark.parametrize(
    "command",
    [
        "info goroutines",
        "info goroutines -json",
        "goroutine all bt",
        "rt0 threads",
        "rt0 waits",
        "rt0 check",
        "rt0 panel",
    ],
)
def test_an_empty_allgs_of_a_program_that_made_goroutines_is_damage(gdb_json, hello, command):
    text = gdb_json(hello, LOST + f"result = do({command!r})")
    assert SAID in " ".join(text.split()) and "yet" not in text


@pytest.mark.parametrize(
    "damage, command",
    [
        ("allm = 0", "info ms"),
        ("allp.len = 0", "info ps"),
        ("allp.len = 0", "rt0 dump p0"),
        ("allp.len = 0", "rt0 panel"),
    ],
)
def test_an_empty_list_of_ms_or_ps_is_damage_too(gdb_json, hello, damage, command):
    text = gdb_json(hello, f"until('main.main'); do('set var {damage}'); result = do({command!r})")
    assert "although" in text and "yet" not in text


@pytest.mark.parametrize(
    "command", ["info goroutines", "info ps", "rt0 threads", "goroutine all bt", "rt0 waits", "rt0 panel", "rt0 check"]
)
def test_before_the_first_it_is_only_too_early(gdb_json, either, command):
    text = gdb_json(either, f"until('rt0_go'); result = do({command!r})")
    assert "yet" in text and "although" not in text


def test_nobody_knows_what_cannot_be_read(gdb_json, hello):
    """A core that was cut off has none of the variables."""
    script = """
from rt0lab.program import begun
result = begun.why_none('gs', lambda variable, field: program.Unreadable(0x1000))
"""
    early, why = gdb_json(hello, script)
    assert not early and "cannot be read" in why


def test_a_recorded_run_is_asked_for_its_own_counters(gdb_json, hello, trace, tmp_path):
    import json

    recorded = trace(hello)
    stop = json.loads(json.dumps(recorded["stages"][-1])) | {"allgs": [], "allp": [], "ps": []}
    (tmp_path / "stop.json").write_text(json.dumps(stop))
    script = (
        f"stop = json.load(open({str(tmp_path / 'stop.json')!r})); kept = told.Recorded(stop, 1); result ="
        " [kept.why_none('ps'), kept.why_none('gs')]"
    )
    assert all("although" in why for why in gdb_json(hello, script))

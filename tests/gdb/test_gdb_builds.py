"""A process or a core whose executable was built anew since: it is said, and of what is not known nothing is."""

import shutil

import pytest

FLAGS = "-gcflags=all=-N -l"
SOURCE = """package main
%s
func main() {
	stop()
	select {}
}

//go:noinline
func stop() {}
"""
SAID = "it was built anew since, or is another program"
WAYS = {
    "live": (
        "pid = gdb.selected_inferior().pid; os.kill(pid, signal.SIGSTOP); do('detach'); replace(); do('file program');"
        " do(f'attach {pid}')\n"
    ),
    "core": "do('gcore core'); do('kill'); replace(); do('file program'); do('core-file core')\n",
}
DONE = "do('kill'); os.path.exists('core') and os.remove('core')\n"


@pytest.fixture(scope="module")
def built(go_build):
    """A Go program, and the same built anew after its source was changed."""
    return go_build("first", SOURCE % "", FLAGS), go_build(
        "second", SOURCE % "\nvar table [9999]int\n\nfunc init() { table[0] = 1 }\n", FLAGS
    )


@pytest.fixture(params=["mirror", "go"])
def pair(request):
    """(what runs, what stands in its place afterwards, where to stop)"""
    if request.param == "go":
        return *request.getfixturevalue("built"), "main.stop"
    return request.getfixturevalue("hello"), request.getfixturevalue("pingpong"), "main.main"


@pytest.fixture
def looked_at(gdb_json, tmp_path):
    """looked_at(way, runs, stands, stop, script): looks at a process of `runs` in whose place `stands` is."""

    def run(way, runs, stands, stop, script):
        shutil.copy2(runs, tmp_path / "program")
        begin = f"""
import os, shutil, signal
def replace():
    shutil.copy2({str(stands)!r}, 'new'); os.utime('new', (2e9, 2e9)); os.replace('new', 'program')
do('file program'); do('set exec-file-mismatch off'); do('break {stop}'); do('run')
"""
        return gdb_json("/nonexistent", begin + WAYS[way] + script + "\n" + DONE)

    return run


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("command", ["info goroutines", "info ms", "rt0 panel", "bt", "rt0 check"])
def test_it_is_said(looked_at, pair, way, command):
    runs, stands, stop = pair
    assert SAID in " ".join(looked_at(way, runs, stands, stop, f"result = do({command!r})").split())


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_said_of_the_file_that_runs(looked_at, pair, way):
    runs, _, stop = pair
    assert SAID not in " ".join(looked_at(way, runs, runs, stop, "result = do('info goroutines') + do('bt')").split())


def test_it_is_said_once_a_stop(looked_at, built):
    script = (
        "result = [do('info ms').count('warning:'), do('info ps').count('warning:'), (do('stepi'), do('info"
        " ms'))[1].count('warning:')]"
    )
    assert looked_at("live", *built, "main.stop", script) == [1, 0, 1]


def test_data_stays_data(looked_at, built):
    assert looked_at("live", *built, "main.stop", "result = type(json.loads(do('info ms -json'))).__name__") == "list"


def test_where_a_core_has_no_build_id_its_sections_tell(looked_at, built):
    script = "from rt0lab.program import builds; builds.running = dict; result = do('info ms')"
    assert SAID in " ".join(looked_at("core", *built, "main.stop", script).split())


def test_what_is_not_known_is_not_claimed(looked_at, built):
    script = "from rt0lab.program import builds; builds.running = dict; builds._MODULE = (); result = do('info ms')"
    assert SAID not in " ".join(looked_at("core", *built, "main.stop", script).split())


def test_memory_is_asked_not_the_file(looked_at, built):
    script = "do('set trust-readonly-sections on'); result = do('info ms')"
    assert SAID in " ".join(looked_at("live", *built, "main.stop", script).split())

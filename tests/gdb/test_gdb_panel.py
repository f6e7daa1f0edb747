"""The panel: as text and data, and as a window of gdb's TUI in a real terminal, which tmux is here."""

import re
import shutil
import subprocess
import time

import pytest

from gdbrun import LOADER, environment

ESCAPE = "\033["


# ---- as text and as data -------------------------------------------------------------------------------------------


def test_the_panel_shows_every_goroutine_with_its_status(gdb_json, either):
    script = """
until('main.main')
s = snapshot.Snapshot()
result = [[(g['name'], g['status']) for g in json.loads(do('rt0 panel -json'))['gs']],
          [(s.g_name(g), s.world.g_status(g.get('atomicstatus'))) for g in s.gs]]
"""
    shown, there = gdb_json(either, script)
    assert shown == there


def test_the_panel_shows_the_run_queues(gdb_json, either):
    script = "until('mstart'); result = [[p['runnext'], p['runq']] for p in json.loads(do('rt0 panel -json'))['ps']][0]"
    assert gdb_json(either, script) == ["g1", []]


def test_the_panel_says_what_changed_at_this_stop(gdb_json, either):
    script = "until('newproc'); until('mstart'); result = json.loads(do('rt0 panel -json'))['changed']['p0.runnext']"
    assert gdb_json(either, script) == [0, "g1"]


def marked(text, name):
    """The marks in front of a thing's row."""
    return re.search(rf"^[PMGS ] (..) {name}\b", text, re.M)[1]


def test_marks_say_what_is_here_new_and_changed(gdb_json, hello):
    text = gdb_json(hello, "until('newproc'); until('mstart'); result = do('rt0 panel')")
    assert [marked(text, name) for name in ("m0", "p0", "p1", "g1")] == ["* ", "*~", "  ", " +"]


def test_the_star_is_where_the_selected_thread_is(gdb_json, mirror_test):
    """Without sysmon's thread this program with its one P would never end: it must come there."""
    script = (
        "do('set environment GOMAXPROCS 1'); do('break runtime.sysmon'); do('run'); texts = [do('rt0 panel')];"
        " do('thread 1'); result = texts + [do('rt0 panel')]"
    )
    texts = gdb_json(mirror_test("preempt"), script)
    assert [[marked(text, name)[0] for name in ("m0", "m1")] for text in texts] == [[" ", "*"], ["*", " "]]


def test_a_thread_that_has_no_g_yet_has_no_star(gdb_json, either):
    text = gdb_json(either, "newborn(); result = do('rt0 panel')")
    assert not re.search(r"^[PMGS ] \*", text, re.M)


def test_the_panel_in_a_pipe_is_plain_text_of_which_nothing_is_cut(gdb_text, either):
    text = gdb_text(either, "set style enabled on", "rt0 until mstart", "rt0 until main.main", "rt0 panel")
    panel = text[text.rindex("\nstop ") :]
    assert ESCAPE not in panel and "…" not in panel


def test_the_panel_on_a_core(gdb_json, hello, tmp_path):
    gdb_json(hello, f"until('main.main'); do('gcore {tmp_path}/core')")
    found = gdb_json(hello, "result = json.loads(do('rt0 panel -json'))", "-core", str(tmp_path / "core"))
    assert [m["curg"] for m in found["ms"] if m["name"] == "m0"] == ["g1"]


CROWD = """
import dataclasses
from rt0lab.state import rows
class Crowd:
    number, stage, place, thread = 1, None, 'x', 1
    def rows(self):
        g = rows.G('', 0, False, '_Gwaiting', 'x', None, (0, 0), 'f', None)
        gs = [dataclasses.replace(g, name=f'g{i}') for i in range(1, 100001)]
        gs[90000] = dataclasses.replace(gs[90000], here=True, status='_Grunning')
        p = rows.P('', 0, 0, False, '_Pidle', None, None, (), 0, 0, 0, 0, 0)
        ps = [dataclasses.replace(p, name=f'p{i}') for i in range(512)]
        m = rows.M('', 0, 0, False, 0, None, None, None, None, False, False, True, 0, None)
        ms = [dataclasses.replace(m, name=f'm{i}') for i in range(4000)]
        return rows.Rows(gs, ms, ps, rows.Sched(tuple(rows.Ref(f'g{i}') for i in range(9000)), 0, 0, 0))
lines = [text for _, text in panel.text(Crowd(), None)]
"""


def test_a_crowd_has_a_bounded_number_of_rows(gdb_json, hello):
    assert gdb_json(hello, CROWD + "result = len(lines)") < 150


def test_in_a_crowd_those_that_wait_at_the_same_place_are_counted(gdb_json, hello):
    assert gdb_json(hello, CROWD + "result = [line.split() for line in lines if '99999 Gs' in line]") == [
        ["99999", "Gs", "_Gwaiting", "-", "(x)", "f"]
    ]


def test_in_a_crowd_the_running_goroutine_is_shown(gdb_json, hello):
    assert gdb_json(hello, CROWD + "result = any('g90001' in line for line in lines)")


def test_a_gdb_without_tui_says_so(gdb_json, hello):
    text = gdb_json(hello, "result = do('layout rt0')", "-iex", "python del gdb.register_window_type")
    assert "without its TUI" in text and "rt0 panel" in text


# ---- as a window ---------------------------------------------------------------------------------------------------


class Terminal:
    """gdb in a terminal of tmux's, on a program that stands at main.main with the layout open."""

    def __init__(self, folder, program, width=80, height=24):
        self._tmux = ["tmux", "-S", str(folder / "s"), "-f", "/dev/null"]
        self._environment = {**environment(), "TERM": "xterm-256color"}
        script = folder / "start.gdb"
        script.write_text("set confirm off\nset pagination off\nrt0 until mstart\nrt0 until main.main\nlayout rt0\n")
        gdb = [
            "timeout",
            "--foreground",
            "-k",
            "5",
            "300",
            "gdb",
            "-nx",
            "-q",  # whatever becomes of the test
            "-iex",
            "set auto-load off",
            "-iex",
            "set debuginfod enabled off",
            str(program),
            "-ex",
            f"source {LOADER}",
            "-x",
            str(script),
        ]
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height), *gdb)

    def tmux(self, *words):
        """What a tmux command prints."""
        return subprocess.run(
            [*self._tmux, *words], env=self._environment, capture_output=True, text=True, check=True, timeout=30
        ).stdout

    def screen(self, *options):
        """The screen's lines."""
        return self.tmux("capture-pane", "-p", *options).splitlines()

    def panel(self, *options):
        """The lines inside the window `rt0`, without its borders."""
        lines = self.screen(*options)
        top = next((i for i, line in enumerate(lines) if "─rt0 " in line), None)
        return [] if top is None else [line[1:] for line in lines[top + 1 : lines_end(lines, top)]]

    def type(self, command):
        """Types a command."""
        self.tmux("send-keys", "-l", command)
        self.tmux("send-keys", "Enter")

    def wait(self, holds, seconds=60):
        """Waits until there is a panel and its lines fit; fails with the screen if they never do."""
        return self.until(lambda: (panel := self.panel()) and holds(panel) and panel, seconds)

    def until(self, holds, seconds=60):
        """Waits for a condition and returns what it gave."""
        end = time.monotonic() + seconds
        while not (found := holds()):
            assert time.monotonic() < end, "the screen never showed it:\n" + "\n".join(self.screen())
            time.sleep(0.02)
        return found


def lines_end(lines, top):
    return next((i for i in range(top + 1, len(lines)) if lines[i].startswith("└")), len(lines))


@pytest.fixture
def terminal(tmp_path_factory, hello):
    """A Terminal, once the panel shows main.main."""
    if not shutil.which("tmux"):
        pytest.skip("there is no tmux: `apt-get install tmux` brings one")
    made = Terminal(tmp_path_factory.mktemp("t"), hello)
    try:
        made.wait(lambda panel: " main.main " in panel[0] and panel[-1][:-1].strip())
        yield made
    finally:
        made.tmux("kill-server")


def test_the_layout_has_the_source_the_panel_and_the_prompt(terminal):
    lines = terminal.screen()
    assert [
        "hello.cpp" in lines[0],
        any("─rt0 " in line for line in lines),
        any(line.startswith("(gdb)") for line in lines),
    ] == [True] * 3


def test_the_window_follows_the_program(terminal):
    terminal.type("rt0 until exit")
    assert terminal.wait(lambda panel: " exit " in panel[0])


def test_the_window_follows_the_frame(terminal):
    terminal.type("up")
    assert terminal.wait(lambda panel: "frame 1: runtime.main" in panel[1])


def test_the_window_leaves_gdb_the_frame(terminal):
    terminal.type("up")
    terminal.wait(lambda panel: "frame 1:" in panel[1])
    assert "proc.cpp" in terminal.screen()[0]


def test_the_window_follows_the_thread(terminal):
    terminal.type("thread 2")
    assert terminal.wait(lambda panel: "thread 2" in panel[0])


def test_the_window_keeps_its_border(terminal):
    terminal.type("thread 2")  # another source file: gdb draws its window anew, and then its prompt
    terminal.until(
        lambda: any("Switching" in line for line in terminal.screen())
        and [*filter(None, terminal.screen())][-1] == "(gdb)"
    )
    assert terminal.until(terminal.panel, 5)  # what has no border is no panel


def test_the_window_scrolls(terminal):
    second = terminal.panel()[1]
    terminal.type("focus rt0")
    terminal.tmux("send-keys", "Down")
    assert terminal.wait(lambda panel: panel[0] == second)


def test_scrolling_ends_at_the_last_line(terminal):
    terminal.type("focus rt0")
    terminal.tmux("send-keys", *["NPage"] * 20)
    assert terminal.wait(lambda panel: "rt0 diff" in panel[-1])


@pytest.mark.parametrize("width, height", [(120, 40), (40, 20)])
def test_the_window_takes_another_size(terminal, width, height):
    terminal.tmux("resize-window", "-x", str(width), "-y", str(height))
    panel = terminal.wait(
        lambda panel: "stop " in panel[0] and {len(line) for line in panel} == {width - 1} and panel[-1][:-1].strip()
    )
    assert [line[0] for line in panel[:2]] == ["s", "P"]  # one line is one row, however narrow


def coloured(terminal):
    """The numbers of the colours in the panel."""
    return set(re.findall(r"\033\[3([23])m", "\n".join(terminal.panel("-e"))))


def test_changes_and_what_is_new_are_coloured(terminal):
    assert terminal.until(lambda: coloured(terminal) == {"2", "3"})


def test_without_style_there_are_marks_and_no_colours(terminal):
    terminal.type("set style enabled off")
    terminal.type("thread 2")
    panel = terminal.wait(lambda panel: "thread 2" in panel[0] and panel[-1][:-1].strip())
    assert coloured(terminal) == set() and any(line.startswith("M  ~ m0") for line in panel)


def test_the_window_says_that_the_program_has_ended(terminal):
    terminal.type("kill")
    assert terminal.wait(lambda panel: "rt0 run" in panel[0])


def test_a_fault_in_the_window_is_a_sentence_in_it(terminal):
    terminal.type("python from rt0lab.commands import panel as panel_command; panel_command.present = lambda: 1 / 0")
    terminal.wait(lambda panel: "ZeroDivisionError" in panel[0])
    assert not any("Traceback" in line for line in terminal.screen())


def test_another_layout_closes_the_window(terminal):
    terminal.type("layout src")
    terminal.until(lambda: not any("~ changed" in line for line in terminal.screen()))
    terminal.type("layout rt0")
    assert terminal.wait(lambda panel: "main.main" in panel[0])


def test_the_prompt_still_works_beside_the_window(terminal):
    terminal.type("print 40 + 2")
    assert terminal.until(lambda: any(line == "$1 = 42" for line in terminal.screen()))

"""`rt0 tour`: cards that fit, in a batch and on a terminal."""

import os
import pty
import re
import select

import pytest

from gdbrun import LOADER, run_gdb
from rt0lab.boot import stages

TOUR = [s.name for s in stages.load() if s.tour]


def cards(text):
    """The cards as lists of lines."""
    found = []
    for line in text.splitlines():
        if line.startswith("== "):
            found.append([line])
        elif line.strip() and found:
            found[-1].append(line)
    return found


@pytest.fixture(scope="session")
def batch(either):
    """What a batch tour prints."""
    return run_gdb(either, "-ex", "rt0 tour -batch").stdout


def test_batch_shows_every_stage_once(gdb_text, hello):
    names = [card[0].split()[3] for card in cards(gdb_text(hello, "rt0 tour -batch"))]
    assert sorted(names) == sorted(TOUR)


def test_batch_on_go_shows_the_stages_it_has(gdb_text, gdb_json, go_hello):
    here = gdb_json(go_hello, "result = [s.name for s in card.tour_stages()]")
    assert sorted(c[0].split()[3] for c in cards(gdb_text(go_hello, "rt0 tour -batch"))) == sorted(here)


def test_cards_are_numbered_as_the_program_reaches_them(batch):
    numbers = [int(card[0].split()[2].split("/")[0]) for card in cards(batch)]
    assert numbers[:-1] == list(range(1, len(numbers)))


def test_where_stages_were_passed_unseen_the_table_counts(gdb_json, go_hello):
    script = """for command in ("rt0 run", "tbreak runtime.procresize", "continue"): do(command)
said = do("rt0 next").split()
result = [said[2].split("/")[0], str([s.name for s in card.tour_stages()].index(said[3]) + 1)]"""
    shown, listed = gdb_json(go_hello, script)
    assert shown == listed


def test_a_program_that_the_loader_starts_is_not_said_to_be_the_kernel_s(gdb_text, go_build):
    moved = go_build("moved", "package main\n\nfunc main() { println(1) }\n", "-buildmode=pie")
    assert "ld.so, which the kernel started first" in gdb_text(moved, "rt0 run")


def test_no_card_names_a_goroutine_that_another_go_may_number_otherwise():
    assert [stage.name for stage in stages.load() if re.search(r"\bg[2-9]", stage.why)] == []


def test_a_card_names_who_calls_and_not_go_s_wrapper_of_the_function(gdb_text, go_hello):
    text = gdb_text(go_hello, "rt0 run", "rt0 until args")
    assert "runtime.args" in text and "called by runtime.rt0_go" in text


def test_batch_ends_with_the_exit_code(batch):
    assert batch.strip().endswith("exit code 0.")


def test_the_programs_output_is_there(batch):
    assert "\nhello world\n" in batch


def test_cards_fit_in_80_columns(batch):
    assert [line for card in cards(batch) for line in card if len(line) > 80] == []


def test_cards_fit_in_22_lines(batch):
    assert [card[0] for card in cards(batch)[:-1] if len(card) > 22] == []


def test_no_escape_codes_in_a_batch(gdb_text, hello):
    assert "\033" not in gdb_text(hello, "rt0 tour -batch")


def test_a_card_says_what_changed(batch):
    card = next(c for c in cards(batch) if c[0].split()[3] == "schedinit")
    assert any(line.strip().startswith("ncpu: 0 → ") for line in card)


class Terminal:
    """gdb on a pseudo terminal."""

    def __init__(self, program, *commands):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ.update(TERM="dumb", COLUMNS="80", LINES="24", HOME="/nonexistent")
            arguments = [word for c in (f"source {LOADER}", *commands) for word in ("-ex", c)]
            os.execvp("gdb", ["gdb", "-nx", "-q", "-iex", "set auto-load off", str(program), *arguments])

    def expect(self, wanted):
        """Reads until this text; returns what was read."""
        text = ""
        while wanted not in text:
            if not select.select([self.fd], [], [], 30)[0]:
                raise AssertionError(f"{wanted!r} did not come; got {text[-500:]!r}")
            try:
                more = os.read(self.fd, 65536)
            except OSError:
                more = b""
            if not more:
                raise AssertionError(f"gdb ended before {wanted!r}; got {text[-500:]!r}")
            text += more.decode("utf-8", "replace")
        return text

    def send(self, text):
        """Types a line."""
        os.write(self.fd, text.encode() + b"\n")

    def ended(self):
        """Waits for gdb's end; returns its exit status."""
        try:
            while os.read(self.fd, 65536):
                pass
        except OSError:
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def terminal(hello):
    return Terminal(hello, "rt0 tour")


def test_enter_goes_on(terminal):
    terminal.expect("q: quit -- ")
    terminal.send("")
    assert "stage 2/" in terminal.expect("q: quit -- ")
    terminal.send("q")
    terminal.ended()


def test_q_ends_gdb_with_0(terminal):
    terminal.expect("q: quit -- ")
    terminal.send("q")
    assert terminal.ended() == 0


def test_g_leaves_for_the_prompt_where_next_goes_on(terminal):
    terminal.expect("q: quit -- ")
    terminal.send("g")
    terminal.expect("(gdb) ")
    terminal.send("rt0 next")
    assert "stage 2/" in terminal.expect("(gdb) ")
    terminal.send("kill")
    terminal.expect("(y or n)")
    terminal.send("y")
    terminal.send("quit")
    assert terminal.ended() == 0


def test_the_tour_resumes(terminal):
    terminal.expect("q: quit -- ")
    terminal.send("g")
    terminal.expect("(gdb) ")
    terminal.send("rt0 tour")
    assert "stage 1/" in terminal.expect("q: quit -- ")
    terminal.send("")
    assert "stage 2/" in terminal.expect("q: quit -- ")
    terminal.send("q")
    terminal.ended()

"""`rt0 tour`: cards that fit, in a batch and on a terminal."""

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import termios

import pytest

from gdbrun import GDB, LOADER, run_gdb
from rt0lab.boot import stages
from rt0lab.words import screen

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


def test_batch_tells_the_exit_code(batch):
    assert "\nthe program has ended with exit code 0.\n" in batch


def test_the_end_says_what_was_seen_and_what_comes_next(batch):
    last = batch.partition("exit code 0.")[2]
    assert f"{len(cards(batch))} stages" in last and "./lab run" in last


def test_the_programs_output_is_there(batch):
    assert "\nhello world\n" in batch


def test_cards_fit_in_22_lines(batch):
    assert [card[0] for card in cards(batch)[:-1] if len(card) > 22] == []


def test_no_escape_codes_in_a_batch(gdb_text, hello):
    assert "\033" not in gdb_text(hello, "rt0 tour -batch")


def test_a_card_says_what_changed(batch):
    card = next(c for c in cards(batch) if c[0].split()[3] == "schedinit")
    assert any(line.strip().startswith("ncpu: 0 → ") for line in card)


class Terminal:
    """gdb on a pseudo terminal."""

    def __init__(self, program, *commands, columns=80, language="en"):
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pid, self.fd = pty.fork()
        if not self.pid:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            os.environ.update(TERM="dumb", HOME="/nonexistent", LANG="C.UTF-8", LAB_LANG=language)
            for name in ("COLUMNS", "LINES", "LC_ALL"):
                os.environ.pop(name, None)
            arguments = [word for c in (f"source {LOADER}", *commands) for word in ("-ex", c)]
            os.execvp(GDB, [GDB, "-nx", "-q", "-iex", "set auto-load off", str(program), *arguments])

    def expect(self, wanted):
        """Reads until this text is the last; returns what was read."""
        text = ""
        while not text.endswith(wanted):
            if not select.select([self.fd], [], [], 30)[0]:
                raise AssertionError(f"{wanted!r} did not come; got {text[-500:]!r}")
            try:
                more = os.read(self.fd, 65536)
            except OSError:
                more = b""
            if not more:
                raise AssertionError(f"gdb ended before {wanted!r}; got {text[-500:]!r}")
            text += self._decoder.decode(more)
        return text

    def press(self, keys, wanted="-- "):
        """Presses keys, without Enter; returns what came until this text."""
        os.write(self.fd, keys.encode())
        return self.expect(wanted).replace("\r", "")

    def send(self, text):
        """Types a line."""
        os.write(self.fd, text.encode() + b"\n")

    def ended(self):
        """Waits for gdb's end; returns its exit status."""
        try:
            while select.select([self.fd], [], [], 30)[0] and os.read(self.fd, 65536):
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
    terminal.press("g", "(gdb) ")
    terminal.send("rt0 next")
    assert "stage 2/" in terminal.expect("(gdb) ")
    terminal.send("kill")
    terminal.expect("(y or n) ")
    terminal.send("y")
    terminal.send("quit")
    assert terminal.ended() == 0


def test_the_tour_resumes(terminal):
    terminal.expect("q: quit -- ")
    terminal.press("g", "(gdb) ")
    terminal.send("rt0 tour")
    assert "stage 1/" in terminal.expect("q: quit -- ")
    terminal.send("")
    assert "stage 2/" in terminal.expect("q: quit -- ")
    terminal.send("q")
    terminal.ended()


# ---- keys ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def first(terminal):
    """The tour at its first card, which is what it showed last."""
    terminal.shown = card_in(terminal.expect("quit -- "))
    yield terminal
    terminal.press("q", "") if terminal.pid else None


def card_in(text):
    """The card in what a terminal showed, without what follows it."""
    text = text.replace("\r", "")
    return text[text.index("== stage") :].partition("\n\n")[0].partition("\n(as it was")[0]


@pytest.mark.parametrize("key", ["\r", " ", "n", "\x1b[C", "\x1bOC"])
def test_one_key_goes_on(first, key):
    assert "stage 2/" in first.press(key)


@pytest.mark.parametrize("key", ["p", "b", "\x1b[D", "\x7f"])
def test_one_key_shows_the_card_before_as_it_was(first, key):
    first.press("\r")
    assert card_in(first.press(key)) == first.shown


def test_behind_a_card_that_was_shown_again_comes_the_one_after_it(first):
    first.press("\r")
    third = card_in(first.press("\r"))
    for key in "ppn":
        first.press(key)
    assert card_in(first.press("n")) == third


def test_there_is_nothing_before_the_first(first):
    assert "this is the first card" in first.press("p")


@pytest.mark.parametrize(
    "typed", ["j11\r", "11\r", "jschedinit\r", "jruntime.schedinit\r", "jschedi\r", "jxx\x7f\x7f11\r"]
)
def test_a_jump_goes_to_a_stage_by_number_or_name(first, typed):
    assert "stage 11/45  schedinit" in first.press(typed, "quit -- ")


def test_a_jump_keeps_the_cards_between(first):
    first.press("j11\r", "quit -- ")
    assert "stage 10/45  osinit" in first.press("p")


def test_a_jump_back_shows_the_card(first):
    first.press("j11\r", "quit -- ")
    assert card_in(first.press("j1\r", "quit -- ")) == first.shown


@pytest.mark.parametrize("typed", ["ｊ１\r", "１\r"])
def test_full_width_keys_and_digits_are_the_plain_ones(first, typed):
    first.press("j11\r", "quit -- ")
    assert card_in(first.press(typed, "quit -- ")) == first.shown


@pytest.mark.parametrize("typed", ["j\r", "j\x03", "j\x1b", "jnowhere\r", "jsched\r", "j46\r", "j0\r", "jneedtls\r"])
def test_a_jump_to_nowhere_stays(first, typed):
    first.press(typed, "quit -- ")
    assert "stage 2/" in first.press("\r")


def test_what_may_be_several_stages_is_said(first):
    assert "schedinit, schedule" in first.press("jsched\r", "quit -- ")


def test_the_list_marks_what_was_seen_and_where_one_is(first):
    first.press("\r")
    first.press("p")
    listed = first.press("l")
    assert re.search(r">  1 _rt0_amd64_linux +\*  2 _rt0_amd64 +   3 rt0_go", listed)


def test_the_list_fits_the_screen(first):
    assert len(first.press("l").splitlines()) < 24


@pytest.mark.parametrize("key", ["h", "?"])
def test_help_says_what_the_keys_do(first, key):
    assert "jump to a stage" in first.press(key)


@pytest.mark.parametrize("key", ["x", "\x1b[5~", "\x01", "é"])
def test_a_wrong_key_says_which_there_are(first, key):
    assert "There are Enter, p, j, l, g, q" in first.press(key, "quit -- ")


@pytest.mark.parametrize("key, status", [("q", 0), ("\x04", 0), ("\x03", 130)])
def test_a_key_ends_it_at_once(first, key, status):
    os.write(first.fd, key.encode())
    assert first.ended() == status
    first.pid = 0


def test_the_terminal_is_as_it_was_at_gdb_s_prompt(hello):
    terminal = Terminal(hello, "show version")
    terminal.expect("(gdb) ")
    before = termios.tcgetattr(terminal.fd)
    terminal.send("rt0 tour")
    terminal.expect("quit -- ")
    terminal.press("g", "(gdb) ")
    assert termios.tcgetattr(terminal.fd) == before


# ---- widths and languages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_every_card_fits_the_terminal(hello, columns, language):
    terminal = Terminal(hello, "rt0 tour -batch", "kill", columns=columns, language=language)
    found = cards(terminal.expect("(gdb) ").replace("\r", ""))
    assert len(found) == 45
    assert [line for card in found for line in card if screen.width(line) > columns] == []
    cut = [line for card in found for line in card if line.endswith("…")]
    assert [line for line in cut if " → " not in line and not re.match(r"  (->|  ) +\d+ ", line)] == []


def test_a_row_of_a_card_has_room_for_what_stands_behind_its_last_cell(gdb_json, hello):
    script = """
result = [line for room in range(53, 60)
    for line in card._row('M', ['a' * 20, 'b' * (room - 27), 'c' * 9, 'd' * (room - 12), 'e', 'f'], 60)]
"""
    assert [line for line in gdb_json(hello, script) if len(line) > 60] == []


def test_a_wide_terminal_is_used(hello):
    terminal = Terminal(hello, "rt0 run", columns=120)
    assert max(map(len, terminal.expect("(gdb) ").splitlines())) > 80


def test_a_sentence_is_broken_between_words(hello):
    terminal = Terminal(
        hello, "set pagination off", "set width 40", "rt0 run", "rt0 until schedule", "rt0 dump nothing"
    )
    said = terminal.expect("(gdb) ").replace("\r", "").removesuffix("(gdb) ").splitlines()[-2:]
    assert max(map(len, said)) <= 40 and " ".join(said).startswith("`rt0 dump` knows g0, m0, p0, sched, all, g1, p1")


def frames(program, *commands):
    """What these commands, of which the last is about frames, print where newproc1 begins, on 60 columns."""
    before = "set pagination off", "b *'runtime.newproc1'", "run", "echo ----\\n"
    terminal = Terminal(program, *before, *commands, columns=60)
    return terminal.expect("(gdb) ").replace("\r", "").partition("----\n")[2].removesuffix("(gdb) ").splitlines()


def test_a_frame_wider_than_the_terminal_is_broken_where_gdb_breaks_it(hello):
    shown = frames(hello, "goroutine 0 bt")
    assert max(map(len, shown)) <= 60 and shown[1].startswith("    ")


def test_a_frame_that_was_selected_is_broken_too(hello):
    shown = [line for line in frames(hello, "goroutine 0 frame 0") if "\t" not in line]  # the line of source is whole
    assert max(map(len, shown)) <= 60


ALL = "goroutine 0 bt -frame-arguments all"


@pytest.fixture(scope="module")
def optimized(mirror_program):
    return mirror_program("hello", build="release")


def test_arguments_that_were_optimized_out_are_left_out_and_it_is_said(optimized):
    some_are = any("=<optimized out>" in line for line in frames(optimized, ALL))  # compilers differ
    shown = frames(optimized, "goroutine 0 bt")
    assert not any("=<optimized out>" in line for line in shown) and ("(...: optimized" in shown[-2]) == some_are


@pytest.mark.parametrize("commands", [(ALL,), ("set print frame-arguments all", "goroutine 0 bt")])
def test_who_asks_for_all_arguments_has_them(optimized, commands):
    assert "..." not in "".join(frames(optimized, *commands))


def test_a_structure_wider_than_the_terminal_is_broken_between_words(hello):
    shown = frames(hello, "print g0")
    assert len(shown) > 1 and max(map(len, shown)) <= 60 and shown[-1].endswith("}")


def test_where_its_text_is_taken_it_is_one_line(hello):
    taken = "python print(gdb.execute('print g0', to_string=True).count(chr(10)))"
    assert frames(hello, taken)[-1] == "1"


def test_a_text_that_speaks_of_optimized_out_stays(gdb_json, hello):
    text = '#0  main.f (s="a, b=<optimized out>", n=<optimized out>) at f.go:1'
    script = f"from rt0lab.show import backtrace\nresult = backtrace.brief({text!r})"
    assert gdb_json(hello, script) == '#0  main.f (s="a, b=<optimized out>", ...) at f.go:1'


def test_a_card_of_another_thread_says_so(batch):
    shown = cards(batch)
    threads = [re.search(r"thread (\d+),", card[0])[1] for card in shown]
    others = [now != before for before, now in zip(threads, threads[1:])]
    assert [any("they run at once" in line or "run at" in line for line in card) for card in shown[1:]] == others


def test_every_stage_says_it_in_both_languages():
    rows = [*stages.load(), *stages.load(kind="door")]
    assert [
        s.name for s in rows for key in ("why", "after_c", "after_loader") if getattr(s, key) and not s.zh.get(key)
    ] == []
    assert [s.name for s in rows for key in s.zh if not getattr(s, key, "")] == []

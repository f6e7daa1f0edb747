"""What Go's own test asks of Go's gdb script, asked of ours: a list of cases, on a program compiled as users
compile."""

import re

import pytest

SOURCE = """package main

import (
	"fmt"
	"runtime"
)

var sink []string

func main() {
	words := make(map[string]string, 13)
	lists := make(map[string][]string, 11)
	numbers := make(chan int, 10)
	names := make(chan string, 10)
	many := make(map[int]int)
	for i := 0; i < 50; i++ {
		many[i] = 2 * i
	}
	numbers <- 99
	numbers <- 11
	names <- "first"
	names <- "second"
	words["abc"] = "def"
	words["ghi"] = "jkl"
	lists["a"] = []string{"b", "c"}
	text := "abc"
	pointer := &text
	slice := append(make([]string, 0, 16), words["abc"])
	fmt.Println("hi")
	runtime.KeepAlive(pointer)
	_ = pointer // stop here
	sink = slice
	fmt.Println(lists, <-numbers, <-names, many)
	runtime.KeepAlive(words)
} // the end
"""
COMMANDS = (
    "print words",
    "print lists",
    "print numbers",
    "print names",
    "print text",
    "info locals",
    "goroutine 1 bt",
    "goroutine all bt",
    "info goroutines",
    "print -elements unlimited -- many",
)
_answers = {}


@pytest.fixture
def answers(gdb_json, go_build):
    """{command: what it printed} at `stop here`, and `goroutine 1 bt` at the end of main."""
    if not _answers:
        lines = SOURCE.splitlines()
        stop, end = (next(n for n, line in enumerate(lines, 1) if word in line) for word in ("stop here", "the end"))
        _answers.update(
            gdb_json(
                go_build("cases", SOURCE),
                f"""
do('break cases.go:{stop - 1}'); do('run')
result = {{c: do(c) for c in {COMMANDS!r}}}
do('delete'); do('break cases.go:{end}'); do('continue')
result['at the end'] = do('goroutine 1 bt')
""",
            )
        )
    return _answers


def shown(text):
    """What stands behind `$1 = `, addresses of strings left out."""
    return re.sub(r"0x[0-9a-f]+\s+(?=\")", "", text.partition(" = ")[2].strip())


def test_info_goroutines_marks_the_running_one(answers):
    assert re.search(r"\*\s+\d+\s+running\s+", answers["info goroutines"])


def test_a_map_of_strings(answers):
    pairs = '["abc"] = "def"', '["ghi"] = "jkl"'
    assert shown(answers["print words"]) in [
        f"map[string]string = {{{', '.join(order)}}}" for order in (pairs, pairs[::-1])
    ]


def test_a_map_of_slices(answers):
    assert shown(answers["print lists"]) == 'map[string][]string = {["a"] = []string = {"b", "c"}}'


def test_a_map_that_has_grown(answers):
    pairs = re.findall(r"\[(\d+)\] = (\d+)", answers["print -elements unlimited -- many"])
    assert sorted((int(k), int(v)) for k, v in pairs) == [(i, 2 * i) for i in range(50)]


@pytest.mark.parametrize(
    "name, elements", [("numbers", "chan int = {99, 11}"), ("names", 'chan string = {"first", "second"}')]
)
def test_a_channel(answers, name, elements):
    assert shown(answers[f"print {name}"]) == elements


def test_a_string(answers):
    assert shown(answers["print text"]) == '"abc"'


def test_all_locals_are_listed(answers):
    assert [name for name in ("slice", "words", "text") if name not in answers["info locals"]] == []


@pytest.mark.parametrize("when", ["goroutine 1 bt", "at the end"])
def test_the_backtrace_is_well_formed(answers, when):
    lines = answers[when].strip().splitlines()
    assert [line for i, line in enumerate(lines) if not line.startswith(f"#{i}  ")] == [] and lines


@pytest.mark.parametrize("when", ["goroutine 1 bt", "goroutine all bt", "at the end"])
def test_the_backtrace_begins_in_main(answers, when):
    assert re.search(r"(?m)^#0\s+(0x[0-9a-f]+\s+in\s+)?main\.main.+at", answers[when])

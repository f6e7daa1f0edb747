"""What others wrote goes through rt0lab/untrusted.py: into gdb's commands, out of files, onto the terminal. No gdb in
it."""

import ast
import os
import re
import shlex

import pytest
from gdbrun import ROOT
from rt0lab.formats import untrusted

SOURCES = sorted(path for folder in ("gdb-scripts", "labs") for path in (ROOT / folder).rglob("*.py"))
# gdb reads their argument as its language
ASKS = {"gdb.execute", "program.done", "answers.done", "done", "gdb.parse_and_eval", "gdb.lookup_type"}
SAFE = {"word", "argument", "int", "fileno", "dup", "quote"}  # what a call of these gives has no meaning to gdb

# Texts that are built otherwise, each with the reason why nobody else can have written them.
COMMANDS = {
    ("program/answers.py", "done", "command"): "its callers' arguments are looked at here, too",
    ("program/worlds.py", "_lookup_type", "spelling"): "names of Go's, written in the package",
    ("program/dynamic.py", "type_named", "spelling"): "a name that is looked up in a table; gdb reads no command in it",
    ("program/settings.py", "_set", "name"): "settings' names, written in the package",
    ("program/settings.py", "_set", "value"): "settings' values, written in the package or the user's own",
    ("commands/step.py", "_tell", "following.TELL"): "a constant of the package's",
    ("boot/stops.py", "_let_run", "command"): "run, starti or continue, written in the package",
    ("goroutines/following.py", "_registers", "expression"): "the expression of a watchpoint that the user has set",
    ("commands/step.py", "go_on", "command"): "continue, one of gdb's steps or `stepi 0`, written in the package",
    ("commands/step.py", "register", "_PROLOGUES"): "written in the package",
    (
        "commands/step.py",
        "hook",
        "'\\n'.join([f'define {name}', ours, *lines, 'end'])",
    ): "a hook's name, our line, and what the user has there, from gdb",
    ("commands/step.py", "hook", "name"): "a hook's name, written in the package",
    ("commands/step.py", "hook", "about"): "a sentence of ours",
    ("commands/step.py", "_lines", "name"): "a hook's name, written in the package",
    ("goroutines/threads.py", "_said", "command"): "info ..., written in the package",
    ("commands/window.py", "register", "_LAYOUT"): "written in the package",
    ("commands/goroutine.py", "_done", "command"): "what the user typed after `goroutine N`",
    ("commands/goroutine.py", "Goroutine.complete", "command"): "what the user is typing, on one line",
    ("commands/past.py", "Back._command", "command"): "what the user typed after `rt0 back N`",
    (
        "goroutines/locks.py",
        "value_of",
        "_asked(text)",
    ): "the expression that the user typed behind a command, or a name of it",
    ("goroutines/locks.py", "value_of", "program.world().prefix"): "`runtime.` or nothing",
    ("goroutines/locks.py", "value_of", "name[0]"): "the first word of what the user typed",
    ("goroutines/locks.py", "value_of", "text[name.end():]"): "the rest of what the user typed",
    ("observe.py", "evaluate", "expr"): "the author's, from exercise.toml",
    ("batch.py", "_tried", "command"): "the author's, from exercise.toml",
    ("debugger.py", "command", "name"): "names of variables, written in the lab",
    (
        "debugger.py",
        "command",
        "value",
    ): "the user's own environment; gdb takes the rest of such an argument for the value, whatever is in it",
    ("ask.py", "command", "arguments"): "words of a list in the lab",
    ("ask.py", "command", "name"): "the author's, from exercise.toml",
    ("ask.py", "command", "value"): "the author's, from exercise.toml",
    ("ask.py", "run", "judge"): "literals, as Python writes them",
    ("golang.py", "_live", "name"): "the author's, from exercise.toml",
    ("golang.py", "_live", "value"): "the author's, from exercise.toml",
    ("golang.py", "_live", "_argument(exercise, seed)"): "a number made of the seed",
    ("workshop.py", "watched", "door"): "a function's name, written in the lab",
    ("stranger.py", "take", "program"): "a program that the lab has just built",
    ("stranger.py", "take", "' '.join(arguments)"): "words of a list in the lab",
    ("made.py", "_value", "expr"): "the author's, from exercise.toml",
    ("schedules.py", "alone", "_PROCESSORS"): "a number of the lab's own",
    ("schedules.py", "alone", "before"): "digits",
    ("trying.py", "run", "setting"): "written in the lab",
    ("trying.py", "_stop", "case['program']"): "a program that the lab has just built",
    ("commands.py", "begin", "_Starting.name"): "written in the lab",
    ("commands.py", "begin", "word"): "of a list in the lab",
    ("trying.py", "_say_why", "command"): "the author's, in the sandbox",
    ("trying.py", "_tried", "job['command']"): "the author's, in the sandbox",
    ("untraced.py", "_open", "core"): "a file in a folder that the lab has just made",
    ("debugger.py", "interactive", "join"): "numbers of the lab's own",
    ("exercises.py", "run", "begin"): "literals, as Python writes them",
    ("permits.py", "_answer", "line"): "a line of Python, written in the lab",
    ("tour.py", "run", "leave"): "written in the lab",
    ("bench/gdb.py", "in_gdb", "n"): "a number of the table of figures",
    ("bench/inside.py", "asking", "field"): "one of two, written in the lab",
    ("bench/inside.py", "keeping", "step"): "of the table of figures",
    ("bench/inside.py", "listing", "command"): "of the table of figures",
    ("bench/inside.py", "stepping", "follow"): "on or off",
    ("bench/inside.py", "stepping", "place"): "of the table of figures",
    ("bench/inside.py", "stepping", "step"): "of the table of figures",
    ("likeness/inside.py", "main", "name"): "of the lists of structures, written in the lab",
    ("likeness/inside.py", "value", "expression"): "written in the file",
    ("matrix/inside.py", "ask", "command"): "of the lists of what is asked of every program",
    ("matrix/inside.py", "threads", "max((each.num for each in gdb.inferiors()))"): "a number of gdb's",
    ("matrix/look.py", "_seen", "argv"): "a list of texts, as Python writes them",
    ("commands/styles.py", "register", "first"): "of the table of looks",
    ("commands/styles.py", "register", "name"): "of the table of looks",
    ("compat.py", "run", "leave"): "written in the lab",
    ("goroutines/locks.py", "_lock_shown", "name"): "of one of the two kinds of lock that have a holder",
    ("program/memory.py", "fresh_register", "name"): "a register's name, written in the package",
}

# Texts that are written past the console.
WRITES = {
    (
        "program/builds.py",
        "'\\n'.join(screen.wrap(tr('warning: ') + text))",
    ): "a sentence of ours, in which the program's path is shown as `shown` has it",
    ("program/editors.py", "packets.VIEW"): "a sentence of ours",
}

# Files that are opened otherwise: those of the lab itself, and those that are written. The kernel's, in /proc, are not
# looked for.
OPENS = set(
    """
    formats/untrusted.py boot/stages.py program/uses.py commands/threads.py state/trace.py remote/clients.py
    files.py batch.py state.py ask.py cli.py locks.py untraced.py matrix/inside.py
    golang.py leaving.py permits.py sandbox.py source.py spread.py stranger.py trying.py
""".split()
)


class Calls(ast.NodeVisitor):
    """All calls and lists of a file, each with the function where it stands."""

    def __init__(self, path):
        in_a_room = path.parent.name in ("bench", "matrix", "likeness") or path.parent.parent.name == "rt0lab"
        self.name, self._where, self.found = f"{path.parent.name}/{path.name}" if in_a_room else path.name, [], []
        self.visit(ast.parse(path.read_text("utf-8")))

    def visit(self, node):
        named = isinstance(node, (ast.FunctionDef, ast.ClassDef))
        if named:
            self._where.append(node.name)
        if isinstance(node, (ast.Call, ast.List)):
            self.found.append((".".join(self._where), node))
        self.generic_visit(node)
        if named:
            self._where.pop()


CALLS = [Calls(path) for path in SOURCES]


def called(node):
    """The bare name of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def foreign(node):
    """The parts of an expression that somebody else may have written."""
    if isinstance(node, ast.Constant):
        return []
    if isinstance(node, ast.IfExp):
        return foreign(node.body) + foreign(node.orelse)
    if isinstance(node, ast.BinOp):
        return foreign(node.left) + foreign(node.right)
    if isinstance(node, ast.JoinedStr):
        return [part for value in node.values for part in foreign(value)]
    if (
        isinstance(node, ast.FormattedValue)
        and node.format_spec is not None
        and re.fullmatch("#?[xd]", ast.unparse(node.format_spec)[2:-1])
    ):
        return []
    if isinstance(node, ast.Call) and called(node) in ("tr", "trn"):  # our sentence, with these in its places
        return [part for value in (*node.args, *(each.value for each in node.keywords)) for part in foreign(value)]
    if isinstance(node, ast.FormattedValue) and node.conversion == ord("r"):  # a literal, for `python ...`
        return []
    if isinstance(node, ast.FormattedValue):
        return foreign(node.value)
    if isinstance(node, ast.Call) and called(node) in SAFE:
        return []
    return [ast.unparse(node)]


def commands():
    """(file, function, part) of each part of a text for gdb that is neither written there nor quoted."""
    found = set()
    for calls in CALLS:
        for where, node in calls.found:
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ASKS and node.args:
                texts = [node.args[0]]
            elif isinstance(node, ast.Call) and called(node) == "told" and ast.unparse(node.args[0]) in ASKS:
                texts = [node.args[1]]
            elif isinstance(node, ast.List):
                pairs = zip(node.elts, node.elts[1:])
                texts = [
                    text
                    for flag, text in pairs
                    if isinstance(flag, ast.Constant) and flag.value in ("-ex", "-iex", "-eval-command")
                ]
            else:
                continue
            found |= {(calls.name, where, part) for text in texts for part in foreign(text)}
    return found


def test_no_text_of_others_is_built_into_a_command():
    assert sorted(commands() - COMMANDS.keys()) == []


def test_each_reason_is_still_needed():
    assert sorted(COMMANDS.keys() - commands()) == []


def test_no_shell_reads_what_others_wrote():
    """The lab's own pages are run by one, as their readers do."""
    found = {
        calls.name
        for calls in CALLS
        for _, node in calls.found
        if isinstance(node, ast.Call)
        and called(node) in ("system", "popen", "getoutput", "getstatusoutput")
        or isinstance(node, ast.Call)
        and any(
            keyword.arg == "shell" and called(node) in ("Popen", "run", "call", "check_output", "check_call")
            for keyword in node.keywords
        )
        or isinstance(node, ast.List)
        and node.elts
        and ast.unparse(node.elts[0]) in ("'/bin/sh'", "'sh'", "'bash'")
    }
    assert found == {"sessions.py"}


def test_files_are_opened_in_one_place():
    found = {
        calls.name
        for calls in CALLS
        if not calls.name.startswith("bench/")
        for _, node in calls.found
        if isinstance(node, ast.Call)
        and called(node) in ("open", "fdopen", "getline", "getlines")
        and ast.unparse(node.func) not in ("self.open", "unwinder.open")
        and not re.match("f?['\"]/proc/", ast.unparse(node.args[0]) if node.args else "")
    }
    assert sorted(found - OPENS) == []


def test_what_does_not_go_through_the_console_is_shown_as_shown_has_it():
    writes = [
        (calls.name, part)
        for path, calls in zip(SOURCES, CALLS)
        if "gdb-scripts" in path.parts and path.name != "console.py"
        for _, node in calls.found
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("gdb.write", "sys.stdout.write", "sys.stderr.write", "print")
        for part in foreign(node.args[0])
    ]
    assert {
        (name, part) for name, part in writes if not part.startswith(("untrusted.shown(", "untrusted.shown_lines("))
    } == WRITES.keys()


# ---- the three doors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, shown",
    [
        ("main.leaf", "main.leaf"),
        ("a b", "a b"),
        ("grüße 世界", "grüße 世界"),
        ("", ""),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb", "a\\nb"),
        ("a\tb", "a\\tb"),
        ("\x9b", "\\x9b"),
        ("\u202e", "\\u202e"),
        ("\u2028", "\\u2028"),
        ("\udcff", "\\xff"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("x" * 401, "x" * 400 + "...(401 characters)"),
    ],
)
def test_shown(text, shown):
    assert untrusted.shown(text) == shown


def test_lines_stay_lines_and_tabs_tabs():
    assert untrusted.shown_lines("a\tb\n\x1b\n") == "a\tb\n\\x1b\n"


@pytest.mark.parametrize("text", ["plain", "a b", "it's", '"', "$(x)`y`;|\\", "-x", "é", "\u202e", "a\x1bb"])
def test_an_argument_is_one_word_to_who_reads_as_a_shell(text):
    assert shlex.split(untrusted.argument(text)) == [text]


@pytest.mark.parametrize("text", ["", "a\nb", "a\rb", "\0", "\udcff"])
def test_what_cannot_be_an_argument_is_refused(text):
    with pytest.raises(untrusted.Unquotable):
        untrusted.argument(text)


@pytest.mark.parametrize("text", ["", "a b", "-x", "a;b", "a\n", "é", "$(x)"])
def test_what_is_no_word_is_refused(text):
    with pytest.raises(untrusted.Unquotable):
        untrusted.word(text)


def test_a_file_is_opened_only_if_it_is_one(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_bytes(b"x" * 100)
    for path in (tmp_path / "fifo", "/dev/zero", tmp_path, tmp_path / "none", "a\0b"):
        with pytest.raises(OSError):
            untrusted.regular(path)
    with pytest.raises(OSError):
        untrusted.regular(tmp_path / "large", 99)
    assert untrusted.contents(tmp_path / "large", 100) == b"x" * 100


def test_a_source_that_is_none_has_no_lines():
    assert untrusted.source("/dev/zero") == ()

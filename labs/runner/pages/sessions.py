"""The sessions that the pages show: finds them in a page, runs them again as a reader would, compares, and rewrites.

A fence ```session holds shell lines (`$ COMMAND`), a fence ```gdb holds gdb lines (`(gdb) COMMAND`), each followed by
what it printed; a line of three dots stands for any lines left out. A gdb fence that begins with `$ ./lab gdb …` starts
a gdb, one that does not goes on where the page's last gdb fence stopped.
"""

import difflib
import os
import re
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from ..tree import ROOT

SHOWN_ROOT = "/home/you/rt0lab"  # how the pages write the project's folder
LEFT_OUT = "..."
START, SHELL, GDB = "$ ./lab gdb", "$ ", "(gdb) "
SECONDS = 120
MARK = "@@ end of step {} @@"

Outputs = dict[tuple[str, ...], list[list[str]]]  # what runs printed: the key of a session, each step's lines

# ---- finding -------------------------------------------------------------------------------------------------------


@dataclass
class Step:
    """One command line, prompt included, the lines the page shows below it, and which lines of the page these are."""

    command: str
    shown: list
    first: int  # the page's line after the command, counted from 0


@dataclass
class Session:
    """Steps that belong together, with the number of the line (from 1) of their first fence."""

    line: int
    steps: list

    @property
    def key(self) -> tuple[str, ...]:
        """What decides about the outcome of a run: the commands."""
        return tuple(step.command for step in self.steps)


class BadPage(Exception):
    """A fence that cannot be run, with the reason."""


def find(text: str) -> list[Session]:
    """The sessions of a page, in order."""
    found, gdb, kind = [], None, None
    for number, line in enumerate(text.splitlines()):
        if kind is None:
            if line in ("```session", "```gdb"):
                kind, fresh = line[3:], True
        elif line == "```":
            kind = None
        else:
            starts = line.startswith(SHELL)
            if starts or line.startswith(GDB):
                if kind == "session" and not starts or starts and kind == "gdb" and not line.startswith(START):
                    raise BadPage(f"line {number + 1}: a fence of kind {kind} cannot run `{line}`")
                if starts and (kind == "gdb" or fresh) or kind == "gdb" and gdb is None:
                    found.append(Session(number, []))
                    gdb = found[-1] if kind == "gdb" else gdb
                session = gdb if kind == "gdb" and gdb else found[-1]
                session.steps.append(Step(line, [], number + 1))
                fresh = False
            elif fresh:
                raise BadPage(f"line {number + 1}: a fence of kind {kind} begins with a command line")
            else:
                session.steps[-1].shown.append(line)
    if kind is not None:
        raise BadPage("a fence is not closed")
    return found


# ---- running -------------------------------------------------------------------------------------------------------


def run(session: Session, language: str) -> list[list[str]]:
    """What each step prints to a reader of this language, as a list of lists of lines."""
    if not any(step.command.startswith((GDB, START)) for step in session.steps):
        return [lines(output(step.command[len(SHELL) :], language)) for step in session.steps]
    commands = [step.command for step in session.steps]
    start = commands.pop(0) if commands[0].startswith(START) else None
    typed = "".join(f"{command[len(GDB):]}\necho {MARK.format(i)}\\n\n" for i, command in enumerate(commands))
    said = output((start or START + " hello")[len(SHELL) :], language, f"echo {MARK.format('start')}\\n\n" + typed)
    parts = []
    for mark in ["start", *range(len(commands))]:
        part, _, said = said.partition(MARK.format(mark))
        parts.append(lines(part.removeprefix("\n").removeprefix(GDB).removesuffix(GDB)))
    return parts if start else parts[1:]


def output(command: str, language: str, typed: str | None = None) -> str:
    """The whole output of a shell command with this input, in this language, in the environment of a terminal of 80 by
    24 that knows no colour."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GO")}
    environment |= {"LAB_LANG": language, "TERM": "dumb", "COLUMNS": "80", "LINES": "24"} | (
        {"GOMAXPROCS": "2"} if len(processors()) < 2 else {}
    )
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=ROOT,
        env=environment,
        start_new_session=True,
        text=True,
        errors="replace",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: os.sched_setaffinity(0, processors()),
    )
    try:
        return process.communicate(typed or "", timeout=SECONDS)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0] + f"\n(this did not end within {SECONDS} seconds)"
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise


def processors() -> set[int]:
    """Those on which a page's programs run: two, as when the pages were written."""
    return set(sorted(os.sched_getaffinity(0))[:2])


def lines(text: str) -> list[str]:
    """A text as a page shows it: no tabs, nothing at the ends of lines, the project where the pages say it is."""
    # gdb breaks this line by its length
    text = re.sub(r"',\s+file type", "', file type", text.replace(str(ROOT), SHOWN_ROOT))
    return [line.expandtabs().rstrip() for line in text.rstrip().splitlines()]


# ---- comparing -----------------------------------------------------------------------------------------------------

ADDRESS = re.compile(r"0x[0-9a-f]+")
CHANGING = [
    (re.compile(pattern), new)
    for pattern, new in (
        (r"\b(process|LWP) \d+", r"\1 N"),  # pids
        (r"(\{id \d+, thread) \d+", r"\1 N"),  # the same, as `info ms` has them
        (r"\b(ncpu: 0 →) \d+", r"\1 N"),  # core counts
        (r"\b(processorVersionInfo: 0 →) \d+", r"\1 N"),
        (r"\b\d+(\.\d+)? ?(s|ms|us|seconds)\b", r"N \2"),  # times
        (r"\b(schedtick[ =])[1-9]\d*", r"\1N"),  # sysmon may have made a goroutine yield, or not
        (r"^Warning: ", "warning: "),  # gdb 13 and 16
        (r"  +", " "),  # columns are as wide as a version likes
    )
]


def is_address(word: str) -> bool:
    """Whether a hexadecimal number is a place, which may be elsewhere next time; small and negative ones are values."""
    return 0x10000 <= int(word, 16) < 1 << 63


def addresses(line: str) -> list[str]:
    """The addresses in a line."""
    return [word for word in ADDRESS.findall(line) if is_address(word)]


def normal(line: str) -> str:
    """A line without what changes from run to run and from machine to machine."""
    line = ADDRESS.sub(lambda match: "0xADDR" if is_address(match[0]) else match[0], line.rstrip())
    for pattern, new in CHANGING:
        line = pattern.sub(new, line)
    return line


def align(
    shown: list[str], real: list[str], cost: Callable[[str, str], float]
) -> tuple[float, list[tuple[str | None, str | None]]]:
    """The cheapest way to read the page's lines as the real ones: (what it costs, [(shown or None, real or None),
    ...]).

    cost(a, b) is the price of reading a as b; a line too many or too few costs 1; three dots take up any lines for
    nothing.
    """
    best = {(0, 0): (0, None)}

    def step(at, price, before):
        if at not in best or price < best[at][0]:
            best[at] = (price, before)

    for i in range(len(shown) + 1):
        for j in range(len(real) + 1):
            price = best[i, j][0]
            dots = i < len(shown) and shown[i] == LEFT_OUT
            inside = i > 0 and shown[i - 1] == LEFT_OUT
            if i < len(shown):
                step((i + 1, j), price + (0 if dots else 1), (i, j))
            if j < len(real):
                step((i, j + 1), price + (0 if inside else 1), (i, j))
            if i < len(shown) and j < len(real) and not dots:
                step((i + 1, j + 1), price + cost(shown[i], real[j]), (i, j))
    path, at = [], (len(shown), len(real))
    while (before := best[at][1]) is not None:
        path.append((shown[before[0]] if at[0] > before[0] else None, real[before[1]] if at[1] > before[1] else None))
        at = before
    return best[len(shown), len(real)][0], path[::-1]


def equal(shown: str, real: str) -> float:
    """The price of reading one line as another, for the check: nothing or 1."""
    return 0 if normal(shown) == normal(real) else 1


def likeness(shown: str, real: str) -> float:
    """The same for rewriting, where a line that has changed a little should stand for the new one."""
    if normal(shown) == normal(real):
        return 0
    return 2.01 - 2 * difflib.SequenceMatcher(None, normal(shown), normal(real), autojunk=False).ratio()


def mismatch(shown: str | None, real: str | None) -> list[str]:
    """One aligned pair as lines of a diff, none if it fits; what three dots stand for is not told from a line too
    many."""
    if shown == LEFT_OUT or shown is not None and real is not None and equal(shown, real) == 0:
        return []
    return [*([f"-page {shown}"] if shown is not None else []), *([f"+run  {real}"] if real is not None else [])]


def differences(session: Session, outputs: list[list[str]]) -> str:
    """What is wrong with a session, as text; empty if a reader sees what the page shows."""
    wrong, there, here = [], {}, {}
    for step, real in zip(session.steps, outputs):
        price, path = align(step.shown, real, equal)
        if price:
            wrong.append("\n".join([step.command, *(row for pair in path for row in mismatch(*pair))]))
            continue
        for shown, line in path:
            if shown is None or line is None:
                continue
            for a, b in zip(addresses(shown), addresses(line)):
                if there.setdefault(a, b) != b or here.setdefault(b, a) != a:
                    wrong.append(
                        f"{step.command}\naddresses that are the same on the page are not in the run, or the other "
                        f"way round:\npage: {shown}\nrun:  {line}"
                    )
    return "\n\n".join(wrong)


def rewritten(text: str, session: Session, outputs: list[list[str]]) -> str:
    """The page with what the session's steps print now; lines left out stay left out."""
    page = text.splitlines()
    for step, real in reversed(list(zip(session.steps, outputs))):
        _, path = align(step.shown, real, likeness)
        new, left_out = [], False
        for shown, line in path:
            if shown == LEFT_OUT:
                new.append(LEFT_OUT)
                left_out = True
            elif line is not None and not (left_out and shown is None):
                new.append(line)
                left_out = False
        page[step.first : step.first + len(step.shown)] = new
    return "\n".join(page) + "\n"


# ---- all of a page --------------------------------------------------------------------------------------------------


def checked(text: str, seen: Outputs, language: str = "en") -> tuple[list[Session], list[str]]:
    """(the sessions of a text, what is wrong with them); `seen` keeps what each run printed in this language."""
    try:
        found = find(text)
    except BadPage as reason:
        return [], [str(reason)]
    wrong = []
    for session in found:
        if session.key not in seen:
            seen[session.key] = run(session, language)
        difference = differences(session, seen[session.key])
        if difference:
            wrong.append(f"the session of line {session.line}: {difference}")
    return found, wrong


def updated(text: str, seen: Outputs) -> str:
    """The text with every session that is wrong rewritten."""
    for i in range(len(find(text))):
        session = find(text)[i]
        if differences(session, seen[session.key]):
            text = rewritten(text, session, seen[session.key])
    return text

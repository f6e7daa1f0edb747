"""`goroutine N|RANGE|all COMMAND`: gdb's own commands in the frames of any goroutine, which nothing moves, calls or
writes."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Any

import gdb

from .. import program
from ..boot import stops
from ..formats import untrusted
from ..frames import joins, registers, stacks, view
from ..goroutines.census import Census
from ..program import begun, bulk, past, settings
from ..show import backtrace, deferred, table
from ..words import tr
from . import chosen, console
from .options import Options, complete, ids

_USAGE = "[N|RANGE|all] [-with KEY=PATTERN] [-without KEY=PATTERN] [COMMAND]"
_BACKTRACE = ("bt", "backtrace", "where")
_PLAIN_BACKTRACE = re.compile(rf"(?:{'|'.join(_BACKTRACE)})(?: +-?\d+)?")
# What would let a thread run, end or change, or could do anything, and the abbreviations of gdb that do not begin the
# full name.
_MOVES = """
    step stepi next nexti finish continue until advance jump call return run start starti kill detach attach signal
    queue-signal interrupt thread inferior reverse-step reverse-next reverse-continue set watch rwatch awatch
    compile load target restore source tbreak break goroutine eval python python-interactive pi shell guile
    guile-repl gr si ni fg taas tfaas rs rn rc
""".split()
_HARMLESS = ("i", "in", "f", "l", "p", "b", "d", "t", "w", "st")  # abbreviations that gdb gives to others
# What holds another command, and up to where that begins; of a pipe's no word may be one that moves.
_CARRIERS = (
    re.compile(r"(?:f|fr|fra|fram|frame)\s+ap\w*\s+(?:all|-?\d+|level(?:\s+\d+(?:-\d+)?)+)(?:\s+-\w+)*\s+"),
    re.compile(r"(?:faa|faas)\s+(?:-\w+\s+)*"),
    re.compile(r"(?:w|wi|wit|with)\s.*?--\s*"),
)
_PIPES = re.compile(r"(?:pipe?|\||(?:f|fr|fra|fram|frame)\s+ap)")
_CHOICE = re.compile(r"""-with(?:out)?\s+(?:"[^"]*"|'[^']*'|[^\s"'])+(?:\s+|$)""")  # one, at the beginning

_ASSIGNS = re.compile(r"(?<![=!<>])=(?!=)|[-+*/%&|^]=|\+\+|--(?=[\w$(*])|(?<=[\w)])--|<<=|>>=")


class _Levels(dict):
    """{a g's address: the frame that the last `goroutine N up` selected, counted from where it is parked}"""

    moves = None


def _levels(world):
    """Those that were selected since the program stands where it does: frames are others then."""
    levels = world.own("levels", _Levels)
    if levels.moves != program.moves():
        levels.clear()
        levels.moves = program.moves()
    return levels


def refused(command: str) -> str | None:
    """The word of a command that would move something, or None."""
    if command.lstrip().startswith("!"):
        return "!"
    words = re.findall(r"[a-z|-]+", command)
    if not words:
        return None
    head = words[0]
    if head in _MOVES or head not in _HARMLESS and any(name.startswith(head) for name in _MOVES if name[0] == head[0]):
        if head not in ("info", "frame", "list", "print", "where", "down", "delete"):
            return head
    bare = re.sub(r'"(\\.|[^"\\])*"', "", command)
    if head.startswith(("p", "o", "x", "i", "call")) and _ASSIGNS.search(bare):
        return "="
    if "$_shell" in bare:
        return "$_shell"
    return _refused_inside(command)


def _refused_inside(command):
    """The same for a command in the arguments of another one."""
    for carrier in _CARRIERS:
        before = carrier.match(command)
        if before:
            return refused(command[before.end() :])
    if not _PIPES.match(command):
        return None  # also a frame that is selected by its function's name
    return next((word for word in re.findall(r"[a-z|-]+", command)[1:] if word in _MOVES), None)


@contextlib.contextmanager
def frames_of(census: Census, row: Any, joined: bool = False) -> Iterator[int | None]:
    """gdb's frames are this goroutine's while this lasts; yields the level of its innermost frame.

    Of one that is in C they are its Go frames, whose variables gdb can read, and under a signal's handler those of what
    it interrupted; `joined` brings those of C and of the handler as well.
    """
    status, who = census.status.get(row.status, "?"), f"goroutine {census.name(row)}"
    thread = census.threads.get(row.addr) or (census.calls_c(row) if joined else None)
    if thread is not None and (joined or not (status.startswith("syscall") and census.is_handling(row))):
        with view.keeping_place():
            thread.switch()
            handler = None if joined else joins.handler()
            yield handler.level() + 1 if handler is not None and handler.older() is not None else 0
        return
    pc, sp, bp = row.pc, row.sp, row.bp or 0
    if status.startswith("syscall"):
        pc, sp = row.syscallpc, row.syscallsp
    if row.status in census.ended and row.addr not in census.system:
        raise program.Problem(tr("{who} is {status}: it has no frames.", who=who, status=status))
    on = census.thread_of(row) if status.startswith("running") else None
    if not sp or not pc or on is not None and on.is_running():  # what such a one saved last is long over
        raise program.Problem(
            tr(
                "{who} is {status} and its thread is not stopped here: no frames of it can be seen.",
                who=who,
                status=status,
            )
        )
    more = registers.registers([row.addr]).get(row.addr)
    with view.parked(pc, sp, bp, "parked: " + census.state(row), more, row.addr) as frame:
        yield frame.level()


def _own(frame):
    """The first frame of the program's own code, else this one."""
    known, first = stacks.sites(), frame
    for _ in range(64):
        if frame is None:
            break
        sal = frame.find_sal()
        if known.is_user(program.name_of(frame) or "runtime.", program.file_of(sal.symtab)):
            return frame
        frame = frame.older()
    return first


def execute(census: Census, row: Any, command: str) -> str:
    """What gdb prints for a command in a goroutine's frames."""
    with frames_of(census, row, command.partition(" ")[0] in _BACKTRACE) as level, settings.off("may-call-functions"):
        if level:
            known = _levels(census.world).get(row.addr)
            frame = view.frame(level + known) if known is not None else _own(view.frame(level))
            frame.select()
            if _lowest(command, frame.level()) < level:
                raise program.Problem(
                    tr(
                        "goroutine {row} stands in frame {level}: there is nothing below it.",
                        row=census.name(row),
                        level=level,
                    )
                )
            command = _apply_above(command, level)
        with settings.as_the_user_has_them(level or 0):
            text = _done(command)
            if level:
                _levels(census.world)[row.addr] = max(gdb.selected_frame().level() - level, 0)
        return text


def _done(command):
    """What gdb prints for a command, also where it only notifies its terminal of another frame: `up`, `down`, `frame
    3`."""
    before = gdb.selected_frame().level()
    if command in ("f", "frame"):
        return stops.where() + "\n"
    with settings.changed({"suppress-cli-notifications": "on"}):
        text = program.done(command)
    if text or gdb.selected_frame().level() == before or command.partition(" ")[0].endswith("-silently"):
        return text
    return stops.where() + "\n"


def _lowest(command, at):
    """The frame that a command wants to select, where it names one; else the one it is in."""
    down = re.fullmatch(r"dow\w*(?:-silently)?\s*(\d*)", command)
    if down:
        return at - int(down[1] or 1)
    frame = re.fullmatch(r"(?:f|fr|fra|fram|frame|select-frame)\s+(?:level\s+)?(\d+)", command)
    return int(frame[1]) if frame else at


def _apply_above(command, level):
    """`frame apply all` leaves out the frame that stands for the goroutine's being parked."""
    every = re.match(r"(?:f|frame)\s+apply\s+(all|\d+)\s|faas\s", command)
    if not every:
        return command
    outermost, frame = level, view.frame(level)
    for outermost in range(level, level + (int(every[1]) if (every[1] or "all") != "all" else stacks.DEPTH)):
        frame = frame.older()
        if frame is None or frame.pc() == 0:
            break
    flags = "-s " if command.startswith("faas") else ""
    return f"frame apply level {level}-{outermost} {flags}{command[every.end():]}"


class Goroutine(console.Command):
    """Do one of gdb's commands in the frames of goroutines.
    They may run or be parked; the command is bt, up, info locals, print x...
    Usage: goroutine [N|RANGE|all] [-with KEY=PATTERN] [-without KEY=PATTERN] [COMMAND]; a RANGE is 1-5 or 1,3, and
    KEY=PATTERN chooses as in `info goroutines`. Without COMMAND: what `info goroutines` knows of them. A parked
    goroutine's first selected frame is the one where its own code stands; up and down are remembered until the program
    runs. Nothing is moved, called or written. `goroutine all bt` shows frames without arguments' values, for thousands
    in a second. Of one that is in C or under a signal's handler bt shows the frames of these, too; all else looks at
    its own. `goroutine N defers` shows the calls that it has deferred and not made yet.

    (gdb) goroutine 18 print n
    $1 = 0
    (gdb) goroutine -with reason=chan* bt"""

    name, kind = "goroutine", gdb.COMMAND_STACK

    def run(self, argument: str) -> None:
        program.world()
        who, choice, command = _parsed(argument)
        if not program.alive():
            raise program.Problem(console.not_running())
        spans = None if who == "all" else _named(who)
        word = refused(command)
        if word:
            raise program.Problem(
                tr(
                    "`{word}` would move, call or change something: in a goroutine's frames one can only look (bt,"
                    " up, print...).",
                    word=word,
                )
            )
        census = Census(system=True)
        rows = every = _rows(census, spans, who)
        if choice is not None:
            rows = chosen.choose(census, rows, choice.wanted, choice.unwanted)
        if every and not rows:
            raise program.Problem(tr("no goroutine is one of those: `info goroutines` lists all."))
        if not rows:
            none = (
                tr("no goroutine can be read: `info goroutines` shows where.") if census.bad else begun.sentence("gs")
            )
            raise program.Problem(census.problem or none)
        if not command:
            with bulk.no_collecting():
                console.write(table.long_lines(table.View(census, rows)))
        elif command not in _BACKTRACE and past.moment() is not None:
            raise program.Problem(tr("of an earlier stop only a backtrace can be shown: `goroutine N bt`."))
        elif len(rows) == 1 and who != "all" and choice is None and past.moment() is None:
            _show(census, rows[0], command)
        elif command in _BACKTRACE:
            console.write(backtraces(census, rows))
        else:
            for row in rows:
                console.say(f"goroutine {census.name(row)} [{census.state(row)}]:")
                try:
                    _show(census, row, command)
                except (gdb.error, program.Problem) as error:
                    console.say(f"  {error}")

    def complete(self, text: str, word: str | None) -> list[str]:
        """Ids first, then what gdb would complete."""
        who, space, command = text.partition(" ")
        if word is None:
            return []
        if not space:
            known = ["all"]
            with contextlib.suppress(program.Problem, gdb.error):  # gdb would show Python's exception
                known += [str(row.goid) for row in Census().rows[:200]]
            return complete(text, word, known)
        if "\n" in command:  # pasted: the second line would be a command of its own
            return []
        lines = filter(None, program.done(f"complete {command}").split("\n"))
        return [line[len(command) - len(word) :] for line in lines if not refused(line)]


def _show(census, row, command):
    """Prints what there is for a command. A backtrace is brief at a terminal, unless more was asked for."""
    text = _answer(census, row, command)
    plain = _PLAIN_BACKTRACE.fullmatch(command) and gdb.parameter("print frame-arguments") == "scalars"
    short = backtrace.brief(text) if plain and console.width() is not None else text
    console.pass_on(short)
    if short != text:
        console.say(
            tr("(...: optimized out; `goroutine {row} bt -frame-arguments all` names them.)", row=census.name(row))
        )


def _answer(census, row, command):
    """What there is to print for a command: gdb's, or `defers`."""
    if command != "defers":
        return execute(census, row, command)
    try:
        with frames_of(census, row) as level:
            return "\n".join(deferred.lines(row, view.frame(level or 0))) + "\n"
    except program.Problem:
        return "\n".join(deferred.lines(row, None)) + "\n"


def _parsed(argument):
    """(who, what -with and -without choose of them or None, the command)"""
    who, _, rest = argument.partition(" ") if not argument.startswith("-with") else ("all", "", argument)
    if not who:
        raise program.Problem(tr("Usage: {usage}", usage=f"goroutine {_USAGE}"))
    rest, options, typed = rest.strip(), Options("goroutine", _USAGE), ""
    while found := _CHOICE.match(rest):
        typed, rest = typed + found[0], rest[found.end() :]
    if rest.startswith("-with"):
        options.error(tr("`{rest}` is no KEY=PATTERN", rest=untrusted.shown(rest)))
    chosen.add_to(options)
    return who, options.of(typed) if typed else None, rest


def _named(who):
    match = re.fullmatch(r"(m\d+\.(?:g0|gsignal))", who)
    return match[1] if match else ids(who)


def _rows(census, spans, who):
    if spans is None:
        return [row for row in census.rows if row.addr not in census.system and row.status not in census.ended]
    if isinstance(spans, str):
        found = [row for row in census.rows if census.name(row) == spans]
    elif spans == [(0, 0)]:
        found = [row for row in census.rows if census.system.get(row.addr) == "m0.g0"]
    else:
        found = [
            row
            for row in census.rows
            if row.addr not in census.system and any(a <= row.goid <= b for a, b in spans) and row.goid
        ]
    if not found:
        raise program.Problem(
            tr(
                "there is no goroutine {who}: `info goroutines` lists all. Usage: {usage}",
                who=who,
                usage=f"goroutine {_USAGE}",
            )
        )
    return found


def backtraces(census: Census, rows: list[Any]) -> Iterator[str]:
    """Lines: every goroutine's frames as `bt` shows them, arguments only hinted at."""
    limit = settings.users("backtrace limit") or stacks.DEEPEST
    found = census.stacks(rows, max(limit, stacks.DEPTH))
    texts = {}  # one for each distinct stack
    for row in rows:
        yield f"goroutine {census.name(row)} [{census.state(row)}]:"
        stack = found.get(row.addr)
        if past.moment() is not None:
            yield from _kept(stack.sites if stack else census.on_thread_then(row), limit)
        elif stack is None:
            try:
                yield from execute(census, row, "bt").rstrip().split("\n")
            except (gdb.error, program.Problem) as error:
                yield f"  {error}"
        else:
            key = id(stack), row.status, row.reason
            if key not in texts:
                shown = stack.shown[:limit]
                texts[key] = [
                    f"#0  <parked: {census.state(row)}> ()",
                    *(_line(number, frame) for number, frame in enumerate(shown, 1)),
                ]
            yield from texts[key]
            if stack.cut and len(stack.sites) < limit or len(stack.sites) == stacks.DEEPEST:
                yield tr("(More stack frames follow...: `goroutine {row} bt` shows all.)", row=census.name(row))
        yield ""


def _kept(sites, limit):
    """The frames of an earlier stop, as far as its stack was kept."""
    shown = [frame for site in sites for frame in site.shown]
    yield from (_line(number, frame) for number, frame in enumerate(shown[:limit]))
    if not shown:
        yield tr("  where it stood was not kept.")
    elif not sites[-1].root:
        yield tr("(what called that was not kept.)")


def _line(number, frame):
    address = "" if frame.inlined or not gdb.parameter("print address") else f"0x{frame.pc:016x} in "
    file = program.world().as_compiled(frame.file) if frame.file else None
    if file and gdb.parameter("filename-display") == "basename":
        file = os.path.basename(file)
    file = f" at {untrusted.shown(file)}:{frame.line}" if file else ""
    return f"#{number:<2} {address}{frame.function} ({'...' if frame.arguments else ''}){file}"

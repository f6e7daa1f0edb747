"""The live panel: Ps, Ms, goroutines, their queues and what changed at this stop, as text and as a window of gdb's TUI.

A row's mark says what its colour says: `*` the selected thread's, `+` new, `~` changed since the stop before.
"""

import gdb

from . import builds, cards, console, history, model, moments, settings, untrusted

MAX_ROWS = 100  # of goroutines; `info goroutines` lists all
MAX_CHANGES = 16
_COLOURS = {"head": "1", "*": "1", "+": "32", "~": "33"}
_LAYOUT = "src 3 rt0 6 status 0 cmd 2"

# ---- the rows, as (mark, text) -------------------------------------------------------------------------------------


def lines(moment, before):
    """The panel's lines: [(style, text)]; a style is `head`, `*`, `+`, `~` or nothing."""
    marks, changed = _changes(moment, before) if before is not None else ({}, [])
    rows = moment.rows()
    stage = f"  {moment.stage}" if moment.stage else ""
    found = [("head", f"stop {moment.number}{stage}  {moment.place}, thread {moment.thread}")]
    found += _table("P", _ps(rows["ps"], marks)) or [("", f"P    {moment.why_none('ps')}")]
    found += _table("M", _ms(rows["ms"], marks))
    found += _gs(rows["gs"], marks) or [("", "G    none alive" if rows["gs"] else f"G    {moment.why_none('gs')}")]
    if rows.get("problem"):
        found.append(("", f"     {rows['problem']}"))
    found.append(_sched(rows["sched"], marks.get("sched", "")))
    if before is not None:
        found.append(
            (
                "head",
                (
                    f"changed since stop {before.number}:"
                    if changed or marks
                    else f"nothing changed since stop {before.number}"
                ),
            )
        )
        found += [("~", "  " + moment.line(change)) for change in changed[:MAX_CHANGES]]
        if len(changed) > MAX_CHANGES:
            found.append(
                (
                    "",
                    (
                        f"  ... and {len(changed) - MAX_CHANGES} more: `rt0 diff {before.number} {moment.number}`"
                        " shows all"
                    ),
                )
            )
    return [(style, untrusted.shown(text)) for style, text in found]


def _changes(moment, before):
    """({name: its mark}, the changes worth a line): what is new has its row and needs no line, statuses come first."""
    marks, kept = {}, []
    for change in cards.interesting(moment.changes(before)):
        name = moments.head_of(change[0])[0]
        if name not in marks:
            marks[name] = "~" if before.has(name) else "+"
        if marks[name] == "~":
            kept.append(change)
    return marks, sorted(kept, key=lambda change: not change[0].endswith(".status"))


def _sched(sched, mark):
    queue = sched["runq"]
    text = (
        "unknown" if queue is None else "[" + " ".join(map(str, queue[:16])) + (" ..." if len(queue) > 16 else "") + "]"
    )
    return (
        mark,
        (
            f"S {_marked(False, mark)} queue {text}, idle Ps {sched['npidle']}, idle Ms {sched['nmidle']}, spinning"
            f" {sched['nmspinning']}"
        ),
    )


def _marked(here, mark):
    return ("*" if here else " ") + (mark or " ")


def _table(letter, rows):
    """[(here, mark, cells)] as aligned lines under one letter."""
    if not rows:
        return []
    widths = [max(len(cells[i]) for *_, cells in rows) for i in range(len(rows[0][2]) - 1)]
    found = []
    for i, (here, mark, cells) in enumerate(rows):
        text = "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths)), cells[-1]]).rstrip()
        found.append((mark or ("*" if here else ""), f"{letter if i == 0 else ' '} {_marked(here, mark)} {text}"))
    return found


def _ps(ps, marks):
    """One row a P; neighbours that have nothing share one."""
    rows, idle = [], []
    for p in ps:
        mark = marks.get(p["name"])
        if not (p["here"] or mark or p["m"] or p["runnext"] or p["runq"]):
            idle.append(p)
            continue
        rows += _idle(idle)
        idle.clear()
        queue = (
            "queue broken"
            if p["runq"] is None
            else "queue [" + " ".join(map(str, p["runq"][:12])) + (" ...]" if len(p["runq"]) > 12 else "]")
        )
        rows.append((p["here"], mark, (p["name"], p["status"], p["m"] or "-", f"next {p['runnext'] or '-'}", queue)))
    return rows + _idle(idle)


def _idle(ps):
    if len(ps) > 2 and len({p["status"] for p in ps}) == 1:
        return [(False, None, (f"{ps[0]['name']}..{ps[-1]['name']}", ps[0]["status"], "-", "next -", "queue []"))]
    return [(False, None, (p["name"], p["status"], "-", "next -", "queue []")) for p in ps]


def _ms(ms, marks):
    """One row an M; those that only sleep share one."""
    asleep = [m for m in ms if m["blocked"] and not (m["here"] or m["p"] or m["curg"] or marks.get(m["name"]))]
    asleep = asleep if len(asleep) > 2 else []
    rows = [(m["here"], marks.get(m["name"]), (m["name"], _does(m))) for m in ms if m not in asleep]
    if asleep:
        names = " ".join(m["name"] for m in asleep[:12]) + (" ..." if len(asleep) > 12 else "")
        rows.append((False, None, (f"{len(asleep)} Ms", f"sleep: {names}")))
    return rows


def _does(m):
    if m["curg"]:
        text = f"runs {m['curg']}"
    elif m["sysmon"]:
        text = "runs sysmon"
    else:
        text = "schedules" if m["p"] else "sleeps" if m["blocked"] else "has no P"
    return text + (f" with {m['p']}" if m["p"] else "") + (", spinning" if m["spinning"] else "")


def _gs(gs, marks):
    """One row a goroutine, those first that do or did something if there are too many."""
    alive = [g for g in gs if g["status"] not in ("_Gdead", "_Gdeadextra")]
    if not alive:
        return []
    shown = alive
    if len(alive) > MAX_ROWS:
        quiet = [not (g["here"] or marks.get(g["name"]) or g["status"] != "_Gwaiting") for g in alive]
        chosen = sorted(sorted(range(len(alive)), key=lambda i: (quiet[i], i))[:MAX_ROWS])
        shown = [alive[i] for i in chosen]
    rows = [(g["here"], marks.get(g["name"]), (g["name"], g["status"], g["m"] or "-", _what(g))) for g in shown]
    found = _table("G", rows)
    if len(alive) > len(shown):
        found.append(("", f"     ... and {len(alive) - len(shown)} more: `info goroutines` lists them"))
    return found


def _what(g):
    what = g["at"] or g["start"] or ""
    return f"({g['reason']}) {what}" if g["reason"] and g["status"].endswith("_Gwaiting") else what


# ---- the present ---------------------------------------------------------------------------------------------------


def present():
    """(this moment, the stop before it or None): as the selected thread and the memory are now, not as they were
    kept."""
    last, before = history.kept.last(), history.kept.last(1)
    # an inferior of `rt0 threads` has the same pid
    if last is None or last.pid != model.pid() or last.world is not model.world():
        last = before = None
    now = history.Moment(last.number if last is not None else 0, last)
    return moments.Kept(now), moments.Kept(before) if before is not None else None


def _outer_frame():
    """The selected frame, if there is one and it is not the innermost."""
    try:
        frame = gdb.selected_frame()
    except gdb.error:
        return None
    return frame if frame.level() else None


def _present_lines():
    """The panel of the present; with the selected frame, if that is not the innermost."""
    first, *rest = lines(*present())
    frame = _outer_frame()
    return [
        first,
        *([("", f"     frame {frame.level()}: {moments.place(frame.pc() - 1)}")] if frame is not None else []),
        *rest,
    ]


# ---- as text -------------------------------------------------------------------------------------------------------


def styled(style, text):
    """A line in its colour; its mark says the same."""
    return f"\033[{_COLOURS[style]}m{text}\033[m" if style else text


def show(rows):
    """Prints a panel's lines."""
    for style, text in rows:
        console.say(cards.cut(text), _COLOURS.get(style))


class Panel(console.Command):
    """Show Ps, Ms, goroutines, run queues and what changed at this stop.
    `*` marks what the selected thread runs, `+` what is new, `~` what changed.
    In a terminal, `layout rt0` keeps the same in view beside the source.
    -json prints data.

    (gdb) rt0 panel
    stop 5  mstart  runtime.mstart (asm_amd64.S:233), thread 1"""

    name, kind = "rt0 panel", gdb.COMMAND_STATUS

    def run(self, argument):
        """Prints."""
        if argument not in ("", "-json"):
            raise model.Problem("`rt0 panel` takes nothing or -json; `layout rt0` opens it as a window.")
        console.need_process()
        if argument:
            moment, before = present()
            changed = {path: [was, now] for path, was, now in (moment.changes(before) if before is not None else [])}
            console.dump(moment.json() | {"changed": changed})
        else:
            show(_present_lines())


# ---- as a window ---------------------------------------------------------------------------------------------------

_windows = []


class Window:
    """The TUI's window `rt0`. gdb makes it, asks it to render, scrolls and closes it."""

    def __init__(self, tui):
        self._tui, self._top, self._left, self._lines = tui, 0, 0, []
        _windows.append(self)

    def close(self):
        """gdb removed the window."""
        _windows.remove(self)

    def render(self):
        """gdb shows the window or gave it another size."""
        self.refresh()
        gdb.post_event(self._draw)  # once more when all windows are drawn: see _draw

    def refresh(self):
        """Looks at the program again."""
        self._lines = _safely(_window_lines)
        self._draw()

    def vscroll(self, number):
        """gdb scrolls by so many lines."""
        self._top += number
        self._draw()

    def hscroll(self, number):
        """gdb scrolls by so many columns."""
        self._left = max(0, self._left + number)
        self._draw()

    def _draw(self):
        if not self._tui.is_valid():
            return
        height, width = self._tui.height, self._tui.width
        self._top = max(0, min(self._top, len(self._lines) - height))
        colours = gdb.parameter("style enabled")
        shown = []
        for style, text in self._lines[self._top : self._top + height]:
            text = cards.cut(console.printable(text)[self._left :], width - 1) if width > 1 else ""
            shown.append(styled(style, text) if colours else text)
        # The title too: it lies on our upper border, which is the lower border of the window above.
        self._tui.title = "rt0  * here  + new  ~ changed"
        self._tui.erase()
        self._tui.write("\n".join(shown))


def _window_lines():
    model.world()
    if not model.alive():
        return [("", console.not_running())]
    text = builds.sentence()  # a window has no room for what is said once
    return [*([("", text)] if text else []), *_present_lines()]


def _safely(function):
    """The window's lines, or the sentence of what went wrong."""
    try:
        with settings.looking():
            return function()
    except Exception as error:  # the boundary to the user, as in console.careful: a window must never raise
        return [
            (
                "",
                (
                    str(error)
                    if isinstance(error, (model.Problem, gdb.error))
                    else f"rt0 itself failed ({type(error).__name__}: {error})"
                ),
            )
        ]


def _prompt():
    """gdb.events.before_prompt: the program stopped, or another thread or frame was chosen."""
    if _windows:
        gdb.post_event(_refresh)  # after gdb has drawn its own windows: see _draw


def _refresh():
    for window in list(_windows):
        window.refresh()


class _NoTui(gdb.Command):
    """Open a layout of the text user interface, which this gdb does not have: `rt0 panel` prints the panel as text."""

    def __init__(self):
        super().__init__("layout", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        """gdb calls this."""
        raise gdb.GdbError(
            "this gdb was built without its TUI: `rt0 panel` prints the panel as text; Debian's package gdb has it."
        )


def register():
    """Gives gdb the window and the layout."""
    if not hasattr(gdb, "register_window_type"):
        _NoTui()
        return
    gdb.register_window_type("rt0", Window)
    gdb.execute(f"tui new-layout rt0 {_LAYOUT}")
    gdb.events.before_prompt.connect(_prompt)

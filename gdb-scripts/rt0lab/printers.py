"""How `print` shows the runtime's structures: one line a person can read, at any moment, also before anything is set
up.

`print -pretty` or `set print pretty on` shows all fields. Null, garbage and unset values print as what they are.
"""

import re

import gdb
import gdb.printing

from . import begun, bulk, go_values, model, opening, snapshot, untrusted

_ONE_LINE = ("stack", "note", "mutex", "waitq")

# ---- names, looked up once a stop ----------------------------------------------------------------------------------

_cached = _listed = None
_listening = False


def forget(_event=None):
    """The program moved: names may have changed."""
    global _cached, _listed
    _cached = _listed = None
    _meanings.clear()


def names():
    """The names of addresses at this moment."""
    global _cached
    whose = _whose()
    if _cached is None or _cached[0] != whose:
        _cached = whose, snapshot.Outline().names
    return _cached[1]


def _whose():
    return model.world(), model.world().slide, model.pid()


def called(kind, value):
    """What a pointer is called, its name behind it. Of a goroutine only that one is read: there may be a hundred
    thousand of them."""
    global _listed
    if kind != "g" or not value or _cached is not None:
        return addressed(value)
    if _listed is None or _listed[0] != _whose():
        _listed = _whose(), frozenset(bulk.allgs()[0])
    g = model.read_struct("g", value) if value in _listed[1] else None
    return f"{value:#x} <g{g.get('goid')}>" if g and g.get("goid") else addressed(value)


def word(value):
    """`0x7ffe... <g0.stack.hi-40>`, `nil`, or the number."""
    if isinstance(value, model.Unreadable) or value is None:
        return str(value)
    if not value:
        return "nil"
    known = names().word(value)
    return known if isinstance(known, str) else f"{value:#x}"


def addressed(value, low=False):
    """A word with its name behind it."""
    if isinstance(value, model.Unreadable) or not value:
        return word(value)
    known = names().word(value, low)
    return f"{value:#x} <{known}>" if isinstance(known, str) else f"{value:#x}"


def short(value):
    """A g, m or p as people call it: `g1`, `m0`, `p0`, `nil`."""
    return short_of(names(), value)


def short_of(known, value):
    """The same, with names given."""
    if isinstance(value, model.Unreadable) or value is None:
        return str(value)
    if not value:
        return "nil"
    text = known.word(value)
    text = text.removeprefix("&runtime.") if isinstance(text, str) else f"{value:#x}"
    return re.sub(r"^allp\[(\d+)\]$", r"p\1", text)


# ---- one line for each structure. Each takes an Item or a model.Struct ----------------------------------------------


def _span(lo, hi):
    if isinstance(lo, model.Unreadable) or lo is None or hi is None:
        return str(lo) if lo is not None else "unknown"
    size = f" {hi - lo} B" if hi > lo else ""
    return f"[{lo:#x},{hi:#x}){size}"


def g_line(g):
    """g0{goid 0, _Gidle, m nil, stack [0x0,0x0)} (not yet initialised: rt0_go fills it)"""
    status = g.get("atomicstatus")
    name = short(g.addr) if g.addr else "g"
    if name.startswith("0x") or name in ("heap", "nil"):
        name = "g"
    world = model.world()
    parts = [
        f"goid {g.get('goid')}",
        world.g_status(status),
        f"m {short(g.get('m'))}",
        "stack " + _span(g.get("stack.lo"), g.get("stack.hi")),
    ]
    start = g.get("startpc")
    if start:
        parts.append("runs " + word(start))
    after = ""
    shown = world.g_status(status)
    if shown == "_Gwaiting":
        after = f" ({wait_reason(g)})"
    elif not g.get("stack.hi") and not g.get("goid") and not status:
        after = _zero("tie", ": rt0_go fills it") if name == "g0" else " (not yet initialised)"
    return f"{name}{{{', '.join(parts)}}}{after}"


def wait_reason(g):
    """A waiting g's reason, from a model.Struct or an Item."""
    if isinstance(g, opening.Item) and g.addr:
        known = model.read_struct("g", g.addr)
        return model.wait_reason(known) if known else str(known)
    return model.wait_reason(g) if isinstance(g, model.Struct) else "?"


def m_line(m):
    """m0{id 0, g0 g0, curg nil, p nil}"""
    name = short(m.addr) if m.addr else "m"
    if name.startswith("0x") or name in ("heap", "nil"):
        name = "m"
    parts = [f"id {m.get('id')}"]
    if m.get("procid"):
        parts.append(f"thread {m.get('procid')}")
    parts += [
        f"g0 {short(m.get('g0'))}",
        f"curg {short(m.get('curg'))}",
        f"p {short(m.get('p'))}" if model.p_of(m)[1] else f"p nil (had {short(m.get('p'))})" if m.get("p") else "p nil",
    ]
    for flag in ("spinning", "blocked"):
        if m.get(flag):
            parts.append(flag)
    if m.get("locks"):
        parts.append(f"locks {m.get('locks')}")
    if m.get("lockedg"):
        parts.append(f"locked to {short(m.get('lockedg'))}")
    after = "" if m.get("g0") else _zero("tie", ": rt0_go ties it to g0") if name == "m0" else " (not yet initialised)"
    return f"{name}{{{', '.join(parts)}}}{after}"


def _zero(step, who):
    """What to say of what is still zero: who will fill it, if it is only too early."""
    return f" (not yet initialised{who})" if begun.why_none(step)[0] else " (zero)"


def queue_text(p):
    """`runnext g1, runq [g2 g3]` of a P."""
    queue = model.run_queue(p)
    if queue is None:
        ring = f"runq <head {p.get('runqhead')}, tail {p.get('runqtail')} make no sense>"
    else:
        ring = "runq [" + " ".join(short(g) for g in queue[:8]) + (f" ...{len(queue)}" if len(queue) > 8 else "") + "]"
    return f"runnext {short(p.get('runnext'))}, {ring}"


def p_line(p):
    """p0{_Prunning, m m0, runnext g1, runq []}"""
    status = model.world().p_status(p.get("status"))
    return f"p{p.get('id')}{{{status}, m {short(p.get('m'))}, {queue_text(p)}, schedtick {p.get('schedtick')}}}"


def sched_line(s):
    """sched{Ms made 1, idle 0; Ps idle 1 (p1); run queue [] ...}"""
    size = s.get("runqsize", "runq.size")
    head = s.get("runqhead", "runq.head")
    queue = model.chain("g", head or 0, "schedlink", 8)
    after = "" if s.get("maxmcount") else _zero("ms", ": schedinit fills it")
    return (
        f"sched{{goidgen {s.get('goidgen')}, Ms made {s.get('mnext')}, idle {s.get('nmidle')}, Ps idle"
        f" {s.get('npidle')} (first {short(s.get('pidle'))}), run queue"
        f" {size} [{' '.join(short(g.addr) for g in queue)}{' ...' if queue.end else ''}],"
        f" {mutex_line_of(s.get('lock.key'))}}}{after}"
    )


def gobuf_line(b):
    """gobuf{sp g1.stack.hi-40, pc runtime.main, g g1}"""
    if not b.get("sp") and not b.get("pc"):
        return "gobuf{nothing saved}"
    parts = [
        f"{name} {short(b.get(name))}"
        for name in ("sp", "pc", "g", "ctxt", "bp")
        if b.get(name) or name in ("sp", "pc")
    ]
    return f"gobuf{{{', '.join(parts)}}}" + ("" if b.get("sp") else " (in use: sp is only kept while it does not run)")


def stack_line(s):
    """[0xc42002c000,0xc42002c800) 2048 B"""
    return _span(s.get("lo"), s.get("hi"))


def sudog_line(s):
    """sudog{g1 on a channel at 0x...}"""
    select = ", in a select" if s.get("isSelect") else ""
    return f"sudog{{{short(s.get('g'))}, elem {word(s.get('elem'))}, c {addressed(s.get('c'))}{select}}}"


def _waiters(first):
    queue = model.chain("sudog", first or 0, "next", 16)
    return "[" + " ".join(short(s.get("g")) for s in queue) + (" ..." if queue.end else "") + "]"


def hchan_line(c):
    """chan{1 of 2 in the buffer, 8 bytes each, recvq [g1], sendq []}"""
    closed = ", closed" if c.get("closed") else ""
    return (
        f"chan{{{c.get('qcount')} of {c.get('dataqsiz')} in the buffer, {c.get('elemsize')} bytes each, "
        f"recvq {_waiters(c.get('recvq.first'))}, sendq {_waiters(c.get('sendq.first'))}{closed}}}"
    )


def waitq_line(q):
    """waitq[g1 g2]"""
    return "waitq" + _waiters(q.get("first"))


def note_line(n):
    """note{not yet}"""
    key = n.get("key")
    return "note{not yet}" if key == 0 else "note{happened}" if key == 1 else f"note{{key {word(key)}}}"


def mutex_line_of(key):
    """`unlocked`, `locked`..."""
    if isinstance(key, model.Unreadable):
        return str(key)
    if not key or not model.is_locked(key):
        return "lock unknown" if key is None else "unlocked" + (f" (key {key:#x})" if key else "")
    return {1: "locked", 2: "locked, others asleep"}.get(key) or f"locked (key {key:#x})"


def mutex_line(m):
    """mutex{unlocked}"""
    return f"mutex{{{mutex_line_of(m.get('key'))}}}"


LINES = {
    "g": g_line,
    "m": m_line,
    "p": p_line,
    "schedt": sched_line,
    "gobuf": gobuf_line,
    "stack": stack_line,
    "sudog": sudog_line,
    "hchan": hchan_line,
    "waitq": waitq_line,
    "note": note_line,
    "mutex": mutex_line,
}


# ---- gdb's interface -----------------------------------------------------------------------------------------------


_POINTERS = ("guintptr", "muintptr", "puintptr")  # Go's integers that are pointers
_ADDRESSES = ("uintptr", *_POINTERS)
_MOST_MEANINGS = 1 << 14
# {(address, size): what says it} of the fields of what was opened here, whose type does not tell what they mean
_meanings = {}


class Shown(opening.Opening):
    """One line, and all fields below it: for an editor as values, for gdb where it prints prettily as texts, pointers
    with their names."""

    def __init__(self, kind, value):
        super().__init__(value)
        self._kind = kind

    def _text(self):
        try:
            self._value.fetch_lazy()
        except gdb.error:
            address = self._value.address
            return f"{self._kind} {model.Unreadable(int(address) if address is not None else 0)}"
        try:
            return LINES[self._kind](opening.Item(self._value))
        except (gdb.error, model.Problem) as error:
            return f"{self._kind} <{untrusted.shown(str(error))}>"
        except (ValueError, TypeError, OverflowError) as error:
            return f"{self._kind} <cannot be shown: {untrusted.shown(str(error))}>"

    def num_children(self):
        """gdb asks how many. Some fields of what cannot be read as a whole may be readable, unless it begins where
        there is nothing."""
        address = self._value.address
        if (
            self._value.is_optimized_out
            or address is not None
            and isinstance(model.read(int(address), 1), model.Unreadable)
        ):
            return 0
        try:
            return len(self._members())
        except model.Problem:
            return 0

    def _members(self):
        """[(name, field)]"""
        plain = self._value.type.strip_typedefs()
        return model.world().own(("members", model.type_name(plain)), lambda: list(_named_fields(plain)))

    def _row(self, i):
        name, field = self._members()[i]
        value = self._value[field]
        meaning = None if _opens_by_its_type(value) else self._meaning(name, value.type)
        if meaning and value.address is not None:
            if len(_meanings) >= _MOST_MEANINGS:
                _meanings.clear()
            _meanings[int(value.address), value.type.sizeof] = meaning
        return untrusted.shown(name), value

    def _printed_children(self):
        if self._kind in _ONE_LINE or not opening.print_options().get("pretty_structs", gdb.parameter("print pretty")):
            return
        try:
            self._value.fetch_lazy()
        except gdb.error:
            return
        for name, field in self._members()[: self.num_children()]:
            value = self._value[field]
            meaning = self._meaning(name, value.type)
            number = opening.number(value) if meaning else None
            yield untrusted.shown(name), meaning(number) if number is not None else value

    def _meaning(self, name, gdb_type):
        """A function from a field's number to what is said of it, None if gdb says it best."""
        world, low = model.world(), name == "lo" or "guard" in name
        statuses = {("g", "atomicstatus"): world.g_status, ("p", "status"): world.p_status}.get((self._kind, name))
        if statuses:
            return lambda number: f"{number} ({statuses(number)})"
        type_name = world.base_name(gdb_type)
        if type_name == "uintptr":
            return lambda number: addressed(number, low) if number != 0 else "0"
        if gdb_type.strip_typedefs().code == gdb.TYPE_CODE_PTR or type_name in _ADDRESSES:
            return lambda number: addressed(number, low)
        return None


def _named_fields(plain):
    for field in model.fields_of(plain):
        if field.name and not field.is_base_class and hasattr(field, "bitpos") and model.bare(field.name) != "_":
            yield model.bare(field.name), field


def _opens_by_its_type(value):
    """Does a value of this type open, whatever it means? Pointers to structures do, but for nil."""
    plain = value.type.strip_typedefs()
    if plain.code != gdb.TYPE_CODE_PTR:
        return model.world().base_name(value.type) in _POINTERS
    return plain.target().strip_typedefs().code == gdb.TYPE_CODE_STRUCT and opening.number(value) != 0


class Meant(opening.Printer):
    """A field of a structure that was opened: gdb's number, with what it means."""

    def __init__(self, value, meaning):
        super().__init__(value)
        self._meaning = meaning

    def _text(self):
        return self._meaning(opening.number(self._value))

    def _printed(self):
        return opening.as_gdb_prints(self._value)


class Pointer(opening.Opening):
    """A pointer to a structure of the runtime's, or the integer that is one: its name, and the structure's fields in
    it."""

    def __init__(self, value, kind, at):
        super().__init__(value)
        self._kind, self._at = kind, at
        self._hides = value.type.strip_typedefs().code != gdb.TYPE_CODE_PTR
        pointer = gdb.Value(at).cast(model.world().type(kind).pointer()) if self._hides else value
        self._to = Shown(kind, pointer.dereference())

    def _text(self):
        return called(self._kind, self._at)

    def _printed(self):
        return addressed(self._at) if self._hides else opening.as_gdb_prints(self._value)

    def _printed_children(self):
        return iter(())

    def num_children(self):
        """gdb asks how many."""
        return self._to.num_children() if self._at else 0

    def _row(self, i):
        return self._to.child(i)


class _Printers(gdb.printing.PrettyPrinter):
    def __call__(self, value):
        carried = opening.printer_of(value)
        if carried is not None:
            return carried
        try:
            return self._printer(value, model.world())
        except model.Problem:
            return None

    def _printer(self, value, world):
        gdb_type = value.type
        code, size = gdb_type.strip_typedefs().code, gdb_type.sizeof
        if (
            _meanings
            and code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_STRUCT)
            and value.address is not None
        ):
            meaning = _meanings.get((int(value.address), size))
            if meaning:
                return Meant(value, meaning)
        if code == gdb.TYPE_CODE_INT:
            kind = world.base_name(gdb_type) if size == 8 else ""
            return self._pointer(value, kind[0]) if kind in _POINTERS else None
        if code == gdb.TYPE_CODE_PTR:
            # At the prompt gdb's own way of a pointer says its type, too; and what an editor would see as `{...}` is
            # better left to gdb.
            kind = (
                _kind(gdb_type.strip_typedefs().target(), world)
                if opening.OPENS_WITH_TEXT and opening.has_editor()
                else None
            )
            return (
                self._pointer(value, kind)
                if kind
                else (self._held(value) if gdb_type.code == gdb.TYPE_CODE_TYPEDEF else None)
            )
        if code == gdb.TYPE_CODE_ARRAY and (model.told(getattr, gdb_type, "name") or "").startswith(("[]", "slice<")):
            return opening.closed_if_empty(go_values.Elements(value))
        if code != gdb.TYPE_CODE_STRUCT:
            return None
        kind = _kind(gdb_type, world)
        if kind:
            return opening.closed_if_empty(Shown(kind, value))
        name = model.told(lambda: gdb_type.name or gdb_type.tag or gdb_type.strip_typedefs().tag) or ""
        bare = world.base_name(gdb_type) if name else ""
        if bare.startswith(("slice<", "[]")):
            return opening.closed_if_empty(go_values.Slice(value, addressed))
        if bare in ("gostring", "string"):
            return go_values.Text(value)
        return self._named(value) if world.is_go and size in (16, 24) else None

    @staticmethod
    def _pointer(value, kind):
        at = opening.number(value)
        if not isinstance(at, int) or model.world().type(kind) is None:
            return None
        printer = Pointer(value, kind, at)
        return opening.closed_if_empty(printer) if opening.OPENS_WITH_TEXT else opening.Closed(printer)

    @staticmethod
    def _held(value):
        """A map or a channel, whatever its type is called: the compiler says what it leads to."""
        to = model.told(lambda: value.type.strip_typedefs().target().name) or ""
        make = (
            go_values.Map if to.startswith(("hash<", "map<")) else go_values.Chan if to.startswith("hchan<") else None
        )
        return opening.closed_if_empty(make(value)) if make else None

    @staticmethod
    def _named(value):
        """A string or a slice of a Go program that has a type of its own."""
        names = [field.name for field in value.type.strip_typedefs().fields()]
        if names == ["str", "len"]:
            return go_values.Text(value)
        return opening.closed_if_empty(go_values.Slice(value, addressed)) if names == ["array", "len", "cap"] else None


def _kind(gdb_type, world):
    """Which of the structures that have a line here this type is, else None."""
    name = model.told(lambda: gdb_type.name or gdb_type.tag or gdb_type.strip_typedefs().tag)
    if not name:
        return None
    bare = name.removeprefix("struct ")
    bare = bare.removeprefix(world.prefix) if bare.startswith(world.prefix) else ""
    return bare if bare in LINES else None


def register(objfile):
    """Makes gdb use these printers for a program."""
    global _listening
    gdb.printing.register_pretty_printer(objfile, _Printers("rt0lab", []), replace=True)
    if _listening:
        return
    _listening = True
    for event in (
        gdb.events.cont,
        gdb.events.stop,
        gdb.events.exited,
        gdb.events.memory_changed,
        gdb.events.new_objfile,
    ):
        event.connect(forget)

"""How `print` shows the runtime's structures: one line a person can read, at any moment, also before anything is set up.

`print -pretty` or `set print pretty on` shows all fields. Null, garbage and unset values print as what they are.
"""

import re

import gdb
import gdb.printing

from . import begun, model, snapshot, untrusted

_NAMES = ("g", "m", "p", "schedt", "gobuf", "stack", "sudog", "hchan", "waitq", "note", "mutex")
_ONE_LINE = ("stack", "note", "mutex", "waitq")
_MAX_ELEMENTS = 1 << 20  # gdb asks for as many as its `print elements` says; damaged lengths have no end
_MAX_BUCKETS = 1 << 15  # of a map, or groups, that are searched for its elements

# ---- reading a gdb.Value like a model.Struct -----------------------------------------------------------------------


class Item:
    """A gdb.Value with the face of model.Struct: `get(path)`, `addr`. Works for `print $1` too."""

    def __init__(self, value):
        self.value = value
        address = value.address
        self.addr = int(address) if address is not None else 0

    def _walk(self, path):
        value = self.value
        for name in path.split("."):
            fields = {model.bare(f.name): f for f in model.fields_of(value.type.strip_typedefs()) if f.name}
            if name not in fields:
                return None
            value = value[fields[name]]
        return value

    def get(self, *paths):
        """The first of these fields that the type has, as a number; else None."""
        for path in paths:
            value = self._walk(path)
            if value is None:
                continue
            return _number(value)
        return None

    def has(self, path):
        """Does the type have this field?"""
        return self._walk(path) is not None

    def array(self, path):
        """(count, function from index to value) of an array field."""
        value = self._walk(path)
        if value is None or value.type.strip_typedefs().code != gdb.TYPE_CODE_ARRAY:
            return None
        lo, hi = value.type.strip_typedefs().range()
        return hi - lo + 1, lambda i: _number(value[i])


def _number(value):
    plain = value.type.strip_typedefs()
    while plain.code == gdb.TYPE_CODE_STRUCT and "atomic." in model.type_name(value.type):
        inner = [f for f in plain.fields() if f.type.sizeof]
        if len(inner) != 1:
            break
        value = value[inner[0]]
        plain = value.type.strip_typedefs()
    try:
        number = int(value)
    except gdb.MemoryError:
        return model.Unreadable(int(value.address) if value.address is not None else 0)
    except (gdb.error, ValueError):
        return None
    return number & (1 << 64) - 1 if plain.code == gdb.TYPE_CODE_PTR else number


# ---- names, looked up once a stop ----------------------------------------------------------------------------------

_cached = None
_listening = False


def forget(_event=None):
    """The program moved: names may have changed."""
    global _cached
    _cached = None


def names():
    """The names of addresses at this moment."""
    global _cached
    whose = model.world(), model.world().slide, model.pid()
    if _cached is None or _cached[0] != whose:
        _cached = whose, snapshot.Snapshot().names
    return _cached[1]


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
    parts = [f"goid {g.get('goid')}", world.g_status(status), f"m {short(g.get('m'))}",
             "stack " + _span(g.get("stack.lo"), g.get("stack.hi"))]  # fmt: skip
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
    if isinstance(g, Item) and g.addr:
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
    parts += [f"g0 {short(m.get('g0'))}", f"curg {short(m.get('curg'))}", f"p {short(m.get('p'))}" if model.p_of(m)[1] else f"p nil (had {short(m.get('p'))})" if m.get("p") else "p nil"]
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
        f"sched{{goidgen {s.get('goidgen')}, Ms made {s.get('mnext')}, idle {s.get('nmidle')}, "
        f"Ps idle {s.get('npidle')} (first {short(s.get('pidle'))}), run queue {size} "
        f"[{' '.join(short(g.addr) for g in queue)}{' ...' if queue.end else ''}], {mutex_line_of(s.get('lock.key'))}}}{after}"
    )


def gobuf_line(b):
    """gobuf{sp g1.stack.hi-40, pc runtime.main, g g1}"""
    if not b.get("sp") and not b.get("pc"):
        return "gobuf{nothing saved}"
    parts = [f"{name} {short(b.get(name))}" for name in ("sp", "pc", "g", "ctxt", "bp") if b.get(name) or name in ("sp", "pc")]
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


LINES = {"g": g_line, "m": m_line, "p": p_line, "schedt": sched_line, "gobuf": gobuf_line, "stack": stack_line,
         "sudog": sudog_line, "hchan": hchan_line, "waitq": waitq_line, "note": note_line, "mutex": mutex_line}  # fmt: skip


# ---- gdb's interface -----------------------------------------------------------------------------------------------


def _pretty():
    options = gdb.print_options() if hasattr(gdb, "print_options") else {}
    return options.get("pretty_structs", gdb.parameter("print pretty"))


class Shown:
    """One line; where gdb prints prettily, all fields below it, pointers with their names."""

    def __init__(self, kind, value):
        self.kind, self.value = kind, value

    def to_string(self):
        """gdb asks for the text."""
        try:
            self.value.fetch_lazy()
        except gdb.error:
            address = self.value.address
            return f"{self.kind} {model.Unreadable(int(address) if address is not None else 0)}"
        try:
            return LINES[self.kind](Item(self.value))
        except (gdb.error, model.Problem) as error:
            return f"{self.kind} <{untrusted.shown(str(error))}>"
        except (ValueError, TypeError, OverflowError) as error:
            return f"{self.kind} <cannot be shown: {untrusted.shown(str(error))}>"

    def children(self):
        """gdb asks for the fields."""
        if self.kind in _ONE_LINE or not _pretty():
            return
        try:
            self.value.fetch_lazy()
            fields = model.fields_of(self.value.type.strip_typedefs())
        except (gdb.error, model.Problem):
            return
        for field in fields:
            if not field.name or field.is_base_class or not hasattr(field, "bitpos"):
                continue
            name = model.bare(field.name)
            if name != "_":
                yield untrusted.shown(name), self._shown(name, self.value[field])

    def _shown(self, name, value):
        plain = value.type.strip_typedefs()
        number = _number(value) if plain.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR) or "atomic." in model.type_name(value.type) else None
        if name == "atomicstatus" and self.kind == "g":
            return f"{number} ({model.world().g_status(number)})"
        if name == "status" and self.kind == "p":
            return f"{number} ({model.world().p_status(number)})"
        type_name = model.world().base_name(value.type)
        if plain.code == gdb.TYPE_CODE_PTR or type_name in ("uintptr", "guintptr", "muintptr", "puintptr"):
            if number == 0 and type_name == "uintptr":
                return "0"
            return addressed(number, name == "lo" or "guard" in name) if number is not None else value
        return value


class Word:
    """Go's guintptr and its like: integers that are pointers."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        """gdb asks for the text."""
        return addressed(_number(self.value))


def _characters():
    """How many characters of a string gdb would print."""
    options = gdb.print_options() if hasattr(gdb, "print_options") else {}
    most = options.get("max_characters", options.get("max_elements", gdb.parameter("print elements")))
    return most if most and 0 < most < _MAX_ELEMENTS else _MAX_ELEMENTS


def _up_to(count):
    """The numbers of so many elements, as far as there can be that many."""
    return range(min(count, _MAX_ELEMENTS))


def _rest(count):
    """What stands for the elements beyond those."""
    if count > _MAX_ELEMENTS:
        yield f"[{_MAX_ELEMENTS}]", f"<{count - _MAX_ELEMENTS} more are claimed, and not shown>"


def _element(pointer, i):
    """What lies `i` elements behind a pointer, also where an element has no size."""
    return pointer[i] if pointer.type.target().sizeof else pointer.dereference()


def _slot(array, i):
    """An array's element; gdb knows no element of an array without size."""
    return array[i] if array.type.sizeof else array.address.cast(array.type.target().pointer()).dereference()


class Text:
    """A Go string."""

    def __init__(self, value):
        self.item = Item(value)

    def to_string(self):
        """gdb asks for the text."""
        at, length = self.item.get("str"), self.item.get("len")
        if not isinstance(at, int) or not isinstance(length, int):
            return "<optimized out>" if at is None or length is None else str(at)
        return model.read_text(at, length, quoted=True, most=_characters())


class Slice:
    """A slice: length, capacity, elements. A Go program's own is introduced by its type, as Go's own printers do."""

    def __init__(self, value):
        self.value, self.item = value, Item(value)
        name = model.told(getattr, value.type, "name") or ""
        self._type = untrusted.shown(name) if not name.startswith("slice<") and "runtime." not in name else None

    def to_string(self):
        """gdb asks for the text."""
        count, room = self.item.get("len"), self.item.get("cap")
        if count is None or room is None:
            return "<optimized out>"
        if self._type and isinstance(count, int) and isinstance(room, int) and 0 <= count <= room < 1 << 40:
            return self._type
        sane = isinstance(count, int) and isinstance(room, int) and 0 <= count <= room < 1 << 40
        return f"slice of {count}, room for {room}" + ("" if sane else " <makes no sense>")

    def children(self):
        """gdb asks for the elements."""
        count, room, array = self.item.get("len"), self.item.get("cap"), self.item.get("array")
        if not (isinstance(count, int) and isinstance(room, int) and array and 0 < count <= room < 1 << 40):
            return
        pointer = self.value["array"]
        for i in _up_to(count):
            element = _element(pointer, i)
            try:
                element.fetch_lazy()
            except gdb.error:
                yield f"[{i}]", str(model.Unreadable(int(element.address)))
                return
            is_pointer = element.type.strip_typedefs().code == gdb.TYPE_CODE_PTR
            yield f"[{i}]", addressed(_number(element)) if is_pointer else element
        yield from _rest(count)

    def display_hint(self):
        """Shown as an array."""
        return "array"


class _Held:
    """What a variable of a Go program's leads to, introduced by the variable's type; nil holds nothing."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        """gdb asks for the text."""
        return untrusted.shown(model.told(str, self.value.type))

    def children(self):
        """gdb asks for the elements; a map's keys and elements come in turn."""
        return self._elements() if int(self.value) else iter(())


class Chan(_Held):
    """A Go program's channel: what is in its buffer, oldest first."""

    def _elements(self):
        chan = Item(self.value.dereference())
        count, room, first = chan.get("qcount"), chan.get("dataqsiz"), chan.get("recvx")
        if not all(isinstance(n, int) for n in (count, room, first)) or not 0 <= count <= room:
            return
        # buf is untyped; what the waiters hold is a pointer to an element.
        sudog = self.value["recvq"]["first"].type.target().strip_typedefs()
        element = next(field for field in sudog.fields() if field.name == "elem").type
        buffer = self.value["buf"].cast(element)
        for i in _up_to(count):
            yield f"[{i}]", _element(buffer, (first + i) % room)
        yield from _rest(count)

    def display_hint(self):
        """Shown as an array."""
        return "array"


class _TooMany(Exception):
    """More is claimed than is searched; its text says what was."""


def _bytes(value):
    """The bytes of an array of bytes."""
    data = model.read(int(value.address), value.type.sizeof)
    if isinstance(data, model.Unreadable):
        raise gdb.MemoryError(str(data))
    return data


class Map(_Held):
    """A Go program's map: buckets of eight up to Go 1.23, groups of eight slots (Swiss tables) since.

    Damaged, it may claim any number of them: so many are searched and no more, and what follows them says so.
    """

    def _elements(self):
        head = self.value.dereference()
        names = {field.name for field in model.fields_of(head.type.strip_typedefs())}
        pairs = self._buckets(head) if "buckets" in names else self._groups(head) if "dirPtr" in names else ()
        number, types = 0, model.told(lambda: head.type.strip_typedefs().name) or ""
        try:
            for key, element in pairs:
                yield f"[{2 * number}]", self._itself(key, lambda name: f"<{name}," in types)
                yield f"[{2 * number + 1}]", self._itself(element, lambda name: types.endswith(f",{name}>"))
                number += 1
        except gdb.MemoryError:
            return
        except _TooMany as why:
            yield f"[{2 * number}]", f"<{why}>"
            yield f"[{2 * number + 1}]", "..."

    @staticmethod
    def _itself(value, is_declared):
        """A key or an element; of a large one a map keeps only the address, and what it leads to is what the map's type names."""
        if value.type.code != gdb.TYPE_CODE_PTR or not int(value):
            return value
        name = model.told(lambda: value.type.target().name)
        return value.dereference() if name and is_declared(name) else value

    @staticmethod
    def _buckets(head):
        """While a map grows, an old bucket that has not been evacuated yet holds what two new ones will."""
        count, left = 1 << int(head["B"]), _MAX_BUCKETS
        old, buckets = head["oldbuckets"], head["buckets"]
        half = max(count // 2, 1) if not int(head["flags"]) & 8 else count  # 8: it grows to the same size
        for i in range(count):
            bucket = buckets + i
            if int(old):
                from_old = old + i % half
                if not 2 <= int(from_old["tophash"][0]) <= 4:  # evacuated; where to
                    bucket = from_old if i < half else None
            while bucket is None or int(bucket):
                left -= 1
                if left < 0:
                    raise _TooMany(f"only {_MAX_BUCKETS} of {count} buckets, and of those that hang on them, were searched")
                if bucket is None:
                    break
                for slot, hash_ in enumerate(_bytes(bucket["tophash"])):
                    if hash_ >= 5:  # less means empty or evacuated
                        yield _slot(bucket["keys"], slot), _slot(bucket["values"], slot)
                bucket = bucket["overflow"].cast(buckets.type)

    @classmethod
    def _groups(cls, head):
        """A small map is one group; a larger one a directory of tables, where a table may stand more than once."""
        left = _MAX_BUCKETS
        for first, count in cls._tables(head):
            for i in range(max(count, 1)):
                left -= 1
                if left < 0:
                    raise _TooMany(f"only {_MAX_BUCKETS} of its groups and tables were searched")
                control = _number(first[i]["ctrl"]) if i < count else -1
                for slot in range(8):
                    if not control >> 8 * slot & 0x80:  # the top bit: empty or deleted
                        yield first[i]["slots"][slot]["key"], first[i]["slots"][slot]["elem"]

    @staticmethod
    def _tables(head):
        """(its first group, how many it has) of each of a map's tables; one that is nil, or came before, has none."""
        table = head["dirPtr"].type.target().target()
        data = next(f for f in table.strip_typedefs().fields() if f.name == "groups").type.strip_typedefs()
        group = next(f for f in data.fields() if f.name == "data").type
        if not int(head["dirLen"]):
            yield head["dirPtr"].cast(group), 1
        seen = {0}
        for i in range(int(head["dirLen"])):
            here = head["dirPtr"][i]
            if int(here) in seen:
                yield None, 0
                continue
            seen.add(int(here))
            yield here["groups"]["data"], int(here["groups"]["lengthMask"]) + 1

    def display_hint(self):
        """Shown as a map."""
        return "map"


class _Printers(gdb.printing.PrettyPrinter):
    def __call__(self, value):
        gdb_type = value.type
        name = model.told(lambda: gdb_type.name or gdb_type.tag or gdb_type.strip_typedefs().tag)
        if not name:
            return None
        code = gdb_type.strip_typedefs().code
        bare = name.removeprefix("struct ").removeprefix("runtime.")
        if code == gdb.TYPE_CODE_INT and name in ("runtime.guintptr", "runtime.muintptr", "runtime.puintptr"):
            return self._ours(lambda: Word(value))
        if code == gdb.TYPE_CODE_PTR and gdb_type.code == gdb.TYPE_CODE_TYPEDEF:
            return self._held(value)
        if code != gdb.TYPE_CODE_STRUCT:
            return None
        if bare in LINES:
            return self._ours(lambda: Shown(bare, value))
        if bare.startswith(("slice<", "[]")):
            return Slice(value)
        if bare in ("gostring", "string"):
            return Text(value)
        return self._ours(lambda: self._named(value)) if gdb_type.sizeof in (16, 24) else None

    @staticmethod
    def _held(value):
        """A map or a channel, whatever its type is called: the compiler says what it leads to."""
        to = model.told(lambda: value.type.strip_typedefs().target().name) or ""
        return Map(value) if to.startswith(("hash<", "map<")) else Chan(value) if to.startswith("hchan<") else None

    @staticmethod
    def _named(value):
        """A string or a slice of a Go program that has a type of its own."""
        names = [field.name for field in value.type.strip_typedefs().fields()] if model.world().is_go else []
        return Text(value) if names == ["str", "len"] else Slice(value) if names == ["array", "len", "cap"] else None

    @staticmethod
    def _ours(make):
        try:
            model.world()
        except model.Problem:
            return None
        return make()


def register(objfile):
    """Makes gdb use these printers for a program."""
    global _listening
    gdb.printing.register_pretty_printer(objfile, _Printers("rt0lab", []), replace=True)
    if _listening:
        return
    _listening = True
    for event in (gdb.events.cont, gdb.events.stop, gdb.events.exited, gdb.events.memory_changed, gdb.events.new_objfile):
        event.connect(forget)

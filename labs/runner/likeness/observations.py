"""The 48 observations of a boot, each a small function over a trace: the same function reads Go's trace and the
mirror's."""

import re
from collections.abc import Callable
from typing import Any

Trace = dict[str, Any]  # as `rt0 record` writes it
Stop = dict[str, Any]  # one of its stages
Observation = Callable[["Boot"], Any]

OBSERVATIONS: dict[int, Observation] = {}
NCPU = ("runtime.ncpu", "runtime.numCPUStartup")  # what it is called, and from 1.26 on


def observation(number: int) -> Callable[[Observation], Observation]:
    """Registers a function as the one that makes this observation."""

    def register(function: Observation) -> Observation:
        OBSERVATIONS[number] = function
        return function

    return register


def observe(number: int, trace: Trace) -> Any:
    """What observation `number` is in this trace, as a JSON value; a string that begins with "no " if it cannot be seen
    there."""
    try:
        return OBSERVATIONS[number](Boot(trace))
    except Unseen as unseen:
        return f"no {unseen}"


class Unseen(Exception):
    """The trace has no such stop, goroutine or field."""


class Boot:
    """A trace with the questions that observations ask: a stop by its name, the goroutine of main."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.first_thread = [stop for stop in trace["stages"] if stop["thread"] == trace["stages"][0]["thread"]]

    def stop(self, stage: str, kind: str = "entry") -> Stop:
        """The first thread's first stop at this stage; stage may list alternatives, separated by |."""
        return self.find(self.first_thread, stage, kind)

    def on_any_thread(self, stage: str, kind: str = "entry") -> Stop:
        """The first stop at this stage, whichever thread ran it: main is free to move once main.init is over."""
        return self.find(self.trace["stages"], stage, kind)

    @staticmethod
    def find(stops: list[Stop], stage: str, kind: str) -> Stop:
        """The first of these stops that has this name and kind."""
        names = stage.split("|")
        for stop in stops:
            if stop["stage"] in names and stop["kind"] == kind:
                return stop
        raise Unseen(f"{names[0]} {kind}")

    def before(self, stop: Stop) -> Stop:
        """The stop of the first thread just before this one."""
        return self.first_thread[self.first_thread.index(stop) - 1]


def value(stop: Stop, path: str) -> Any:
    """The value at a dotted Go path in a stop, such as g0.stack.lo, globals.runtime.ncpu or g1.sched.sp."""
    head, _, rest = path.partition(".")
    if re.fullmatch(r"g[1-9]\d*", head):
        found = [g for g in stop["allgs"] if g["goid"] == int(head[1:])]
        if not found:
            raise Unseen(head)
        return plain(dig(found[0], rest, path))
    return plain(dig(stop, path, path))


def dig(node: Any, path: str, whole: str) -> Any:
    """Follows a dotted path through nested dicts and lists; a key may itself hold dots (runtime.ncpu)."""
    if isinstance(node, dict) and path in node:
        return node[path]
    for dot in [match.start() for match in re.finditer(r"\.", path)][::-1] + [len(path)]:
        key, rest = path[:dot], path[dot + 1 :]
        if isinstance(node, dict) and key in node and rest:
            return dig(node[key], rest, whole)
        if isinstance(node, list) and key.isdigit() and int(key) < len(node):
            return dig(node[int(key)], rest, whole) if rest else node[int(key)]
    raise Unseen(whole)


def plain(node: Any) -> Any:
    """One spelling for equal values: numbers as numbers, pointers without a zero offset."""
    if isinstance(node, str):
        if re.fullmatch(r"0x[0-9a-f]+", node):
            return int(node, 16)
        return re.sub(r"[+-](0x0|0)$", "", node)
    if isinstance(node, list):
        return [plain(item) for item in node]
    return node


def values(stop: Stop, *paths: str) -> list[Any]:
    """Several values at once."""
    return [value(stop, path) for path in paths]


def code(pointer: Any) -> Any:
    """A code address without its offset: where inside a function something is, its compiler decides. goexit+1 is
    meant."""
    if not isinstance(pointer, str) or not re.match(r"(runtime|main|syscall)\.", pointer):
        return pointer
    pointer = pointer.replace(".abi0", "")
    return pointer if pointer.startswith("runtime.goexit+") else re.sub(r"\+(0x[0-9a-f]+|\d+)$", "", pointer)


def above_lo(pointer: Any) -> Any:
    """How far a pointer lies above its stack's low end, for guards: g0.stack.lo+880 gives 880."""
    match = re.fullmatch(r".*\.stack\.lo(?:\+(\d+))?", str(pointer))
    return int(match[1] or 0) if match else pointer


# At the ELF entry.


@observation(1)
def entry_alignment(boot: Boot) -> Any:
    return value(boot.first_thread[0], "sp_mod16")


@observation(2)
def entry_registers(boot: Boot) -> Any:
    entry = boot.first_thread[0]
    return [*values(entry, "fs_base", "tls_g"), sorted(set(value(entry, "regs").values()), key=str)]


@observation(3)
def entry_stack(boot: Boot) -> Any:
    words = value(boot.first_thread[0], "stack_words")
    null = words.index(0, 1) if 0 in words[1:] else 0
    return [words[0], f"argv ends at entry_sp+{8 * null}", f"envp at entry_sp+{8 * null + 8}"]


# rt0_go.


@observation(4)
def frame_size(boot: Boot) -> Any:
    return -value(boot.stop("nocpuinfo|ok", "label"), "sp_off")


@observation(5)
def stack_top(boot: Boot) -> Any:
    return value(boot.stop("nocpuinfo|ok", "label"), "sp") == "g0.stack.hi"


@observation(6)
def stack_width(boot: Boot) -> Any:
    return value(boot.stop("nocpuinfo|ok", "label"), "g0.stack_size")


@observation(7)
def guard_before_mstart(boot: Boot) -> Any:
    return above_lo(value(boot.stop("mstart"), "g0.stackguard0"))


@observation(8)
def guard_at_mstart1(boot: Boot) -> Any:
    guards = values(boot.stop("mstart1"), "g0.stackguard0", "g0.stackguard1")
    return [above_lo(guards[0]), guards[0] == guards[1]]


@observation(9)
def fs_base(boot: Boot) -> Any:
    return value(boot.stop("settls", "return"), "fs_base")


@observation(10)
def tls_probe(boot: Boot) -> Any:
    return values(boot.stop("ok", "label"), "m0.tls.0", "tls_g")


@observation(11)
def first_pointers(boot: Boot) -> Any:
    return values(boot.stop("check"), "tls_g", "g0.m", "m0.g0")


@observation(12)
def g0_never_scheduled(boot: Boot) -> Any:
    return [sorted({value(stop, path) for stop in boot.first_thread}) for path in ("g0.goid", "g0.atomicstatus")]


@observation(13)
def m0_id(boot: Boot) -> Any:
    return sorted({value(stop, "m0.id") for stop in boot.first_thread})


# args, osinit, schedinit.


@observation(14)
def args(boot: Boot) -> Any:
    return values(boot.stop("args", "return"), "globals.runtime.argc", "globals.runtime.argv")


@observation(15)
def page_size(boot: Boot) -> Any:
    return [value(boot.stop("sysauxv", kind), "globals.runtime.physPageSize") for kind in ("entry", "return")]


@observation(16)
def osinit(boot: Boot) -> Any:
    before, after = boot.stop("osinit"), boot.stop("osinit", "return")
    ncpu = next((name for name in NCPU if name in before["globals"]), NCPU[0])
    return [*(value(stop, f"globals.{ncpu}") for stop in (before, after)), sorted(after["changed"])]


@observation(17)
def maxmcount(boot: Boot) -> Any:
    return [value(boot.stop("schedinit", kind), "sched.maxmcount") for kind in ("entry", "return")]


@observation(18)
def first_m(boot: Boot) -> Any:
    before, after = boot.stop("mcommoninit"), boot.stop("mcommoninit", "return")
    return [value(before, "sched.mnext"), value(after, "sched.mnext"), value(after, "allm")]


@observation(19)
def gsignal(boot: Boot) -> Any:
    before, after = boot.stop("mpreinit"), boot.stop("mpreinit", "return")
    return [value(before, "m0.gsignal"), *values(after, "m0.gsignal", "gsignal_stack_size")]


@observation(20)
def gomaxprocs(boot: Boot) -> Any:
    return [value(boot.stop("procresize", kind), "globals.runtime.gomaxprocs") for kind in ("entry", "return")]


@observation(21)
def allp(boot: Boot) -> Any:
    inside = value(boot.stop("acquirep"), "allp_status")
    after = value(boot.stop("procresize", "return"), "allp_status")
    return [len(after), after, "inside", inside]


@observation(22)
def p0_owned(boot: Boot) -> Any:
    return values(boot.stop("schedinit", "return"), "m0.p", "p0.m", "p0.id", "p0.status")


@observation(23)
def idle_ps(boot: Boot) -> Any:
    return values(boot.stop("schedinit", "return"), "sched.pidle", "sched.npidle")


@observation(24)
def still_empty(boot: Boot) -> Any:
    return values(
        boot.stop("schedinit", "return"),
        "sched.goidgen",
        "globals.runtime.allglen",
        "m0.curg",
        "m0.procid",
        "sched.nmsys",
    )


@observation(25)
def g0_sched_empty(boot: Boot) -> Any:
    return not any(value(boot.stop("schedinit", "return"), "g0.sched").values())


# newproc(main).


@observation(26)
def first_goid(boot: Boot) -> Any:
    return [g["goid"] for g in value(boot.stop("newproc", "return"), "allgs")]


@observation(27)
def goid_batch(boot: Boot) -> Any:
    return values(boot.stop("newproc", "return"), "sched.goidgen", "p0.goidcache", "p0.goidcacheend")


@observation(28)
def first_status(boot: Boot) -> Any:
    return values(boot.stop("newproc", "return"), "g1.atomicstatus", "g1.status")


@observation(29)
def first_stack(boot: Boot) -> Any:
    size, guard0, guard1 = values(boot.stop("newproc", "return"), "g1.stack_size", "g1.stackguard0", "g1.stackguard1")
    return [size, above_lo(guard0), guard1]


@observation(30)
def first_sp(boot: Boot) -> Any:
    return values(boot.stop("newproc", "return"), "g1.sched.sp", "g1.stktopsp")


@observation(31)
def first_pc(boot: Boot) -> Any:
    return values(boot.stop("newproc", "return"), "g1.sched.pc", "g1.startpc", "g1.sched.ctxt")


@observation(32)
def return_address(boot: Boot) -> Any:
    jump = boot.stop("gogo JMP BX", "insn")
    return [value(boot.before(jump), "g1.sched.sp"), value(jump, "sp"), code(value(jump, "stack_words.0"))]


@observation(33)
def creator(boot: Boot) -> Any:
    return code(value(boot.stop("newproc", "return"), "g1.gopc"))


@observation(34)
def unowned(boot: Boot) -> Any:
    return values(boot.stop("execute"), "g1.m", "globals.runtime.allglen")


@observation(35)
def runnext(boot: Boot) -> Any:
    return values(boot.stop("newproc", "return"), "p0.runnext", "p0.runqhead", "p0.runqtail")


@observation(36)
def nobody_woken(boot: Boot) -> Any:
    before, after = boot.stop("newproc"), boot.stop("newproc", "return")
    between = boot.first_thread[boot.first_thread.index(before) : boot.first_thread.index(after)]
    return [
        value(after, "globals.runtime.mainStarted"),
        value(before, "sched.npidle"),
        value(after, "sched.npidle"),
        any(stop["stage"] == "wakep" for stop in between),
    ]


# mstart, schedule, execute, gogo.


@observation(37)
def saved_by_mstart1(boot: Boot) -> Any:
    pc, sp = values(boot.stop("minit"), "g0.sched.pc", "g0.sched.sp")
    return [code(pc), sp]


@observation(38)
def procid(boot: Boot) -> Any:
    before, after = [value(boot.stop("minit", kind), "m0.procid") for kind in ("entry", "return")]
    return [before, after == value(boot.trace, "pid")]


@observation(39)
def runqget(boot: Boot) -> Any:
    return [value(boot.stop("runqget", kind), "p0.runnext") for kind in ("entry", "return")]


@observation(40)
def inherited_time(boot: Boot) -> Any:
    return [value(boot.stop(stage), "p0.schedtick") for stage in ("execute", "gogo")]


@observation(41)
def at_gogo(boot: Boot) -> Any:
    return values(boot.stop("gogo"), "g1.status", "g1.m", "m0.curg", "tls_g")


@observation(42)
def at_main(boot: Boot) -> Any:
    tls_g, sp, word = values(boot.stop("runtime.main"), "tls_g", "sp", "stack_words.0")
    return [tls_g, sp, code(word)]


@observation(43)
def gobuf_used_up(boot: Boot) -> Any:
    return values(boot.stop("runtime.main"), "g1.sched.sp", "g1.sched.ctxt", "g1.sched.pc")


# runtime.main.


@observation(44)
def maxstacksize(boot: Boot) -> Any:
    return [value(boot.stop(stage), "globals.runtime.maxstacksize") for stage in ("runtime.main", "main.func1")]


@observation(45)
def sysmon_m(boot: Boot) -> Any:
    return values(boot.stop("newm", "return"), "allm", "sched.mnext")


@observation(46)
def locked_to_m0(boot: Boot) -> Any:
    return values(boot.stop("main.init|runtime.doInit"), "m0.lockedg", "m0.lockedInt", "g1.lockedm")


@observation(47)
def at_main_main(boot: Boot) -> Any:
    stop = boot.on_any_thread("main.main")
    # Which goid the later goroutines get, and whether they have run yet, depends on the machine; what they are does
    # not.
    first, *others = value(stop, "allgs")
    return [
        *values(stop, "m0.lockedInt", "sched.nmsys", "sched.ngsys", "globals.runtime.mainStarted"),
        f"g{first['goid']} {first['startpc']} {first['status']}",
        sorted((code(g["startpc"]) for g in others), key=str),
    ]


@observation(48)
def the_end(boot: Boot) -> Any:
    return [code(value(boot.on_any_thread("main.main", "return"), "pc")), f"exit {boot.trace['exit']}"]

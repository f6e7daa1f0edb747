"""Run by gdb on the static hello: its structures, and its state before check and after each step of the boot, as JSON.

A state is flat, {path: value}, in the notation of flat.py."""

import json
import os

import gdb

STRUCTURES = "g m p schedt gobuf stack sudog hchan waitq note mutex sysmontick gsignalStack persistentAlloc".split()
# where each step begins: the one before is over
STOPS = ["check", "args", "osinit", "schedinit", "newproc", "mstart1"]
ROOTS = """
    g0 m0 sched allgs allp allglen allm ncpu gomaxprocs mainStarted argc maxstacksize physPageSize buildVersion
    traceback_cache panicking worldsema main_init_done runtimeInitTime
""".split()


def plain(kind):
    """A type without its typedefs, as text: the compiler knows uint64 and unsigned long long as one."""
    kind = kind.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        return f"{plain(kind.target())}[{kind.range()[1] + 1}]"
    if kind.code == gdb.TYPE_CODE_PTR:
        target = kind.target().strip_typedefs()
        return f"{target.name}*" if target.name in STRUCTURES else "void*"
    return kind.name


def structure(name):
    """Size and fields of a structure, from the debug information."""
    kind = gdb.lookup_type(name)
    return {
        "size": kind.sizeof,
        "fields": [
            {"name": field.name, "offset": field.bitpos // 8, "size": field.type.sizeof, "type": plain(field.type)}
            for field in kind.fields()
        ],
    }


def pointer(value):
    """Who a pointer points at: g and m and p by number, others only whether."""
    target = value.type.strip_typedefs().target().strip_typedefs().name
    if not int(value):
        return None
    if target in ("g", "m", "p"):
        return f"{target}{int(value.dereference()['goid' if target == 'g' else 'id'])}"
    return "address"


def flat(path, value, into):
    """Writes value and everything inside it into a dictionary."""
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_PTR:
        into[path] = pointer(value)
    elif kind.code == gdb.TYPE_CODE_ARRAY:
        for i in range(kind.range()[1] + 1):
            flat(f"{path}[{i}]", value[i], into)
    elif kind.code == gdb.TYPE_CODE_STRUCT and kind.name == "gostring":
        into[path] = value["str"].string(length=int(value["len"])) if int(value["len"]) else ""
    elif kind.code == gdb.TYPE_CODE_STRUCT and kind.name.startswith("slice<"):
        into[path] = int(value["len"])
        for i in range(int(value["len"])):
            flat(f"{path}[{i}]", value["array"][i].dereference(), into)
    elif kind.code == gdb.TYPE_CODE_STRUCT:
        for field in kind.fields():
            flat(f"{path}.{field.name}", value[field.name], into)
    elif kind.code == gdb.TYPE_CODE_BOOL:
        into[path] = bool(value)
    else:
        into[path] = int(value) if abs(int(value)) < 1 << 22 else "address"


def state():
    """Everything that stands in the roots now."""
    into = {}
    for root in ROOTS:
        flat(root, gdb.parse_and_eval(root), into)
    return into


gdb.execute("set language c++")
result = {"structures": {name: structure(name) for name in STRUCTURES}, "plain": {}, "states": []}
for name in "bool int8 int32 int64 uint8 uint16 uint32 uint64 gostring".split():
    result["plain"][name] = plain(gdb.lookup_type(name))
for stop in STOPS:
    gdb.execute(f"tbreak *(long) &'runtime.{stop}'")
    gdb.execute("run" if stop == "check" else "continue")
    result["states"].append(state())
with open(os.environ["ANSWER"], "w") as file:
    json.dump(result, file)
gdb.execute("kill")

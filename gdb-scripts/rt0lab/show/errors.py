"""What an error of a Go program says, read from its fields: nothing is called, and only types are known whose text is
nothing but that of their fields."""

from __future__ import annotations

import re
from typing import Any

import gdb

from .. import program
from ..program import dynamic

_DEEPEST = 16  # errors in errors
_MOST = 1 << 10  # characters of one part
_MOST_JOINED = 32

# {type: its text}. {x} is a field, {} the value itself; what stands in <> is left out where a field in it is empty.
_TEXTS = {
    "*errors.errorString": "{s}",
    "*fmt.wrapError": "{msg}",
    "*fmt.wrapErrors": "{msg}",
    "*io/fs.PathError": "{Op} {Path}: {Err}",
    "*os.PathError": "{Op} {Path}: {Err}",
    "*os.LinkError": "{Op} {Old} {New}: {Err}",
    "*os.SyscallError": "{Syscall}: {Err}",
    "*os/exec.Error": 'exec: "{Name}": {Err}',
    "*strconv.NumError": 'strconv.{Func}: parsing "{Num}": {Err}',
    "*net/url.Error": '{Op} "{URL}": {Err}',
    "*net.OpError": "{Op}< {Net}>< {Source}-><{Addr}>: {Err}",
    "*net.DNSError": "lookup {Name}< on {Server}>: {Err}",
    "*encoding/json.SyntaxError": "{msg}",
    "context.deadlineExceededError": "context deadline exceeded",
    "*internal/poll.DeadlineExceededError": "i/o timeout",
    "runtime.errorString": "runtime error: {}",
    "runtime.plainError": "{}",
    "runtime.errorAddressString": "runtime error: {msg}",
    "*runtime.PanicNilError": "panic called with nil argument",
    "*github.com/pkg/errors.fundamental": "{msg}",
    "*github.com/pkg/errors.withMessage": "{msg}: {cause}",
    "*github.com/pkg/errors.withStack": "{error}",
}
_FIELD = re.compile(r"\{(\w*)\}")
_PERHAPS = re.compile(r"<([^<]*?\{\w+\}[^<]*?)>(?=<|:|$)")


def text(name: str, value: gdb.Value, left: int = _DEEPEST) -> str | None:
    """What the error that is this value, of the type called so, says; None if that is not known."""
    if left <= 0:
        return None
    try:
        if name in _SPECIAL:
            return _SPECIAL[name](value, left)
        if name not in _TEXTS:
            return None
        inside = value.dereference() if name.startswith("*") else value

        def part(match):
            found = _part(inside[match[1]] if match[1] else inside, left)
            return "..." if found is None else found

        def perhaps(match):
            return (
                _FIELD.sub(part, match[1])
                if all(_part(inside[f], left) != "" for f in _FIELD.findall(match[1]))
                else ""
            )

        return _FIELD.sub(part, _PERHAPS.sub(perhaps, _TEXTS[name]))
    except (gdb.error, ValueError, program.Problem):
        return None


def _part(value, left):
    """The text of a field, a string, a number or an error; empty where it holds none, None where it is not known."""
    plain = value.type.strip_typedefs()
    if plain.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_BOOL):
        return str(int(value))
    if plain.code != gdb.TYPE_CODE_STRUCT:
        return None
    if tuple(field.name for field in program.fields_of(plain)) == program.STRING:
        return program.read_text(int(value["str"]), int(value["len"]), most=_MOST)
    held = dynamic.in_interface(value)
    if held is None:
        return None
    kind, word, data = held
    inner = kind.value(data) if kind is not None else None
    if inner is None:
        return None if word else ""
    return text(kind.name, inner, left - 1)


def _errno(value, _left):
    """The runtime's own table has a system's errors by their numbers."""
    number = int(value)
    table: Any = gdb.lookup_global_symbol("syscall.errors") or gdb.lookup_static_symbol("syscall.errors")
    if table is not None:
        lo, hi = table.type.strip_typedefs().range()
        found = _part(table.value()[number], 1) if lo <= number <= hi else ""
        if found:
            return found
    return f"errno {number}"


def _bounds(value, _left):
    """An index that is out of range: the runtime has a format for each way to be so."""
    formats: Any = gdb.lookup_global_symbol("runtime.boundsErrorFmts") or gdb.lookup_static_symbol(
        "runtime.boundsErrorFmts"
    )
    if formats is None:
        return None
    lo, hi = formats.type.strip_typedefs().range()
    code, x = int(value["code"]), int(value["x"])
    if not lo <= code <= hi:
        return None
    if not value["signed"]:
        x &= (1 << 64) - 1
    elif x < 0:  # the format says for how many; a negative one has another text
        return f"runtime error: index or bound {x} is negative"
    said = _part(formats.value()[code], 1)
    return said and "runtime error: " + said.replace("%x", str(x)).replace("%y", str(int(value["y"])))


def _joined(value, left):
    """What several errors say, one after the other."""
    errs = value.dereference()["errs"]
    count = int(errs["len"])
    if not 0 < count <= _MOST_JOINED:
        return None
    return "\n".join(_part(errs["array"][i], left) or "..." for i in range(count))


def _assertion(value, _left):
    """x.(T), where x holds something else."""
    told = value.dereference()
    wanted, held, missing = (
        dynamic.of(int(told[name])) if name != "missingMethod" else _part(told[name], 1)
        for name in ("asserted", "concrete", "missingMethod")
    )
    if wanted is None:
        return None
    if held is None:
        return f"interface conversion: interface is nil, not {wanted.name}"
    if missing:
        return f"interface conversion: {held.name} is not {wanted.name}: missing method {missing}"
    return f"interface conversion: interface is {held.name}, not {wanted.name}"


_SPECIAL = {
    "syscall.Errno": _errno,
    "runtime.boundsError": _bounds,
    "*errors.joinError": _joined,
    "*runtime.TypeAssertionError": _assertion,
}

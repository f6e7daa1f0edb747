"""What an error of a Go program says, read from its fields: nothing is called, and only types are known whose text is
nothing but that of their fields."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import gdb

from .. import program
from ..program import dynamic

_DEEPEST = 16  # errors in errors
_MOST = 1 << 10  # characters of one part
_MOST_JOINED = 32

# {type: its text}. {x} is a field, {} the value itself; what stands in [] is left out where a field in it is empty.
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
    "net/url.InvalidHostError": 'invalid character "{}" in host name',
    "net/url.EscapeError": 'invalid URL escape "{}"',
    "*net.DNSError": "lookup {Name}[ on {Server}]: {Err}",
    "*net.AddrError": "[address {Addr}: ]{Err}",
    "*net.UnixAddr": "{Name}",
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
_PERHAPS = re.compile(r"\[([^\[\]]*)\]")


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
            return _known(inside[match[1]] if match[1] else inside, left)

        def perhaps(match):
            return match[1] if all(_part(inside[field], left) != "" for field in _FIELD.findall(match[1])) else ""

        said = _FIELD.sub(part, _PERHAPS.sub(perhaps, _TEXTS[name]))
        return said if said != "..." else None
    except (gdb.error, ValueError, program.Problem):
        return None


def _known(value, left):
    """The text of a field, dots where it is not known."""
    found = _part(value, left)
    return "..." if found is None else found


def _part(value, left):
    """The text of a field, a string, a number or an error; empty where it holds none, None where it is not known."""
    plain = value.type.strip_typedefs()
    if plain.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_BOOL):
        return str(int(value))
    if plain.code != gdb.TYPE_CODE_STRUCT:
        return None
    if tuple(field.name for field in program.fields_of(plain)) == program.STRING:
        at, length = int(value["str"]), int(value["len"])
        readable = not length or 0 < length < 1 << 32 and isinstance(program.read(at, min(length, _MOST)), bytes)
        return program.read_text(at, length, most=_MOST) if readable else None
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
    """An index that is out of range: the runtime has a format for each way to be so, and others for negative ones."""
    code, x, y = int(value["code"]), int(value["x"]), int(value["y"])
    negative = bool(value["signed"]) and x < 0
    name = "runtime.boundsNegErrorFmts" if negative else "runtime.boundsErrorFmts"
    formats: Any = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
    lo, hi = formats.type.strip_typedefs().range() if formats is not None else (0, -1)
    said = _part(formats.value()[code], 1) if lo <= code <= hi else None
    x = x if value["signed"] else x & (1 << 64) - 1
    return said and "runtime error: " + said.replace("%x", str(x)).replace("%y", str(y))


def _operation(value, left):
    """An operation of package net: what, on which network, from where to where."""
    told = value.dereference()
    op, net, source, to, error = (_known(told[name], left) for name in ("Op", "Net", "Source", "Addr", "Err"))
    return " ".join(filter(None, (op, net, "->".join(filter(None, (source, to)))))) + f": {error}"


def _address(value, _left):
    """A host and a port."""
    told = value.dereference()
    ip, port, zone = told["IP"], int(told["Port"]), _known(told["Zone"], 1)
    data = program.read(int(ip["array"]), min(max(int(ip["len"]), 0), 16))
    if not isinstance(data, bytes):
        return None
    host: Any = ipaddress.ip_address(data) if data else ""
    host = getattr(host, "ipv4_mapped", None) or host
    name = f"{host}%{zone}" if zone else str(host)
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _joined(value, left):
    """What several errors say, one after the other."""
    errs = value.dereference()["errs"]
    count = int(errs["len"])
    if not 0 < count <= _MOST_JOINED:
        return None
    return "\n".join(_known(errs["array"][i], left) for i in range(count))


def _assertion(value, _left):
    """x.(T), where x holds something else."""
    told = value.dereference()
    static, held, wanted = (dynamic.of(int(told[name])) for name in ("_interface", "concrete", "asserted"))
    missing, what = _part(told["missingMethod"], 1), static.name if static is not None else "interface"
    if wanted is None:
        return None
    if held is not None and missing:
        return f"interface conversion: {held.name} is not {wanted.name}: missing method {missing}"
    return f"interface conversion: {what} is {held.name if held is not None else 'nil'}, not {wanted.name}"


_SPECIAL = {
    "*net.OpError": _operation,
    "*net.TCPAddr": _address,
    "*net.UDPAddr": _address,
    "syscall.Errno": _errno,
    "runtime.boundsError": _bounds,
    "*errors.joinError": _joined,
    "*runtime.TypeAssertionError": _assertion,
}

"""Programs and recorded runs in which every name is a text that a terminal or gdb would obey. No gdb in it.

A placeholder in a source is replaced by a text of the same length, in the whole file that was built of it: symbols,
debug information, tables. Whoever obeys one makes a file HIT... in the folder where the test runs.
"""

import itertools
import pathlib
import re
import struct
import unicodedata

LENGTH = 48
TEXTS = [
    text.ljust(LENGTH, b"x")
    for text in (
        b"\nshell touch HIT-line\n",
        b"\x1b]0;owned\x07\x1b[31m\x1b[2J",
        b"\xc2\x9b31m\xe2\x80\xae\xe2\x80\xa8\xe2\x80\x8b\xc2\x85\xe2\x81\xa6",
        b"\xff\xfe\x80\x9b31m\xed\xa0\x80",
        b"'; shell touch HIT-semicolon; echo '",
        b'" | touch HIT-pipe \\',
        b"$(touch HIT-shell)`touch HIT-ticks`%s%n",
        b"-ex !touch HIT-option",
        b"\r\x08\x7f\t99 running\n  99 running",
        b'$_shell("touch HIT-call")',
        b"python open('HIT-python','w')",
        b"\n!touch HIT-bang\n# ",
    )
]
_PLACES = ("function", "maker", "typename", "field", "argument", "local", "global", "file")


def placeholder(place, number):
    """An identifier, which stands for the number-th text at this place."""
    return f"{place.capitalize()}{number:02}".ljust(LENGTH, "X")


def patched(source, target):
    """Copies a file with all texts in their places."""
    data = pathlib.Path(source).read_bytes()
    for place in _PLACES:
        for number, text in enumerate(TEXTS):
            data = data.replace(placeholder(place, number).encode(), text)
    pathlib.Path(target).write_bytes(data)
    pathlib.Path(target).chmod(0o755)
    return target


def go_source():
    """A Go program whose goroutines stand in functions of all these names, each made by another one, and wait for
    globals."""
    lines = ["package main", 'import "time"', "//go:noinline", "func ready() {}"]
    for i in range(len(TEXTS)):
        p = {place: placeholder(place, i) for place in _PLACES}
        lines += [
            f"type {p['typename']} struct {{ {p['field']} int }}",
            f"var {p['global']} = make(chan {p['typename']})",
            "//go:noinline",
            f"func {p['function']}({p['argument']} {p['typename']}) int {{",
            f"{p['local']} := {p['argument']}",
            f"v := <-{p['global']}",
            f"return v.{p['field']} + {p['local']}.{p['field']}",
            "}",
            f"func {p['maker']}() {{ go {p['function']}({p['typename']}{{{i}}}) }}",
        ]
    makers = "; ".join(f"{placeholder('maker', i)}()" for i in range(len(TEXTS)))
    return "\n".join([*lines, f"func main() {{ {makers}; time.Sleep(200 * time.Millisecond); ready() }}", ""])


def renamed(program, target, symbols):
    """A copy of a program whose ELF symbols have these texts for names: {symbol: text}. The new names stand at the
    file's end."""
    from elftools.elf.elffile import ELFFile  # the Python inside gdb may be another one

    with open(program, "rb") as file:
        elf = ELFFile(file)
        table = elf.get_section_by_name(".symtab")
        at = elf["e_shoff"] + table["sh_link"] * elf["e_shentsize"]
        old, size = elf.get_section(table["sh_link"])["sh_offset"], elf.get_section(table["sh_link"])["sh_size"]
        data, offset, count = bytearray(file.seek(0) or file.read()), table["sh_offset"], table.num_symbols()
    names, place = data[old : old + size], {}
    for number in range(count):
        (name,) = struct.unpack_from("<I", data, offset + 24 * number)
        symbol = bytes(names[name : names.index(0, name)]).decode()
        if symbol in symbols:
            if symbol not in place:
                place[symbol] = len(names)
                names += symbols[symbol] + b"\0"
            struct.pack_into("<I", data, offset + 24 * number, place[symbol])
    struct.pack_into("<QQ", data, at + 24, len(data), len(names))  # sh_offset, sh_size
    pathlib.Path(target).write_bytes(data + names)
    pathlib.Path(target).chmod(0o755)
    return target


def trace(whole):
    """A recorded run with a text in the place of each string that it has, but for those by which what it shows is
    found."""
    texts = itertools.cycle(text.decode("utf-8", "surrogateescape") for text in TEXTS)

    def hostile(value, key=None):
        if isinstance(value, dict):
            return {name: hostile(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [hostile(inner) for inner in value]
        return next(texts) if isinstance(value, str) and key not in ("name", "kind") else value

    return hostile(whole)


def obeyed(text):
    """What in an output a terminal would obey: all but printable characters, ends of lines and tabs. Bytes that are no
    UTF-8 count, too."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return sorted(
        {
            f"{character!r} in {text[max(at - 30, 0) : at + 30]!r}"
            for at, character in enumerate(text)
            if character == "\ufffd"
            or character not in "\n\t"
            and unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs")
        }
    )


def ran(folder):
    """The files that a command of ours made, had it been run."""
    return [path.name for path in pathlib.Path(folder).iterdir() if re.match("HIT", path.name)]

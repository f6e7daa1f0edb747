"""C++ names as Go would write them."""

from __future__ import annotations

import re

import gdb

from ..formats import untrusted
from . import answers, settings

_REFERS = re.compile("[ST][0-9A-Z]*_")  # in a mangled name: what was said before, once more
_MOST_REFERENCES = 20  # each may double the name, and gdb would write it all
_CLONES = re.compile(r"( \[clone [^]]*\])+$")  # gcc made them of one function
LAMBDAS = re.compile(r"(\.(func|\$_)\d+)+$")  # at the end of a name that gcc or clang gave


def demangling() -> settings.changed:
    """gdb names and demangles C++ symbols as C++ while this lasts."""
    return settings.changed({"demangle-style": "gnu-v3"})


def in_cxx(name: str) -> str | None:
    """A C++ function's name as C++ would write it: app::Widget::spin(int). None if it is none of C++'s."""
    if len(_REFERS.findall(name)) > _MOST_REFERENCES:
        return None
    try:
        with demangling():
            text = untrusted.cut(answers.done(f"demangle -l c++ -- {untrusted.word(name)}").strip(), untrusted.LINE)
    except (untrusted.Unquotable, gdb.error):
        return None
    return _CLONES.sub("", text)


def in_go(name: str) -> str:
    """The same as Go would write it: main.main.func1, sync.Mutex.Lock; those like player and player.func1 have no
    package yet. A name that is none of C++'s stays as it is."""
    text = in_cxx(name)
    if text is None:
        return name
    text = re.sub(r"::\{lambda\([^()]*\)#(\d+)\}", r".func\1", text.replace("main_main()", "main.main"))
    text = re.sub(r"^detail::closure<(.+?) ?>::run\(funcval ?\*\)$", r"\1", text)
    text = re.sub(r"::operator\(\)\([^<>]*\)( const)?$", "", text)
    while (shorter := re.sub(r"<[^<>]*>|\([^()]*\)( const)?", "", text)) != text:
        text = shorter
    return text.rpartition(" ")[2].replace("::", ".").replace("detail.", "runtime.")

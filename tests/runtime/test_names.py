"""go.hpp keeps its word: a program may call its own things as it likes, also by names that the runtime uses.

The names come from the runtime's headers, as clang reads them, so that no list can rot."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from runner.tree import build_folder

RUNTIME = Path(__file__).resolve().parents[2] / "runtime"
# What go.hpp is for: Go's types and other predeclared names, what stands for its statements, and its packages.
PROGRAMS = set(
    """int8 uint8 int16 uint16 int32 uint32 int64 uint64 uintptr gostring error any
    go chan Select otherwise func Defer panic recover main_main
    atomic fmt io net os packages runtime sync time detail""".split()
)
SYMBOLS = set(
    "__morestack __x86_return_thunk memcpy memmove memset memcmp main.init _cgo_init _cgo_sys_thread_create".split()
)

PROGRAM = """
#include "go.hpp"
namespace test { int64 calls; }
%s
namespace test {
void all() { %s }
void run() {
    chan<int64> c(1), d;
    go([=] { for (int64 i = 0; i < 100; i++) c.send(i); c.close(); });
    int64 sum = 0;
    for (int64 v : c) sum += v;
    Select(d.onrecv([](int64, bool) {}), otherwise([] {}));
    func([](Defer& defer) {
        defer([] { recover(); });
        panic("on purpose");
    });
    sync::Mutex m;
    m.Lock();
    m.Unlock();
    time::After(1000).recv();
    runtime::GOMAXPROCS(3);
    runtime::Gosched();
    auto [r, w, err] = os::Pipe();
    w.WriteString("x");
    char b[1];
    fmt::Println(sum, r.Read(b, 1).n, calls);
}
}
void main_main() {
    test::all();
    test::run();
}
"""


def declared(*headers):
    """{name: kind} of what the global scope holds once these headers are included. A type that is only announced does
    not count: a program may still have one of that name."""
    text = "".join(f"#include <{header}>\n" for header in headers)
    command = ["clang++", "-std=c++20", "-ffreestanding", "-fsyntax-only", f"-I{RUNTIME}"]
    command += ["-Xclang", "-ast-dump=json", "-x", "c++", "-"]
    dump = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    assert dump.returncode == 0, dump.stderr
    found, other = {}, set()
    for node in json.loads(dump.stdout)["inner"]:
        if node.get("isImplicit"):
            continue
        if node["kind"] == "EnumDecl":
            found |= {
                value["name"]: "constant" for value in node.get("inner", ()) if value["kind"] == "EnumConstantDecl"
            }
        if "name" not in node or (node["kind"] == "CXXRecordDecl" and not node.get("completeDefinition")):
            continue
        if node.get("mangledName") == node["name"] and node["kind"] == "FunctionDecl":
            other.add(node["name"])  # extern "C"
        found.setdefault(node["name"].split("::")[-1], node["kind"])  # also where it says using detail::str
    for name in [*found]:
        if name in other or re.match("_|operator", name) or re.search(r"^(std|\w+_t)$", name):
            del found[name]
    return found


@cache
def runtimes():
    """{name: kind} of the runtime's own names: those of all its headers, but for those that programs are given."""
    ours = declared(*sorted(path.name for path in RUNTIME.glob("*.hpp")))
    return {name: kind for name, kind in ours.items() if name not in PROGRAMS}


def define(name, kind):
    return {
        "function": f"void {name}() {{ test::calls++; }}",
        "variable": f"int64 {name} = -1;",
        "type": f"struct {name} {{ void method() {{ test::calls++; }} }};",
    }[kind]


KINDS = {
    "FunctionDecl": "function",
    "FunctionTemplateDecl": "function",
    "CXXRecordDecl": "type",
    "ClassTemplateDecl": "type",
    "EnumDecl": "type",
    "TypedefDecl": "type",
    "TypeAliasDecl": "type",
}


def output(build, folder, kinds):
    """What the program says that defines these names, built as hello is."""
    calls = "\n".join(
        {"function": f"::{name}();", "type": f"{{ struct ::{name} it; it.method(); }}", "variable": f"::{name}--;"}[
            kind
        ]
        for name, kind in kinds.items()
    )
    definitions = "\n".join(define(name, kind) for name, kind in kinds.items())
    source, target = folder / "names.cpp", folder / "names"
    source.write_text(PROGRAM % (definitions, calls))
    commands = subprocess.run(
        ["ninja", "-t", "commands", "runtime/programs/hello"], cwd=build, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    (compiling,) = (line for line in commands if line.endswith("-c ../../runtime/programs/hello.cpp"))
    object = re.search(r"-o (\S+)", compiling)[1]
    for line in (compiling, commands[-1]):
        line = line.replace("../../runtime/programs/hello.cpp", str(source)).replace(object, f"{target}.o")
        line = re.sub(r"-o runtime/programs/hello\b", f"-o {target}", line)
        line = re.sub(r"-M[DQF]\S*( \S+\.o(\.d)?)?", "", line)
        done = subprocess.run(line, shell=True, cwd=build, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if "error" in line)[:4000]
    return subprocess.run([target], capture_output=True, text=True, timeout=60).stdout


def test_go_hpp_brings_what_programs_need_and_nothing_else():
    assert set(declared("go.hpp")) <= PROGRAMS


def test_the_list_is_the_runtime_s():
    assert {"check", "args", "schedinit", "sched", "g", "stack", "mutex", "debug", "argc", "lock", "print"} <= set(
        runtimes()
    )
    assert len(runtimes()) > 300


def test_a_program_may_define_every_name_of_the_runtime_s(build, tmp_path):
    kinds = {name: KINDS.get(kind, "variable") for name, kind in runtimes().items()}
    calls = sum(kind != "variable" for kind in kinds.values())
    assert output(build, tmp_path, kinds) == f"4950 1 {calls}\n"


@pytest.mark.parametrize("kind", ["function", "variable", "type"])
def test_a_program_may_give_them_to_other_kinds_of_things(kind, tmp_path):
    names = dict.fromkeys(runtimes(), kind)
    calls = 0 if kind == "variable" else len(names)
    assert output(build_folder("debug", "g++"), tmp_path, names) == f"4950 1 {calls}\n"


def test_the_linker_sees_no_other_names(build):
    """Everything that the core shows other files has a Go name, or is in a package's namespace or in a class of
    go.hpp's."""
    table = subprocess.run(
        ["nm", "-g", "--defined-only", build / "runtime/libruntime.a"], capture_output=True, text=True, check=True
    ).stdout
    names = set(re.findall(r"^\w+ \w (\S+)$", table, re.M)) - SYMBOLS
    packages = "|".join(f"{len(name)}{name}" for name in sorted(PROGRAMS | {"dwarf", "elf"}))
    allowed = rf"[a-z]+\.[\w.]+|_rt0_amd64\w*|_ZNK?({packages})[\dCDI]\w*|_Zeq8gostringS_|_ZnwmPv|DW\.ref\S*"
    assert {name for name in names if not re.fullmatch(allowed, name)} == set()
    assert len(names) > 200

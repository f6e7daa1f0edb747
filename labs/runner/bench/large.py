"""A Go program of 60 MB for `lab bench gdb`: most of the standard library, and packages of generated types with methods
that nothing can leave out. Its source is written where it is built."""

import os
import shutil
import subprocess
from pathlib import Path

from ..failure import Failure, progress
from ..tree import ROOT

PACKAGES, TYPES = 68, 200
_STANDARD = """
    archive/zip compress/bzip2 crypto/tls database/sql debug/dwarf encoding/gob encoding/xml expvar go/build go/format
    go/types html/template image/jpeg image/png index/suffixarray math/big mime/multipart net/http net/http/httputil
    net/http/pprof net/rpc/jsonrpc net/smtp text/tabwriter
""".split()
_TYPE = """
type T{n} struct {{ Name string; Count int; Next *T{n}; Of map[string]*T{n}; All []T{n} }}

func (t *T{n}) String() string {{ return fmt.Sprintf("%s %d of {n}", t.Name, t.Count) }}

func (t *T{n}) Add(name string, count int) *T{n} {{
	if t.Of == nil {{ t.Of = map[string]*T{n}{{}} }}
	if had, ok := t.Of[name]; ok {{ had.Count += count; return had }}
	made := &T{n}{{Name: strings.ToUpper(name), Count: count, Next: t.Next}}
	t.Of[name], t.Next = made, made
	t.All = append(t.All, *made)
	return made
}}

func (t *T{n}) Sorted() []string {{
	var names []string
	for name, each := range t.Of {{ names = append(names, fmt.Sprint(name, each.Count, each)) }}
	sort.Slice(names, func(i, j int) bool {{ return names[i] < names[j] }})
	return names
}}
"""
_MAIN = """
type sorter interface {{ Sorted() []string }}

var c = make(chan int)

//go:noinline
func ready() {{}}

//go:noinline
func leaf(n int) int {{ return <-c + n }}

//go:noinline
func middle(n int) int {{ return leaf(n) + 2*n }}

func main() {{
	n, _ := strconv.Atoi(os.Args[1])
	for i := 0; i < n; i++ {{ go middle(i) }}
	if n < 0 {{
		var all []fmt.Stringer
		{all}
		for _, each := range all {{ if s, ok := each.(sorter); ok {{ fmt.Println(s.Sorted(), each) }} }}
	}}
	time.Sleep(300 * time.Millisecond)
	ready()
}}
"""


def program() -> Path | None:
    """The path of build/bench/go-large, built where it is missing; None where there is no Go."""
    target = ROOT / "build" / "bench" / "go-large"
    if target.exists() or not shutil.which("go"):
        return target if target.exists() else None
    folder = target.with_name("large")
    shutil.rmtree(folder, ignore_errors=True)
    for number in range(PACKAGES):
        part = folder / f"part{number}"
        part.mkdir(parents=True)
        (part / "part.go").write_text(_part(number))
    (folder / "go.mod").write_text("module large\n")
    imports = [f'_ "{name}"' for name in _STANDARD] + [f'"large/part{number}"' for number in range(PACKAGES)]
    lines = ["package main", "import (", *imports, '"fmt"; "os"; "strconv"; "time"', ")"]
    every = "\n".join(f"all = append(all, part{number}.All()...)" for number in range(PACKAGES))
    (folder / "main.go").write_text("\n".join(lines) + _MAIN.format(all=every))
    progress(f"building {target.relative_to(ROOT)}, which takes some minutes")
    environment = os.environ | {"GOFLAGS": "", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    half = target.with_name(f"large.{os.getpid()}")  # nobody is to run what another process is still writing
    words = ["go", "build", "-gcflags=large/...=-N -l", "-o", str(half), "."]
    result = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    shutil.rmtree(folder)
    if result.returncode:
        raise Failure(f"go could not build the large program: {result.stderr.strip().splitlines()[-1:]}")
    return half.replace(target)


def _part(number):
    types = "".join(_TYPE.format(n=n) for n in range(TYPES))
    every = "\n".join(f"\tfound = append(found, new(T{n}))" for n in range(TYPES))
    all_ = f"\nfunc All() (found []fmt.Stringer) {{\n{every}\n\treturn\n}}\n"
    return f'package part{number}\n\nimport ("fmt"; "sort"; "strings")\n{types}{all_}'

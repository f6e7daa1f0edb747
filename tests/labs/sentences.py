"""Reads our own source for what learners are told: the sentences that go through `tr`, and those that do not."""

import ast
import inspect
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOUSE = ROOT / "gdb-scripts" / "rt0lab"
SOURCES = sorted(path for folder in (HOUSE, ROOT / "labs") for path in folder.rglob("*.py"))
COMMON = {HOUSE / "commands" / "console"}  # what all commands are made of
TO_GDB = {("gdb", "Command"), ("gdb", "Parameter"), ("gdb", "Function")}
_SAYS = {"Problem", "Lacking", "GdbError", "say", "_say", "error", "Broken", "NotYet", "Unknown", "Irregular"}
_SAYS |= {"Unquotable", "ArgumentTypeError", "Place", "ended", "NotCore", "_told"}
_WORDS = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}")


def place(path, node):
    """`commands/info.py:54`, or `runner/cli.py:9`."""
    return f"{path.relative_to(HOUSE if HOUSE in path.parents else ROOT / 'labs')}:{node.lineno}"


def _called(node):
    return ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""


def _texts(node):
    """The literal texts that an expression may be: of `"a" if x else "b"` both."""
    if isinstance(node, ast.IfExp):
        return _texts(node.body) + _texts(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def given(trees):
    """{(sentence, its plural or None): where} of each literal that `tr`, `trn` or `later` is given."""
    found = {}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if _called(node) in ("tr", "later") and node.args:
                found |= {(text, None): place(path, node) for text in _texts(node.args[0])}
            elif _called(node) == "trn":
                found[node.args[0].value, node.args[1].value] = place(path, node)
    return found


def help_texts(trees):
    """{text: where} of what gdb shows as help: the docstrings of its commands, parameters and functions, but for those
    that only others are made of."""
    classes = {
        (path.parent / path.stem, node.name): (path, node, [_base(path, base) for base in node.bases])
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }

    def is_gdb_s(name):
        return name in TO_GDB or name in classes and any(map(is_gdb_s, classes[name][2]))

    found = {}
    made_of = {base for _, _, of in classes.values() for base in of if base[1].startswith("_") or base[0] in COMMON}
    for path, node, _ in (classes[name] for name in classes.keys() - made_of if is_gdb_s(name)):
        found[inspect.cleandoc(ast.get_docstring(node, clean=False) or "")] = place(path, node)
        for part in node.body:
            if isinstance(part, ast.Assign) and "_doc" in ast.unparse(part.targets[0]):
                values = part.value.elts if isinstance(part.value, ast.Tuple) else [part.value]
                found |= {text: place(path, part) for value in values for text in _texts(value)}
    return {text: where for text, where in found.items() if text}


def _base(path, base):
    """(module, class) of a base: gdb's, or this file's, or `console.Command` of the package's."""
    module, _, name = ast.unparse(base).rpartition(".")
    if module == "gdb":
        return module, name
    return HOUSE / "commands" / module if module else path.parent / path.stem, name


def in_data():
    """{text: where} of the sentences in the package's tables that are told."""
    uses = tomllib.loads((HOUSE / "program" / "uses.toml").read_text("utf-8"))
    rows = next(value for value in uses.values() if isinstance(value, list))
    return {row["what"]: "program/uses.toml" for row in rows} | in_comparison()


def in_comparison():
    """{text: where} of what `lab compare` says: what is observed, and the reasons."""
    found = {}
    for file, key in (("observations", "text"), ("differences", "reason")):
        tables = tomllib.loads((ROOT / "tests" / "oracle" / f"{file}.toml").read_text("utf-8")).values()
        found |= {row[key]: f"{file}.toml" for rows in tables if isinstance(rows, list) for row in rows}
    return found


def all_texts_in_data():
    """All texts in the package's tables."""
    return {text for path in HOUSE.rglob("*.toml") for text in _all(tomllib.loads(path.read_text("utf-8")))}


def _all(value):
    if isinstance(value, dict):
        value = list(value.values())
    return {text for each in value for text in _all(each)} if isinstance(value, list) else {value}


def bare(tree):
    """(node, text) of each sentence that a person is told and that does not go through `tr`."""
    for node in ast.walk(tree):
        told = node.args if _called(node) in _SAYS else []
        if isinstance(node, (ast.Yield, ast.Return)) and node.value is not None:
            told = [node.value]
        for argument in told:
            yield from ((node, text) for text in _untold(argument) if _WORDS.search(text))


def bare_in_runner(tree):
    """The same for the command line: what ends it, what it says meanwhile, what it prints, and its help."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        told = node.args if _called(node) in ("Failure", "progress", "print") else []
        told = [*told, *(keyword.value for keyword in node.keywords if keyword.arg in ("help", "description"))]
        yield from ((node, text) for argument in told for text in _untold(argument) if _WORDS.search(text))


def _untold(node):
    """The texts in an expression that are written there, and not given to `tr`."""
    if _called(node) in ("tr", "trn", "later"):
        return
    if isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "" for part in node.values)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _untold(part.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, (ast.BinOp, ast.IfExp, ast.BoolOp)):
        for child in ast.iter_child_nodes(node):
            yield from _untold(child)

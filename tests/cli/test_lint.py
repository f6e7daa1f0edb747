"""`lab dev lint`: the source has no fault, and each tool finds one where there is one."""

import ast
import json
import shutil
from pathlib import Path

import pytest
from runner.host import lint

ROOT = Path(__file__).resolve().parent.parent.parent
FAULTS = {  # for each tool a file with a fault, the line that it is in, and what is said of it
    "black": ("tests/a.py", "x = ( 1 )\n", 1, "not in black's form"),
    "flake8": ("tests/a.py", "x = 1\ny = z\n", 2, "F821"),
    "mypy": ("gdb-scripts/a.py", "def f() -> int:\n    return 'one'\n", 2, "[return-value]"),
    "clang-format": ("runtime/a.hpp", "int  f();\n", 1, "clang-format"),
    "clang-tidy": ("runtime/a.cpp", "int *f() {\n    return 0;\n}\n", 2, "modernize-use-nullptr"),
}


@pytest.fixture
def tree(tmp_path):
    """tree(FILE, TEXT): a tree that is set as this one is, with this one file."""

    def make(file, text):
        for name in ("pyproject.toml", ".flake8", ".clang-format", ".clang-tidy"):
            shutil.copy(ROOT / name, tmp_path)
        for folder in (*lint.PYTHON, *lint.CXX, lint.COMPILED):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for folder in lint.PYTHON:  # mypy wants a file in each, and no two of one name
            (tmp_path / folder / f"empty_{folder[:2]}.py").touch()
        (tmp_path / "runtime" / "empty.cpp").touch()
        (tmp_path / file).write_text(text)
        compiled = {"directory": str(tmp_path), "file": file, "command": f"clang++ -std=c++20 -c {file}"}
        (tmp_path / lint.COMPILED / "compile_commands.json").write_text(json.dumps([compiled]))
        return tmp_path

    return make


@pytest.mark.parametrize("tool", lint.TOOLS)
def test_there_is_no_fault_in_the_source(tool):
    assert lint.faults([tool])[tool] == []


@pytest.mark.parametrize("tool", lint.TOOLS)
def test_a_fault_is_found(tool, tree):
    file, text, line, what = FAULTS[tool]
    found = lint.faults([tool], tree(file, text))[tool]
    assert [said.startswith(f"{file}:{line}: ") and what in said for said in found] == [True]


@pytest.mark.parametrize("tool", lint.TOOLS)
def test_a_tool_that_cannot_read_its_settings_is_a_fault(tool, tree):
    file, _, _, _ = FAULTS[tool]
    root = tree(file, "" if file.endswith(".py") else "int x;\n")
    for name in ("pyproject.toml", ".flake8", ".clang-format", ".clang-tidy"):
        (root / name).write_text("[tool.black\n[tool.mypy\n[flake8\n: {")
    assert lint.faults([tool], root)[tool]


@pytest.mark.parametrize("tool", lint.FORMATTERS)
def test_fix_leaves_nothing_of_form(tool, tree):
    root = tree(*FAULTS[tool][:2])
    lint.fix(root)
    assert lint.faults([tool], root)[tool] == []


def public_functions(node, of_class=False):
    """(function, is it a method?) of what has no private name, in no private class."""
    for item in node.body:
        if isinstance(item, ast.ClassDef) and not item.name.startswith("_"):
            yield from public_functions(item, True)
        elif isinstance(item, ast.FunctionDef) and not item.name.startswith("_"):
            yield item, of_class and "staticmethod" not in map(ast.unparse, item.decorator_list)


def says_its_types(function, is_method):
    """Whether each argument has a type, and what the function gives, too."""
    asked = function.args
    taken = [*asked.posonlyargs, *asked.args, *asked.kwonlyargs][is_method:]
    taken += filter(None, (asked.vararg, asked.kwarg))
    return function.returns is not None and all(each.annotation is not None for each in taken)


@pytest.mark.parametrize("folder", ["gdb-scripts/rt0lab", "labs/runner", "labs/gdb"])
def test_public_functions_say_their_types(folder):
    found = {path: public_functions(ast.parse(path.read_text())) for path in (ROOT / folder).rglob("*.py")}
    assert [
        f"{path}: {one.name}" for path, ones in found.items() for one, how in ones if not says_its_types(one, how)
    ] == []


def test_lint_says_what_it_ran(lab):
    result = lab("dev", "lint", "clang-format")
    assert (result.returncode, result.stdout.split()) == (0, ["clang-format", "ok"])


def test_an_unknown_tool_is_wrong_usage(lab, one_line):
    assert "there are: black, flake8," in one_line(lab("dev", "lint", "nonsense"), 2)

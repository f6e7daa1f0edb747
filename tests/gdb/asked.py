"""What the gdb package asks a program for, read from its own source: for the test of the table of uses."""

import ast
import pathlib
import re

ROOMS = pathlib.Path(__file__).resolve().parents[2] / "gdb-scripts" / "rt0lab"
# Which calls ask for what; a word of theirs that is no literal is not seen here.
FIELDS = ("get", "need", "has", "array")  # of a Struct or the like
VARIABLES = ("variable", "scalar", "text", "elements", "type_of_variable", "_slice")
TYPES = ("layout", "type", "read_struct", "structs")
CONSTANTS = ("constant", "names")
SYMBOLS = ("address",)  # of the program; others have methods of that name, for fields, which have no package


def calls():
    """(file, name, call) of every call in the package."""
    for file in sorted(ROOMS.rglob("*.py")):
        if file.parent.name in ("formats", "words"):  # they know of no program
            continue
        tree = ast.parse(file.read_text())
        tables = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                yield file.relative_to(ROOMS).as_posix(), name, node, tables


def literals(node):
    """The texts in an expression."""
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def asked():
    """{what kind: {word: a file that asks}}; a field of a type that it names is `type.path`, of another `path`."""
    found = {kind: {} for kind in ("typed", "fields", "variables", "types", "constants", "symbols")}
    for file, name, node, tables in calls():
        words = [word for argument in node.args if isinstance(argument, ast.Constant) for word in literals(argument)]
        if name == "Fields" and words:
            wanted = [keyword.value for keyword in node.keywords if keyword.arg and keyword.arg != "later"]
            wanted += [
                value
                for keyword in node.keywords
                if keyword.arg is None and isinstance(keyword.value, ast.Name)
                for value in tables[keyword.value.id].values
            ]
            found["types"].setdefault(words[0], file)
            for path in (path for value in wanted for path in literals(value)):
                found["typed"].setdefault(f"{words[0]}.{path}", file)
        elif name == "chain" and words:
            found["types"].setdefault(words[0], file)
            for path in words[1:]:
                found["typed"].setdefault(f"{words[0]}.{path}", file)
        for kind, names in (
            ("fields", FIELDS),
            ("variables", VARIABLES),
            ("types", TYPES),
            ("constants", CONSTANTS),
            ("symbols", SYMBOLS),
        ):
            if name in names:
                for word in words[:1] if kind == "types" else words:
                    if kind != "symbols" or re.match(r"runtime\.|_|x_", word):
                        found[kind].setdefault(word, file)
    return found

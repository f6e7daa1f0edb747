"""Reads from the source of a Python package who imports whom, for the tests that hold its rooms apart, and whose
private names they use."""

import ast

_PUBLIC = {"_exit", "_asdict", "_fields", "_make", "_replace"}  # os's and namedtuple's, private by their spelling alone


def arrows(folder):
    """{(importer, imported)}: dotted names of modules, of every `import` below this folder (a Path), also inside
    functions.

    The folder's name begins its modules' names. What is imported from elsewhere has the name that stands there.
    """
    files = {_name(folder, path): path for path in folder.rglob("*.py")}
    return {(name, imported) for name, path in files.items() for imported in _imported(name, path, files)}


def trespasses(folder):
    """{(module, `other._name`)}: where a file below this folder uses a private name that is another's.

    A private name is its file's: one file's classes and functions may know each other. That of an imported module is
    never one's own; that of an object is if this file defines such a name anywhere.
    """
    files = {_name(folder, path): path for path in folder.rglob("*.py")}
    return {(name, said) for name, path in files.items() for said in foreign_names(ast.parse(path.read_text("utf-8")))}


def foreign_names(tree):
    """`other._name` for each private name of another file's that this one uses."""
    nodes = list(ast.walk(tree))
    own, imported = set().union(*map(_defined, nodes)), set().union(*map(_bound, nodes))
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or '.'}.{alias.name}" for alias in node.names if _is_private(alias.name))
        elif isinstance(node, ast.Attribute) and _is_private(node.attr):
            of = node.value.id if isinstance(node.value, ast.Name) else None
            if of in imported or of not in ("self", "cls") and node.attr not in own:
                yield ast.unparse(node)


def _is_private(name):
    return name.startswith("_") and not name.startswith("__") and name not in _PUBLIC


def _defined(node):
    """The names that a part of a file gives to something of its own."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return {node.id}
    if (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node.value) in ("self", "cls")
    ):
        return {node.attr}
    return set()


def _bound(node):
    """The names of what an import brings."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return set()


def circle(found):
    """The modules of one circle, each importing the next and the last the first; [] if there is none."""
    after = {}
    for importer, imported in sorted(found):
        after.setdefault(importer, []).append(imported)
    done = set()
    return next(filter(None, (_circle(start, [], after, done) for start in sorted(after))), [])


def _circle(module, way, after, done):
    if module in way:
        return way[way.index(module) :]
    if module in done:
        return []
    done.add(module)
    return next(filter(None, (_circle(one, [*way, module], after, done) for one in after.get(module, []))), [])


def _name(folder, path):
    parts = (folder.name, *path.relative_to(folder).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(name, path, files):
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*start, *filter(None, [node.module])])
            for alias in node.names:
                yield f"{source}.{alias.name}" if f"{source}.{alias.name}" in files else source

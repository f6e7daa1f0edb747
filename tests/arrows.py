"""Reads from the source of a Python package who imports whom, for the tests that hold its rooms apart."""

import ast


def arrows(folder):
    """{(importer, imported)}: dotted names of modules, of every `import` below this folder (a Path), also inside
    functions.

    The folder's name begins its modules' names. What is imported from elsewhere has the name that stands there.
    """
    files = {_name(folder, path): path for path in folder.rglob("*.py")}
    return {(name, imported) for name, path in files.items() for imported in _imported(name, path, files)}


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

"""Linker of the page's ES modules into few files.

One file has the modules that are needed at once, one those of each module that is imported dynamically, and one those
that several dynamic imports share. Each module keeps its own scope and runs once, in the order of a browser; but a
module that comes after one with a top-level `await` in the same file waits for it too. A module runs after all its
imports, so a cycle is refused.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

from chat.web.pages.page_files.modules import Module, Unlinkable, read, replace_dynamic

FOLDER = "linked"
_PREFIX = "module$"


def link(text_of: Callable[[str], str], entry: str) -> dict[str, str]:
    """Return the linked files by name; the file of `entry` has its name. Raises Unlinkable, and errors of `text_of`."""
    modules = _collect(text_of, entry)
    names = {path: f"{_PREFIX}{number}" for number, path in enumerate(modules)}
    files = _files_of(modules, entry)
    members: dict[str, list[str]] = {}
    for path in modules:  # in the order in which they run
        members.setdefault(files[path], []).append(path)
    _check_awaits(modules, files)
    return {name: _file(name, paths, modules, names, files) for name, paths in members.items()}


def _collect(text_of: Callable[[str], str], entry: str) -> dict[str, Module]:
    """Return every module that is reached, each after its imports."""
    ordered: dict[str, Module] = {}
    roots = [entry]
    for root in roots:  # grows during the loop
        _visit(root, text_of, ordered, [])
        for module in list(ordered.values()):
            roots += [path for path in module.dynamic if path not in roots]
    return ordered


def _visit(path: str, text_of: Callable[[str], str], ordered: dict[str, Module], above: list[str]) -> None:
    if path in above:
        raise Unlinkable(f"{' imports '.join([*above[above.index(path) :], path])}: a cycle.")
    if path in ordered:
        return
    text = text_of(path)
    if _PREFIX in text:
        raise Unlinkable(f"{path} uses the name {_PREFIX}, which is the linker's own.")
    module = read(path, text)
    for needed in module.needs:
        _visit(needed, text_of, ordered, [*above, path])
    ordered[path] = module
    _check_names(module, ordered)


def _check_names(module: Module, ordered: dict[str, Module]) -> None:
    imported = [(each.source, name) for each in module.imports for name, _ in each.names]
    for source, name in [*imported, *module.reexports.values()]:
        target = ordered[source]
        if name not in target.exports and name not in target.reexports:
            raise Unlinkable(f"{module.path} imports {name} from {source}, which has no such export.")


def _check_awaits(modules: dict[str, Module], files: dict[str, str]) -> None:
    """Refuse a deadlock: a file that awaits, at its top level, a module of the same file."""
    for module in modules.values():
        if module.waits:
            for target in module.dynamic:
                if any(files[path] == files[module.path] for path in _reach(modules, target)):
                    raise Unlinkable(f"{module.path} waits for {target}, which would wait for itself in one file.")


def _files_of(modules: dict[str, Module], entry: str) -> dict[str, str]:
    """Return the file of each module: the entry's, or else the one of the dynamic imports that need the module."""
    first = _reach(modules, entry)
    dynamic = dict.fromkeys(path for module in modules.values() for path in module.dynamic)
    users: dict[str, list[str]] = {path: [] for path in modules}
    for target in dynamic:
        for path in _reach(modules, target) - first:
            users[path].append(_stem(target))
    if len({_stem(path) for path in [entry, *dynamic]}) < len({entry, *dynamic}):
        raise Unlinkable("Two modules that are imported dynamically have the same name.")
    return {path: _stem(entry) + ".js" if path in first else "+".join(sorted(users[path])) + ".js" for path in modules}


def _reach(modules: dict[str, Module], root: str) -> set[str]:
    reached: set[str] = set()
    pending = [root]
    while pending:
        path = pending.pop()
        if path not in reached:
            reached.add(path)
            pending += modules[path].needs
    return reached


def _stem(path: str) -> str:
    return posixpath.basename(path).removesuffix(".js")


def _file(name: str, paths: list[str], modules: dict[str, Module], names: dict[str, str], files: dict[str, str]) -> str:
    imports: dict[str, list[str]] = {}
    for needed in dict.fromkeys(needed for path in paths for needed in modules[path].needs):
        if files[needed] != name:
            imports.setdefault(files[needed], []).append(names[needed])
    lines = [f'import {{ {", ".join(scopes)} }} from "./{file}";' for file, scopes in imports.items()]
    lines += [_scope(name, modules[path], names, files) for path in paths]
    return "\n".join(lines) + "\n"


def _scope(file: str, module: Module, names: dict[str, str], files: dict[str, str]) -> str:
    """Return the module as a function that is called at once and returns the module's exports."""
    bindings = [
        f"const {{ {', '.join(f'{exported}: {local}' for exported, local in each.names)} }} = {names[each.source]};"
        for each in module.imports
        if each.names
    ]
    promises = {path: _promise(file, path, names, files) for path in module.dynamic}
    body = replace_dynamic(module.body, module.path, promises)
    url = f'new URL("../{module.path}", import.meta.url).href'
    body = body.replace("import.meta.url", url)
    exports = [f"{name}: {local}" for name, local in module.exports.items()]
    exports += [f"{name}: {names[source]}.{exported}" for name, (source, exported) in module.reexports.items()]
    begin, end = ("await (async () => {", "})()") if module.waits else ("(() => {", "})()")
    result = f"return {{ {', '.join(['__proto__: null', *exports])} }};"
    return "\n".join([f"export const {names[module.path]} = {begin}", *bindings, body, result, end + ";"])


def _promise(file: str, path: str, names: dict[str, str], files: dict[str, str]) -> str:
    """Return an expression that replaces a dynamic import: a promise of the module's exports."""
    if files[path] == file:
        return f"Promise.resolve().then(() => {names[path]})"
    return f'import("./{files[path]}").then((file) => file.{names[path]})'


def stylesheet(texts: Iterable[str]) -> str:
    """Return the stylesheets joined in order. Raises Unlinkable if one names another file."""
    joined = "\n".join(texts)
    if "url(" in joined or "@import" in joined or "@charset" in joined:
        raise Unlinkable("A stylesheet names another file, whose address would no longer be right.")
    return joined

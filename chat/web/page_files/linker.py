"""Links the page's ES modules into few files, in the browser's own terms: a file for what is needed at once, one for
each part that is imported later, and one for what several such parts share.

Each module stays a scope of its own, run once and in the order in which a browser would run them, except that what
comes after a module that waits for something waits, too. No module is run before the ones it imports, so that a cycle
is refused.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

from chat.web.page_files.modules import Module, Unlinkable, read, replace_dynamic

FOLDER = "linked"
_PREFIX = "module$"


def link(text_of: Callable[[str], str], entry: str) -> dict[str, str]:
    """The linked files by their names; `entry`'s file has its name. Raises Unlinkable, or what `text_of` raises."""
    modules = _collect(text_of, entry)
    names = {path: f"{_PREFIX}{number}" for number, path in enumerate(modules)}
    files = _files_of(modules, entry)
    members: dict[str, list[str]] = {}
    for path in modules:  # in the order in which they run
        members.setdefault(files[path], []).append(path)
    _check_waits(modules, files)
    return {name: _file(name, paths, modules, names, files) for name, paths in members.items()}


def _collect(text_of: Callable[[str], str], entry: str) -> dict[str, Module]:
    """Every module that is reached, each after those it needs."""
    ordered: dict[str, Module] = {}
    roots = [entry]
    for root in roots:  # grows meanwhile
        _visit(root, text_of, ordered, [])
        for module in list(ordered.values()):
            roots += [path for path in module.later if path not in roots]
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
    wanted = [(each.of, name) for each in module.imports for name, _ in each.names]
    for of, name in [*wanted, *module.passed_on.values()]:
        there = ordered[of]
        if name not in there.exports and name not in there.passed_on:
            raise Unlinkable(f"{module.path} imports {name} from {of}, which has no such export.")


def _check_waits(modules: dict[str, Module], files: dict[str, str]) -> None:
    """Refuse what would never end: a file that waits, at its top level, for one that waits for it."""
    for module in modules.values():
        if module.waits:
            for part in module.later:
                if any(files[path] == files[module.path] for path in _reach(modules, part)):
                    raise Unlinkable(f"{module.path} waits for {part}, which would wait for itself in one file.")


def _files_of(modules: dict[str, Module], entry: str) -> dict[str, str]:
    """The file of each module: that of the entry if it needs it, or else that of all the parts that do."""
    first = _reach(modules, entry)
    parts = dict.fromkeys(path for module in modules.values() for path in module.later)
    users: dict[str, list[str]] = {path: [] for path in modules}
    for part in parts:
        for path in _reach(modules, part) - first:
            users[path].append(_stem(part))
    if len({_stem(path) for path in [entry, *parts]}) < len({entry, *parts}):
        raise Unlinkable("Two parts that are imported later have the same name.")
    return {path: _stem(entry) + ".js" if path in first else "+".join(sorted(users[path])) + ".js" for path in modules}


def _reach(modules: dict[str, Module], root: str) -> set[str]:
    reached: set[str] = set()
    waiting = [root]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += modules[path].needs
    return reached


def _stem(path: str) -> str:
    return posixpath.basename(path).removesuffix(".js")


def _file(name: str, paths: list[str], modules: dict[str, Module], names: dict[str, str], files: dict[str, str]) -> str:
    elsewhere: dict[str, list[str]] = {}
    for needed in dict.fromkeys(needed for path in paths for needed in modules[path].needs):
        if files[needed] != name:
            elsewhere.setdefault(files[needed], []).append(names[needed])
    lines = [f'import {{ {", ".join(wanted)} }} from "./{file}";' for file, wanted in elsewhere.items()]
    lines += [_scope(name, modules[path], names, files) for path in paths]
    return "\n".join(lines) + "\n"


def _scope(file: str, module: Module, names: dict[str, str], files: dict[str, str]) -> str:
    """One module as a function that is called at once and returns its exports."""
    takes = [
        f"const {{ {', '.join(f'{there}: {here}' for there, here in each.names)} }} = {names[each.of]};"
        for each in module.imports
        if each.names
    ]
    later = {path: _later(file, path, names, files) for path in module.later}
    body = replace_dynamic(module.body, module.path, later)
    own = f'new URL("../{module.path}", import.meta.url).href'
    body = body.replace("import.meta.url", own)
    gives = [f"{name}: {local}" for name, local in module.exports.items()]
    gives += [f"{name}: {names[of]}.{there}" for name, (of, there) in module.passed_on.items()]
    begin, end = ("await (async () => {", "})()") if module.waits else ("(() => {", "})()")
    result = f"return {{ {', '.join(['__proto__: null', *gives])} }};"
    return "\n".join([f"export const {names[module.path]} = {begin}", *takes, body, result, end + ";"])


def _later(file: str, path: str, names: dict[str, str], files: dict[str, str]) -> str:
    """An expression for a module that is imported later: a promise of its exports."""
    if files[path] == file:
        return f"Promise.resolve().then(() => {names[path]})"
    return f'import("./{files[path]}").then((file) => file.{names[path]})'


def stylesheet(texts: Iterable[str]) -> str:
    """One stylesheet of several, in their order. Raises Unlinkable where one names another file."""
    whole = "\n".join(texts)
    if "url(" in whole or "@import" in whole or "@charset" in whole:
        raise Unlinkable("A stylesheet names another file, whose address would no longer be right.")
    return whole

"""Parser of one ES module of the page: its imports, its exports and the rest of its text.

It knows only the forms that the page's code uses, and refuses any other: a module that is parsed wrongly would fail in
the browser, one that is refused fails in a test.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

_NAME = r"[A-Za-z_$][\w$]*"
_IMPORT = re.compile(
    rf"(?:^|(?<=;))(?:import\s*(?:(?P<default>{_NAME})\s+from\s*|\{{(?P<names>[^{{}}]*)\}}\s*from\s*)?"
    r"|export\s*\{(?P<reexported>[^{}]*)\}\s*from\s*)"
    r'"(?P<source>[^"]+)";',
    re.M,
)
_EXPORT_LIST = re.compile(r"(?:^|(?<=[;}]))export\s*\{(?P<names>[^{}]*)\};?\s*(?=\n|\Z)", re.M)
_EXPORT = re.compile(rf"^export (?=(?:const|class|function\*?|async function\*?) (?P<name>{_NAME})\b)", re.M)
_EXPORT_DEFAULT = re.compile(r"(?:^|(?<=[;}]))export default (?=function\s*\(|class\s*\{)", re.M)
_DYNAMIC = re.compile(r'\bimport\("(?P<source>[^"]+)"\)')
_COMPUTED = re.compile(r"\bimport\(new URL\(")
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*|[;}]export\s*[{*].*|\bimport\((?!new URL\().*", re.M)
_WAITS = re.compile(r"^(?:export )?const [^=]+ = (?:\(|\w+\()*await\b|^await\b", re.M)
_COMMENT = re.compile(r"^[ \t]*//[^\n]*\n|^[ \t]*/\*\*[^*]*(?:\*(?!/)[^*]*)*\*/[ \t]*\n", re.M)


class Unlinkable(Exception):
    """The modules cannot be linked. The message names the module and the form that is not supported."""


@dataclass(frozen=True)
class Import:
    """Import of names from the module `source`. `names` are pairs: the exported name, the local name."""

    source: str
    names: list[tuple[str, str]]


@dataclass
class Module:
    """A parsed module.

    `exports` maps an exported name to the local name, `reexports` to another module and its exported name. `dynamic`
    are the modules imported by `import()`. `waits`: the module has a top-level `await`.
    """

    path: str
    body: str = ""
    imports: list[Import] = field(default_factory=list)
    exports: dict[str, str] = field(default_factory=dict)
    reexports: dict[str, tuple[str, str]] = field(default_factory=dict)
    dynamic: list[str] = field(default_factory=list)
    waits: bool = False

    @property
    def needs(self) -> list[str]:
        """Return the modules that must run before this one, in order."""
        return list(dict.fromkeys(each.source for each in self.imports))


def read(path: str, text: str) -> Module:
    """Parse the module at `path`, relative to the folder of static files. Raises Unlinkable."""
    module = Module(path)
    body = _without_comments(text)
    module.waits = _WAITS.search(body) is not None
    body = _IMPORT.sub(lambda match: _add_import(module, match), body)
    body = _EXPORT_LIST.sub(lambda match: _add_exports(module, match), body)
    body = _EXPORT.sub(lambda match: _add_export(module, match["name"], match["name"]), body)
    body = _EXPORT_DEFAULT.sub(lambda _: _add_export(module, "default", "default$") + "const default$ = ", body)
    module.dynamic = [resolve(path, match["source"]) for match in _DYNAMIC.finditer(body)]
    if unknown := _LEFT_OVER.search(_DYNAMIC.sub("", body)):
        raise Unlinkable(f"{path} has {unknown[0][:80]!r}, which the linker does not know.")
    module.body = body.strip()
    return module


def replace_dynamic(body: str, path: str, expressions: dict[str, str]) -> str:
    """Return the body with each `import("…")` replaced by the expression for its module."""
    return _DYNAMIC.sub(lambda match: expressions[resolve(path, match["source"])], body)


def resolve(path: str, source: str) -> str:
    """Return the path of the module that `path` imports as `source`. Raises Unlinkable."""
    if not source.startswith(("./", "../")):
        raise Unlinkable(f"{path} imports {source!r}, which is no relative path.")
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), source))


def _without_comments(text: str) -> str:
    """Drop comments on lines of their own, unless a template literal might contain such lines."""
    parts = re.split(r"(`)", text)
    return text if len(parts) > 1 and _in_template(text) else _COMMENT.sub("", text)


def _in_template(text: str) -> bool:
    """Return whether an apparent comment may be inside a template literal, after an odd number of backticks."""
    return any(text.count("`", 0, match.start()) % 2 for match in _COMMENT.finditer(text))


def _add_import(module: Module, match: re.Match[str]) -> str:
    source = resolve(module.path, match["source"])
    if match["reexported"] is not None:
        for exported, name in _names(module, match["reexported"]):
            _check_unique(module, name)
            module.reexports[name] = (source, exported)
    names = [("default", match["default"])] if match["default"] else _names(module, match["names"] or "")
    module.imports.append(Import(source, names))
    return ""


def _add_exports(module: Module, match: re.Match[str]) -> str:
    for local, name in _names(module, match["names"]):
        _add_export(module, name, local)
    return "\n"


def _add_export(module: Module, name: str, local: str) -> str:
    _check_unique(module, name)
    module.exports[name] = local
    return ""


def _check_unique(module: Module, name: str) -> None:
    if name in module.exports or name in module.reexports:
        raise Unlinkable(f"{module.path} exports {name} twice.")


def _names(module: Module, listed: str) -> list[tuple[str, str]]:
    """Return `a, b as c` as pairs: a and a, b and c."""
    names = []
    for each in (part.strip() for part in listed.split(",")):
        match = re.fullmatch(rf"({_NAME})(?:\s+as\s+({_NAME}))?", each)
        if each and not match:
            raise Unlinkable(f"{module.path} imports or exports {each!r}, which the linker does not know.")
        if match:
            names.append((match[1], match[2] or match[1]))
    return names

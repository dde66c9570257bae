"""Reads one ES module of the page: its imports, its exports and the rest of its text.

Only the forms that the page's code uses are known. Any other is refused: a module that is misread would fail in the
browser, one that is refused fails in a test.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

_NAME = r"[A-Za-z_$][\w$]*"
_IMPORT = re.compile(
    rf"(?:^|(?<=;))(?:import\s*(?:(?P<default>{_NAME})\s+from\s*|\{{(?P<names>[^{{}}]*)\}}\s*from\s*)?"
    r"|export\s*\{(?P<passed>[^{}]*)\}\s*from\s*)"
    r'"(?P<of>[^"]+)";',
    re.M,
)
_EXPORT_LIST = re.compile(r"(?:^|(?<=[;}]))export\s*\{(?P<names>[^{}]*)\};?\s*(?=\n|\Z)", re.M)
_EXPORT = re.compile(rf"^export (?=(?:const|class|function\*?|async function\*?) (?P<name>{_NAME})\b)", re.M)
_EXPORT_DEFAULT = re.compile(r"(?:^|(?<=[;}]))export default (?=function\s*\(|class\s*\{)", re.M)
_DYNAMIC = re.compile(r'\bimport\("(?P<of>[^"]+)"\)')
_COMPUTED = re.compile(r"\bimport\(new URL\(")
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*|[;}]export\s*[{*].*|\bimport\((?!new URL\().*", re.M)
_WAITS = re.compile(r"^(?:export )?const [^=]+ = (?:\(|\w+\()*await\b|^await\b", re.M)
_COMMENT = re.compile(r"^[ \t]*//[^\n]*\n|^[ \t]*/\*\*[^*]*(?:\*(?!/)[^*]*)*\*/[ \t]*\n", re.M)


class Unlinkable(Exception):
    """One sentence: which module has what the linker does not know."""


@dataclass(frozen=True)
class Import:
    """`names` are pairs: what the other module calls it, what this one does."""

    of: str
    names: list[tuple[str, str]]


@dataclass
class Module:
    """`exports` maps a name seen outside to a local one, `passed_on` to a module and its name there."""

    path: str
    body: str = ""
    imports: list[Import] = field(default_factory=list)
    exports: dict[str, str] = field(default_factory=dict)
    passed_on: dict[str, tuple[str, str]] = field(default_factory=dict)
    later: list[str] = field(default_factory=list)
    waits: bool = False

    @property
    def needs(self) -> list[str]:
        """The modules that must have run before this one, in their order."""
        return list(dict.fromkeys(each.of for each in self.imports))


def read(path: str, text: str) -> Module:
    """The module at `path`, below the folder of the page's files. Raises Unlinkable."""
    module = Module(path)
    body = _without_comments(text)
    module.waits = _WAITS.search(body) is not None
    body = _IMPORT.sub(lambda found: _take_import(module, found), body)
    body = _EXPORT_LIST.sub(lambda found: _take_exports(module, found), body)
    body = _EXPORT.sub(lambda found: _export(module, found["name"], found["name"]), body)
    body = _EXPORT_DEFAULT.sub(lambda _: _export(module, "default", "default$") + "const default$ = ", body)
    module.later = [resolved(path, found["of"]) for found in _DYNAMIC.finditer(body)]
    if unknown := _LEFT_OVER.search(_DYNAMIC.sub("", body)):
        raise Unlinkable(f"{path} has {unknown[0][:80]!r}, which the linker does not know.")
    module.body = body.strip()
    return module


def replace_dynamic(body: str, path: str, instead: dict[str, str]) -> str:
    """The body with each `import("…")` replaced by an expression for the module it names."""
    return _DYNAMIC.sub(lambda found: instead[resolved(path, found["of"])], body)


def resolved(path: str, of: str) -> str:
    if not of.startswith(("./", "../")):
        raise Unlinkable(f"{path} imports {of!r}, which is no relative path.")
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), of))


def _without_comments(text: str) -> str:
    """Drop comments that have lines of their own, unless a template literal might have such lines."""
    parts = re.split(r"(`)", text)
    return text if len(parts) > 1 and _in_template(text) else _COMMENT.sub("", text)


def _in_template(text: str) -> bool:
    """Whether what looks like a comment may stand in a template literal: an odd number of backticks before it."""
    return any(text.count("`", 0, found.start()) % 2 for found in _COMMENT.finditer(text))


def _take_import(module: Module, found: re.Match[str]) -> str:
    of = resolved(module.path, found["of"])
    if found["passed"] is not None:
        for there, name in _names(module, found["passed"]):
            _once(module, name)
            module.passed_on[name] = (of, there)
    names = [("default", found["default"])] if found["default"] else _names(module, found["names"] or "")
    module.imports.append(Import(of, names))
    return ""


def _take_exports(module: Module, found: re.Match[str]) -> str:
    for local, name in _names(module, found["names"]):
        _export(module, name, local)
    return "\n"


def _export(module: Module, name: str, local: str) -> str:
    _once(module, name)
    module.exports[name] = local
    return ""


def _once(module: Module, name: str) -> None:
    if name in module.exports or name in module.passed_on:
        raise Unlinkable(f"{module.path} exports {name} twice.")


def _names(module: Module, listed: str) -> list[tuple[str, str]]:
    """`a, b as c` as pairs: a and a, b and c."""
    names = []
    for each in (part.strip() for part in listed.split(",")):
        found = re.fullmatch(rf"({_NAME})(?:\s+as\s+({_NAME}))?", each)
        if each and not found:
            raise Unlinkable(f"{module.path} imports or exports {each!r}, which the linker does not know.")
        if found:
            names.append((found[1], found[2] or found[1]))
    return names

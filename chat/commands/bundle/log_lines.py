"""Lines of `app.log` and `access.log`, reduced to what the program itself has written.

A message is kept as the sentence of the program's source that produced it, with numbers and known words in its gaps.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chat import errors
from config.paths import ROOT

GAP = "…"
_PARTS = re.compile(r"%(?:s|d|g|\.\d+f|r)")
_SAFE_VALUE = re.compile(r"-?\d{1,9}(?:\.\d{1,6})?|ASYNC|SYNC|🚀|⏳")
_FIELDS = r"(?P<fields>(?: \w{1,20}=\S{1,128})*)"
_TEXT = re.compile(
    r"(?P<at>\S+) (?P<level>[A-Z]{4,8}) \[(?P<pid>\d{1,10})\] (?P<logger>[\w.]{1,80})" + _FIELDS + r": (?P<message>.*)"
)
_ACCESS = re.compile(
    r"(?P<at>\[.*?\]) \S+ \"(?P<method>[A-Z]{1,10}) (?P<path>.*) HTTP/\d\.\d\" "
    r"(?P<status>\d{3}) (?P<bytes>\d+)B (?P<seconds>[\d.]+)s <?(?P<pid>\d+)>? \".*\" (?P<request>\S+)"
)
_AT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    r"|\[?\d\d/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]?"
)
_LEVEL = re.compile("DEBUG|INFO|WARNING|ERROR|CRITICAL")
_METHOD = re.compile("GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS")
_OWN_ID = re.compile(r"[0-9a-f]{16}")
_FRAME = re.compile(r'\s*File "(?P<path>[^"]+)", line (?P<line>\d{1,6}), in (?P<name>[\w<>]+)')
_ERROR = re.compile(r"\s*(?:[\w.]*\.)?(?P<name>[A-Za-z_]\w*)(?::.*)?")
# Parts of paths that are always the same.
_WORDS = frozenset(
    re.findall(
        r"\S+",
        "api admin metrics healthz readyz static me conversations turns messages events stop share shared export data "
        "docs instructions feedback regenerate continue openapi.json memory-debug favicon.ico js css s c v1 chat",
    )
)


def app_log(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the records of `app.log`, in text or JSON."""
    for line in lines:
        if line.startswith("    "):
            if (place := _traceback_line(line)) is not None:
                yield {"traceback": place}
        elif line.strip():
            yield _record(line)


def access_log(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the requests in `access.log`, without addresses and agents of clients."""
    for line in lines:
        entry = _json(line) or (match.groupdict() if (match := _ACCESS.fullmatch(line)) else {})
        seconds = entry.get("duration_s", entry.get("seconds", ""))
        yield {
            "at": _matching(_AT, entry.get("at", "")),
            "method": _matching(_METHOD, entry.get("method", "")),
            "path": _path(str(entry.get("path", ""))),
            "status": _number(entry.get("status")),
            "bytes": _number(entry.get("bytes")),
            "seconds": _number(seconds),
            "request": _matching(_OWN_ID, entry.get("request", "")),
        }


def sentence(message: str) -> str:
    """Return the program's own sentence for a message, with safe values in its gaps; "…" for any other message."""
    best = ""
    for template, pattern in _templates():
        match = pattern.fullmatch(message)
        if match is not None and len(template) > len(best):
            best = template
            texts = iter(match.groups())
    if not best:
        return GAP
    return _PARTS.sub(lambda _part: value if _is_safe(value := next(texts)) else GAP, best)


def _is_safe(value: str) -> bool:
    return _SAFE_VALUE.fullmatch(value) is not None or value in _error_codes()


def _record(line: str) -> dict[str, Any]:
    entry = _json(line)
    if entry:
        fields = entry
        exception = str(entry.get("exception", "")).splitlines()
    else:
        match = _TEXT.fullmatch(line)
        if match is None:
            return {"message": GAP}
        entry = match.groupdict()
        fields = dict(pair.split("=", 1) for pair in entry.pop("fields").split())
        exception = []
    record: dict[str, Any] = {
        "at": _matching(_AT, entry.get("at", "")),
        "level": _matching(_LEVEL, entry.get("level", "")),
        "pid": _number(entry.get("pid")),
        "logger": str(entry.get("logger")) if entry.get("logger") in _module_names() else "",
        "request": _matching(_OWN_ID, fields.get("request", "")),
        "conversation": _number(fields.get("conversation")),
        "turn": _number(fields.get("turn")),
        "message": sentence(str(entry.get("message", ""))),
    }
    traceback = [place for each in exception if (place := _traceback_line(each)) is not None]
    return record | ({"traceback": traceback} if traceback else {})


def _traceback_line(line: str) -> str | None:
    """Return a place in the code or the kind of an error, None for any other line."""
    if frame := _FRAME.match(line):
        return _frame(Path(frame["path"]), frame["line"], frame["name"])
    error = _ERROR.fullmatch(line)
    return error["name"] if error and error["name"] in _error_names() else None


def _frame(path: Path, line: str, function: str) -> str:
    """Return a place of the program; of a library only its package."""
    parts = path.parts
    for begin in range(len(parts)):
        name = "/".join(parts[begin:])
        if name in _source_names():
            return f"{name}:{line} {function if function in _function_names() else GAP}"
    packages = [part.removesuffix(".py") for part in parts]
    package = next((part for part in packages if part in sys.stdlib_module_names or part in _packages()), GAP)
    return f"{package}:{line}"


def _path(path: str) -> str:
    """Return a path with its known words and ids; other parts may be secret links or anything."""
    parts = path.split("?", maxsplit=1)[0].split("/")[:8]
    return "/".join(part if part in _WORDS or re.fullmatch(r"\d{0,12}", part) else GAP for part in parts)


def _json(line: str) -> dict[str, Any]:
    if not line.startswith("{"):
        return {}
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _matching(pattern: re.Pattern[str], value: object) -> str:
    return str(value) if pattern.fullmatch(str(value)) else ""


def _number(value: object) -> float | None:
    try:
        return float(str(value)) if re.fullmatch(r"\d{1,15}(\.\d{1,9})?", str(value)) else None
    except ValueError:
        return None


@functools.cache
def _templates() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the sentences that the program logs, as written in its source, and patterns for them."""
    texts = {text for path in _sources() for text in _log_texts(ast.parse(path.read_text(encoding="utf-8")))}
    return tuple((text, _pattern(text)) for text in sorted(texts) if _PARTS.sub("", text).strip(" :."))


def _sources() -> list[Path]:
    return [path for folder in ("chat", "config") for path in sorted((ROOT / folder).rglob("*.py"))]


def _log_texts(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("debug", "info", "warning", "error", "exception", "critical")
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        ):
            yield node.args[0].value


def _pattern(template: str) -> re.Pattern[str]:
    words = [re.escape(word) for word in _PARTS.split(template)]
    return re.compile("(.*?)".join(words), re.DOTALL)


@functools.cache
def _source_names() -> frozenset[str]:
    return frozenset(str(path.relative_to(ROOT)) for path in _sources())


@functools.cache
def _module_names() -> frozenset[str]:
    names = (name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in _source_names())
    return frozenset((*names, "gunicorn.error", "gunicorn.access"))


@functools.cache
def _function_names() -> frozenset[str]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in _sources())
    names = (node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset((*names, "<module>", "<lambda>", "<listcomp>", "<genexpr>", "<dictcomp>"))


@functools.cache
def _packages() -> frozenset[str]:
    return frozenset(importlib.metadata.packages_distributions())


@functools.cache
def _error_names() -> frozenset[str]:
    """Return the names of Python's exceptions and of the program's own."""
    types = [*vars(builtins).values(), *vars(errors).values()]
    return frozenset(each.__name__ for each in types if isinstance(each, type) and issubclass(each, BaseException))


@functools.cache
def _error_codes() -> frozenset[str]:
    codes = (vars(each).get("code") for each in vars(errors).values() if isinstance(each, type))
    return frozenset(each for each in codes if isinstance(each, str))

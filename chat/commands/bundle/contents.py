"""The members of a bundle, each made of fields on an allow list."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from chat.commands.bundle import log_lines
from chat.commands.doctor.installation import Installation, NotAvailable
from chat.commands.doctor.run_checks import Line
from chat.commands.secrets import Secrets
from config.settings import SettingError, Settings
from config.version import VERSION

_LOG_BYTES = 256 * 1024
# Checks whose sentences are about the program and the machine only.
_OPEN_CHECKS = frozenset(
    f"PAR{number}" for number in ("001", "002", "003", "012", "031", "032", "040", "043", "044", "053", "055", "056")
)
_FREE_TEXT = frozenset(("GREETING", "STARTERS", "SYSTEM_PROMPT_FILE", "ALLOWED_HOSTS", "BASE_PATH"))
_CODE = r"[\w./<>-]{1,200}:\d{1,6} [\w.<>]{1,100}"
_PLACE = re.compile(rf"{_CODE}(?: → (?:{_CODE}|garbage collection))?")
_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,60}")
_REPORT_WORDS = frozenset(("async", "sync", "gevent", "gthread"))
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|\+00:00)")


def members(installation: Installation, lines: Sequence[Line]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file of the bundle. `lines` are the doctor's."""
    secrets = Secrets.of(installation.environ, installation.env_file)
    documents: dict[str, Any] = {
        "doctor": [_finding(line) for line in lines],
        "versions": _versions(),
        "settings": _settings(installation),
    }
    try:
        reports = installation.reports
        folder = installation.settings.log_dir
    except NotAvailable:
        reports, folder = [], None
    documents["workers"] = [_report(report) for report in reports]
    documents["blocked"] = [block for report in reports for block in _blocks(report)]
    for name, content in documents.items():
        yield f"{name}.json", _encoded(content, secrets)
    if folder is not None:
        yield "app.log.jsonl", _lines(log_lines.app_log(_end(folder / "app.log")), secrets)
        yield "access.log.jsonl", _lines(log_lines.access_log(_end(folder / "access.log")), secrets)


def _encoded(content: Any, secrets: Secrets) -> bytes:
    return json.dumps(_hidden(content, secrets), ensure_ascii=False, indent=1).encode()


def _lines(records: Iterator[Mapping[str, Any]], secrets: Secrets) -> bytes:
    return "".join(f"{json.dumps(_hidden(record, secrets), ensure_ascii=False)}\n" for record in records).encode()


def _hidden(content: Any, secrets: Secrets) -> Any:
    """Return JSON values with secrets hidden in their texts."""
    if isinstance(content, str):
        return secrets.hide(content)
    if isinstance(content, Mapping):
        return {name: _hidden(value, secrets) for name, value in content.items()}
    if isinstance(content, Sequence):
        return [_hidden(each, secrets) for each in content]
    return content


def _finding(line: Line) -> dict[str, str]:
    record = {"code": line.code, "subject": line.subject, "level": line.level}
    return record | ({"message": line.message} if line.code in _OPEN_CHECKS else {})


@functools.cache
def _versions() -> dict[str, Any]:
    packages = {each.name: each.version for each in importlib.metadata.distributions() if each.name}
    return {
        "parley": VERSION,
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": dict(sorted(packages.items())),
    }


def _settings(installation: Installation) -> dict[str, Any]:
    """Return each setting: its value if that is a number or a choice, otherwise only whether it is set."""
    loaded = installation.loaded
    if isinstance(loaded, SettingError):
        name = str(loaded).split(" ", 1)[0]
        names = {each.metadata["name"] for each in fields(Settings)}
        return {"invalid": name if name in names else "a line of .env"}
    entries: dict[str, Any] = {}
    for each in fields(Settings):
        name, value = each.metadata["name"], getattr(loaded, each.name)
        is_default = value == each.default
        entries[name] = {"default": is_default} | (
            _public_value(name, value, is_default) if each.repr else _scheme(value)
        )
    return entries


def _public_value(name: str, value: object, is_default: bool) -> dict[str, Any]:
    if isinstance(value, bool | int | float):
        return {"value": value}
    if isinstance(value, Path) or name in _FREE_TEXT:
        return {}
    if name == "CHAT_MODEL" and isinstance(value, tuple):
        return {"value": [model if _MODEL_NAME.fullmatch(model) else log_lines.GAP for model in value]}
    if isinstance(value, str) and "://" in value:
        return _scheme(value)
    choice = isinstance(value, str) and re.fullmatch(r"[a-zA-Z]{1,10}", value) and name != "TITLE_MODEL"
    return {"value": value} if is_default or (choice and name != "HOST") else {}


def _scheme(value: object) -> dict[str, Any]:
    """Return the scheme of an address, nothing for any other value."""
    scheme = re.match(r"(sqlite|postgres(?:ql)?|rediss?|unix|https?):/", str(value))
    return {"scheme": scheme[1]} if scheme else {}


def _report(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a worker's report with its figures, times and known words."""
    figures = {name: value for name, value in report.items() if _is_figure(name, value)}
    conversations = report.get("conversations")
    if isinstance(conversations, list):
        figures["conversations"] = [
            {name: value for name, value in each.items() if _is_figure(name, value)}
            for each in conversations
            if isinstance(each, dict)
        ]
    return figures


def _is_figure(name: object, value: object) -> bool:
    if not isinstance(name, str) or not re.fullmatch(r"[a-z_]{1,40}", name):
        return False
    is_word = isinstance(value, str) and (value in _REPORT_WORDS or _TIME.fullmatch(value) is not None)
    return is_word or isinstance(value, bool | int | float)


def _blocks(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    blocked = report.get("blocked")
    for block in blocked if isinstance(blocked, list) else ():
        if isinstance(block, dict) and isinstance(block.get("ms"), int | float):
            where = str(block.get("where", ""))
            yield {
                "pid": report.get("pid"),
                "ms": block["ms"],
                "where": where if _PLACE.fullmatch(where) else log_lines.GAP,
            }


def _end(path: Path) -> list[str]:
    """Return the last whole lines of a file, none if it cannot be read."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            file.seek(max(0, size - _LOG_BYTES))
            lines = file.read(_LOG_BYTES).decode("utf-8", "replace").split("\n")
    except OSError:
        return []
    return lines[1:] if size > _LOG_BYTES else lines

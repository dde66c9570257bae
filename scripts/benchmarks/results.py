"""The results as JSON: every figure, and the conditions of its measurement."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import math
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.benchmarks import machine, scene
from scripts.benchmarks import measures as tables
from scripts.benchmarks.bench import Bench
from scripts.benchmarks.measures import Measure

_PACKAGES = ("gunicorn", "gevent", "flask", "openai", "httpx2", "peewee", "msgspec")
_ROOT = Path(__file__).resolve().parents[2]


def collected(bench: Bench, measures: Sequence[Measure], profile: dict[str, Any] | None) -> dict[str, Any]:
    """Return all results, ready to be written."""
    result = {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "commit": commit(),
        "quick": bench.quick,
        "backends": "SQLite" if bench.backends is None else bench.backends.name,
        "machine": machine.description(),
        "versions": _versions(bench.packages),
        "measures": [tables.as_json(measure) for measure in measures],
        "scenes": {
            name: {server: scene.as_json(outcome) for server, outcome in outcomes.items()}
            for name, outcomes in bench.outcomes.items()
        },
    }
    whole: dict[str, Any] = finite(result | ({"profile": profile} if profile else {}))
    return whole


def finite(value: Any) -> Any:
    """Return a copy with None for infinite values and NaN, which JSON cannot represent."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(each) for each in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def write(result: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def commit() -> str:
    """Return the commit of the measured code, with a plus if files differ from it."""
    try:
        commit_id = _git("rev-parse", "--short", "HEAD")
        return commit_id + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(_ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _versions(packages: Path | None) -> dict[str, str]:
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    apart = importlib.metadata.distributions(path=[str(packages)]) if packages else importlib.metadata.distributions()
    wanted = ("uvicorn", "uvloop", "httptools")
    return versions | {each.name: each.version for each in apart if each.name in wanted}

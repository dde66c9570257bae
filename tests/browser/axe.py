"""axe-core, which finds what people with a screen reader, a keyboard or weak eyes stumble over. For tests only.

It is fetched by npm at the version and checksum in package-lock.json when it is first needed, into node_modules/,
which git ignores. Of several processes that need it at once, one fetches it and the others wait.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

_HERE = Path(__file__).resolve().parent
_SOURCE = _HERE / "node_modules" / "axe-core" / "axe.min.js"
# WCAG 2.2 to AA, and what axe holds to be good practice beside it.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


_SETTLED = """() => Promise.all(
    document.getAnimations()
        .filter(each => isFinite(each.effect.getComputedTiming().endTime))
        .map(each => each.finished)
)"""


@cache
def _source() -> str:
    with (_HERE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _SOURCE.exists():
            _fetch()
    return _SOURCE.read_text(encoding="utf-8")


def _fetch() -> None:
    if shutil.which("npm") is None and os.environ.get("CI") != "true":
        pytest.skip("npm is not installed, which fetches axe-core (Debian: apt-get install npm)")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=_HERE, check=True, capture_output=True, timeout=120)


def problems(page: Page) -> list[str]:
    """What axe finds on the page as it is now: rule, element and remedy, a line each."""
    page.evaluate(_source())
    # What is still fading in has colours of its own for a moment.
    page.evaluate(_SETTLED)
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", _RULES
    )
    return [
        f"{violation['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]

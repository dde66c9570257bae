"""axe-core, which finds accessibility errors. For tests only."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.browser.npm_packages import package

# WCAG 2.2 to AA, and what axe holds to be good practice beside it.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


_SETTLED = """() => Promise.all(
    document.getAnimations()
        .filter(each => isFinite(each.effect.getComputedTiming().endTime))
        .map(each => each.finished)
)"""


@cache
def _source() -> str:
    return (package("axe-core") / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """Return axe's findings on the present page: rule, element and remedy, one line each."""
    page.evaluate(_source())
    # What is still fading in has colours of its own for a moment.
    page.evaluate(_SETTLED)
    report: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", _RULES
    )
    return [
        f"{violation['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for violation in report["violations"]
        for node in violation["nodes"]
    ]

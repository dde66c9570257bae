"""Findings of the doctor: a code, a level, a sentence, and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chat.commands.doctor.installation import Installation

PASS, WARN, FAIL, SKIP = "pass", "warn", "fail", "skip"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check. `remedy` is empty unless the level is warn or fail."""

    level: str
    message: str
    remedy: str = ""


def passed(message: str) -> Finding:
    return Finding(PASS, message)


def warned(message: str, remedy: str) -> Finding:
    return Finding(WARN, message, remedy)


def failed(message: str, remedy: str) -> Finding:
    return Finding(FAIL, message, remedy)


def skipped(message: str) -> Finding:
    """Return the finding of a check that does not apply here, or that another failure prevents."""
    return Finding(SKIP, message)


@dataclass(frozen=True, slots=True)
class Check:
    """One check. Its code never changes its meaning; `docs/doctor.md` explains it."""

    code: str
    subject: str
    run: Callable[[Installation], Finding]


class Checks:
    """The checks of one module, in the order of their definition."""

    def __init__(self) -> None:
        self.all: list[Check] = []

    def __call__(
        self, code: str, subject: str
    ) -> Callable[[Callable[[Installation], Finding]], Callable[[Installation], Finding]]:
        """Return a decorator that adds a function as the check `code`."""

        def add(run: Callable[[Installation], Finding]) -> Callable[[Installation], Finding]:
            self.all.append(Check(code, subject, run))
            return run

        return add

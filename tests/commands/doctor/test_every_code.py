"""Each code of the doctor is unique, documented, and provoked by a test."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from chat.commands.doctor.run_checks import all_checks
from config.paths import ROOT

from . import (
    test_checks,
    test_database_checks,
    test_model_checks,
    test_postgresql,
    test_public_url,
    test_server_checks,
)


def test_codes_are_unique_and_documented() -> None:
    codes = [check.code for check in all_checks()]
    assert len(codes) == len(set(codes))
    assert codes == sorted(codes)
    text = (ROOT / "docs/doctor.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `PAR")]
    assert [(code.strip(" `"), subject.strip()) for code, subject in rows] == [
        (check.code, check.subject) for check in all_checks()
    ]


def test_every_code_is_provoked() -> None:
    modules = (
        test_checks, test_database_checks, test_model_checks, test_postgresql, test_public_url, test_server_checks,
    )  # fmt: skip
    named = {code for module in modules for test in _tests(vars(module)) for code in _codes(test.pytestmark)}
    assert sorted(named) == [check.code for check in all_checks()]


def _tests(names: dict[str, Any]) -> Iterator[Any]:
    """Yield the marked tests of a module or a class."""
    for name, value in names.items():
        if inspect.isclass(value) and name.startswith("Test"):
            yield from _tests(vars(value))
        elif name.startswith("test_") and hasattr(value, "pytestmark"):
            yield value


def _codes(marks: Iterable[Any]) -> Iterator[str]:
    """Yield the codes in the marks `provokes` of a test, or of its parameters."""
    for mark in marks:
        if mark.name == "provokes":
            yield from mark.args
        elif mark.name == "parametrize":
            for parameters in mark.args[1]:
                yield from _codes(getattr(parameters, "marks", ()))

"""Failed starts, each reported in one line that names the remedy."""

from __future__ import annotations

import errno

import pytest

from config.paths import ROOT
from config.server.start_errors import CannotStart, explain
from config.server.start_status import StartStatus
from config.settings import SettingError


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (SettingError("PORT is 'x', but takes a number."), "PORT is 'x', but takes a number"),
        (CannotStart("The database is gone."), "The database is gone"),
        (SystemExit("parley: THREADS is 0."), "THREADS is 0"),
        (SystemExit(4), "4"),
        (MemoryError(), "there is not enough memory"),
        (RuntimeError("can't start new thread"), "no more threads may be started"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "there is not enough memory"),
        (OSError(errno.EMFILE, "Too many open files"), "raise `ulimit -n`"),
        (OSError(errno.ENOSPC, "No space left on device", "data/x"), "No space left on device: 'data/x'"),
        (ModuleNotFoundError("No module named 'peewee'", name="peewee"), "the package peewee is missing"),
        (ModuleNotFoundError("No module named 'chat.x'", name="chat.x"), "No module named 'chat.x'"),
        (SyntaxError("invalid syntax", (f"{ROOT}/chat/x.py", 7, 1, "x")), "chat/x.py, line 7 cannot be read (invalid"),
        (ValueError("two\nlines \x1b[31m"), "ValueError: two lines  [31m"),
    ],
)
def test_one_line_that_says_what_is_wrong(error: BaseException, sentence: str) -> None:
    explanation = explain(error)
    assert sentence in explanation
    assert explanation.isprintable()
    assert not explanation.endswith(".")


def test_the_place_in_the_program_is_named() -> None:
    try:
        raise KeyError("x")
    except KeyError as error:
        assert (
            f"KeyError: 'x' (tests/config/server/test_start_errors.py, line {error.__traceback__.tb_lineno});"
            in explain(error)
        )


def test_a_reason_of_any_length_reaches_the_master() -> None:
    start_status = StartStatus()
    assert (start_status.ready, start_status.failure) == (False, "")
    start_status.fail("ü" * 2000)
    assert set(start_status.failure.rstrip("�")) == {"ü"}
    start_status.succeed()
    assert start_status.ready

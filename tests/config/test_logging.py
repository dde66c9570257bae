"""`app.log`: one record a line, from every logger and with any content."""

from __future__ import annotations

import contextvars
import datetime
import json
import logging
import os
import re

import pytest

from config import log_fields

from .conftest import NOISY, SetUp
from .log_lines import LINE, lines

pytestmark = pytest.mark.usefixtures("loggers_as_before")

log = logging.getLogger("chat.turns.runner")


HOSTILE = {
    "line breaks": "a\nb\rc\r\nd",
    "other line breaks": "a\x0bb\x0cc\x1cd\x1ee\x85f\u2028g\u2029h",
    "a forged record": "x\n2026-01-01T00:00:00.000Z CRITICAL [1] chat: forged",
    "terminal sequences": "\x1b[2J\x1b]0;title\x07\x9b31m red \x1b[0m",
    "NUL and DEL": "a\x00b\x7fc",
    "backspaces": "secret\x08\x08\x08\x08\x08\x08public",
    "lone surrogates": "a\ud800b\udfffc",
    "JSON": '{"level": "FATAL"}\\"',
    "letters": "Zürich, 北京, 🜨, e\u0301",
}


# One record, one line


def test_a_line_of_text(set_up: SetUp) -> None:
    path = set_up()
    log.info("🚀 Using ASYNC agent for conversation %s", 123)
    (line,) = lines(path)
    moment, rest = line.split(" ", 1)
    written = datetime.datetime.fromisoformat(moment)
    assert written.tzinfo is not None
    assert abs(datetime.datetime.now(datetime.UTC) - written) < datetime.timedelta(minutes=1)
    assert rest == f"INFO [{os.getpid()}] chat.turns.runner: 🚀 Using ASYNC agent for conversation 123"


def test_a_line_of_json(set_up: SetUp) -> None:
    path = set_up(log_format="json")
    log.warning("⏳ Using SYNC agent for conversation %s", 123)
    (line,) = lines(path)
    entry = json.loads(line)
    written = datetime.datetime.fromisoformat(entry.pop("at"))
    assert abs(datetime.datetime.now(datetime.UTC) - written) < datetime.timedelta(minutes=1)
    assert entry == {
        "level": "WARNING",
        "pid": os.getpid(),
        "logger": "chat.turns.runner",
        "message": "⏳ Using SYNC agent for conversation 123",
    }


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_record_is_a_line_whatever_is_in_it(
    set_up: SetUp, log_format: str, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = set_up(log_format=log_format)
    log.warning("said: %s", text)
    log.warning(text)
    log.warning("after")
    for written in (path.read_bytes().decode("utf-8"), capfd.readouterr().err):
        lines = written.splitlines()  # breaks at every character that any reader may take for a line's end
        assert len(lines) == 3
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", written)
        if log_format == "text":
            assert all(LINE.fullmatch(line) for line in lines), lines
        elif "\ud800" not in text:
            assert [json.loads(line)["message"] for line in lines] == [f"said: {text}", text, "after"]


def test_lone_surrogates_are_legible_in_json(set_up: SetUp) -> None:
    path = set_up(log_format="json")
    log.warning("a\ud800b")
    assert json.loads(lines(path)[0])["message"] == "a\ud800b"


def test_a_traceback_stands_apart_in_text_and_within_the_line_in_json(set_up: SetUp) -> None:
    def fail() -> None:
        try:
            raise ValueError("x\n2026-01-01T00:00:00.000Z INFO [1] chat: forged\x1b[31m")
        except ValueError:
            log.exception("It failed")

    path = set_up()
    fail()
    first, *rest = lines(path)
    assert first.endswith(" chat.turns.runner: It failed")
    assert rest[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in rest)
    assert "\x1b" not in "".join(rest)

    path.unlink()
    path = set_up(log_format="json")
    fail()
    (line,) = lines(path)
    assert json.loads(line)["exception"].startswith("Traceback (most recent call last):\n")


def test_a_message_that_cannot_be_made_is_no_error_of_the_program(
    set_up: SetUp, capfd: pytest.CaptureFixture[str]
) -> None:
    path = set_up()
    log.info("%d", "not a number")
    log.info("after")
    assert [line.rsplit(": ", 1)[1] for line in lines(path)] == ["after"]
    assert "--- Logging error ---" in capfd.readouterr().err


# What is told, and where


@pytest.mark.parametrize(
    ("level", "letters"),
    [("DEBUG", "DIWE"), ("INFO", "IWE"), ("WARNING", "WE"), ("ERROR", "E")],
)
def test_the_level(set_up: SetUp, level: str, letters: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = set_up(log_level=level)
    for each in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        log.log(each, "x")
    assert [line.split()[1][0] for line in lines(path)] == list(letters)
    assert [line.split()[1][0] for line in capfd.readouterr().err.splitlines()] == [
        each for each in letters if each in "WE"
    ]


def test_libraries_do_not_tell_of_every_connection(set_up: SetUp) -> None:
    path = set_up(log_level="DEBUG")
    for name in NOISY:
        logging.getLogger(name).debug("canary header")
        logging.getLogger(f"{name}.deeper").info("canary header")
        logging.getLogger(name).warning("worth knowing")
    assert [line.rsplit(": ", 1)[1] for line in lines(path)] == ["worth knowing"] * len(NOISY)

    path = set_up(log_level="ERROR")
    logging.getLogger("openai").warning("not asked for")
    assert len(lines(path)) == len(NOISY)


def test_setting_up_again_does_not_write_everything_twice(set_up: SetUp) -> None:
    set_up()
    path = set_up()
    log.info("once")
    assert len(lines(path)) == 1


def test_fields_of_the_request_and_the_turn(set_up: SetUp) -> None:
    def write() -> None:
        log_fields.replace({"request": "r-1"})
        log_fields.add(conversation=3, turn=5)
        log.info("with fields")

    for log_format in ("text", "json"):
        path = set_up(log_format=log_format)
        contextvars.copy_context().run(write)
        log.info("without")
        last, without = lines(path)[-2:]
        if log_format == "text":
            assert last.endswith(" chat.turns.runner request=r-1 conversation=3 turn=5: with fields")
            assert without.endswith(" chat.turns.runner: without")
        else:
            entry = json.loads(last)
            assert (entry["request"], entry["conversation"], entry["turn"]) == ("r-1", 3, 5)
            assert "turn" not in json.loads(without)

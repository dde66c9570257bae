"""`app.log`: one record a line, from every logger and with any content."""

from __future__ import annotations

import contextvars
import dataclasses
import datetime
import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gunicorn.config import Config

from config import log_fields
from config import logging as log_files
from config.logging import LineFile
from config.paths import ROOT
from config.server.access_log import AccessLog
from config.settings import SettingError, Settings

log = logging.getLogger("chat.turns.runner")

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ \[\d+\] [\w.]+( \w+=[\w.-]+)*: .*")
NOISY = ("openai", "httpx2", "httpcore2", "peewee")

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


@pytest.fixture(autouse=True)
def loggers_as_before() -> Iterator[None]:
    """Setting up replaces what the root logger has: give it back."""
    root = logging.getLogger()
    handlers, level, levels = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in NOISY}
    log_fields.replace({})  # those of a request in an earlier test
    gathered = logging._srcfile, logging.logThreads, logging.logMultiprocessing
    yield
    logging._srcfile, logging.logThreads, logging.logMultiprocessing = gathered
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


SetUp = Callable[..., Path]


@pytest.fixture
def set_up(settings: Settings) -> SetUp:
    """Set logging up, with changes to the settings; returns where `app.log` will be."""

    def set_up(**changes: object) -> Path:
        changed = dataclasses.replace(settings, **changes)
        log_files.set_up(changed)
        return changed.log_dir / "app.log"

    return set_up


def lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return text.split("\n")[:-1]


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
    ("level", "told"),
    [("DEBUG", "DIWE"), ("INFO", "IWE"), ("WARNING", "WE"), ("ERROR", "E")],
)
def test_the_level(set_up: SetUp, level: str, told: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = set_up(log_level=level)
    for each in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        log.log(each, "x")
    assert [line.split()[1][0] for line in lines(path)] == list(told)
    assert [line.split()[1][0] for line in capfd.readouterr().err.splitlines()] == [
        each for each in told if each in "WE"
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


def test_nothing_is_written_before_there_is_something_to_write(set_up: SetUp) -> None:
    path = set_up()
    assert path.parent.is_dir()
    assert not path.exists()


def test_what_was_there_stays(set_up: SetUp) -> None:
    path = set_up()
    path.write_text("before\n", encoding="utf-8")
    log.info("after")
    assert [line[-6:] for line in lines(path)] == ["before", " after"]


# Other processes, and files that are moved

WRITER = """
import logging, sys
from pathlib import Path
from typing import Any
from config import logging as log_files
from config.settings import Settings
log_files.set_up(Settings(log_dir=Path(sys.argv[1])))
log = logging.getLogger("writer")
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
for number in range(300):
    # From a few bytes to more than any buffer holds.
    log.info("%s %s %s", sys.argv[2], number, "x" * (number * 89 % 20_000))
"""


def test_several_processes_share_the_file_and_lose_nothing(set_up: SetUp) -> None:
    path = set_up()
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path.parent), name],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in "abcd"
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    records = []
    for line in lines(path):
        assert LINE.fullmatch(line), line[:200]
        name, number, text = line.split(": ", 1)[1].split(" ")
        assert text == "x" * (int(number) * 89 % 20_000)
        records.append((name, int(number)))
    assert sorted(records) == [(name, number) for name in "abcd" for number in range(300)]
    assert [number for name, number in records if name == "a"] == list(range(300))


def test_a_file_that_was_moved_away_is_opened_anew(set_up: SetUp) -> None:
    path = set_up()
    for number in range(3):
        log.info("number %s", number)
        path.rename(path.with_suffix(f".{number}"))
    log.info("number 3")
    rest = [path.with_suffix(f".{number}") for number in range(3)]
    assert [len(lines(each)) for each in [*rest, path]] == [1, 1, 1, 1]


def test_a_file_that_was_deleted_is_made_again(set_up: SetUp) -> None:
    path = set_up()
    log.info("first")
    path.unlink()
    log.info("second")
    assert [line.rsplit(": ", 1)[1] for line in lines(path)] == ["second"]


def test_a_folder_that_was_deleted_does_not_stop_whoever_logs(set_up: SetUp, capfd: pytest.CaptureFixture[str]) -> None:
    path = set_up()
    log.info("first")
    shutil.rmtree(path.parent)
    log.info("second")
    log.error("third")
    errors = capfd.readouterr().err
    assert "chat.turns.runner: third" in errors
    assert "No such file or directory" in errors
    path.parent.mkdir()
    log.info("fourth")
    assert [line.rsplit(": ", 1)[1] for line in lines(path)] == ["fourth"]


# A folder that cannot be written to


@pytest.mark.parametrize("below", ["", "logs", "deep/er/logs"])
def test_a_file_in_the_folders_place(tmp_path: Path, settings: Settings, below: str) -> None:
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    folder = tmp_path / "taken" / below
    with pytest.raises(SettingError) as refused:
        log_files.set_up(dataclasses.replace(settings, log_dir=folder))
    assert str(refused.value) == f"LOG_DIR is '{folder}', but takes a folder that this user may write to."
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("folder", ["/proc/logs", "/dev/null", "/tmp/" + "x" * 300])
def test_a_folder_that_takes_nothing(settings: Settings, folder: str) -> None:
    with pytest.raises(SettingError, match=rf"^LOG_DIR is '{folder}', but takes "):
        log_files.set_up(dataclasses.replace(settings, log_dir=Path(folder)))


def test_folders_are_made_as_deep_as_needed(tmp_path: Path, settings: Settings) -> None:
    log_files.set_up(dataclasses.replace(settings, log_dir=tmp_path / "a" / "b" / "c"))
    assert (tmp_path / "a" / "b" / "c").is_dir()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_full_disk_is_told_once_and_costs_nobody_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "app.log"
    path.symlink_to("/dev/full")
    file = LineFile(path)
    for number in range(100):
        file.handle(logging.makeLogRecord({"msg": "line %d", "args": (number,)}))
    assert capsys.readouterr().err == f"parley: {path} takes no lines (No space left on device); they are lost.\n"
    path.unlink()
    file.handle(logging.makeLogRecord({"msg": "there is room again"}))
    assert path.read_text() == "there is room again\n"
    file.close()


def test_the_access_log_is_such_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = Config()
    config.set("accesslog", str(tmp_path / "access.log"))
    log = AccessLog(config)
    try:
        for _ in range(3):
            log.setup(config)
        assert [type(handler) for handler in log.access_log.handlers] == [LineFile]
        log.access_log.info("one")
        assert (tmp_path / "access.log").read_text() == "one\n"
    finally:
        for handler in log.access_log.handlers[:]:
            log.access_log.removeHandler(handler)
            handler.close()
        for handler in log.error_log.handlers[:]:
            log.error_log.removeHandler(handler)
    assert capsys.readouterr().err == ""


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


class CountedFile(io.FileIO):
    """A file that keeps the size of each write that reaches the system."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "a")
        self.writes: list[int] = []

    def write(self, data: Any) -> int:
        self.writes.append(len(data))
        return super().write(data)


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("size", [1, 8_000, 8_191, 8_192, 8_193, 16_384, 100_000])
def test_a_record_is_one_write_whatever_its_size(set_up: SetUp, tmp_path: Path, log_format: str, size: int) -> None:
    set_up(log_format=log_format)
    file = next(handler for handler in logging.getLogger().handlers if isinstance(handler, LineFile))
    raw = CountedFile(tmp_path / "counted.log")
    file.acquire()
    file.stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace")
    file._statstream()
    file.baseFilename = str(tmp_path / "counted.log")
    file.release()
    log.info("ä" * size)
    try:
        raise OSError(5, "x")
    except OSError:
        log.exception("ö" * size)
    assert len(raw.writes) == 2
    assert sum(raw.writes) == (tmp_path / "counted.log").stat().st_size > 4 * size

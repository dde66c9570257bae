"""Log files: shared by processes, moved, deleted, and on full disks."""

from __future__ import annotations

import dataclasses
import io
import logging
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gunicorn.config import Config

from config import logging as log_files
from config.logging import LineFile
from config.paths import ROOT
from config.server.access_log import AccessLog
from config.settings import SettingError, Settings

from .conftest import SetUp
from .log_lines import LINE, lines

pytestmark = pytest.mark.usefixtures("loggers_as_before")

log = logging.getLogger("chat.turns.runner")


def test_the_file_exists_before_there_is_something_to_write(set_up: SetUp) -> None:
    assert set_up().read_text(encoding="utf-8") == ""


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


class CountedFile(io.FileIO):
    """A file that records the size of each write that reaches the system."""

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

"""Checks of the installation, its settings, secrets and machine, and how checks run."""

from __future__ import annotations

import stat
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from chat.commands.doctor.findings import FAIL, WARN
from chat.commands.doctor.installation import Installation
from chat.commands.doctor.run_checks import all_checks, has_failure, run_checks

from .conftest import Make, lines_of, provokes

GB = 1 << 30
GUESSABLE = "aaaaaaaaaaaaaaaaaaaa"
GOOD = "3f1c9be27a5d8046"


def test_before_the_first_start_nothing_fails_and_nothing_is_made(make: Make, tmp_path: Path) -> None:
    lines = lines_of(make())
    assert not has_failure(list(lines.values())), lines
    assert lines["PAR050"].level == "pass"
    assert lines["PAR030"].level == lines["PAR056"].level == lines["PAR080"].level == "skip"
    assert list(tmp_path.iterdir()) == []


# Code, level, a part of the message, what is set.
SETTINGS: list[tuple[str, str, str, dict[str, object]]] = [
    ("PAR010", "pass", "All settings are valid", {}),
    ("PAR010", "fail", "THREADS is '0'", {"THREADS": 0}),
    ("PAR010", "fail", "ADMIN_TOKEN is a value that is not shown", {"ADMIN_TOKEN": "canary canary"}),
    ("PAR011", "pass", "async: gevent", {}),
    ("PAR011", "warn", "sync: gthread", {"USE_ASYNC_AGENT": "false"}),
    ("PAR011", "warn", "which wins over .env", {"USE_ASYNC_AGENT": "true"}),
    ("PAR012", "pass", "4 workers on 2", {"cpus": 2}),
    ("PAR012", "warn", "WEB_CONCURRENCY is 1", {"WEB_CONCURRENCY": 1}),
    ("PAR012", "warn", "WEB_CONCURRENCY is 64", {"WEB_CONCURRENCY": 64, "cpus": 2}),
    ("PAR012", "warn", "THREADS is 2: 8 turns", {"THREADS": 2, "USE_ASYNC_AGENT": "false", "cpus": 2}),
    ("PAR013", "warn", "the built-in demo", {}),
    ("PAR013", "pass", "at http://127.0.0.1:9/v1", {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}),
    (
        "PAR013", "warn", "longer than TURN_TIMEOUT_S",
        {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "MODEL_TIMEOUT_S": 61, "TURN_TIMEOUT_S": 60},
    ),
    ("PAR022", "fail", "can be guessed", {"SECRET_KEY": GUESSABLE}),
    ("PAR022", "pass", "is set", {"SECRET_KEY": GOOD}),
    ("PAR022", "pass", "is made at the first start", {}),
    ("PAR023", "pass", "this machine only", {}),
    ("PAR023", "fail", "others reach this server", {"HOST": "0.0.0.0"}),
    ("PAR023", "fail", "others reach this server", {"ALLOWED_HOSTS": "chat.example.com"}),
    ("PAR023", "fail", "others reach this server", {"BASE_PATH": "/chat"}),
    ("PAR023", "fail", "can be guessed", {"ADMIN_TOKEN": "short"}),
    ("PAR023", "fail", "can be guessed", {"ADMIN_TOKEN": GUESSABLE}),
    ("PAR023", "pass", "is set", {"ADMIN_TOKEN": GOOD}),
    ("PAR024", "warn", "admits all of them", {"HOST": "::"}),
    ("PAR024", "pass", "HOST=127.0.0.1", {}),
    ("PAR025", "warn", "a page of any site", {"ALLOWED_HOSTS": "*"}),
    ("PAR025", "pass", "chat.example.com", {"ALLOWED_HOSTS": "chat.example.com"}),
    ("PAR040", "pass", "65536 open files", {"open_files": lambda: (1024, 65_536)}),
    ("PAR040", "fail", "at most 371 of 2000", {"open_files": lambda: (1024, 1024)}),
    ("PAR041", "pass", "MB are free", {"free_bytes": lambda _path: 5 * GB}),
    ("PAR041", "warn", "500 MB are free", {"free_bytes": lambda _path: 500 << 20}),
    ("PAR041", "fail", "5 MB are free", {"free_bytes": lambda _path: 5 << 20}),
    ("PAR042", "pass", "on ext4", {"file_system": lambda _path: "ext4"}),
    ("PAR042", "fail", "network file system (nfs4)", {"file_system": lambda _path: "nfs4"}),
    ("PAR042", "warn", "in memory", {"file_system": lambda _path: "tmpfs"}),
    ("PAR042", "skip", "does not name", {"file_system": lambda _path: ""}),
    ("PAR043", "pass", "2.0 ms", {"fsync_s": lambda _path: 0.002}),
    ("PAR043", "warn", "300.0 ms", {"fsync_s": lambda _path: 0.3}),
    ("PAR044", "pass", "is synchronized", {"clock_synchronized": lambda: True}),
    ("PAR044", "warn", "not synchronized", {"clock_synchronized": lambda: False}),
    ("PAR044", "skip", "does not say", {"clock_synchronized": lambda: None}),
]  # fmt: skip


def _marked(case: tuple[str, str, str, dict[str, object]]) -> Any:
    return pytest.param(*case, marks=[provokes(case[0])] if case[1] in (WARN, FAIL) else [])


@pytest.mark.parametrize(("code", "level", "words", "settings"), [_marked(each) for each in SETTINGS])
def test_settings_and_machine(make: Make, code: str, level: str, words: str, settings: dict[str, object]) -> None:
    line = lines_of(make(**settings), code)[code]
    assert (line.level, words in line.message) == (level, True), line
    assert "canary" not in f"{line.message}{line.remedy}"


def test_what_needs_the_settings_is_not_checked_without_them(make: Make) -> None:
    lines = lines_of(make(PORT="no port"))
    assert lines["PAR010"].level == "fail"
    assert lines["PAR012"].message == "Not checked: the settings are invalid."
    assert {line.level for line in lines.values()} <= {"pass", "fail", "skip", "warn"}
    assert sum(line.level == "fail" for line in lines.values()) == 1


@provokes("PAR043")
def test_a_folder_that_takes_no_file(make: Make) -> None:
    line = lines_of(make(DATABASE_URL="sqlite:////proc/chat.db"), "PAR043")["PAR043"]
    assert (line.level, line.message.startswith("No file can be stored beside the database (")) == ("fail", True), line


@pytest.mark.parametrize(
    ("name", "meant"),
    [("USE_ASYNC_AGNET", "USE_ASYNC_AGENT"), ("WEB_CONCURENCY", "WEB_CONCURRENCY"), ("threads", "THREADS"),
     ("POSTGRES_PASSWORD", ""), ("HTTP_PROXY", ""), ("COMPOSE_PROFILES", ""), ("NGINX_PORT", "")],
)  # fmt: skip
def test_a_misspelled_setting(make: Make, tmp_path: Path, name: str, meant: str) -> None:
    (tmp_path / ".env").write_text(f"{name}=canary\n")
    line = lines_of(make(), "PAR010")["PAR010"]
    assert (line.level, line.remedy) == (("warn", f"Correct to {meant}.") if meant else ("pass", ""))
    assert "canary" not in line.message


@provokes("PAR002")
def test_packages(make: Make, tmp_path: Path) -> None:
    assert lines_of(make(), "PAR002")["PAR002"].level == "pass"
    (tmp_path / "requirements.txt").write_text("flask==0.1 \\\n    --hash=sha256:00\nno-such-package==1.0 \\\n")
    line = lines_of(make(root=tmp_path), "PAR002")["PAR002"]
    assert line.level == "fail"
    assert "instead of 0.1, no-such-package is missing instead of 1.0." in line.message
    (tmp_path / "requirements.txt").unlink()
    assert lines_of(make(root=tmp_path), "PAR002")["PAR002"].level == "skip"


@provokes("PAR001")
def test_python(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines_of(make(), "PAR001")["PAR001"].level == "pass"
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    assert lines_of(make(), "PAR001")["PAR001"].level == "fail"
    monkeypatch.undo()
    monkeypatch.setattr(sys, "flags", types.SimpleNamespace(optimize=2))
    assert "PYTHONOPTIMIZE=2" in lines_of(make(), "PAR001")["PAR001"].message


def test_a_module_that_cannot_be_loaded_ends_nothing(make: Make) -> None:
    lines = {line.code: line for line in run_checks(make(), all_checks(("settings", "no_such")))}
    assert lines["PAR010"].level == "pass"
    assert "no_such" in lines["PAR001"].message
    assert lines["PAR001"].level == "fail"


@pytest.mark.parametrize(
    ("content", "level"),
    [
        ("THREADS=9", "warn"),
        ("DATABASE_URL=sqlite:///data/chat.db\nADMIN_TOKEN=", "warn"),
        ("ADMIN_TOKEN=0123456789abcdef", "fail"),
        ("REDIS_URL=redis://:password@localhost", "fail"),
    ],
)
@provokes("PAR020")
def test_env_file_modes(make: Make, tmp_path: Path, content: str, level: str) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"{content}\n")
    env_file.chmod(0o644)
    line = lines_of(make(), "PAR020")["PAR020"]
    assert (line.level, line.remedy) == (level, f"chmod 600 {env_file}")
    subprocess.run(line.remedy, shell=True, check=True)
    assert lines_of(make(), "PAR020")["PAR020"].level == "pass"


@provokes("PAR021")
def test_modes_of_the_data(database: Installation, make: Make, tmp_path: Path) -> None:
    assert lines_of(make(), "PAR021")["PAR021"].level == "pass"
    opened = tmp_path
    while not opened.stat().st_mode & stat.S_IXOTH or opened == tmp_path:
        opened.chmod(opened.stat().st_mode | stat.S_IXOTH | stat.S_IXGRP)
        opened = opened.parent
        if opened == Path("/"):
            break
    readable = [tmp_path / "chat.db", tmp_path / "chat.db-wal", tmp_path / "my logs/app.log"]
    readable[2].parent.mkdir()
    for path in readable:
        path.touch()
        path.chmod(0o644)
    installation = make(LOG_DIR=tmp_path / "my logs")
    line = lines_of(installation, "PAR021")["PAR021"]
    assert (line.level, all(str(path) in line.remedy for path in readable)) == ("fail", True), line
    subprocess.run(line.remedy, shell=True, check=True)
    assert lines_of(installation, "PAR021")["PAR021"].level == "pass"


def test_a_check_that_fails_itself(make: Make) -> None:
    def broken(_path: Path) -> str:
        raise RuntimeError("canary")

    line = lines_of(make(file_system=broken), "PAR042")["PAR042"]
    assert (line.level, line.message) == ("fail", "The check itself failed (RuntimeError).")


def test_a_check_that_this_user_may_not_make(make: Make) -> None:
    def forbidden(path: Path) -> str:
        raise PermissionError(13, "Permission denied", f"{path}/secret-key")

    line = lines_of(make(file_system=forbidden), "PAR042")["PAR042"]
    assert (line.level, line.remedy) == ("fail", "Give the command as the server's user.")
    assert line.message == "This user may not read a file that the check needs."

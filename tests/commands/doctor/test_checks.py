"""Each check of the doctor, well and with each of its failures provoked."""

from __future__ import annotations

import itertools
import os
import sqlite3
import stat
import subprocess
import sys
import time
import types
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chat.commands import backup_record
from chat.commands.doctor.findings import FAIL, WARN
from chat.commands.doctor.installation import Installation
from chat.commands.doctor.run_checks import all_checks, has_failure, run_checks
from config.server.pid_file import PidFile
from config.server.worker_reports import WorkerReports
from scripts.fake_llm import FakeLLM
from scripts.kit import redis_server
from tests.servers.old_servers import old_redis
from tests.servers.scripted_server import Exchange, ScriptedServer, answer

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
    ("PAR024", "warn", "lets everybody in", {"HOST": "::"}),
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


class TestDatabase:
    def test_sound(self, database: Installation, make: Make) -> None:
        lines = lines_of(make())
        levels = {code: line.level for code, line in lines.items() if code.startswith("PAR05")}
        assert levels == {
            "PAR050": "pass", "PAR051": "pass", "PAR052": "pass", "PAR053": "pass", "PAR054": "pass",
            "PAR055": "skip", "PAR056": "warn",
        }  # fmt: skip

    @provokes("PAR050")
    def test_a_file_that_is_no_database(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "chat.db").write_text("This is not a database. " * 100)
        lines = lines_of(make())
        line = lines.pop("PAR050")
        assert (line.level, "cannot be opened" in line.message) == ("fail", True)
        assert {lines[code].level for code in lines if code.startswith("PAR05")} == {"skip"}

    @provokes("PAR050")
    def test_a_folder_that_cannot_be_used(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        line = lines_of(make(DATABASE_URL=f"sqlite:///{tmp_path}/file/chat.db"), "PAR050")["PAR050"]
        assert line.level == "fail"

    @provokes("PAR051")
    def test_pending_migrations(self, make: Make, tmp_path: Path) -> None:
        sqlite3.connect(tmp_path / "chat.db").execute("CREATE TABLE other (id INTEGER)").connection.close()
        lines = lines_of(make())
        assert (lines["PAR051"].level, lines["PAR052"].level) == ("warn", "skip")

    @provokes("PAR051")
    def test_tables_of_a_later_version(self, database: Installation, make: Make) -> None:
        self.change(database, "INSERT INTO migrations (name, expands, runs_with) VALUES ('9999_later', 0, 9999)")
        line = lines_of(make(), "PAR051")["PAR051"]
        assert (line.level, "later version" in line.message) == ("fail", True)

    @provokes("PAR052")
    def test_a_database_that_is_full(self, database: Installation, make: Make) -> None:
        installation = make()
        installation.store.engine.read(lambda: None)
        engine = installation.store.engine

        def limit() -> None:
            engine.execute("PRAGMA max_page_count = 1")

        engine.write(limit)
        assert lines_of(installation, "PAR052")["PAR052"].level == "fail"

    @provokes("PAR052")
    def test_a_database_that_is_locked(self, database: Installation, make: Make, tmp_path: Path) -> None:
        installation = make()
        installation.store.engine.lock_timeout_s = 0.05
        holder = sqlite3.connect(tmp_path / "chat.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            assert lines_of(installation, "PAR052")["PAR052"].level == "warn"
        finally:
            holder.execute("ROLLBACK")
            holder.close()

    @provokes("PAR050", "PAR053")
    def test_another_journal(self, database: Installation, make: Make, tmp_path: Path) -> None:
        """A program that reads such a file keeps it from being opened in the mode that the server needs."""
        database.close()
        reader = sqlite3.connect(tmp_path / "chat.db", isolation_level=None)
        assert reader.execute("PRAGMA journal_mode = delete").fetchone() == ("delete",)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM users").fetchall()
        lines = lines_of(make())
        assert (lines["PAR050"].level, lines["PAR053"].level) == ("fail", "fail")
        assert "is locked" in lines["PAR050"].message
        reader.close()

    @provokes("PAR054")
    def test_damage(self, database: Installation, make: Make, tmp_path: Path) -> None:
        """Damage in a place that no other check reads."""
        database.close()
        path = tmp_path / "chat.db"
        connection = sqlite3.connect(path)
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'feedback'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.close()
        with path.open("r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
        lines = lines_of(make())
        failures = [code for code, line in lines.items() if line.level == "fail"]
        assert failures == ["PAR054"], lines
        assert "damaged (" in lines["PAR054"].message

    @provokes("PAR056")
    def test_the_age_of_the_backup(self, database: Installation, make: Make, tmp_path: Path) -> None:
        backup_record.note(tmp_path / "data")
        line = lines_of(make(), "PAR056")["PAR056"]
        assert (line.level, line.message) == ("pass", "The last backup is 0 hours old.")
        (tmp_path / "data/last-backup").write_text(str(int(time.time()) - 9 * 86400))
        line = lines_of(make(), "PAR056")["PAR056"]
        assert (line.level, line.message) == ("warn", "The last backup is 9 days old.")
        (tmp_path / "data/last-backup").write_text("yesterday")
        assert lines_of(make(), "PAR056")["PAR056"].message == "No backup is known."

    @staticmethod
    def change(installation: Installation, statement: str) -> None:
        connection = sqlite3.connect(installation.store.engine.location, isolation_level=None)
        connection.execute(statement)
        connection.close()


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., None]:
    """Return a function that leaves the report of a worker, as which this process serves."""
    run = tmp_path / "data/run"

    def write(**fields: object) -> None:
        WorkerReports(run).publish({"pid": os.getpid(), "mode": "async", "loop_lag_ms": 1.0} | fields, {})

    return write


class TestRunningServer:
    @pytest.fixture(autouse=True)
    def master(self, tmp_path: Path) -> Any:
        """A child process that holds the pid file, as a master does."""
        ready, said = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                PidFile().acquire(tmp_path / "data/run")
                os.write(said, b"x")
                time.sleep(120)
            finally:
                os._exit(0)
        assert os.read(ready, 1) == b"x"
        os.close(ready)
        os.close(said)
        yield child
        os.kill(child, 9)
        os.waitpid(child, 0)

    @provokes("PAR031", "PAR033")
    def test_it_agrees(self, make: Make, report: Callable[..., None], tmp_path: Path) -> None:
        report()
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs/app.log").write_text("… 🚀 Using ASYNC agent for conversation 1\n")
        lines = lines_of(make(WEB_CONCURRENCY=1))
        assert [lines[code].level for code in ("PAR031", "PAR032", "PAR033", "PAR003")] == ["pass"] * 4
        lines = lines_of(make(WEB_CONCURRENCY=1, USE_ASYNC_AGENT="false"))
        assert (lines["PAR031"].level, lines["PAR033"].level) == ("fail", "warn")
        assert lines["PAR031"].remedy.startswith("flask --app wsgi mode sync")

    @provokes("PAR030")
    def test_it_does_not_answer(self, make: Make, report: Callable[..., None]) -> None:
        assert lines_of(make(PORT=1), "PAR030")["PAR030"].level == "fail"

    @provokes("PAR032")
    def test_workers_that_are_missing_late_or_hang(
        self, make: Make, report: Callable[..., None], tmp_path: Path
    ) -> None:
        assert lines_of(make(), "PAR031")["PAR031"].level == "skip"
        report()
        assert "1 of 4 workers" in lines_of(make(), "PAR032")["PAR032"].message
        report(loop_lag_ms=900.0)
        assert "900 ms" in lines_of(make(WEB_CONCURRENCY=1), "PAR032")["PAR032"].message
        path = tmp_path / f"data/run/{os.getpid()}.json"
        path.write_text(path.read_text().replace('"published": ', '"published": 1, "was": '))
        monotonic = time.monotonic()
        path.write_text(path.read_text().replace('"published": 1,', f'"published": {monotonic - 20},'))
        assert lines_of(make(WEB_CONCURRENCY=1), "PAR032")["PAR032"].level == "fail"

    @provokes("PAR003")
    def test_a_program_that_was_changed(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "chat").mkdir()
        changed = tmp_path / "chat/new.py"
        changed.write_text("")
        os.utime(changed, (time.time() + 60,) * 2)
        line = lines_of(make(root=tmp_path), "PAR003")["PAR003"]
        assert (line.level, "chat/new.py" in line.message) == ("warn", True)


@provokes("PAR034")
def test_large_logs(make: Make, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with (tmp_path / "logs/access.log").open("wb") as file:
        file.truncate(2 * GB)
    assert lines_of(make(), "PAR034")["PAR034"].level == "warn"


@pytest.fixture(scope="module")
def llm() -> Any:
    with FakeLLM() as server:
        yield server


# What is asked for, the levels, and words of a message.
MODELS = [
    ("tokens=30&gap=0.005&tool=ping:%7B%7D", {"PAR070": "pass", "PAR071": "pass", "PAR072": "pass"}, ""),
    ("tokens=30&gap=0.005", {"PAR070": "pass", "PAR072": "warn"}, "did not call"),
    ("tokens=1&gap=0", {"PAR070": "pass", "PAR071": "warn"}, "as a whole"),
    ("fault=401", {"PAR070": "fail", "PAR071": "skip", "PAR072": "skip"}, "does not answer"),
    ("fault=mute", {"PAR070": "fail"}, "nothing within 0.5 seconds"),
    ("fault=html", {"PAR070": "fail"}, "does not answer"),
]


def _with_mark(case: tuple[str, dict[str, str], str]) -> Any:
    return pytest.param(*case, marks=provokes(*(code for code, level in case[1].items() if level in (WARN, FAIL))))


@pytest.mark.parametrize(("options", "levels", "words"), [_with_mark(each) for each in MODELS])
def test_models(make: Make, llm: FakeLLM, options: str, levels: dict[str, str], words: str) -> None:
    installation = make(
        OPENAI_BASE_URL=llm.base_url, OPENAI_API_KEY="sk-canary-0123456789", CHAT_MODEL=f"fake?{options}",
        MODEL_TIMEOUT_S=0.5,
    )  # fmt: skip
    lines = lines_of(installation)
    assert {code: lines[code].level for code in levels} == levels, lines
    assert any(words in line.message for line in lines.values())
    assert "canary" not in str(lines)


@provokes("PAR070")
def test_a_model_that_is_slow_to_begin(make: Make, llm: FakeLLM) -> None:
    installation = make(OPENAI_BASE_URL=llm.base_url, CHAT_MODEL="fake?tokens=3", timer=itertools.count(0, 6).__next__)
    line = lines_of(installation, "PAR070")["PAR070"]
    assert (line.level, line.message.endswith("begins to answer after 6000 ms.")) == ("warn", True), line


@provokes("PAR072")
def test_an_endpoint_that_refuses_tools(make: Make, llm: FakeLLM) -> None:
    lines = lines_of(make(OPENAI_BASE_URL=llm.base_url, CHAT_MODEL="dialect:no-tools"))
    assert lines["PAR072"].level == "warn", lines["PAR072"]
    lines = lines_of(make(OPENAI_BASE_URL=llm.base_url, CHAT_MODEL="fake?tokens=3", MODEL_TOOLS="false"))
    assert lines["PAR072"].level == "skip"


@provokes("PAR072")
def test_an_endpoint_that_fails_with_tools(make: Make) -> None:
    def script(exchange: Exchange) -> None:
        if exchange.json.get("tools"):
            exchange.send(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            exchange.send_chunked(answer("1, ", "2, "))

    with closing(ScriptedServer(script)) as server:
        lines = lines_of(make(OPENAI_BASE_URL=server.url, CHAT_MODEL="any"), "PAR070", "PAR072")
    assert lines["PAR070"].level == "pass", lines
    assert lines["PAR072"].level == "fail", lines
    assert lines["PAR072"].message.startswith("With tools the model does not answer: ")


def test_a_check_that_fails_itself(make: Make) -> None:
    def broken(_path: Path) -> str:
        raise RuntimeError("canary")

    line = lines_of(make(file_system=broken), "PAR042")["PAR042"]
    assert (line.level, line.message) == ("fail", "The check itself failed (RuntimeError).")


class TestRedis:
    @pytest.mark.skipif(bool(redis_server.missing()), reason=redis_server.missing() or "-")
    def test_it_answers(self, make: Make, tmp_path: Path) -> None:
        with redis_server.RedisServer(tmp_path / "redis", password="canary-password") as server:
            line = lines_of(make(REDIS_URL=server.url), "PAR060")["PAR060"]
            assert (line.level, line.message.startswith("Redis ")) == ("pass", True), line
            slow = lines_of(make(REDIS_URL=server.url, timer=itertools.count(0, 0.03).__next__), "PAR060")["PAR060"]
            assert (slow.level, slow.message.endswith("answers in 30.0 ms.")) == ("warn", True), slow
            wrong = server.url.replace("canary-password", "canary-wrong")
            refused = lines_of(make(REDIS_URL=wrong), "PAR060")["PAR060"]
        assert refused.level == "fail"
        assert "canary" not in str(line) + str(refused)

    @provokes("PAR060")
    def test_it_is_too_old(self, make: Make) -> None:
        with old_redis() as port:
            line = lines_of(make(REDIS_URL=f"redis://127.0.0.1:{port}"), "PAR060")["PAR060"]
        assert line.level == "fail"
        assert line.message.endswith("REDIS_URL names a Redis 5.0.14, but takes 6.2 or later.")

    @provokes("PAR060")
    def test_it_does_not(self, make: Make) -> None:
        line = lines_of(make(REDIS_URL="redis://:canary-password@127.0.0.1:9"), "PAR060")["PAR060"]
        assert (line.level, "127.0.0.1:9" in line.message) == ("fail", True), line
        assert "canary" not in str(line)
        assert lines_of(make(), "PAR060")["PAR060"].level == "skip"

"""Checks of the database and of Redis."""

from __future__ import annotations

import itertools
import sqlite3
import time
from pathlib import Path

import pytest

from chat.commands import backup_record
from chat.commands.doctor.installation import Installation
from scripts.kit import redis_server
from tests.servers.old_servers import old_redis

from .conftest import Make, lines_of, provokes


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
        """While a program reads a file in another journal mode, no other can set the mode that the server needs."""
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
        """Damage a place that no other check reads."""
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

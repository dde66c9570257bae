"""The database and the Redis of measured servers: SQLite in the server's folder, or servers of the benchmarks' own."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import psycopg

from scripts.benchmarks import machine
from scripts.kit import postgresql_server, processes, redis_server
from scripts.kit.postgresql_server import PostgresqlServer
from scripts.kit.redis_server import RedisServer
from scripts.kit.server_runner import ROOT

# As an operator runs it: every commit is on the disk before it is acknowledged.
_DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "max_connections": 200}
_COMPLETED = (
    "SELECT count(*), min(length(messages.text)) FROM turns "
    "JOIN messages ON messages.id = turns.message_id WHERE turns.status = 'completed'"
)
_POSTGRESQL = "postgresql://"


class Backends:
    """The services that the measured servers use. A context manager. Raises FileNotFoundError."""

    def __init__(self, folder: Path, postgresql: bool = False, redis: bool = False) -> None:
        if postgresql and (why := postgresql_server.missing()):
            raise FileNotFoundError(f"{why}.")
        if redis and (why := redis_server.missing()):
            raise FileNotFoundError(f"{why}.")
        self._postgresql = PostgresqlServer(_DURABLE) if postgresql else None
        self._redis = RedisServer(folder / "redis") if redis else None
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Backends:
        for server in (self._postgresql, self._redis):
            if server is not None:
                self._stack.enter_context(server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def shared(self) -> bool:
        """Return whether a measured server uses more than SQLite."""
        return self._postgresql is not None or self._redis is not None

    @property
    def name(self) -> str:
        """Return their name in a table."""
        database = "SQLite" if self._postgresql is None else "PostgreSQL"
        return database if self._redis is None else f"{database} and Redis"

    def settings(self) -> dict[str, object]:
        """Return the settings of a server that begins with an empty database."""
        settings: dict[str, object] = {}
        if self._postgresql is not None:
            settings["DATABASE_URL"] = self._postgresql.url(self._postgresql.create_database())
            settings["SECRET_KEY"] = "only-for-benchmarks-0123456789"
        if self._redis is not None:
            settings["REDIS_URL"] = self._redis.url
        return settings

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU time that each has used, by its name."""
        pids = {
            "PostgreSQL": self._postgresql and self._postgresql.process and self._postgresql.process.pid,
            "Redis": self._redis and self._redis.pid,
        }
        return {name: machine.cpu_s(processes.family(pid)) for name, pid in pids.items() if pid}


def completed_turns(url: str) -> tuple[int, int]:
    """Return the number of completed turns in a server's database, and the length of their shortest answer."""
    if url.startswith(_POSTGRESQL):
        with psycopg.connect(url) as connection:
            row = connection.execute(_COMPLETED).fetchone()
    else:
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10)) as database:
            row = database.execute(_COMPLETED).fetchone()
    count, shortest = row or (0, None)
    return count, shortest or 0


def move_into(settings: Mapping[str, object], path: Path) -> None:
    """Copy a SQLite database into the database of a server with these settings."""
    url = str(settings["DATABASE_URL"])
    if not url.startswith(_POSTGRESQL):
        return
    environment = os.environ | {name: str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "copy", "--to", url]
    subprocess.run(
        command, cwd=ROOT, env=environment | {"DATABASE_URL": f"sqlite:///{path}"}, check=True, capture_output=True
    )

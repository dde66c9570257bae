"""The PostgreSQL servers of tests and scripts: databases, restarts, pauses, PgBouncer."""

from __future__ import annotations

import threading

import psycopg
import pytest

from scripts.kit.postgresql_server import PgBouncer, PostgresqlServer


def one(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        row = connection.execute(statement.encode()).fetchone()
        return row and row[0]


def test_databases_are_separate_and_copied_from_templates(postgresql: PostgresqlServer) -> None:
    first = postgresql.create_database()
    with psycopg.connect(postgresql.url(first), autocommit=True) as connection:
        connection.execute("CREATE TABLE notes AS SELECT 1 AS number")
    copy = postgresql.create_database(template=first)
    assert one(postgresql.url(copy), "SELECT number FROM notes") == 1
    assert one(postgresql.url(postgresql.create_database()), "SELECT to_regclass('notes')") is None
    postgresql.drop_database(copy)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        one(postgresql.url(copy), "SELECT 1")


def test_a_restarted_server_has_its_databases(postgresql: PostgresqlServer) -> None:
    url = postgresql.url(postgresql.create_database())
    postgresql.restart(immediate=True)
    assert one(url, "SELECT 1") == 1


def test_a_paused_server_answers_when_it_is_resumed(postgresql: PostgresqlServer) -> None:
    url = postgresql.url(postgresql.create_database())
    with psycopg.connect(url, autocommit=True) as connection:
        postgresql.pause()
        resume = threading.Timer(0.3, postgresql.resume)
        resume.start()
        assert connection.execute("SELECT 1").fetchone() == (1,)
        resume.join()
        assert postgresql.end_connections(url.rpartition("/")[2]) == 1
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_pgbouncer_leads_to_every_database(postgresql: PostgresqlServer, pgbouncer: PgBouncer) -> None:
    name = postgresql.create_database()
    assert one(pgbouncer.url(name), "SELECT current_database()") == name

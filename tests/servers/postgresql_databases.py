"""Databases for tests on one PostgreSQL server, which are emptied and used again: creating one takes long."""

from __future__ import annotations

import contextlib

import psycopg

from chat.store import Store, engine_for
from config.paths import ROOT
from scripts.kit.postgresql_server import PostgresqlServer

SECRET_KEY = "the-secret-key-of-the-tests"

# Rows in other tables go with their users.
_EMPTY = """
    DROP FUNCTION IF EXISTS full_disk, refuse CASCADE;
    DELETE FROM users WHERE id <> 0;
    DELETE FROM conversations;
    DELETE FROM unindexed_messages;
    DELETE FROM unindexed_titles;
    DELETE FROM readiness;
    DELETE FROM keys;
    DELETE FROM worker_reports;
    DELETE FROM ended_admin_sessions;
    DELETE FROM migrations WHERE name LIKE '9%';
    DROP TABLE IF EXISTS notes;
"""
# What a test may have changed in the tables themselves.
_COLUMNS = """
    SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = CAST('public' AS regnamespace) AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT 'step', name FROM migrations ORDER BY 1, 2
"""
_REMOVE_TABLES = "DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION parley"


class Databases:
    """The databases of one server, by names that a test chooses."""

    def __init__(self, server: PostgresqlServer) -> None:
        self.server = server
        self._columns: list[object] = []
        self._used: dict[str, tuple[str, bool]] = {}
        self._free: dict[bool, list[str]] = {True: [], False: []}

    def url(self, name: str, *, new: bool = False) -> str:
        """Return the `DATABASE_URL` of the test's database with this name. It has no tables or no rows."""
        if name not in self._used:
            self._used[name] = (self._free[new].pop() if self._free[new] else self._create(new)), new
        return self.server.url(self._used[name][0])

    def give_back(self) -> None:
        """Empty the databases of the test that has ended."""
        used, self._used = self._used, {}
        for database, new in used.values():
            if self._emptied(database, new):
                self._free[new].append(database)
            else:
                self.server.drop_database(database)

    def _emptied(self, database: str, new: bool) -> bool:
        """Empty a database. Return whether its tables are unchanged."""
        try:
            self.server.run(_REMOVE_TABLES if new else _EMPTY, database)
            return new or self.server.run(_COLUMNS, database) == self._columns
        except psycopg.errors.UndefinedTable:
            return False

    def _create(self, new: bool) -> str:
        database = self.server.create_database()
        if not new:
            with contextlib.closing(Store(engine_for(self.server.url(database), ROOT, SECRET_KEY))) as store:
                store.migrate()
            self._columns = self.server.run(_COLUMNS, database)
        return database

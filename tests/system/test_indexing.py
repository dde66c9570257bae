"""What was said comes into the search's index by itself, with nobody searching."""

from __future__ import annotations

import contextlib
import sqlite3
import time

from tests.servers.parley import ParleyServer, User


def test_within_a_moment(server: ParleyServer) -> None:
    someone = User(server.url)
    someone.ask(someone.conversation(), "Where do apricots grow?")
    deadline = time.monotonic() + 30
    with contextlib.closing(sqlite3.connect(server.folder / "chat.db")) as database:
        while not database.execute("SELECT 1 FROM message_search WHERE text MATCH 'apricots'").fetchone():
            assert time.monotonic() < deadline
            time.sleep(0.05)

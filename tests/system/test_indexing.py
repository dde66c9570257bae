"""Messages come into the search's index by themselves, without a search."""

from __future__ import annotations

import contextlib
import sqlite3

from scripts.kit.waiting import wait_until
from tests.servers.parley import ParleyServer, User


def test_within_a_moment(server: ParleyServer) -> None:
    someone = User(server.url)
    someone.ask(someone.conversation(), "Where do apricots grow?")
    with contextlib.closing(sqlite3.connect(server.folder / "chat.db")) as database:
        wait_until(lambda: database.execute("SELECT 1 FROM message_search WHERE text MATCH 'apricots'").fetchone())

"""The engine that a DATABASE_URL names."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat.store import engine_for

FOLDER = Path("/opt/parley")


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("sqlite:///data/chat.db", "/opt/parley/data/chat.db"),
        ("sqlite:////var/lib/chat.db", "/var/lib/chat.db"),
        ("sqlite:///../chat.db", "/opt/parley/../chat.db"),
    ],
)
def test_where_the_database_is(url: str, location: str) -> None:
    assert engine_for(url, FOLDER).location == location


@pytest.mark.parametrize("url", ["", "chat.db", "sqlite:///", "mysql:///chat"])
def test_an_unknown_url(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL"):
        engine_for(url, FOLDER)

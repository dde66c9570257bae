"""Three servers behind nginx serve like one: with PostgreSQL and Redis, without Redis, and when Redis stops."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .chaos import survive

SHORT = {
    "servers": (1, 6),
    "roadless": (1, 3),
    "stalled": (1, 3),
}
# Mostly waits, for what comes by way of the database.
BY_THE_DATABASE = ("roadless", "stalled")


def test_with_redis(tmp_path: Path) -> None:
    survive("servers", SHORT["servers"], tmp_path)


def test_without_redis(tmp_path: Path) -> None:
    with ThreadPoolExecutor(len(BY_THE_DATABASE)) as both:
        list(both.map(lambda name: survive(name, SHORT[name], tmp_path / name), BY_THE_DATABASE))

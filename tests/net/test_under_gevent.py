"""The tests of Redis once more, in a process patched by gevent, where greenlets are killed in mid-command."""

from __future__ import annotations

from tests.patched import run_under_gevent

FILES = (
    "tests/net/test_redis_client.py",
    "tests/memory/test_contract.py",
    "tests/cluster/test_road_contract.py",
)


def test_the_same_under_gevent() -> None:
    run_under_gevent("-k", "redis and not after_a_change", *FILES)

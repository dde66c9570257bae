"""Tests of Redis once more in a process patched by gevent, where greenlets are killed during commands."""

from __future__ import annotations

from tests.patched import run_under_gevent

TESTS = (
    "tests/net/test_redis_pool.py",
    "tests/net/test_redis_client.py::test_nobody_gets_the_reply_to_another_command",
    "tests/net/test_redis_client.py::test_a_fault_is_noticed_once_and_ends_by_itself[stopped]",
    "tests/cluster/test_road_contract.py",
    "tests/turns/test_without_redis.py::test_in_mid_turn_and_mid_follow[stopped]",
    "tests/turns/test_without_redis.py::test_in_mid_turn_and_mid_follow[killed]",
)


def test_the_same_under_gevent() -> None:
    run_under_gevent(*TESTS)

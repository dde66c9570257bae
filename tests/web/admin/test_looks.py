"""Deeper looks into a worker: their results without values, one look at a time, and their log lines."""

from __future__ import annotations

import fcntl
import gc
import json
import logging
import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.cluster.contract import Request, Unreachable
from chat.errors import Conflict, Overloaded
from chat.turns.operator_looks import COSTS, OperatorLooks
from config.settings import Settings

from ..api_client import assert_error, converse, exchange

PATHS = {name: name.replace("tracemalloc_", "tracemalloc/").replace("_", "-") for name in COSTS}


def look(client: FlaskClient, name: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/admin/memory-debug/{PATHS[name]}", json=body)
    assert answer.status_code == 200, answer.text
    assert (answer.json["look"], answer.json["cost"]) == (name, COSTS[name])
    assert answer.json["summary"].endswith(".")
    assert answer.json["worker"].endswith(f":{os.getpid()}")
    return answer.json


@pytest.fixture(autouse=True)
def _end(app: Flask) -> Iterator[None]:
    """End what a look has begun, whether its test passes or not."""
    yield
    app.extensions["parley"].looks.close()


def test_each_says_what_it_costs_before(alice: FlaskClient) -> None:
    listed = alice.get("/admin/memory-debug/looks").json["looks"]
    assert {each["look"]: each["cost"] for each in listed} == COSTS


def test_stacks_are_places_in_the_code(alice: FlaskClient) -> None:
    stacks = look(alice, "stacks")
    assert stacks["figures"]["threads"] == sum(each["count"] for each in stacks["findings"])
    lines = [line for each in stacks["findings"] for line in each["stack"]]
    assert any(line.startswith("chat/runtime/looks/stacks.py:") and line.endswith(" stacks") for line in lines)
    assert any(line.startswith("chat/runtime/ticker.py:") for line in lines)


def test_allocations_are_traced_compared_and_left(alice: FlaskClient) -> None:
    for name in ("tracemalloc_snapshot", "tracemalloc_difference", "tracemalloc_stop"):
        assert_error(alice.post(f"/admin/memory-debug/{PATHS[name]}", json={}), 409, "not_tracing")
    look(alice, "tracemalloc_start")
    assert_error(alice.post("/admin/memory-debug/tracemalloc/start", json={}), 409, "already_tracing")
    assert_error(alice.post("/admin/memory-debug/tracemalloc/difference", json={}), 409, "no_snapshot")
    assert look(alice, "tracemalloc_snapshot")["figures"]["bytes"] > 0
    blocks = [bytes(1000) for _ in range(1000)]
    findings = look(alice, "tracemalloc_difference")["findings"]
    ours = next(each for each in findings if each["what"].startswith("tests/web/admin/test_looks.py:"))
    assert ours["bytes"] > 1_000_000
    assert ours["count"] >= len(blocks)
    look(alice, "tracemalloc_stop")
    assert not tracemalloc.is_tracing()


def test_a_collection_says_what_it_freed(alice: FlaskClient) -> None:
    gc.collect()
    for _ in range(100):
        cycle: list[Any] = []
        cycle.append(cycle)
    del cycle
    assert look(alice, "collection")["figures"]["freed"] >= 100


def test_growth_is_by_type(alice: FlaskClient) -> None:
    assert "grown" not in look(alice, "growth")["figures"]
    objects = [Grown() for _ in range(5000)]
    counts = {each["what"]: each["count"] for each in look(alice, "growth")["findings"]}
    assert counts[f"{__name__}.Grown"] == len(objects)


class Grown:
    """An object that a test creates in large numbers."""


def test_the_log_level_is_set_for_a_while(alice: FlaskClient, app: Flask) -> None:
    usual = logging.getLogger().level
    look(alice, "log_level", level="DEBUG")
    assert logging.getLogger().level == logging.DEBUG
    look(alice, "log_level", level="ERROR")
    app.extensions["parley"].looks.check()
    assert logging.getLogger().level == logging.ERROR
    app.extensions["parley"].looks.close()
    assert logging.getLogger().level == usual
    assert_error(alice.post("/admin/memory-debug/log-level", json={"level": "ALL"}), 422, "invalid_value", "level")


def test_one_at_a_time(alice: FlaskClient, settings: Settings, subtests: pytest.Subtests) -> None:
    with (settings.data_dir / "run" / "look.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name, path in PATHS.items():
            with subtests.test(name):
                assert_error(alice.post(f"/admin/memory-debug/{path}", json={}), 409, "look_running")
    look(alice, "collection")


def test_each_is_logged(alice: FlaskClient, app_log: Path) -> None:
    look(alice, "collection")
    lines = [line for line in app_log.read_text().splitlines() if "operator_looks" in line]
    assert len(lines) == 2
    assert COSTS["collection"] in lines[0]
    assert "objects freed" in lines[1]


def test_none_shows_a_value(make_app: Callable[..., Flask]) -> None:
    client = make_app(openai_api_key="canary-key", secret_key="canary-secret-0123456789abcdef").test_client()
    exchange(client, converse(client, title="canary-title"), "canary-question")
    for name in ("stacks", "growth", "tracemalloc_start", "tracemalloc_snapshot", "tracemalloc_stop"):
        assert "canary" not in json.dumps(look(client, name))


WRONG = [({"pid": 1}, 404), ({"pid": 2**31 + 1}, 422), ({"pid": "x"}, 422), ({"pid": -1}, 422), ({"host": 5}, 422)]


def test_a_worker_that_is_not_there(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for body, status in [*WRONG, ({"pid": os.getpid(), "host": "elsewhere"}, 404)]:
        with subtests.test(str(body)):
            assert alice.post("/admin/memory-debug/collection", json=body).status_code == status


class AnsweringRoad:
    """A road to one worker, which answers at once."""

    reliable = True

    def __init__(self, worker: str, looks: OperatorLooks) -> None:
        self._worker = worker
        self._looks = looks

    def ask(self, worker: str, request: Request, timeout_s: float) -> Iterator[bytes]:
        if worker != self._worker:
            raise Unreachable(worker)
        return iter(list(self._looks.answer(json.loads(json.dumps(request)))))


def test_another_worker_takes_the_look_itself(tmp_path: Path) -> None:
    other = OperatorLooks("there:2", (), tmp_path / "look.lock")
    me = OperatorLooks(
        "here:1", (AnsweringRoad("nowhere:3", other), AnsweringRoad("there:2", other)), tmp_path / "look.lock"
    )
    assert me.look("collection", "there:2").worker == "there:2"
    assert me.look("collection", "here:1").worker == "here:1"
    with pytest.raises(Conflict, match="not being traced"):
        me.look("tracemalloc_stop", "there:2")
    with pytest.raises(Overloaded):
        me.look("collection", "gone:4")

"""Users ask, fail, stop and delete: afterwards a worker holds as many objects as before."""

from __future__ import annotations

import collections
import gc
import itertools
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from chat.net.pool import KEEPALIVE_S

from ...reference_cycles import wait_for_threads
from .faulty_endpoint import FaultyEndpoint
from .whole_scene import Scene, SceneClock

_BEFORE, _USERS = 3, 8
# How late each ticker was in the last five seconds, and the buckets that durations have fallen into.
_BY_TIME = {"what is in chat.runtime.ticker.Ticker._lags", "what is in chat.metrics.counters.Counters._places"}


@pytest.fixture
def connection_clock() -> Callable[[], float]:
    """A clock by which idle connections are always too old, so that none is used again."""
    return itertools.count(0.0, KEEPALIVE_S + 1).__next__


def test_memory_does_not_grow_with_past_users(
    make_app: Callable[..., Flask], endpoint: FaultyEndpoint, clock: SceneClock
) -> None:
    app = make_app()
    for number in range(_BEFORE):
        _come_and_go(Scene(app, clock, number), endpoint)
    before = _census()
    for number in range(_USERS):
        _come_and_go(Scene(app, clock, _BEFORE + number), endpoint)
    after = _census()
    grown = {name: (before[name], after[name]) for name in after if after[name] - before[name] >= _USERS}
    assert grown.keys() <= _BY_TIME, f"more than before: {grown}"


def _come_and_go(scene: Scene, endpoint: FaultyEndpoint) -> None:
    scene.talk()
    endpoint.arm(nth=1, times=100, fault="401")
    scene.follow(scene.ask("and tomorrow?"))
    endpoint.arm(nth=1, times=100, fault="cut", at=1)
    scene.follow(scene.ask("and then?"))
    endpoint.arm(nth=1, times=100, fault="stall", at=1)
    scene.stop(scene.ask("and after that?"))
    endpoint.disarm()
    scene.get("/api/conversations")
    scene.until_done("GET", "/api/turns/999999", (404,))
    scene.until_done("POST", "/api/nothing", (404,), json={})
    scene.until_done("DELETE", f"/api/conversations/{scene.here}", (204,))


def _census() -> collections.Counter[str]:
    """Return the number of the program's objects by type, and the sizes of their attributes and of its modules."""
    wait_for_threads()
    gc.collect()
    counts: collections.Counter[str] = collections.Counter()
    for each in gc.get_objects():
        kind = type(each)
        if str(kind.__module__).split(".")[0] == "chat":
            counts[f"{kind.__module__}.{kind.__qualname__}"] += 1
            _add_sizes(counts, f"{kind.__module__}.{kind.__qualname__}", _attributes(each))
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("chat", "config") and isinstance(module, ModuleType):
            _add_sizes(counts, name, vars(module))
    counts["threads"] = threading.active_count()
    return counts


def _attributes(thing: object) -> dict[str, Any]:
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    held = {name: getattr(thing, name, None) for name in slots if isinstance(name, str) and not name.startswith("__")}
    return held | dict(getattr(thing, "__dict__", {}))


def _add_sizes(counts: collections.Counter[str], owner: str, held: dict[str, Any]) -> None:
    for name, value in held.items():
        bounded = isinstance(value, collections.deque) and value.maxlen is not None
        if isinstance(value, dict | list | set | collections.deque) and not bounded:
            counts[f"what is in {owner}.{name}"] += len(value)

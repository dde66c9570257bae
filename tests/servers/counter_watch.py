"""A watch of the counters of `/metrics`: none may ever decrease."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.prometheus import Figures


def figures(url: str) -> Figures:
    """Return the figures of whichever worker answers."""
    answer = requests.get(f"{url}/metrics", headers={"Connection": "close"}, timeout=20)
    assert answer.status_code == 200, answer.text
    return Figures(answer.text)


@contextmanager
def counters_watched(url: str) -> Iterator[None]:
    """Read the counters repeatedly while the block runs. Fail if one decreases."""
    gone_back: list[str] = []
    looks = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal looks
        highest: dict[str, float] = {}
        while not over.wait(0.1):
            try:
                counters = figures(url).counters
            except requests.RequestException:  # the worker that answers is killed
                continue
            looks += 1
            gone_back.extend(name for name, value in highest.items() if counters.get(name, -1.0) < value)
            highest = counters

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    assert gone_back == []
    assert looks >= 5

"""Reports of the workers of all servers by way of Redis: a key a worker, which expires."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

from chat.net.redis_client import RedisClient, RedisUnavailable

_EVERY_S = 2.0
_STALE_S, _EXPIRES_S = 8.0, 60.0


class RedisReports:
    """ReportExchange of worker `name`. `workers` returns the names of all workers that listen at present."""

    def __init__(
        self, client: RedisClient, prefix: Callable[[], str], name: str, workers: Callable[[], list[str]]
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._name = name
        self._workers = workers
        self._published_at = 0.0

    def publish(self, report: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._published_at < _EVERY_S:
            return
        self._published_at = now
        with contextlib.suppress(RedisUnavailable):
            self._client.run("SET", self._key(self._name), json.dumps(report), "PX", int(_EXPIRES_S * 1000))

    def reports(self) -> list[dict[str, Any]]:
        try:
            keys = [self._key(worker) for worker in self._workers()]
            commands = [command for key in keys for command in (("GET", key), ("PTTL", key))]
            replies = self._client.run_all(commands) if commands else []
        except RedisUnavailable:
            return []
        return [
            report | {"stale": _EXPIRES_S - left_ms / 1000 > _STALE_S}
            for text, left_ms in zip(replies[::2], replies[1::2], strict=True)
            if (report := _report(text)) is not None
        ]

    def close(self) -> None:
        with contextlib.suppress(RedisUnavailable):
            self._client.run("UNLINK", self._key(self._name))

    def _key(self, worker: str) -> str:
        return f"{self._prefix()}report:{worker}"


def _report(text: object) -> dict[str, Any] | None:
    """Return a report that was read, None if it is missing or invalid."""
    with contextlib.suppress(ValueError, RecursionError):
        if isinstance(text, bytes) and isinstance(report := json.loads(text), dict):
            return report
    return None

"""A worker's parts of Redis: its client, the road to the workers of other servers, and their reports."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable

from chat.cluster.contract import Handler
from chat.cluster.redis_channels import RedisChannels
from chat.cluster.redis_reports import RedisReports
from chat.cluster.redis_road import RedisRoad
from chat.metrics.metrics import Metrics
from chat.net.redis_client import RedisClient, RedisUnavailable
from config import redis_url

# Number of checks after which the workers' keys are compared again.
_KEYS_EVERY = 10


class RedisLink:
    """One per worker `name`.

    `key_digest` returns a digest of its SECRET_KEY, and `identity` what tells this database from all others.

    Several installations may share a Redis: each has its own keys and channels.
    """

    def __init__(
        self,
        url: str,
        name: str,
        key_digest: Callable[[], str],
        identity: Callable[[], str],
        metrics: Metrics | None = None,
        wait_factor: float = 1.0,
    ) -> None:
        self.client = RedisClient(redis_url.parse(url), metrics, wait_factor)
        self._identity = identity
        self._prefix = ""
        self._channels = RedisChannels(self.client, self.prefix, name, key_digest)
        self.road = RedisRoad(self._channels)
        self.reports = RedisReports(self.client, self.prefix, name, self._channels.workers)
        # Whether a live worker has another SECRET_KEY.
        self.other_key = False
        # Whether a live worker with the same SECRET_KEY has another database.
        self.other_database = False
        self._checks = 0

    @property
    def problem(self) -> str:
        """Return why Redis is not used at present, a sentence for the operator, or ""."""
        return self.client.breaker.problem

    def prefix(self) -> str:
        """Return the beginning of all keys and channels."""
        if not self._prefix:
            self._prefix = f"parley:{hashlib.sha256(self._identity().encode()).hexdigest()[:16]}:"
        return self._prefix

    def start(self, handler: Handler) -> None:
        """Ask Redis for the first time, and answer the requests of other workers with `handler`."""
        self.client.check()
        self.road.listen(handler)

    def check(self) -> None:
        """Check that Redis, and the workers whose answers are awaited, still respond. Call this once a second."""
        self.client.check()
        self.road.check()
        self._checks += 1
        if self._checks % _KEYS_EVERY == 2:  # workers that start at the same time listen by then
            with contextlib.suppress(RedisUnavailable):
                self.other_key = self._channels.has_other_keys()
                self.other_database = self._channels.has_other_databases()

    def close(self) -> None:
        self.reports.close()
        self.road.close()
        self.client.close()

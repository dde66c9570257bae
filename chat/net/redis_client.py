"""Redis as a worker uses it: commands that are answered at once or not at all, and one subscription.

Redis makes things faster and may be missing at any time. Every call here may raise RedisUnavailable, at the latest a
quarter of a second after it began; then the breaker is open, and later calls raise at once until a probe was answered.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any

from redis.connection import ConnectionInterface
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeout

from chat.metrics.metrics import Metrics
from chat.net import redis_faults
from chat.net.breaker import Breaker
from chat.net.redis_pool import pool_for
from config.redis_url import RedisUrl

Word = str | bytes | int
Command = Sequence[Word]
# The worker's loop may have been busy for the whole wait: then the reply has arrived, but was not read.
_SECOND_LOOK_S = 0.05
_PROBE_NAME = "parley:probe"
# Everything that the program does beside subscribing: the user may lack the right to some of it, a replica and a full
# server refuse what writes.
_PROBE: tuple[Command, ...] = (
    ("SET", _PROBE_NAME, "", "PX", 1000),
    ("GET", _PROBE_NAME),
    ("PTTL", _PROBE_NAME),
    ("UNLINK", _PROBE_NAME),
    ("PUBLISH", _PROBE_NAME, ""),
    ("PUBSUB", "NUMSUB", _PROBE_NAME),
    ("PUBSUB", "CHANNELS", _PROBE_NAME),
)


class RedisUnavailable(Exception):
    """Redis does not answer, or its answer is an error."""


class RedisClient:
    """One per worker, for any thread. `breaker` says whether Redis may be used; `check` closes it.

    Each exchange is timed in `metrics` under the name of its first command. All waits are `wait_factor` times as
    long as usual, for tests in which Redis must never be late.
    """

    def __init__(self, url: RedisUrl, metrics: Metrics | None = None, wait_factor: float = 1.0) -> None:
        self.wait_factor = wait_factor
        self._pool = pool_for(url, wait_factor)
        self._metrics = metrics or Metrics()
        self.breaker = Breaker("Redis", url.redacted)
        self.breaker.on_open.append(lambda: self._pool.disconnect(inuse_connections=False))

    def run(self, *command: Word) -> Any:
        """Return the reply to a command. Raises RedisUnavailable."""
        return self.run_all([command])[0]

    def run_all(self, commands: Sequence[Command]) -> list[Any]:
        """Return the replies to commands that are sent together. Raises RedisUnavailable.

        The reply is None where a key has a value of another type.
        """
        if self.breaker.is_open:
            raise RedisUnavailable(self.breaker.problem)
        return self._run(commands)

    def check(self) -> None:
        """Probe Redis if it could not be used at the last call. Call this once a second."""
        if not self.breaker.is_open:
            return
        with contextlib.suppress(RedisUnavailable):
            problem = redis_faults.unsuitable(*self._run([("INFO", "server")], probe=True))
            if problem:
                self.breaker.open(problem)
            else:
                self._run(_PROBE, probe=True)
                self._subscribe(_PROBE_NAME).close()
                self.breaker.close()

    def subscribe(self, *channels: str) -> Subscription:
        """Return a subscription to channels, once Redis has confirmed it. Raises RedisUnavailable."""
        if self.breaker.is_open:
            raise RedisUnavailable(self.breaker.problem)
        return self._subscribe(*channels)

    def close(self) -> None:
        self._pool.close()

    def _subscribe(self, *channels: str) -> Subscription:
        connection = self._pool.connection_class(**self._pool.connection_kwargs)
        try:
            connection.connect()
            connection.send_command("SUBSCRIBE", *channels)
            for _ in channels:
                connection.read_response()
        except (RedisError, OSError) as error:
            connection.disconnect()
            raise self._failed(error) from error
        except BaseException:
            connection.disconnect()
            raise
        return Subscription(connection)

    def _run(self, commands: Sequence[Command], probe: bool = False) -> list[Any]:
        began_at = time.monotonic()
        try:
            return self._exchange(commands, probe)
        except RedisUnavailable as error:
            self._metrics.redis_errors.add(type(error.__cause__ or error).__name__)
            raise
        finally:
            self._metrics.redis_seconds.observe(time.monotonic() - began_at, str(commands[0][0]).lower())

    def _exchange(self, commands: Sequence[Command], probe: bool) -> list[Any]:
        try:
            connection = self._pool.get_connection()
        except (RedisError, OSError) as error:
            if str(error).startswith("No connection available"):  # the callers that hold them will detect a failure
                raise RedisUnavailable("All connections to Redis are in use.") from error
            raise self._failed(error) from error
        complete = False
        try:
            if self.breaker.is_open and not probe:  # it opened while this caller waited for a connection
                raise RedisUnavailable(self.breaker.problem)
            connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            replies = [_reply(connection) for _ in commands]
            complete = True
        except (RedisError, OSError) as error:
            raise self._failed(error) from error
        finally:
            # After any error, also when the thread is killed: the next caller must not get the unread reply.
            if not complete:
                connection.disconnect()
            self._pool.release(connection)
        for reply in replies:
            if isinstance(reply, ResponseError) and not str(reply).startswith("WRONGTYPE"):
                raise self._failed(reply) from reply
        return [None if isinstance(reply, ResponseError) else reply for reply in replies]

    def _failed(self, error: Exception) -> RedisUnavailable:
        """Open the breaker and return the error to raise."""
        problem = redis_faults.sentence(error)
        self.breaker.open(problem)
        return RedisUnavailable(problem)


class Subscription:
    """A connection on which the messages of some channels arrive. For one thread."""

    def __init__(self, connection: ConnectionInterface) -> None:
        self._connection = connection

    def next(self, timeout_s: float) -> bytes | None:
        """Return the next message, None after the timeout. Raises RedisUnavailable if the connection is lost."""
        try:
            reply = self._connection.read_response(timeout=timeout_s, disconnect_on_error=False)
        except RedisTimeout:
            return None
        except (RedisError, OSError) as error:
            raise RedisUnavailable("The subscription has ended.") from error
        return bytes(reply[2]) if isinstance(reply, list) and reply[0] == b"message" else None

    def close(self) -> None:
        self._connection.disconnect()


def _reply(connection: ConnectionInterface) -> Any:
    """Return the next reply, also if it is an error."""
    try:
        try:
            return connection.read_response(disconnect_on_error=False)
        except RedisTimeout:
            return connection.read_response(timeout=_SECOND_LOOK_S, disconnect_on_error=False)
    except ResponseError as refused:
        return refused

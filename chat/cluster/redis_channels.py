"""Short messages between the workers of all servers, by way of Redis.

Each worker has a channel, its inbox, and one subscription to it. A channel stores nothing: a message to a worker that
does not listen is undeliverable at once, and none is left over. Everything that is waiting for the same worker goes
out as one message of Redis, so the number of Redis operations does not grow with the number of followers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from chat.net.redis_client import RedisClient, RedisUnavailable, Subscription
from chat.runtime import threads

# A short list whose first item is its kind.
Message = list[Any]
# Longest bundle of messages, apart from a single larger one.
_BUNDLE_BYTES = 262_144
# After this time without a message, the worker writes to itself, to check whether its subscription still works.
_QUIET_S = 5.0
_ECHO_S = 1.5
_WAIT_S = 0.5
_STOP_S = 2.0
_ECHO: Message = ["echo"]
# Beginning of the channels by which workers with the same SECRET_KEY see each other's databases.
_DATABASES = "parley:database:"

_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(list[list[Any]]).decode


class RedisChannels:
    """The messages from and to worker `name`.

    `prefix` returns what tells the workers of this database from those of others, `key_digest` a digest of SECRET_KEY.

    Set the callbacks before `start`. `on_message(message)` gets each message except echoes, in the receiving thread.
    `on_undeliverable(worker)` is called when a worker does not listen, `on_lost()` when messages may have been lost.
    """

    def __init__(
        self, client: RedisClient, prefix: Callable[[], str], name: str, key_digest: Callable[[], str]
    ) -> None:
        self.name = name
        self.wait_factor = client.wait_factor
        self.on_message: Callable[[Message], None] = lambda _message: None
        self.on_undeliverable: Callable[[str], None] = lambda _worker: None
        self.on_lost: Callable[[], None] = lambda: None
        self._client = client
        self._prefix = prefix
        self._key_digest = key_digest
        self._outbox: dict[str, list[Message]] = {}
        self._lock = threading.Lock()
        self._waiting = threading.Event()
        self._subscription: Subscription | None = None
        self._received_at = self._echo_due_at = 0.0
        self._renew = False
        self._closing = False
        self._threads: list[threading.Thread] = []
        client.breaker.on_open.append(self._lose)

    def start(self) -> None:
        """Listen, and send what is posted, until `close`."""
        self._threads = [
            threads.start_joinable("redis sender", self._send),
            threads.start_joinable("redis receiver", self._receive),
        ]

    @property
    def usable(self) -> bool:
        """Return whether answers would arrive here now."""
        return self._subscription is not None and not self._client.breaker.is_open

    def post(self, worker: str, message: Message) -> None:
        """Queue a message. It is sent soon, and may get lost."""
        with self._lock:
            self._outbox.setdefault(worker, []).append(message)
        self._waiting.set()

    def check(self, workers: Sequence[str]) -> None:
        """Check whether this worker's subscription works, and whether `workers` still listen.

        Call this once a second, with the workers whose messages are awaited.
        """
        if not self.usable:
            return
        now = time.monotonic()
        if self._echo_due_at and now > self._echo_due_at:
            self._renew = True
        elif not self._echo_due_at and (workers or now - self._received_at > _QUIET_S):
            self._echo_due_at = now + _ECHO_S * self.wait_factor
            self.post(self.name, _ECHO)
        if workers:
            try:
                counts = self._client.run("PUBSUB", "NUMSUB", *map(self._channel, workers))
            except RedisUnavailable:
                return  # `on_lost` was called
            for worker, count in zip(workers, counts[1::2], strict=True):
                if not count:
                    self.on_undeliverable(worker)

    def workers(self) -> list[str]:
        """Return the names of all workers that listen. Raises RedisUnavailable."""
        return [name.removeprefix(self._channel("")) for name in self._channels(self._channel("*"))]

    def has_other_keys(self) -> bool:
        """Return whether a worker listens that has another SECRET_KEY. Raises RedisUnavailable."""
        return len(self._channels(f"{self._prefix()}secret-key:*")) > 1

    def has_other_databases(self) -> bool:
        """Return whether a worker with this SECRET_KEY listens that has another database. Raises RedisUnavailable."""
        return len(self._channels(f"{_DATABASES}{self._key_digest()}:*")) > 1

    def _channels(self, pattern: str) -> list[str]:
        return [name.decode("utf-8", "replace") for name in self._client.run("PUBSUB", "CHANNELS", pattern)]

    def close(self) -> None:
        self._closing = True
        self.post(self.name, _ECHO)  # wakes both threads
        for thread in self._threads:
            thread.join(_STOP_S)

    def _send(self) -> None:
        while True:
            self._waiting.wait()
            self._waiting.clear()
            with self._lock:
                outbox, self._outbox = self._outbox, {}
            bundles = [(worker, bundle) for worker, messages in outbox.items() for bundle in _bundles(messages)]
            try:
                counts = self._client.run_all(
                    [("PUBLISH", self._channel(worker), _encode(bundle)) for worker, bundle in bundles]
                )
            except RedisUnavailable:
                self._lose()
                counts = [1] * len(bundles)
            for worker in {worker for (worker, _), count in zip(bundles, counts, strict=True) if not count}:
                self.on_undeliverable(worker)
            if self._closing:
                return

    def _receive(self) -> None:
        while not self._closing:
            try:
                self._subscription = subscription = self._client.subscribe(
                    self._channel(self.name),
                    f"{self._prefix()}secret-key:{self._key_digest()}",
                    f"{_DATABASES}{self._key_digest()}:{self._prefix()}",
                )
            except RedisUnavailable:
                time.sleep(_WAIT_S)
                continue
            self._received_at, self._echo_due_at, self._renew = time.monotonic(), 0.0, False
            try:
                while not (self._closing or self._renew or self._client.breaker.is_open):
                    bundle = subscription.next(_WAIT_S)
                    if bundle is not None:
                        self._deliver(bundle)
            except RedisUnavailable:
                pass
            finally:
                self._subscription = None
                subscription.close()
                self._lose()

    def _channel(self, worker: str) -> str:
        return f"{self._prefix()}inbox:{worker}"

    def _deliver(self, bundle: bytes) -> None:
        self._received_at, self._echo_due_at = time.monotonic(), 0.0
        try:
            messages = _decode(bundle)
        except (msgspec.DecodeError, msgspec.ValidationError):  # another program's, or another version's
            return
        for message in messages:
            if message and message != _ECHO:
                self.on_message(message)

    def _lose(self) -> None:
        if not self._closing:
            self.on_lost()


def _bundles(messages: list[Message]) -> list[list[Message]]:
    """Return the messages in order, in lists of limited size."""
    bundles: list[list[Message]] = [[]]
    size = 0
    for message in messages:
        length = sum(len(part) for part in message if isinstance(part, bytes))
        if bundles[-1] and size + length > _BUNDLE_BYTES:
            bundles.append([])
            size = 0
        bundles[-1].append(message)
        size += length
    return bundles

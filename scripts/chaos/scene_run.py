"""One run of a scene: a server, its model and its data source, and the list of failed checks."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scripts.chaos.database import Database, PostgresqlDatabase
from scripts.chaos.parley import Parley
from scripts.chaos.source import SlowSource
from scripts.fake_llm import FakeLLM
from scripts.kit.postgresql_server import PostgresqlServer
from scripts.kit.redis_server import RedisServer

MODELS = 16


@dataclass
class SceneRun:
    """Parameters and results of a scene.

    `count` is the number of faults, `users` the number of users, `slack` the factor on all time limits. `redis` is the
    scene's own, if it has one. Results are `counts`, `longest` (seconds) and `failures`.
    """

    mode: str
    count: int
    users: int
    slack: float
    say: Callable[[str], None]
    server: Parley
    llm: FakeLLM
    database: Database
    redis: RedisServer | None = None
    counts: dict[str, int] = field(default_factory=dict)
    longest: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, holds: object, sentence: str) -> None:
        if not holds:
            self.failures.append(sentence)

    def add(self, name: str, number: int = 1) -> None:
        with self._lock:
            self.counts[name] = self.counts.get(name, 0) + number

    def within(self, name: str, seconds: float, limit_s: float, whose: object) -> None:
        """Record the longest of these times, and check each against its promised limit."""
        with self._lock:
            self.longest[name] = max(seconds, self.longest.get(name, 0.0))
        self.expect(seconds <= limit_s * self.slack, f"{name} is {seconds:.2f} s: {whose}")

    def model(self, number: int) -> str:
        """Return a model name of its own, by which the fake model reports whose connection was closed."""
        return _MODELS[number % MODELS]


# An option without effect unless a fault is requested.
_MODELS = [f"fake?at={number}" for number in range(MODELS)]


@contextlib.contextmanager
def start_scene(
    folder: Path,
    mode: str,
    count: int,
    users: int,
    slack: float,
    say: Callable[[str], None],
    engines: Collection[str] = (),
    **settings: object,
) -> Iterator[SceneRun]:
    """Start everything that a scene needs, and end it in any case. Raises CannotRun.

    `engines` may have "postgresql" and "redis".
    """
    with contextlib.ExitStack() as started:
        llm, source = started.enter_context(FakeLLM()), started.enter_context(SlowSource())
        needed: dict[str, object] = {
            "OPENAI_BASE_URL": llm.base_url,
            "CHAT_MODEL": ",".join(_MODELS),
            # The requests that the model gets are those of turns.
            "TITLE_MODEL": "none",
            "WORLD_BANK_URL": source.url,
            "FRANKFURTER_URL": source.url,
        }
        database: Database | None = None
        redis: RedisServer | None = None
        if "postgresql" in engines:
            postgresql = started.enter_context(PostgresqlServer({"max_connections": 300}))
            name = postgresql.create_database()
            needed |= {"DATABASE_URL": postgresql.url(name), "SECRET_KEY": "the-key-of-all-servers"}
            database = PostgresqlDatabase(postgresql, name)
        if "redis" in engines:
            redis = started.enter_context(RedisServer(folder / "redis"))
            needed["REDIS_URL"] = redis.url
        server = started.enter_context(Parley(folder, mode, **needed | settings))
        database = database or Database(server.database)
        yield SceneRun(mode, count, users, slack, say, server, llm, database, redis)

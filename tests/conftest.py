"""Fixtures for every test: separate settings, a store, an application with a scripted model.

A test must leave no thread and no greenlet behind, and in CI no test may be skipped.
"""

from __future__ import annotations

import dataclasses
import gc
import os
import random
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.app import create_app
from chat.cancellation import Cancellation
from chat.messages import Delta, Message, TextDelta, ToolSpec, Usage
from chat.runtime.clock import MACHINE_CLOCK, Clock
from chat.services import Overrides
from chat.store import Store, engine_for
from chat.turns.turn_requests import HEARTBEAT_S
from config.paths import ROOT
from config.setting_values import is_postgresql
from config.settings import Settings
from scripts.kit import postgresql_server
from scripts.kit import redis_server as redis_kit
from scripts.kit.postgresql_server import PgBouncer, PostgresqlServer
from scripts.kit.redis_server import RedisServer
from tests import late_machine, leaks
from tests.servers.postgresql_databases import SECRET_KEY, Databases

# A loaded machine is slow, and that is no fault of what a test checks.
hypothesis.settings.register_profile(
    "any machine", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

Script = Callable[[Sequence[Message], Cancellation], Iterator[Delta]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the database of tests that do not choose one themselves",
    )


def pytest_configure() -> None:
    """Restore SIGINT: a shell has its background jobs ignore it, and so would the programs that tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_itemcollected(item: pytest.Item) -> None:
    if isinstance(item, pytest.Function) and item.get_closest_marker("by_times"):
        item.obj = late_machine.repeated(item.obj)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    other_engine = config.getoption("--database") == "postgresql"
    for item in items:
        folder = item.path.parent.name
        if folder in ("system", "browser"):
            item.add_marker(folder)
        if other_engine and (about_sqlite := item.get_closest_marker("sqlite")):
            item.add_marker(pytest.mark.skip(f"about SQLite: {about_sqlite.args[0]}"))
    items[:] = _spread(items)


# Files of a minute or more: none of them may be among the last that run.
_LONG = (
    *("test_chaos", "test_chaos_clients", "test_chaos_loads", "test_chaos_processes", "test_chaos_restarts"),
    *("test_chaos_servers", "test_backups", "test_operations", "test_rollbacks", "test_postgresql_faults"),
    *("test_database_faults", "test_switch", "test_openapi", "test_answer_isolation", "test_bounds", "test_roads"),
    *("test_upstreams", "test_mode", "test_fault_sweep", "test_model_fault_sweep", "test_round_trip"),
    *("test_accessibility", "test_threads", "test_scrolling", "test_shell", "test_many_tabs"),
)


def _spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """Spread the files with servers or a browser among the others, each file whole, in the same order in each process.

    Some use both cores, others wait; next to each other they would take longer, and be late. The last tenth is left to
    short files, so that all processes end at the same time.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    heavy = [path for path in files if path.parent.name in ("system", "browser") or path.stem in _LONG]
    others = [path for path in files if path not in heavy]
    random.Random(2).shuffle(heavy)  # neighbours in the alphabet are alike
    long = [path for path in heavy if path.stem in _LONG]
    places = {path: number / len(others) for number, path in enumerate(others)}
    places |= {path: 0.9 * number / len(heavy) for number, path in enumerate(heavy)}
    places |= {path: 0.6 * number / len(long) for number, path in enumerate(long)}
    return [item for path in sorted(files, key=places.__getitem__) for item in files[path]]


def pytest_collection_finish() -> None:
    """Exclude the collected tests and all modules from garbage collection: tests collect often."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Fail skipped tests in CI, where everything that tests need is installed."""
    report: Any = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database of the test's own, of the kind that the command line names."""
    if request.config.getoption("--database") == "postgresql":
        databases: Databases = request.getfixturevalue("postgresql_databases")
        return databases.url(str(tmp_path))
    return f"sqlite:///{tmp_path}/chat.db"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings with every file in the test's own folder."""
    return Settings(
        grace_s=0,
        title_model="none",
        database_url=database_url,
        secret_key=SECRET_KEY if is_postgresql(database_url) else "",
        data_dir=tmp_path / "data",
        log_dir=tmp_path / "logs",
        demo_latency_s=0.0,
    )


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """Return a PostgreSQL server for all tests of this process, or skip the test where there is none."""
    if why := postgresql_server.missing():
        pytest.skip(why)
    with PostgresqlServer() as server:
        yield server


@pytest.fixture(scope="session")
def all_postgresql_databases(postgresql: PostgresqlServer) -> Databases:
    return Databases(postgresql)


@pytest.fixture
def postgresql_databases(all_postgresql_databases: Databases) -> Iterator[Databases]:
    """Return the databases of that server. They are the test's own and used again by later tests."""
    yield all_postgresql_databases
    all_postgresql_databases.give_back()


@pytest.fixture(scope="session")
def pgbouncer(postgresql: PostgresqlServer) -> Iterator[PgBouncer]:
    """Return a PgBouncer in transaction mode in front of that server."""
    if why := postgresql_server.pgbouncer_missing():
        pytest.skip(why)
    with PgBouncer(postgresql) as bouncer:
        yield bouncer


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the store and the applications. A module may define its own."""
    return MACHINE_CLOCK


@pytest.fixture
def store(settings: Settings, clock: Clock) -> Iterator[Store]:
    store = Store(engine_for(settings.database_url, ROOT, settings.secret_key), clock)
    store.migrate()
    yield store
    store.close()


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for the tests of one module, which may do anything to it but leave it stopped."""
    if sentence := redis_kit.missing():
        pytest.skip(sentence)
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


class ScriptedModel:
    """A model with scripted answers. `seen` has the context of every call."""

    def __init__(self) -> None:
        self.seen: list[list[Message]] = []
        self.scripts: list[Script] = []

    def will(self, *deltas: Delta) -> None:
        """Answer the next call with these deltas."""
        self.scripts.append(lambda _messages, _cancellation: iter(deltas))

    def will_run(self, script: Script) -> None:
        """Answer the next call with the deltas that `script` yields."""
        self.scripts.append(script)

    def stream(
        self,
        model: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        cancellation: Cancellation,
        may_call: bool = True,
    ) -> Generator[Delta, None, None]:
        self.seen.append(list(messages))
        if self.scripts:
            yield from self.scripts.pop(0)(messages, cancellation)
        else:
            yield TextDelta("You said: ")
            yield TextDelta(messages[-1].text)
            yield Usage(3, 2)

    def warm_up(self) -> None:
        pass

    def close_unusable_connections(self) -> None:
        pass


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def heartbeat_s() -> float:
    """Return the seconds between two comments of a silent stream. A test may have others, as a parameter."""
    return HEARTBEAT_S


@pytest.fixture
def overrides(model: ScriptedModel, clock: Clock, heartbeat_s: float) -> Overrides:
    """Return the parts that replace the usual ones in the applications of a test. A module may define its own."""
    return Overrides(model=model, clock=clock, heartbeat_s=heartbeat_s)


@pytest.fixture
def make_app(settings: Settings, overrides: Overrides) -> Iterator[Callable[..., Flask]]:
    """Return a function that makes applications from the test's settings, with changes: `make_app(admin_token="x")`."""
    apps: list[Flask] = []

    def make(**changes: Any) -> Flask:
        app = create_app(dataclasses.replace(settings, **changes), overrides)
        app.extensions["parley"].start()
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.extensions["parley"].stop()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def alice(app: Flask) -> FlaskClient:
    """A browser with its own identity."""
    return app.test_client()


@pytest.fixture
def mallory(app: Flask) -> FlaskClient:
    """A hostile browser with another identity."""
    return app.test_client()


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Check that no thread and no greenlet outlives its test."""
    with leaks.nothing_left_behind():
        yield

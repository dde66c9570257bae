"""PostgreSQL is stopped, suspended, full or restarted, or ends its connections, while a server has users."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import requests

from scripts.fake_llm import FakeLLM, generated_text
from scripts.kit.postgresql_server import PostgresqlServer
from scripts.kit.sse import Event
from scripts.kit.waiting import wait_until
from tests.servers.parley import ParleyServer, User, text_of, wanting
from tests.servers.postgresql_databases import SECRET_KEY

STREAMS = 3
TOKENS = 120
GAP_S = 0.04
FAULT_S = 2.5
# Promised are two seconds; the rest is for a busy machine.
REFUSED_WITHIN_S = 4.0
LONGEST_GAP_S = 1.5


@pytest.fixture(scope="module")
def database(postgresql: PostgresqlServer) -> Iterator[str]:
    name = postgresql.create_database()
    yield name
    postgresql.drop_database(name)


@pytest.fixture(scope="module")
def server(
    flag: str, fake_llm: FakeLLM, postgresql: PostgresqlServer, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ParleyServer]:
    """One worker: a delay of the worker delays every user."""
    with ParleyServer(
        tmp_path_factory.mktemp("parley"),
        USE_ASYNC_AGENT=flag,
        WEB_CONCURRENCY=1,
        DATABASE_URL=postgresql.url(database),
        SECRET_KEY=SECRET_KEY,
        OPENAI_BASE_URL=fake_llm.base_url,
        CHAT_MODEL=f"fake?tokens={TOKENS}&gap={GAP_S}&first=0.05",
    ) as running:
        yield running


@contextlib.contextmanager
def stopped(postgresql: PostgresqlServer, _: str) -> Iterator[None]:
    postgresql.stop()
    try:
        yield
    finally:
        postgresql.start()


@contextlib.contextmanager
def suspended(postgresql: PostgresqlServer, _: str) -> Iterator[None]:
    postgresql.pause()
    try:
        yield
    finally:
        postgresql.resume()


@contextlib.contextmanager
def without_free_connections(postgresql: PostgresqlServer, database: str) -> Iterator[None]:
    postgresql.run(f'ALTER DATABASE "{database}" CONNECTION LIMIT 0')
    postgresql.end_connections(database)
    try:
        yield
    finally:
        postgresql.run(f'ALTER DATABASE "{database}" CONNECTION LIMIT -1')


FAULTS: dict[str, Callable[[PostgresqlServer, str], contextlib.AbstractContextManager[None]]] = {
    "stopped": stopped,
    "suspended": suspended,
    "without free connections": without_free_connections,
}


def listen(user: User, conversation: int, begun: threading.Barrier) -> list[Event]:
    with user.asking(conversation, "Tell me a long story") as events:
        received = [next(events)]
        while received[-1].name != "delta":
            received.append(next(events))
        begun.wait(20)
        return received + list(events)


@contextlib.contextmanager
def crowd(url: str) -> Iterator[list[Future[list[Event]]]]:
    """Yield the streams of users whose answers are being written."""
    begun = threading.Barrier(STREAMS + 1)
    with ThreadPoolExecutor(STREAMS) as pool:
        people = [(user, user.conversation()) for user in (User(url) for _ in range(STREAMS))]
        streams = [pool.submit(listen, user, place, begun) for user, place in people]
        begun.wait(20)
        yield streams


def refused(answer: requests.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["error"]["code"] == "database_unavailable"
    assert answer.elapsed.total_seconds() < REFUSED_WITHIN_S


def all_complete(streams: list[Future[list[Event]]]) -> None:
    """Check that every stream continued, with a complete answer and without repetition."""
    for events in (each.result(60) for each in streams):
        assert [event.name for event in events].count("done") == 1
        assert (events[-1].data["status"], text_of(events)) == ("completed", generated_text(TOKENS))
        deltas = [event for event in events if event.name == "delta"]
        assert max(later.at - earlier.at for earlier, later in itertools.pairwise(deltas)) < LONGEST_GAP_S


def nothing_half_written(postgresql: PostgresqlServer, database: str) -> None:
    for query in (
        "SELECT id FROM turns WHERE status = 'running'",
        "SELECT id FROM conversations WHERE active_turn_id IS NOT NULL",
        "SELECT id FROM messages WHERE role = 'user' AND id NOT IN (SELECT user_message_id FROM turns)",
    ):
        wait_until(lambda query=query: not postgresql.run(query, database), query)


@pytest.mark.parametrize("fault", FAULTS)
def test_while_it_cannot_be_used(fault: str, server: ParleyServer, postgresql: PostgresqlServer, database: str) -> None:
    """Answers continue, questions are refused in time, and the server recovers without a restart."""
    late = User(server.url)
    place = late.conversation()
    workers = server.workers
    question = {"text": "May I? " + wanting(tokens=3), "client_id": "once"}
    refusals = 0
    with crowd(server.url) as streams:
        with FAULTS[fault](postgresql, database):
            until = time.monotonic() + FAULT_S
            while time.monotonic() < until:
                refused(late.post(f"/api/conversations/{place}/turns", question))
                refused(late.get(f"/api/conversations/{place}"))
                refusals += 2
            assert late.get("/healthz").status_code == 200
            assert late.get("/readyz").status_code == 503
        wait_until(lambda: late.get("/readyz").status_code == 200, "it is ready again")
        all_complete(streams)
    response = late.post(f"/api/conversations/{place}/turns", question)
    assert response.status_code in (200, 202), response.text
    assert late.follow(response.json()["turn_id"])[-1].data["status"] == "completed"
    assert len(late.get(f"/api/conversations/{place}").json()["messages"]) == 2
    assert server.workers == workers
    assert refusals >= 2
    nothing_half_written(postgresql, database)


def test_connections_that_are_ended_again_and_again(
    server: ParleyServer, postgresql: PostgresqlServer, database: str
) -> None:
    """No request is refused: an uncommitted transaction is repeated on another connection."""
    user = User(server.url)
    with crowd(server.url) as streams_of_crowd:
        for _ in range(8):
            postgresql.end_connections(database)
            place = user.post("/api/conversations")
            assert place.status_code == 201, place.text
            assert user.get("/api/conversations").status_code == 200
        all_complete(streams_of_crowd)
    nothing_half_written(postgresql, database)

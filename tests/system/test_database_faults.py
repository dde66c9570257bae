"""The database is locked by another process, or its disk is full, while a server has users."""

from __future__ import annotations

import contextlib
import itertools
import resource
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from scripts.fake_llm import FakeLLM, generated_text
from scripts.kit.sse import Event
from tests.servers.parley import ParleyServer, User, text_of, wanting

STREAMS = 4
TOKENS = 200
GAP_S = 0.04
# Promised are two seconds; the rest is for a busy machine.
REFUSED_WITHIN_S = 4.0
# Four times as many as a gthread worker has threads.
SENDERS = 32
# Promised is one second.
HEALTHY_WITHIN_S = 1.5
# How long a stream may be silent, and the loop be late, on a machine that does other things as well. A loop that
# waited for the lock itself would be late by two seconds, over and over.
LONGEST_GAP_S = 1.5
LONGEST_LAG_MS = 1500

# Takes the write lock and says so; lets it go when its input ends.
LOCKER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
other.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
other.rollback()
"""


@pytest.fixture(scope="module")
def server(flag: str, fake_llm: FakeLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    """One worker: a delay of the worker delays every user."""
    with ParleyServer(
        tmp_path_factory.mktemp("parley"),
        USE_ASYNC_AGENT=flag,
        WEB_CONCURRENCY=1,
        OPENAI_BASE_URL=fake_llm.base_url,
        CHAT_MODEL=f"fake?tokens={TOKENS}&gap={GAP_S}&first=0.05",
    ) as running:
        yield running


@contextlib.contextmanager
def write_lock(path: Path) -> Iterator[None]:
    """Hold the write lock in a transaction of another program."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as locker:
        assert locker.stdin
        assert locker.stdout
        assert locker.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            locker.stdin.close()
            locker.wait(20)


@contextlib.contextmanager
def no_room(pids: list[int]) -> Iterator[None]:
    """Forbid these processes to extend any file, such as the database and the logs."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


class Crowd:
    """Users whose answers are being written. A thread per user reads the answer to its end."""

    def __init__(self, url: str, pool: ThreadPoolExecutor, text: str) -> None:
        self.begun = threading.Barrier(STREAMS + 1)
        self._streams: list[Future[list[Event]]] = []
        for _ in range(STREAMS):
            user = User(url)
            self._streams.append(pool.submit(self._listen, user, user.conversation(), text))
        self.begun.wait(20)

    def _listen(self, user: User, conversation: int, text: str) -> list[Event]:
        with user.asking(conversation, text) as events:
            received = [next(events)]
            while received[-1].name != "delta":
                received.append(next(events))
            self.begun.wait(20)
            return received + list(events)

    def answers(self) -> list[list[Event]]:
        return [each.result(60) for each in self._streams]


def refused(answer: requests.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["error"]["code"] == "database_unavailable"
    assert answer.elapsed.total_seconds() < REFUSED_WITHIN_S


def nothing_half_written(server: ParleyServer) -> None:
    with contextlib.closing(sqlite3.connect(server.folder / "chat.db")) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert other.execute("PRAGMA foreign_key_check").fetchall() == []
        assert other.execute("SELECT id FROM turns WHERE status = 'running'").fetchall() == []
        assert other.execute("SELECT id FROM conversations WHERE active_turn_id IS NOT NULL").fetchall() == []
        unasked = "SELECT id FROM messages WHERE role = 'user' AND id NOT IN (SELECT user_message_id FROM turns)"
        assert other.execute(unasked).fetchall() == []


def test_a_lock_that_is_held_for_five_seconds(server: ParleyServer, flag: str) -> None:
    late = User(server.url)
    place = late.conversation()
    question = {"text": "May I? " + wanting(tokens=3), "client_id": "once"}
    lags: list[float] = []
    refusals = 0
    with ThreadPoolExecutor(STREAMS) as pool:
        crowd = Crowd(server.url, pool, "Tell me a long story")
        with write_lock(server.folder / "chat.db"):
            until = time.monotonic() + 5
            while time.monotonic() < until:
                refused(late.post(f"/api/conversations/{place}/turns", question))
                refusals += 1
                assert late.get(f"/api/conversations/{place}").json()["messages"] == []
                lags += [worker["loop_lag_ms"] for worker in late.get("/admin/memory-debug").json()["workers"]]
            unlocked = time.monotonic()
        answers = crowd.answers()
    assert refusals >= 2
    for events in answers:
        gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(events) if later.at < unlocked]
        assert len(gaps) > 20, "the stream was over too soon to tell"
        assert max(gaps) < LONGEST_GAP_S
        assert [event.name for event in events].count("done") == 1
        assert events[-1].data["status"] == "completed"
        assert text_of(events) == generated_text(TOKENS)
    assert max(lags) < LONGEST_LAG_MS
    response = late.post(f"/api/conversations/{place}/turns", question)
    assert response.status_code == 202
    assert late.follow(response.json()["turn_id"])[-1].data["status"] == "completed"
    assert len(late.get(f"/api/conversations/{place}").json()["messages"]) == 2
    nothing_half_written(server)
    longest = max(later.at - earlier.at for events in answers for earlier, later in itertools.pairwise(events))
    print(f"{flag}: {refusals} refused, longest gap {longest:.2f} s, lag at most {max(lags)} ms")


def test_many_senders_at_once_are_refused_in_time(server: ParleyServer) -> None:
    """More senders than a gthread worker has threads. Their time counts from sending, and health checks do not wait."""
    people = [User(server.url) for _ in range(SENDERS)]
    places = [user.conversation() for user in people]

    def send(user: User, place: int, accept: str) -> requests.Response:
        return user.post(f"/api/conversations/{place}/turns", {"text": "May I?"}, headers={"Accept": accept})

    for accept in ("application/json", "text/event-stream"):
        with write_lock(server.folder / "chat.db"), ThreadPoolExecutor(SENDERS) as pool:
            sent = [pool.submit(send, user, place, accept) for user, place in zip(people, places, strict=True)]
            time.sleep(0.2)
            health = requests.get(f"{server.url}/healthz", timeout=20)
            answers = [each.result() for each in sent]
        for answer in answers:
            refused(answer)
        assert health.elapsed.total_seconds() < HEALTHY_WITHIN_S
    nothing_half_written(server)


def test_a_disk_that_takes_no_more_and_then_does_again(server: ParleyServer) -> None:
    """The answers end meanwhile. Their ends are stored as soon as there is room, and are sent only then."""
    late = User(server.url)
    place = late.conversation()
    workers = server.workers
    question = {"text": "May I? " + wanting(tokens=3), "client_id": "once"}
    with ThreadPoolExecutor(STREAMS) as pool:
        crowd = Crowd(server.url, pool, "A short one " + wanting(tokens=40))
        with no_room(workers):
            until = time.monotonic() + 40 * GAP_S + 1
            while time.monotonic() < until:
                refused(late.post(f"/api/conversations/{place}/turns", question))
                assert late.get(f"/api/conversations/{place}").json()["messages"] == []
                time.sleep(0.1)
            assert late.get("/healthz").status_code == 200
        room = time.monotonic()
        answers = crowd.answers()
    for events in answers:
        assert [event.name for event in events].count("done") == 1
        assert (events[-1].data["status"], text_of(events)) == ("completed", generated_text(40))
        assert events[-2].at < room < events[-1].at
    response = late.post(f"/api/conversations/{place}/turns", question)
    assert response.status_code == 202, response.text
    assert late.follow(response.json()["turn_id"])[-1].data["status"] == "completed"
    assert server.workers == workers
    nothing_half_written(server)

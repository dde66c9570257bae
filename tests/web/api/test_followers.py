"""Limits of followers: of one turn over all workers, and of one worker over all turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chat.turns.stream_limits import MAX_FOLLOWERS_OF_TURN
from config.settings import Settings

from ...store.other_program import sql
from ...turns.peer_process import PeerProcess
from ..api_client import SSE, ask, assert_error, converse, events, wait_for_turn
from ..conftest import HeldAnswer

Follow = Callable[..., TestResponse]


@pytest.fixture
def follow() -> Iterator[Follow]:
    """Return a function that opens streams: `follow(client, url)`. They are closed after the test."""
    opened: list[TestResponse] = []

    def open_one(client: FlaskClient, url: str) -> TestResponse:
        opened.append(client.get(url))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


def refused(response: TestResponse) -> None:
    assert_error(response, 429, "too_many_followers")
    assert int(response.headers["Retry-After"]) > 0


def test_a_turn_has_a_limit_of_followers_and_leaving_frees_a_place(
    alice: FlaskClient, mallory: FlaskClient, conversation: int, held: HeldAnswer, follow: Follow
) -> None:
    started = ask(alice, conversation)
    url = started["events_url"]
    streams = [follow(alice, url) for _ in range(MAX_FOLLOWERS_OF_TURN)]
    assert {stream.status_code for stream in streams} == {200}
    refused(alice.get(url))
    refused(alice.get(f"{url}?wait=0"))
    # Others do not learn that it is full, and its owner can still do everything else.
    assert_error(mallory.get(url), 404, "not_found")
    assert alice.get(f"/api/turns/{started['turn_id']}").json["status"] == "running"
    streams[10].close()
    admitted = follow(alice, url)
    assert admitted.status_code == 200
    refused(alice.get(url))
    held.go()
    received = events(admitted.data)
    assert (received[0].name, received[-1].name) == ("turn", "done")
    for stream in streams:
        stream.close()
    assert wait_for_turn(alice, started)["status"] == "completed"


def test_an_ended_turn_has_so_many_too_and_forgets_them(alice: FlaskClient, conversation: int, follow: Follow) -> None:
    started = ask(alice, conversation)
    wait_for_turn(alice, started)
    streams = [follow(alice, started["events_url"]) for _ in range(MAX_FOLLOWERS_OF_TURN)]
    refused(alice.get(started["events_url"]))
    assert len({stream.data for stream in streams}) == 1
    assert follow(alice, started["events_url"]).data == streams[0].data


@pytest.fixture
def neighbour(app: Flask, settings: Settings) -> Iterator[PeerProcess]:
    """Another worker of the application's server, in a separate process."""
    app.extensions["parley"].start()
    process = PeerProcess(settings.database_url, settings.data_dir / "run")
    yield process
    process.ask(stop=True)
    process.close()


def begin_there(neighbour: PeerProcess, settings: Settings, conversation: int) -> dict[str, Any]:
    """Have the other worker begin a turn in a conversation."""
    ((user,),) = sql(settings.database_url, "SELECT user_id FROM conversations WHERE id = ?", conversation)
    started: dict[str, Any] = neighbour.ask(ask="Why?", user=user, conversation=conversation)
    return started


def test_it_is_the_same_number_from_another_worker(
    alice: FlaskClient, conversation: int, neighbour: PeerProcess, settings: Settings, follow: Follow
) -> None:
    """The turn has no followers in its own worker."""
    turn = begin_there(neighbour, settings, conversation)["turn"]
    url = f"/api/turns/{turn}/events"
    assert neighbour.ask(crowd=MAX_FOLLOWERS_OF_TURN, of=turn) == {"followers": MAX_FOLLOWERS_OF_TURN}
    refused(alice.get(url))
    # The one that there is room for is counted at the turn's home like any other.
    neighbour.ask(crowd=MAX_FOLLOWERS_OF_TURN - 1, of=turn)
    last = follow(alice, url)
    assert [event.name for event in events(next(iter(last.response)))] == ["turn"]
    refused(alice.get(url))
    neighbour.ask(crowd=0, of=turn)
    admitted = follow(alice, url)
    neighbour.tell(say="All of it.")
    neighbour.tell(end=True)
    assert [event.name for event in events(admitted.data)] == ["turn", "delta", "done"]


def test_a_worker_at_its_limit_of_streams_begins_no_turn_with_a_stream(
    make_app: Callable[..., Flask], follow: Follow
) -> None:
    app = make_app(use_async_agent=True, worker_connections=10)
    alice = app.test_client()
    place = converse(alice)
    started = ask(alice, place)
    wait_for_turn(alice, started)
    streams = [follow(alice, started["events_url"]) for _ in range(app.extensions["parley"].settings.streams_limit)]
    over = alice.get(started["events_url"])
    assert_error(over, 503, "overloaded")
    assert int(over.headers["Retry-After"]) > 0
    assert_error(alice.post(f"/api/conversations/{place}/turns", json={"text": "Why?"}, headers=SSE), 503, "overloaded")
    assert len(alice.get(f"/api/conversations/{place}").json["messages"]) == 2
    # Requests without a stream are served.
    quiet = ask(alice, place, "Why?")
    streams.pop().close()
    assert wait_for_turn(alice, quiet)["status"] == "completed"

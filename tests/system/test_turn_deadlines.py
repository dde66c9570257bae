"""Turns end at their deadline, whatever hangs, in both modes. Their conversation is free afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.fake_llm import FakeLLM, generated_text
from scripts.kit.sse import Event
from tests.servers.market_data import Fault, MarketDataServer
from tests.servers.parley import ParleyServer, User, text_of, wanting

TURN_TIMEOUT_S = 2
# Promised is that long beyond the deadline.
ENDED_WITHIN_S = 5


def look_up(country: str) -> list[tuple[str, dict[str, str]]]:
    """Return a tool call. Each test needs a country of its own: a turn joins the fetch that hangs for another turn."""
    return [("market_data", {"country": country})]


@pytest.fixture(scope="module")
def sources() -> Iterator[MarketDataServer]:
    with MarketDataServer() as server:
        yield server


@pytest.fixture(scope="module")
def server(
    flag: str, fake_llm: FakeLLM, sources: MarketDataServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ParleyServer]:
    """The model may be silent for a minute: only the turn's own deadline ends it."""
    with ParleyServer(
        tmp_path_factory.mktemp("parley"),
        USE_ASYNC_AGENT=flag,
        WEB_CONCURRENCY=1,
        THREADS=32,
        OPENAI_BASE_URL=fake_llm.base_url,
        CHAT_MODEL="fake?tokens=4&gap=0.01&first=0.02",
        TURN_TIMEOUT_S=TURN_TIMEOUT_S,
        MODEL_TIMEOUT_S=60,
        WORLD_BANK_URL=sources.world_bank_url,
        FRANKFURTER_URL=sources.frankfurter_url,
    ) as running:
        yield running


@pytest.fixture
def user(server: ParleyServer) -> User:
    return User(server.url)


def ended_by_its_deadline(events: list[Event]) -> None:
    assert [event.name for event in events].count("done") == 1
    assert [event.name for event in events[-2:]] == ["error", "done"]
    assert (events[-2].data["code"], events[-1].data["status"]) == ("turn_timeout", "failed")
    # By the server's clock: a client with twenty threads may read the first event late.
    assert events[-1].data["duration_ms"] > 1000 * (TURN_TIMEOUT_S - 0.1)
    assert events[-1].at - events[0].at < TURN_TIMEOUT_S + ENDED_WITHIN_S


def goes_on(user: User, conversation: int, events: list[Event]) -> None:
    """Check that a later follower gets the same events, and that the next question is answered."""
    again = user.follow(events[0].data["turn_id"])
    assert [(event.number, event.name, event.data) for event in again] == [
        (event.number, event.name, event.data) for event in events
    ]
    assert user.ask(conversation, "And now?")[-1].data["status"] == "completed"


@pytest.mark.parametrize(("fault", "country"), [("stall", "China"), ("drip", "India"), ("drip_headers", "Japan")])
def test_while_a_tool_hangs(user: User, sources: MarketDataServer, fault: Fault, country: str) -> None:
    conversation = user.conversation()
    sources.fail(fault)
    try:
        events = user.ask(conversation, "Look it up " + wanting(tool=look_up(country)))
    finally:
        sources.mend()
    ended_by_its_deadline(events)
    assert [event.name for event in events][:-2] == ["turn", "title", "tool_call"]
    goes_on(user, conversation, events)


SILENCES: dict[str, tuple[dict[str, object], int]] = {
    "no head": ({"fault": "mute"}, 0),
    "a head": ({"fault": "stall", "at": 0}, 0),
    "mid-answer": ({"fault": "stall", "at": 2}, 2),
    "dripping": ({"fault": "drip", "at": 2}, 2),
    "mid-call": ({"fault": "stall", "at": 1, "tool": look_up("Brazil"), "round": 1}, 0),
    "after a tool": ({"fault": "mute", "tool": look_up("Brazil"), "round": 2}, 0),
    "mid-answer after a tool": ({"fault": "stall", "at": 3, "tool": look_up("Brazil"), "round": 2}, 3),
}


def test_while_the_model_is_silent(server: ParleyServer, subtests: pytest.Subtests) -> None:
    """The model is silent in every way, in several turns at once."""
    users = {name: User(server.url) for name in SILENCES}
    places = {name: user.conversation() for name, user in users.items()}

    def ask(name: str) -> list[Event]:
        return users[name].ask(places[name], "Think " + wanting(**SILENCES[name][0]))

    with ThreadPoolExecutor(len(SILENCES)) as crowd:
        answers = dict(zip(SILENCES, crowd.map(ask, SILENCES), strict=True))
    for name, (options, token_count) in SILENCES.items():
        with subtests.test(name):
            ended_by_its_deadline(answers[name])
            assert text_of(answers[name]) == generated_text(token_count)
            assert ("tool_result" in [event.name for event in answers[name]]) == (options.get("round") == 2)
            goes_on(users[name], places[name], answers[name])


def test_twenty_at_once(server: ParleyServer) -> None:
    """No turn delays the end of another, and none leaves anything behind."""
    users = [User(server.url) for _ in range(20)]
    places = [user.conversation() for user in users]
    with ThreadPoolExecutor(20) as crowd:
        silent = "Think " + wanting(fault="stall", at=1)
        answers = list(crowd.map(lambda number: users[number].ask(places[number], silent), range(20)))
    for events in answers:
        ended_by_its_deadline(events)
    until = time.monotonic() + 5  # a turn leaves a moment after its last event
    while active := users[0].get("/admin/memory-debug").json()["totals"]["active_turns"]:
        assert time.monotonic() < until, f"{active} turns go on"

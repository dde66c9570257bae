"""Faults of an endpoint on a real server: each is reported in time, and the text before it stays.

The model is asked again only before its first word. The plainer faults are in `test_turns.py`.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from scripts.fake_llm import FakeLLM, generated_text
from scripts.kit.sse import Event
from tests.servers.counter_watch import figures
from tests.servers.parley import ParleyServer, User, text_of, wanting

MODEL_TIMEOUT_S = 2
TURN_TIMEOUT_S = 4
# Promised beyond the deadline.
ERROR_WITHIN_S = 2
# A pause between attempts is half a second and a whole one.
PAUSES_S = 2
TOKENS = 12

# name: what the fake is told, the error's code, attempts, tokens that are kept, the deadline
FAULTS: dict[str, tuple[dict[str, Any], str, int, int, float]] = {
    "a 429 that asks for an hour": ({"fault": "429", "retry_after": 3600}, "model_rate_limited", 1, 0, 0),
    "a 429 that asks for nothing": ({"fault": "429"}, "model_rate_limited", 3, 0, PAUSES_S),
    "a 503": ({"fault": "503"}, "model_unavailable", 3, 0, PAUSES_S),
    "a 400 without a reason": ({"fault": "400"}, "model_rejected", 6, 0, 0),
    "a reset before the head": ({"fault": "reset", "at": 0}, "model_unreachable", 3, 0, PAUSES_S),
    "a reset in mid-answer": ({"fault": "reset", "at": 5}, "model_interrupted", 1, 5, 0),
    "a cut within a chunk": ({"fault": "truncate", "at": 5}, "model_interrupted", 1, 5, 0),
    "an end without a reason": ({"fault": "end", "at": 5}, "model_interrupted", 1, 5, 0),
    "an end when all was said": ({"fault": "end", "at": TOKENS}, "model_interrupted", 1, TOKENS, 0),
    "an error in the stream": ({"fault": "error", "at": 5}, "model_unavailable", 1, 5, 0),
    "a line of 30 MB": ({"fault": "huge", "at": 5}, "model_garbled", 1, 5, 0),
    "no head": ({"fault": "mute"}, "model_timeout", 1, 0, MODEL_TIMEOUT_S),
    "a head and nothing": ({"fault": "stall", "at": 0}, "model_timeout", 1, 0, MODEL_TIMEOUT_S),
    "comments for ever, at once": ({"fault": "drip", "at": 0}, "model_timeout", 1, 0, MODEL_TIMEOUT_S),
    "comments for ever, in mid-answer": ({"fault": "drip", "at": 5}, "model_timeout", 1, 5, MODEL_TIMEOUT_S),
    "a word every half second": ({"gap": 0.5}, "turn_timeout", 1, 8, TURN_TIMEOUT_S),
}


@pytest.fixture(scope="module")
def server(flag: str, fake_llm: FakeLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    with ParleyServer(
        tmp_path_factory.mktemp("parley"),
        USE_ASYNC_AGENT=flag,
        WEB_CONCURRENCY=2,
        THREADS=32,
        OPENAI_BASE_URL=fake_llm.base_url,
        CHAT_MODEL=f"fake?tokens={TOKENS}&gap=0.01&first=0.02",
        MODEL_TIMEOUT_S=MODEL_TIMEOUT_S,
        TURN_TIMEOUT_S=TURN_TIMEOUT_S,
    ) as running:
        yield running


@dataclass(frozen=True)
class Ending:
    """A question whose answer had a fault, and the events of that answer."""

    user: User
    conversation: int
    question: str
    events: list[Event]


@pytest.fixture(scope="module")
def endings(server: ParleyServer, flag: str) -> dict[str, Ending]:
    """Play all faults of the table at the same time."""

    def play(name: str) -> Ending:
        user = User(server.url)
        conversation = user.conversation()
        question = f"{flag} {name} {wanting(**FAULTS[name][0])}"
        return Ending(user, conversation, question, user.ask(conversation, question))

    with ThreadPoolExecutor(len(FAULTS)) as users:
        return dict(zip(FAULTS, users.map(play, FAULTS), strict=True))


def attempts(fake_llm: FakeLLM, question: str) -> int:
    """Return how many of the fake model's recent requests end with this question."""
    questions = [json.loads(request["body"])["messages"][-1]["content"] for request in fake_llm.requests()]
    # The instructions stand before it where the system role was given up.
    return [text.rpartition("\n\n")[2] for text in questions].count(question)


def failed_in_time(events: list[Event], code: str, deadline_s: float) -> None:
    assert [event.name for event in events].count("done") == 1
    assert [event.name for event in events[-2:]] == ["error", "done"]
    assert (events[-2].data["code"], events[-1].data["status"]) == (code, "failed")
    assert events[-2].at - events[0].at < deadline_s + ERROR_WITHIN_S


def stored_text(user: User, conversation: int, events: list[Event]) -> str:
    """Return the answer's text, and check that the stream and the database have the same one."""
    message = user.get(f"/api/conversations/{conversation}").json()["messages"][-1]
    assert (message["status"], message["error"]) == ("failed", events[-2].data)
    assert message["text"] == text_of(events)
    return str(message["text"])


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_in_time_and_what_was_written_stays(
    endings: dict[str, Ending], fake_llm: FakeLLM, name: str
) -> None:
    options, code, requests, tokens, deadline_s = FAULTS[name]
    user, conversation, events = endings[name].user, endings[name].conversation, endings[name].events
    failed_in_time(events, code, deadline_s)
    text = stored_text(user, conversation, events)
    if "fault" in options:
        assert text == generated_text(tokens)
    else:
        assert 0 < len(text) <= len(generated_text(tokens + 1))
    assert attempts(fake_llm, endings[name].question) == requests
    assert user.ask(conversation, "And now?")[-1].data["status"] == "completed"


@pytest.mark.parametrize(
    ("options", "requests"),
    [
        ({"fault": "503", "times": 1}, 2),
        ({"fault": "refuse", "times": 2}, 3),
        ({"fault": "429", "times": 1, "retry_after": 1}, 2),
        ({"fault": "empty", "at": 0}, 1),
        ({"fault": "empty", "at": 5}, 1),
        ({"fault": "stall", "at": 5, "hold": 0.3}, 1),
        ({"fault": "drip", "at": 5, "hold": 0.3}, 1),
    ],
    ids=lambda value: value["fault"] + str(value.get("at", "")) if isinstance(value, dict) else "",
)
def test_what_passes_is_not_noticed(
    server: ParleyServer, flag: str, fake_llm: FakeLLM, options: dict[str, Any], requests: int
) -> None:
    user = User(server.url)
    question = f"{flag} {wanting(**options)}"
    retries = retries_counted(server)
    events = user.ask(user.conversation(), question)
    assert (events[-1].data["status"], text_of(events)) == ("completed", generated_text(TOKENS))
    assert attempts(fake_llm, question) == requests
    assert retries_counted(server) - retries == requests - 1


def retries_counted(server: ParleyServer) -> float:
    return figures(server.url).value("parley_model_retries_total")


def test_an_endpoint_that_takes_no_connection(flag: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The endpoint's queue of connections is full, so connections are neither refused nor accepted."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        try:
            with ParleyServer(
                tmp_path_factory.mktemp("parley"),
                USE_ASYNC_AGENT=flag,
                WEB_CONCURRENCY=1,
                OPENAI_BASE_URL=f"http://127.0.0.1:{listener.getsockname()[1]}/v1",
                TURN_TIMEOUT_S=2,
            ) as server:
                user = User(server.url)
                events = user.ask(user.conversation(), "Is anybody there?")
                failed_in_time(events, "turn_timeout", 2)
        finally:
            for each in waiting:
                each.close()

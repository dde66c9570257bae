"""The dialects of `scripts/fake_model/dialects` through a real server in both modes, as a user sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from scripts.fake_llm import FakeLLM
from scripts.fake_model.dialects import DIALECTS
from scripts.fake_model.dialects.dialect import PREFIX, Outcome
from scripts.fake_model.dialects.tool_call_replies import TOOL_CALL_REPLIES
from scripts.fake_model.dialects.tool_calls import TOOL_CALLS
from scripts.kit.sse import Event
from tests.servers.market_data import MarketDataServer
from tests.servers.parley import ParleyServer, User, text_of

AT_ONCE = 12
# Dialects that look at the calls in a request's history.
PARTICULAR = [
    name
    for name, dialect in (TOOL_CALL_REPLIES | TOOL_CALLS).items()
    if name.startswith(("id-", "call-")) and dialect.is_particular
]

T = TypeVar("T")


@pytest.fixture(scope="module")
def server(
    flag: str, fake_llm: FakeLLM, market_data: MarketDataServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ParleyServer]:
    with ParleyServer(
        tmp_path_factory.mktemp("parley"),
        USE_ASYNC_AGENT=flag,
        WEB_CONCURRENCY=2,
        THREADS=32,
        OPENAI_BASE_URL=fake_llm.base_url,
        CHAT_MODEL=",".join(PREFIX + name for name in DIALECTS),
        MODEL_TIMEOUT_S=4,
        WORLD_BANK_URL=market_data.world_bank_url,
        FRANKFURTER_URL=market_data.frankfurter_url,
    ) as running:
        yield running


@dataclass(frozen=True)
class Answers:
    """A user, a conversation, the events of its last answer, and the answer as it is stored."""

    user: User
    conversation: int
    events: list[Event]
    stored: dict[str, Any]


@pytest.fixture(scope="module")
def answers(server: ParleyServer) -> dict[str, Answers]:
    """Ask the questions of all dialects, several at the same time."""

    def play(name: str) -> Answers:
        user = User(server.url)
        conversation = user.conversation()
        for question in DIALECTS[name].questions:
            events = user.ask(conversation, f"{name}: {question}", model=PREFIX + name)
        stored = user.get(f"/api/conversations/{conversation}").json()["messages"][-1]
        return Answers(user, conversation, events, stored)

    return of_each(DIALECTS, play)


def of_each(names: Iterable[str], play: Callable[[str], T]) -> dict[str, T]:
    """Return the outcome of each dialect, several at the same time."""
    names = list(names)
    with ThreadPoolExecutor(AT_ONCE) as users:
        return dict(zip(names, users.map(play, names), strict=True))


def outcome_of(events: list[Event], expected: Outcome) -> Outcome:
    """Return the outcome that the events show. Of the error's message, only the expected part counts."""
    error, usage = expected.error, events[-1].data["usage"]
    messages = [event.data["message"] for event in events if event.name == "error"]
    text = "".join(messages)
    return Outcome(
        text=text_of(events),
        status=events[-1].data["status"],
        error=error if messages and error in text else text,
        reasoning="".join(event.data["text"] for event in events if event.name == "reasoning"),
        calls=tuple(event.data["name"] for event in events if event.name == "tool_result" and event.data["ok"]),
        usage=expected.usage and (usage["prompt_tokens"], usage["completion_tokens"]),
        notices=tuple(events[-1].data.get("notices", ())),
    )


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_is_understood(answers: dict[str, Answers], name: str) -> None:
    expected, events, stored = DIALECTS[name].outcome, answers[name].events, answers[name].stored
    assert outcome_of(events, expected) == expected
    assert [event.name for event in events].count("done") == 1
    assert (stored["text"], stored["status"]) == (expected.text, expected.status)
    assert stored.get("reasoning", "") == expected.reasoning
    assert tuple(stored.get("notices", ())) == expected.notices
    started = [event.data["id"] for event in events if event.name == "tool_call"]
    assert sorted(started) == sorted(event.data["id"] for event in events if event.name == "tool_result")
    assert len(set(started)) == len(started)


def test_another_models_calls_are_accepted_in_mid_chat(server: ParleyServer) -> None:
    """Other models refuse the first model's ids, arguments and further fields."""

    def play(name: str) -> str:
        user = User(server.url)
        conversation = user.conversation()
        user.ask(conversation, "China?", model=PREFIX + "id-odd")
        return str(user.ask(conversation, f"{name}: And again?", model=PREFIX + name)[-1].data["status"])

    names = [name for name in PARTICULAR if DIALECTS[name].takes_others_calls]
    assert of_each(names, play) == dict.fromkeys(names, "completed")


def test_what_came_with_a_call_comes_back_after_a_restart(server: ParleyServer, answers: dict[str, Answers]) -> None:
    """The fields come from the database, because a new process has nothing else."""
    for each in answers.values():
        each.user.session.close()  # an idle connection would delay the stop
    server.stop()
    server.start()

    def play(name: str) -> str:
        chat = answers[name]
        events = chat.user.ask(chat.conversation, f"{name}: And after a restart?", model=PREFIX + name)
        return str(events[-1].data["status"])

    assert of_each(PARTICULAR, play) == dict.fromkeys(PARTICULAR, "completed")

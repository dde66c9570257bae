"""Turns on a real server of four workers, in both modes: the same code, the same answers."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from scripts.fake_llm import FakeLLM, generated_text
from scripts.kit.waiting import wait_until
from tests.servers.market_data import MarketDataServer
from tests.servers.parley import ParleyServer, User, text_of, wanting


@pytest.fixture
def user(server: ParleyServer) -> User:
    return User(server.url)


def test_an_answer_streams_in_order_and_stands_in_the_database(user: User) -> None:
    conversation = user.conversation()
    events = user.ask(conversation, "Say something")
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    names = [event.name for event in events]
    assert names[0] == "turn"
    assert names[-1] == "done"
    assert names.count("done") == 1
    assert events[-1].data["status"] == "completed"
    assert text_of(events) == generated_text(20)
    assert events[-1].at - next(event.at for event in events if event.name == "delta") > 0.1  # it came bit by bit
    body = user.get(f"/api/conversations/{conversation}").json()
    assert [message["role"] for message in body["messages"]] == ["user", "assistant"]
    assert body["messages"][1]["text"] == generated_text(20)
    assert body["messages"][1]["usage"]["completion_tokens"] == 20
    assert body["title"] == "Say something"


def test_a_message_comes_into_the_searchs_index_by_itself(user: User, server: ParleyServer) -> None:
    user.ask(user.conversation(), "Where do apricots grow?")
    with contextlib.closing(sqlite3.connect(server.folder / "chat.db")) as database:
        wait_until(lambda: database.execute("SELECT 1 FROM message_search WHERE text MATCH 'apricots'").fetchone())


def test_tools_are_called_side_by_side_and_their_results_are_handed_back(user: User) -> None:
    text = wanting(tool=[("market_data", {"country": "China"}), ("market_data", {"country": "India"})], tokens=5)
    events = user.ask(user.conversation(), f"Compare {text}")
    calls = [event.data for event in events if event.name == "tool_call"]
    results = [event.data for event in events if event.name == "tool_result"]
    assert [call["name"] for call in calls] == ["market_data", "market_data"]
    assert {result["id"] for result in results} == {call["id"] for call in calls}
    assert all(result["ok"] for result in results)
    assert {result["data"]["title"] for result in results} == {"China", "India"}
    assert text_of(events) == generated_text(5)


def test_the_log_says_which_agent_answered(user: User, server: ParleyServer, flag: str) -> None:
    conversation = user.conversation()
    user.ask(conversation, "Which agent?")
    lines = re.findall(rf"(\S+) Using (\w+) agent for conversation {conversation}$", server.log("app.log"), re.M)
    assert lines == [("🚀", "ASYNC") if flag == "true" else ("⏳", "SYNC")]


def test_the_access_log_has_a_streams_duration_when_it_has_ended(user: User, server: ParleyServer) -> None:
    conversation = user.conversation()
    user.ask(conversation, "Take a while " + wanting(tokens=20, gap=0.03))
    line = re.compile(rf"POST /api/conversations/{conversation}/turns .* ([\d.]+)s")
    match = wait_until(lambda: line.search(server.log("access.log")))
    assert float(match[1]) > 0.5


def test_every_worker_can_be_asked_for_a_turn_that_runs_or_has_ended(user: User, server: ParleyServer) -> None:
    conversation = user.conversation()
    with user.asking(conversation, "Tell me a story " + wanting(tokens=150, gap=0.02)) as events:
        turn = next(events).data["turn_id"]
        with ThreadPoolExecutor(6) as others:
            followed = [others.submit(follow_anew, server, user, turn) for _ in range(6)]
            first = list(events)
            later = [other.result() for other in followed]
    expected = [(event.number, event.name, event.data) for event in first]
    for events_elsewhere in later:
        assert [(event.number, event.name, event.data) for event in events_elsewhere][1:] == expected
    for after in (0, 1, 5, expected[-2][0], expected[-1][0]):
        again = user.follow(turn, after)
        assert [event.number for event in again] == list(range(after + 1, expected[-1][0] + 1))


def follow_anew(server: ParleyServer, user: User, turn: int) -> list[object]:
    """Follow with the same cookies over a new connection, which any worker may accept."""
    window = User.__new__(User)
    User.__init__(window, server.url)
    window.session.cookies = user.session.cookies
    return window.follow(turn)


def test_without_the_event_stream_a_turn_is_accepted_and_can_be_looked_at(user: User) -> None:
    conversation = user.conversation()
    answer = user.post(f"/api/conversations/{conversation}/turns", {"text": "In the background"})
    assert answer.status_code == 202
    begun = answer.json()
    events = [event.name for event in user.follow(begun["turn_id"])]
    assert events[-1] == "done"
    body = user.get(f"/api/turns/{begun['turn_id']}").json()
    assert body["status"] == "completed"
    assert body["text"] == generated_text(20)


def test_a_browser_that_leaves_ends_its_response_and_never_its_turn(user: User) -> None:
    conversation = user.conversation()
    with user.asking(conversation, "Go on without me " + wanting(tokens=60, gap=0.02)) as events:
        turn = next(events).data["turn_id"]
    assert user.follow(turn)[-1].data["status"] == "completed"
    assert user.get(f"/api/turns/{turn}").json()["text"] == generated_text(60)


def test_the_context_is_never_stale_whichever_worker_answers(user: User, fake_llm: FakeLLM) -> None:
    """Ask five questions in a row over new connections. Each answer uses the whole conversation before it."""
    conversation = user.conversation()
    questions = [f"Question {number}" for number in range(5)]
    for question in questions:
        user.session.close()
        user.ask(conversation, question)
    context = json.loads(fake_llm.requests()[-1]["body"])["messages"]
    messages = [(message["role"], message["content"]) for message in context if message["role"] != "system"]
    answer = ("assistant", generated_text(20))
    assert messages == [turn for question in questions for turn in (("user", question), answer)][:-1]


def test_ten_people_who_ask_for_one_country_cost_one_call(server: ParleyServer, market_data: MarketDataServer) -> None:
    """The users may be at different workers."""
    users = [User(server.url) for _ in range(10)]
    places = [user.conversation() for user in users]
    before = len(market_data.requests)
    text = wanting(tool=[("market_data", {"country": "Japan"})], tokens=2)
    with ThreadPoolExecutor(10) as crowd:
        answers = list(crowd.map(lambda number: users[number].ask(places[number], f"Japan {text}"), range(10)))
    assert all(any(event.name == "tool_result" and event.data["ok"] for event in events) for events in answers)
    assert len(market_data.requests) - before == 1


FAULTS = {
    "401": "model_rejected",
    "500": "model_unavailable",
    "429": "model_rate_limited",
    "refuse": "model_unreachable",
    "html": "model_garbled",
    "stall": "model_timeout",
    "cut": "model_interrupted",
    "badjson": "model_garbled",
}


@pytest.mark.parametrize(("fault", "code"), FAULTS.items())
def test_a_models_fault_is_named_and_what_was_written_stays(user: User, fault: str, code: str) -> None:
    conversation = user.conversation()
    events = user.ask(conversation, "Try " + wanting(fault=fault, at=5, tokens=20, gap=0.01, hold=30))
    assert [event.name for event in events[-2:]] == ["error", "done"]
    assert events[-2].data["code"] == code
    assert events[-1].data["status"] == "failed"
    message = user.get(f"/api/conversations/{conversation}").json()["messages"][-1]
    assert message["status"] == "failed"
    assert message["error"] == events[-2].data
    assert message["text"] == text_of(events)
    if fault in ("stall", "cut", "badjson"):
        assert message["text"] == generated_text(5)
    assert user.ask(conversation, "And now")[-1].data["status"] == "completed"


def test_many_people_are_answered_at_the_same_time(server: ParleyServer) -> None:
    """Ask as many questions as a gthread server of 4 x 8 threads has room for: all overlap."""
    users = [User(server.url) for _ in range(32)]
    places = [user.conversation() for user in users]

    def spoken(number: int) -> tuple[float, float, str]:
        events = users[number].ask(places[number], f"User {number} " + wanting(echo=1, first=1.5))
        return events[0].at, events[-1].at, text_of(events)

    with ThreadPoolExecutor(32) as crowd:
        answers = list(crowd.map(spoken, range(32)))
    assert max(begin for begin, _, _ in answers) < min(end for _, end, _ in answers)
    assert all(text.startswith(f"User {number} ") for number, (_, _, text) in enumerate(answers))


def test_the_memory_page_tells_of_every_worker(user: User, server: ParleyServer, flag: str) -> None:
    user.ask(user.conversation(), "Remember this canary")

    def report_with_a_context() -> dict[str, Any] | None:
        report: dict[str, Any] = user.get("/admin/memory-debug").json()
        return report if report["totals"]["conversations_in_memory"] >= 1 else None

    report = wait_until(report_with_a_context)
    assert report["mode"] == ("async" if flag == "true" else "sync")
    assert {worker["pid"] for worker in report["workers"]} == set(server.workers)
    assert report["totals"]["workers"] == 4
    assert report["totals"]["conversations_in_memory"] >= 1
    assert not any(worker["stale"] for worker in report["workers"])
    assert "canary" not in str(report)


def test_events_have_one_shape(user: User) -> None:
    text = wanting(tool=[("market_data", {"country": "China"})], tokens=3, reasoning=4)
    events = user.ask(user.conversation(), f"Shapes {text}")
    keys = {event.name: set(event.data) for event in events}
    assert keys["turn"] == {
        "turn_id", "conversation_id", "user_message_id", "message_id", "mode", "worker", "model"
    }  # fmt: skip
    assert keys["delta"] == keys["reasoning"] == {"text"}
    assert keys["tool_call"] == {"id", "name", "arguments", "label"}
    assert keys["tool_result"] == {"id", "name", "ok", "summary", "data", "duration_ms"}
    assert keys["title"] == {"title"}
    assert keys["done"] == {"status", "usage", "duration_ms", "timings"}
    assert all(earlier.number + 1 == later.number for earlier, later in itertools.pairwise(events))

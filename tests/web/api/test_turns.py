"""POST /api/conversations/<id>/turns: begin a turn, with both forms of response."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.messages import TextDelta
from tests.conftest import ScriptedModel

from ..api_client import SSE, ask, assert_error, assert_shape, converse, events, exchange, token_of, wait_for_turn
from ..conftest import HeldAnswer


def turns_of(conversation_id: int) -> str:
    return f"/api/conversations/{conversation_id}/turns"


def test_the_short_form(alice: FlaskClient, conversation: int) -> None:
    started = alice.post(turns_of(conversation), json={"text": "Hello"})
    assert (started.status_code, started.content_type) == (202, "application/json")
    assert_shape(started.json, {"turn_id": int, "user_message_id": int, "message_id": int, "events_url": str})
    assert started.json["events_url"] == f"/api/turns/{started.json['turn_id']}/events"
    assert wait_for_turn(alice, started.json)["text"] == "You said: Hello"


def test_the_long_form(alice: FlaskClient, conversation: int, model: ScriptedModel) -> None:
    began_at = time.monotonic()
    stream = alice.post(turns_of(conversation), json={"text": "Hello"}, headers=SSE)
    assert (stream.status_code, stream.mimetype) == (200, "text/event-stream")
    received = events(stream.data)
    took_ms = 1000 * (time.monotonic() - began_at)
    turn = alice.get(f"/api/turns/{received[0].data['turn_id']}").json

    assert [event.number for event in received] == list(range(1, len(received) + 1))
    names = [event.name for event in received]
    assert (names[0], names[-1], names.count("done")) == ("turn", "done", 1)
    assert set(names) == {"turn", "title", "delta", "done"}
    assert_shape(
        received[0].data,
        {
            "turn_id": int,
            "conversation_id": int,
            "user_message_id": int,
            "message_id": int,
            "mode": str,
            "worker": str,
            "model": str,
        },
    )
    assert received[0].data["conversation_id"] == conversation
    assert received[0].data["message_id"] == turn["message_id"]
    assert "".join(event.data["text"] for event in received if event.name == "delta") == turn["text"]
    timings = received[-1].data.pop("timings")
    assert received[-1].data == {"status": "completed", "usage": turn["usage"], "duration_ms": turn["duration_ms"]}
    assert list(timings) == ["queued", "model_first", "tools"]
    assert all(0 <= timings[name] <= took_ms + 1 for name in timings)
    assert len(model.seen) == 1


def test_the_stream_is_for_clients_that_accept_it(alice: FlaskClient, conversation: int) -> None:
    for accept in ("text/event-stream, */*", "application/json, text/event-stream;q=0.5"):
        stream = alice.post(turns_of(conversation), json={"text": "Hello"}, headers={"Accept": accept})
        assert events(stream.data)[-1].name == "done", accept


def test_the_short_form_is_for_everybody_else(alice: FlaskClient, conversation: int) -> None:
    for accept in ("*/*", "application/json", "text/*", "", "\xff"):
        started = alice.post(turns_of(conversation), json={"text": "Hello"}, headers={"Accept": accept})
        assert started.status_code == 202, accept
        wait_for_turn(alice, started.json)


def test_the_question_is_kept_before_the_first_byte_goes_out(
    alice: FlaskClient, conversation: int, held: HeldAnswer
) -> None:
    stream = alice.post(turns_of(conversation), json={"text": "Hello"}, headers=SSE)
    first = next(iter(stream.response))
    assert events(first)[0].name == "turn"
    messages = alice.get(f"/api/conversations/{conversation}").json["messages"]
    assert [(message["role"], message["status"]) for message in messages] == [
        ("user", "completed"),
        ("assistant", "running"),
    ]
    held.go()
    stream.close()


def test_a_browser_that_leaves_ends_its_response_and_not_the_turn(
    alice: FlaskClient, conversation: int, held: HeldAnswer
) -> None:
    stream = alice.post(turns_of(conversation), json={"text": "Hello"}, headers=SSE)
    turn = events(next(iter(stream.response)))[0].data
    stream.close()
    held.go()
    received = events(alice.get(f"/api/turns/{turn['turn_id']}/events").data)
    assert received[-1].data["status"] == "completed"
    assert alice.get(f"/api/turns/{turn['turn_id']}").json["text"] == "One two."


def test_a_second_question_while_the_first_is_answered(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    started = ask(alice, conversation)
    for headers in ({}, SSE):
        assert_error(alice.post(turns_of(conversation), json={"text": "And?"}, headers=headers), 409, "turn_running")
    held.go()
    wait_for_turn(alice, started)
    assert len(alice.get(f"/api/conversations/{conversation}").json["messages"]) == 2
    assert exchange(alice, conversation, "And?")["status"] == "completed"


def test_conversations_are_answered_side_by_side(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    started = ask(alice, conversation)
    assert exchange(alice, converse(alice), "Meanwhile")["status"] == "completed"
    held.go()
    assert wait_for_turn(alice, started)["text"] == "One two."


# client_id


def test_the_same_client_id_is_the_same_turn(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    first = ask(alice, conversation, client_id="c-1")
    assert ask(alice, conversation, client_id="c-1") == first  # while it runs
    held.go()
    wait_for_turn(alice, first)
    assert ask(alice, conversation, client_id="c-1") == first  # and after
    stream = alice.post(turns_of(conversation), json={"text": "Hello", "client_id": "c-1"}, headers=SSE)
    assert events(stream.data)[0].data["turn_id"] == first["turn_id"]
    assert len(alice.get(f"/api/conversations/{conversation}").json["messages"]) == 2


def test_the_same_client_id_many_times_at_once(app: Flask, alice: FlaskClient, conversation: int) -> None:
    cookie = token_of(alice)
    together = threading.Barrier(12)
    answers: list[dict[str, object]] = []

    def send() -> None:
        client = app.test_client()
        client.set_cookie("parley_session", cookie)
        together.wait(10)
        answers.append(ask(client, conversation, client_id="c-1"))

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12
    assert all(answer == answers[0] for answer in answers)
    wait_for_turn(alice, answers[0])
    assert len(alice.get(f"/api/conversations/{conversation}").json["messages"]) == 2


def test_a_client_id_does_not_serve_for_two_questions(alice: FlaskClient, conversation: int) -> None:
    exchange(alice, conversation, client_id="c-1")
    answer = alice.post(turns_of(conversation), json={"text": "Other", "client_id": "c-1"})
    assert_error(answer, 409, "client_id_reused")
    assert len(alice.get(f"/api/conversations/{conversation}").json["messages"]) == 2


def test_a_client_id_belongs_to_its_conversation(alice: FlaskClient, conversation: int) -> None:
    first = exchange(alice, conversation, client_id="c-1")
    assert exchange(alice, converse(alice), client_id="c-1")["id"] != first["id"]


def test_without_a_client_id_twice_is_twice(alice: FlaskClient, conversation: int) -> None:
    assert exchange(alice, conversation)["id"] != exchange(alice, conversation)["id"]


@pytest.mark.parametrize("client_id", ["", "c" * 101, "a\x00b"])
def test_a_client_id_that_is_none(alice: FlaskClient, conversation: int, client_id: str) -> None:
    answer = alice.post(turns_of(conversation), json={"text": "x", "client_id": client_id})
    assert_error(answer, 422, "invalid_value", "client_id")


# parent_id: branches are in test_conversation.py


def test_a_parent_has_to_be_an_answer_of_this_conversation(alice: FlaskClient, conversation: int) -> None:
    here = exchange(alice, conversation)
    elsewhere = exchange(alice, converse(alice))
    for parent_id in (here["user_message_id"], elsewhere["message_id"], 10**9, 2**63 - 1):
        answer = alice.post(turns_of(conversation), json={"text": "x", "parent_id": parent_id})
        assert_error(answer, 422, "invalid_parent", "parent_id")
    assert len(alice.get(f"/api/conversations/{conversation}").json["messages"]) == 2


# model


def test_the_model_that_is_asked_for(make_app: Callable[..., Flask]) -> None:
    client = make_app(openai_api_key="k", chat_models=("small", "large")).test_client()
    conversation = converse(client)
    assert exchange(client, conversation)["model"] == "small"
    assert exchange(client, conversation, model="large")["model"] == "large"
    for unknown in ("", "SMALL", "gpt-9", "small,large", "x\x00", "m" * 100_000):
        answer = client.post(turns_of(conversation), json={"text": "x", "model": unknown})
        problem_message = answer.json["error"]["message"]
        assert "small, large" in problem_message
        assert_error(answer, 422, "unknown_model", "model")


# title


def test_the_first_question_gives_the_title(alice: FlaskClient, conversation: int) -> None:
    stream = alice.post(turns_of(conversation), json={"text": "  Show me\n China "}, headers=SSE)
    assert [event.data for event in events(stream.data) if event.name == "title"] == [{"title": "Show me China"}]
    assert alice.get(f"/api/conversations/{conversation}").json["title"] == "Show me China"

    later = events(alice.post(turns_of(conversation), json={"text": "And India"}, headers=SSE).data)
    assert "title" not in [event.name for event in later]
    assert alice.get(f"/api/conversations/{conversation}").json["title"] == "Show me China"


def test_a_long_question_gives_its_first_words(alice: FlaskClient, conversation: int) -> None:
    text = "Compare the growth of China, India, and Brazil, Indonesia, Mexico and Nigeria"
    exchange(alice, conversation, text)
    title = alice.get(f"/api/conversations/{conversation}").json["title"]
    assert title == "Compare the growth of China, India, and Brazil, Indonesia…"


def test_a_question_of_one_long_word(alice: FlaskClient, conversation: int) -> None:
    exchange(alice, conversation, "ä" * 32_000)
    assert alice.get(f"/api/conversations/{conversation}").json["title"] == "ä" * 60 + "…"


def test_a_title_of_ones_own_stays(alice: FlaskClient) -> None:
    conversation = converse(alice, title="Mine")
    stream = alice.post(turns_of(conversation), json={"text": "Hello"}, headers=SSE)
    assert "title" not in [event.name for event in events(stream.data)]
    assert alice.get(f"/api/conversations/{conversation}").json["title"] == "Mine"


# text


@pytest.mark.parametrize(
    "text",
    [
        "x" * 32_000,
        "🜨" * 32_000,
        "a\u202eb\u2028c\x1b[31m\r\nd\te",
        "<script>alert(1)</script>",
        "'; DROP TABLE users; --",
        "data: x\n\nevent: done\ndata: {}\n\n",
        "\ufeff \u00e9 e\u0301",
    ],
    ids=["as long as may be", "as long, four bytes each", "controls", "markup", "SQL", "events", "composed"],
)
def test_text_is_kept_as_it_was_sent(alice: FlaskClient, conversation: int, text: str) -> None:
    stream = alice.post(turns_of(conversation), json={"text": text}, headers=SSE)
    received = events(stream.data)
    assert "".join(event.data["text"] for event in received if event.name == "delta") == "You said: " + text
    question, answer = alice.get(f"/api/conversations/{conversation}").json["messages"]
    assert (question["text"], answer["text"]) == (text, "You said: " + text)


@pytest.mark.parametrize("text", ["", " ", "\n\t\u3000\u00a0"])
def test_an_empty_message(alice: FlaskClient, conversation: int, text: str) -> None:
    assert_error(alice.post(turns_of(conversation), json={"text": text}), 422, "empty_message", "text")


@pytest.mark.parametrize("text", ["x" * 32_001, "x" * 100_000, "🜨" * 100_000, " " * 32_001])
def test_a_message_that_is_too_long(alice: FlaskClient, conversation: int, text: str) -> None:
    body = json.dumps({"text": text}, ensure_ascii=False)
    answer = alice.post(turns_of(conversation), data=body, content_type="application/json")
    assert_error(answer, 413, "message_too_long", "text")
    assert str(len(text)) in answer.json["error"]["message"]
    assert alice.get(f"/api/conversations/{conversation}").json["messages"] == []


# a full worker


def test_a_worker_that_has_no_place(make_app: Callable[..., Flask], held: HeldAnswer) -> None:
    client = make_app(max_active_turns=1).test_client()
    started = ask(client, converse(client))
    other = converse(client)
    refused = client.post(turns_of(other), json={"text": "Hello"})
    assert_error(refused, 503, "overloaded")
    assert int(refused.headers["Retry-After"]) >= 1
    assert client.get(f"/api/conversations/{other}").json["messages"] == []
    assert client.get("/healthz").status_code == 200
    held.go()
    assert wait_for_turn(client, started)["status"] == "completed"


def test_an_answer_that_fails_is_still_a_turn(alice: FlaskClient, conversation: int, model: ScriptedModel) -> None:
    def breaks(_messages, _cancellation):
        yield TextDelta("So f")
        raise RuntimeError("canary")

    model.will_run(breaks)
    received = events(alice.post(turns_of(conversation), json={"text": "Hello"}, headers=SSE).data)
    assert [event.name for event in received][-2:] == ["error", "done"]
    assert_shape(received[-2].data, {"code": str, "message": str, "retryable": bool})
    assert "canary" not in str(received)
    turn = alice.get(f"/api/turns/{received[0].data['turn_id']}").json
    assert (turn["status"], turn["text"], turn["error"]) == ("failed", "So f", received[-2].data)

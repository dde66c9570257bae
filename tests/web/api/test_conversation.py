"""GET, PATCH and DELETE /api/conversations/<id>: one conversation with all its branches."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from chat.messages import ReasoningDelta, TextDelta, ToolCall, Usage
from tests.conftest import ScriptedModel

from ..api_client import ask, assert_error, assert_shape, converse, exchange, utc_time, wait_for_turn
from ..conftest import HeldAnswer
from .test_conversations import CONVERSATION

QUESTION = {"id": int, "parent_id": (int, type(None)), "role": str, "text": str, "status": str, "created_at": utc_time}
USAGE = {"prompt_tokens": int, "completion_tokens": int, "total_tokens": int}
ANSWER = QUESTION | {"turn_id": int, "model": str, "usage": USAGE, "duration_ms": int, "tool_calls": list}


def show(client: FlaskClient, conversation_id: int) -> dict:
    answer = client.get(f"/api/conversations/{conversation_id}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_an_empty_one(alice: FlaskClient, conversation: int) -> None:
    body = show(alice, conversation)
    assert_shape(body, CONVERSATION | {"head_id": type(None), "shared": bool, "messages": list})
    assert (body["messages"], body["shared"]) == ([], False)


def test_a_question_and_its_answer(alice: FlaskClient, conversation: int) -> None:
    turn = exchange(alice, conversation, "What is new?\nTell me. ")
    body = show(alice, conversation)
    question, answer = body["messages"]
    assert_shape(question, QUESTION)
    assert_shape(answer, ANSWER)
    assert (question["role"], question["parent_id"], question["status"]) == ("user", None, "completed")
    assert question["text"] == "What is new?\nTell me. "
    assert (answer["role"], answer["parent_id"], answer["status"]) == ("assistant", question["id"], "completed")
    assert answer["text"] == "You said: What is new?\nTell me. "
    assert answer["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert (answer["turn_id"], answer["id"]) == (turn["id"], turn["message_id"])
    assert body["head_id"] == answer["id"]
    assert utc_time(body["updated_at"]) >= utc_time(answer["created_at"]) >= utc_time(body["created_at"])


def test_reasoning_and_tool_calls_stand_with_the_answer(
    alice: FlaskClient, conversation: int, model: ScriptedModel
) -> None:
    model.will(
        ReasoningDelta("Hm."), TextDelta("Let me see. "), ToolCall("call_1", "no_such_tool", '{"a": 1}'), Usage(10, 5)
    )
    model.will(TextDelta("It failed."), Usage(20, 4))
    exchange(alice, conversation)
    answer = show(alice, conversation)["messages"][1]
    assert (answer["text"], answer["reasoning"]) == ("Let me see. It failed.", "Hm.")
    assert answer["usage"]["total_tokens"] == 39
    (call,) = answer["tool_calls"]
    assert_shape(
        call,
        {
            "id": str,
            "name": str,
            "arguments": str,
            "label": str,
            "text_offset": int,
            "result": {"id": str, "name": str, "ok": bool, "summary": str, "duration_ms": int},
        },
    )
    assert (call["name"], json.loads(call["arguments"])) == ("no_such_tool", {"a": 1})
    assert call["text_offset"] == len("Let me see. ")
    assert (call["result"]["ok"], call["result"]["id"]) == (False, call["id"])


def test_an_answer_under_way_is_shown_as_running(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    started = ask(alice, conversation)
    body = show(alice, conversation)
    answer = body["messages"][1]
    assert_shape(answer, {key: shape for key, shape in ANSWER.items() if key not in ("usage", "duration_ms")})
    assert (answer["status"], body["running"]) == ("running", True)
    held.go()
    wait_for_turn(alice, started)
    assert show(alice, conversation)["messages"][1]["text"] == "One two."


def test_branches_keep_every_message(alice: FlaskClient, conversation: int) -> None:
    first = exchange(alice, conversation, "First")
    edited = exchange(alice, conversation, "First, edited", parent_id=None)
    follow_up = exchange(alice, conversation, "And then?", parent_id=first["message_id"])
    body = show(alice, conversation)
    tree = {message["id"]: (message["text"], message["parent_id"]) for message in body["messages"]}
    assert tree == {
        first["user_message_id"]: ("First", None),
        first["message_id"]: ("You said: First", first["user_message_id"]),
        edited["user_message_id"]: ("First, edited", None),
        edited["message_id"]: ("You said: First, edited", edited["user_message_id"]),
        follow_up["user_message_id"]: ("And then?", first["message_id"]),
        follow_up["message_id"]: ("You said: And then?", follow_up["user_message_id"]),
    }
    assert list(tree) == sorted(tree)
    assert body["head_id"] == follow_up["message_id"]


def test_the_model_gets_its_own_branch_only(alice: FlaskClient, conversation: int, model: ScriptedModel) -> None:
    first = exchange(alice, conversation, "First")
    exchange(alice, conversation, "First, edited", parent_id=None)
    exchange(alice, conversation, "And then?", parent_id=first["message_id"])
    assert [message.text for message in model.seen[2][1:]] == ["First", "You said: First", "And then?"]


def test_renaming_and_pinning(alice: FlaskClient, conversation: int) -> None:
    before = show(alice, conversation)
    changed = alice.patch(f"/api/conversations/{conversation}", json={"title": " New\nname "})
    assert changed.status_code == 200
    assert_shape(changed.json, CONVERSATION)
    assert (changed.json["title"], changed.json["pinned"]) == ("New name", False)
    changed = alice.patch(f"/api/conversations/{conversation}", json={"pinned": True})
    assert (changed.json["title"], changed.json["pinned"]) == ("New name", True)
    changed = alice.patch(f"/api/conversations/{conversation}", json={"pinned": False, "title": "Third"})
    assert (changed.json["title"], changed.json["pinned"]) == ("Third", False)
    assert show(alice, conversation) == before | {"title": "Third"}


@pytest.mark.parametrize(
    "body", [{}, {"title": None, "pinned": None}, {"user_id": 1, "created_at": 0, "head_id": 5, "running": True}]
)
def test_a_change_of_nothing_changes_nothing(alice: FlaskClient, conversation: int, body: dict[str, object]) -> None:
    before = show(alice, conversation)
    assert alice.patch(f"/api/conversations/{conversation}", json=body).status_code == 200
    assert show(alice, conversation) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [({"title": 5}, "title"), ({"title": ["x"]}, "title"), ({"pinned": "yes"}, "pinned"), ({"pinned": 1}, "pinned")],
)
def test_a_change_to_an_invalid_value(
    alice: FlaskClient, conversation: int, body: dict[str, object], field: str
) -> None:
    before = show(alice, conversation)
    assert_error(alice.patch(f"/api/conversations/{conversation}", json=body), 422, "invalid_value", field)
    assert show(alice, conversation) == before


def test_one_wrong_field_changes_neither(alice: FlaskClient, conversation: int) -> None:
    before = show(alice, conversation)
    answer = alice.patch(f"/api/conversations/{conversation}", json={"pinned": True, "title": "t" * 201})
    assert_error(answer, 422, "title_too_long", "title")
    assert show(alice, conversation) == before


def test_deleting_is_for_good(alice: FlaskClient, conversation: int) -> None:
    turn = exchange(alice, conversation)
    remaining = converse(alice)
    response = alice.delete(f"/api/conversations/{conversation}")
    assert (response.status_code, response.data) == (204, b"")
    for path in (
        f"/api/conversations/{conversation}",
        f"/api/turns/{turn['id']}",
        f"/api/turns/{turn['id']}/events",
    ):
        assert_error(alice.get(path), 404, "not_found")
    assert_error(alice.post(f"/api/messages/{turn['message_id']}/regenerate"), 404, "not_found")
    assert_error(alice.delete(f"/api/conversations/{conversation}"), 404, "not_found")
    assert [item["id"] for item in alice.get("/api/conversations").json["items"]] == [remaining]


def test_a_conversation_with_a_running_turn_cannot_be_deleted(
    alice: FlaskClient, conversation: int, held: HeldAnswer
) -> None:
    started = ask(alice, conversation)
    for without in ("", "?stop=", "?stop=false", "?stop=0"):
        assert_error(alice.delete(f"/api/conversations/{conversation}{without}"), 409, "turn_running")
    assert_error(alice.delete(f"/api/conversations/{conversation}?stop=maybe"), 422, "invalid_value", "stop")
    held.go()
    assert wait_for_turn(alice, started)["text"] == "One two."
    assert alice.delete(f"/api/conversations/{conversation}").status_code == 204


@pytest.mark.usefixtures("held")
def test_a_conversation_is_deleted_with_its_running_turn(alice: FlaskClient, conversation: int) -> None:
    started = ask(alice, conversation)
    assert alice.delete(f"/api/conversations/{conversation}?stop=true").status_code == 204
    assert_error(alice.get(f"/api/turns/{started['turn_id']}"), 404, "not_found")
    # Nothing runs in it, so there is nothing to stop.
    assert alice.delete(f"/api/conversations/{converse(alice)}?stop=true").status_code == 204


def test_a_number_that_names_none(alice: FlaskClient, conversation: int, subtests: pytest.Subtests) -> None:
    for number in ("0", "999", "9" * 18, "9" * 19, "9" * 5000, "-1", "1.0", "x", "%00", "1%20"):
        for method in ("GET", "PATCH", "DELETE"):
            with subtests.test(method, number=number[:20]):
                body = {"json": {"title": "x"}} if method == "PATCH" else {}
                assert_error(alice.open(f"/api/conversations/{number}", method=method, **body), 404, "not_found")

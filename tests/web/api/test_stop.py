"""POST /api/turns/<id>/stop, and requests to a worker that shuts down."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from chat.messages import TextDelta
from tests.conftest import ScriptedModel

from ..api_client import ask, events, exchange, wait_for_turn
from ..conftest import HeldAnswer


def started(client: FlaskClient, conversation: int) -> dict:
    """A turn that has sent "One " and waits."""
    turn = ask(client, conversation)
    for frame in client.get(turn["events_url"]).response:
        if b"One " in frame:
            return turn
    raise AssertionError("the answer ended by itself")


def test_the_partial_answer_stays(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    turn = started(alice, conversation)
    answer = alice.post(f"/api/turns/{turn['turn_id']}/stop")
    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["text"]) == ("stopped", "One ")
    assert alice.get(f"/api/turns/{turn['turn_id']}").json == answer.json
    received = events(alice.get(turn["events_url"]).data)
    assert [event.name for event in received if event.name == "error"] == []
    assert (received[-1].name, received[-1].data["status"]) == ("done", "stopped")


def test_the_conversation_goes_on(
    alice: FlaskClient, conversation: int, held: HeldAnswer, model: ScriptedModel
) -> None:
    turn = started(alice, conversation)
    alice.post(f"/api/turns/{turn['turn_id']}/stop")
    model.will(TextDelta("Yes."))
    assert wait_for_turn(alice, ask(alice, conversation, "And now?"))["text"] == "Yes."
    assert [message.text for message in model.seen[-1][1:]] == ["Hello", "One ", "And now?"]


def test_a_turn_that_has_ended_stays_as_it_ended(alice: FlaskClient, conversation: int) -> None:
    turn = exchange(alice, conversation)
    for _ in range(2):
        answer = alice.post(f"/api/turns/{turn['turn_id']}/stop")
        assert (answer.status_code, answer.json["status"]) == (200, "completed")


class TestLeaving:
    """A worker that shuts down."""

    def test_a_turn_is_sent_elsewhere(self, app: Flask, alice: FlaskClient, conversation: int) -> None:
        turn = exchange(alice, conversation)
        app.extensions["parley"].web.admission.close()
        for path in (f"/api/conversations/{conversation}/turns", f"/api/messages/{turn['message_id']}/regenerate"):
            answer = alice.post(path, json={"text": "Hello"})
            assert (answer.status_code, answer.headers["Location"]) == (307, path)
            assert answer.headers["Retry-After"] == "1"
            assert answer.json["error"]["code"] == "restarting"
        assert len(alice.get(f"/api/conversations/{conversation}").json["messages"]) == 2

    def test_it_is_not_ready_and_still_shows(self, app: Flask, alice: FlaskClient, conversation: int) -> None:
        assert alice.get("/readyz").status_code == 200
        app.extensions["parley"].web.admission.close()
        assert alice.get("/readyz").status_code == 503
        assert alice.get("/healthz").status_code == 200
        assert alice.get(f"/api/conversations/{conversation}").status_code == 200

"""GET /api/turns/<id>: a turn and its status."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from chat.errors import ModelRateLimited
from chat.messages import TextDelta
from tests.conftest import ScriptedModel

from ..api_client import ask, assert_error, assert_shape, exchange, utc_time, wait_for_turn
from ..conftest import HeldAnswer

RUNNING = {
    "id": int,
    "status": str,
    "text": str,
    "conversation_id": int,
    "user_message_id": int,
    "message_id": int,
    "mode": str,
    "started_at": utc_time,
    "ended_at": type(None),
    "turn_id": int,
    "model": str,
    "tool_calls": list,
}
ENDED = RUNNING | {
    "ended_at": utc_time,
    "usage": {"prompt_tokens": int, "completion_tokens": int, "total_tokens": int},
    "duration_ms": int,
}


def test_while_it_runs(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    started = ask(alice, conversation)
    turn = alice.get(f"/api/turns/{started['turn_id']}")
    assert turn.status_code == 200
    assert_shape(turn.json, RUNNING)
    assert (turn.json["status"], turn.json["mode"]) == ("running", "sync")
    assert turn.json["conversation_id"] == conversation
    held.go()
    wait_for_turn(alice, started)


def test_when_it_has_ended(alice: FlaskClient, conversation: int) -> None:
    turn = exchange(alice, conversation)
    assert_shape(turn, ENDED)
    assert (turn["status"], turn["text"]) == ("completed", "You said: Hello")
    assert turn["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    lasted = utc_time(turn["ended_at"]) - utc_time(turn["started_at"])
    assert lasted.total_seconds() * 1000 == pytest.approx(turn["duration_ms"])


def test_when_it_has_failed(alice: FlaskClient, conversation: int, model: ScriptedModel) -> None:
    def refuses(_messages, _cancellation):
        yield TextDelta("Par")
        raise ModelRateLimited("The model takes no more questions at the moment.")

    model.will_run(refuses)
    turn = exchange(alice, conversation)
    assert_shape(turn, ENDED | {"error": {"code": str, "message": str, "retryable": bool}})
    assert (turn["status"], turn["text"]) == ("failed", "Par")
    assert turn["error"] == {
        "code": "model_rate_limited",
        "message": "The model takes no more questions at the moment.",
        "retryable": True,
    }


def test_a_number_that_names_none(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for number in ("0", "999", "9" * 18, "9" * 5000, "-1", "x", "%F0%9F%9C%A8"):
        for rest in ("", "/events"):
            with subtests.test(number[:20] + rest):
                assert_error(alice.get(f"/api/turns/{number}{rest}"), 404, "not_found")

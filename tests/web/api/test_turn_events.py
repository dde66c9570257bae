"""GET /api/turns/<id>/events: follow a turn from any event."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from chat.messages import ReasoningDelta, TextDelta, ToolCall, Usage
from scripts.kit.sse import frames
from tests.conftest import ScriptedModel

from ..api_client import SSE, ask, assert_error, events, exchange, wait_for_turn
from ..conftest import HeldAnswer


@pytest.fixture
def finished_turn(alice: FlaskClient, conversation: int, model: ScriptedModel) -> tuple[str, bytes]:
    """A turn with an event of every kind but `error`: the address of its events, and the stream as first sent."""
    model.will(ReasoningDelta("Hm."), TextDelta("Let me see."), ToolCall("1", "no_such_tool", "{}"), Usage(1, 1))
    model.will(TextDelta("Nothing."), Usage(2, 2))
    stream = alice.post(f"/api/conversations/{conversation}/turns", json={"text": "Hello"}, headers=SSE)
    turn_id = events(stream.data)[0].data["turn_id"]
    return f"/api/turns/{turn_id}/events", stream.data


def test_the_whole_turn_is_replayed_byte_by_byte(alice: FlaskClient, finished_turn: tuple[str, bytes]) -> None:
    url, first = finished_turn
    names = [event.name for event in events(first)]
    assert names == ["turn", "title", "reasoning", "delta", "tool_call", "tool_result", "delta", "done"]
    assert alice.get(url).data == first


def test_the_rest_is_sent_after_any_event(alice: FlaskClient, finished_turn: tuple[str, bytes]) -> None:
    url, first = finished_turn
    whole = frames(first)
    for after in range(len(whole) + 1):
        rest = b"".join(whole[after:])
        assert alice.get(f"{url}?after={after}").data == rest
        assert alice.get(url, headers={"Last-Event-ID": str(after)}).data == rest


def test_a_browsers_own_header_wins_over_the_address(alice: FlaskClient, finished_turn: tuple[str, bytes]) -> None:
    url, _ = finished_turn
    resumed = alice.get(f"{url}?after=1", headers={"Last-Event-ID": "6"})
    assert [event.number for event in events(resumed.data)] == [7, 8]


def test_past_the_end_there_is_nothing(alice: FlaskClient, finished_turn: tuple[str, bytes]) -> None:
    url, _ = finished_turn
    for after in (9, 999_999_999):
        assert alice.get(f"{url}?after={after}").data == b""


@pytest.mark.parametrize("heartbeat_s", [0.02])
def test_past_the_end_of_a_running_turn_the_wait_ends_with_it(
    alice: FlaskClient, conversation: int, held: HeldAnswer
) -> None:
    started = ask(alice, conversation)
    chunks = iter(alice.get(started["events_url"] + "?after=1000").response)
    assert next(chunks).startswith(b":")
    held.go()
    wait_for_turn(alice, started)
    for _ in range(100):
        if (chunk := next(chunks, None)) is None:
            return
        assert chunk.startswith(b":")
    pytest.fail("still following a turn that has ended")


def test_a_number_that_is_none(alice: FlaskClient, finished_turn: tuple[str, bytes], subtests: pytest.Subtests) -> None:
    for after in ("-1", "x", "1.5", "١", "1e3", "9" * 10, "9" * 5000, "%00", "1%202"):
        with subtests.test(after[:20]):
            assert_error(alice.get(f"{finished_turn[0]}?after={after}"), 422, "invalid_value", "after")


def test_a_header_that_is_no_number(
    alice: FlaskClient, finished_turn: tuple[str, bytes], subtests: pytest.Subtests
) -> None:
    for header in ("-1", "x", "9" * 5000, "\xff"):
        with subtests.test(header[:20]):
            assert_error(alice.get(finished_turn[0], headers={"Last-Event-ID": header}), 422, "invalid_value", "after")


def test_joining_in_the_middle(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    started = ask(alice, conversation)
    streams = [alice.get(started["events_url"] + query) for query in ("", "?after=2", "?after=1")]
    first = [next(iter(stream.response)) for stream in streams[:1]]
    assert [event.name for event in events(first[0])][:2] == ["turn", "title"]
    held.go()
    bodies = [b"".join(first + list(streams[0].response)), *(b"".join(stream.response) for stream in streams[1:])]
    for stream in streams:
        stream.close()
    whole, *rest = [events(body) for body in bodies]
    assert whole == events(alice.get(started["events_url"]).data)
    assert rest == [whole[2:], whole[1:]]


@pytest.mark.parametrize("heartbeat_s", [0.02])
def test_a_silent_turn_keeps_its_line_open_with_comments(
    alice: FlaskClient, conversation: int, held: HeldAnswer
) -> None:
    started = ask(alice, conversation)
    stream = alice.get(started["events_url"])
    chunks = iter(stream.response)
    seen = b""
    while seen.count(b"\n\n:") < 2:
        seen += next(chunks)
    held.go()
    seen += b"".join(chunks)
    stream.close()
    assert events(seen) == events(alice.get(started["events_url"]).data)


def test_following_does_not_ask_the_model_again(alice: FlaskClient, conversation: int, model: ScriptedModel) -> None:
    turn = exchange(alice, conversation)
    for _ in range(3):
        wait_for_turn(alice, {"turn_id": turn["id"], "events_url": f"/api/turns/{turn['id']}/events"})
    assert len(model.seen) == 1


def test_without_a_wait_only_past_events_are_sent(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    url = ask(alice, conversation)["events_url"]
    # The first events: then the answer waits, and polling does not.
    stream = iter(alice.get(url).response)
    started = events(next(stream))
    while started[-1].name != "delta":
        started += events(next(stream))
    now = alice.get(f"{url}?wait=0")
    assert [event.number for event in events(now.data)] == [event.number for event in started]
    assert alice.get(f"{url}?wait=0&after={started[-1].number}").data == b""
    held.go()
    for _ in stream:
        pass
    assert events(alice.get(f"{url}?wait=0&after={started[-1].number}").data)[-1].name == "done"


@pytest.mark.parametrize("wait", ["2", "-1", "true", ""])
def test_a_wait_is_nought_or_one(alice: FlaskClient, finished_turn: tuple[str, bytes], wait: str) -> None:
    assert_error(alice.get(f"{finished_turn[0]}?wait={wait}"), 422, "invalid_value", "wait")

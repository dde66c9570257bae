"""State of a running turn: deltas are coalesced without loss, and the event offsets replay every event."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.agent.loop import ToolCallEnded, ToolCallStarted
from chat.cancellation import Cancellation
from chat.events.local import LocalEventLog
from chat.messages import Answer, ReasoningDelta, TextDelta, ToolCall, ToolCallRecord, ToolResult, Usage
from chat.store.records import COMPLETED, FAILED, INTERRUPTED, RUNNING, STOPPED, Turn, TurnError
from chat.store.turn_progress import PartialAnswer, assemble
from chat.turns import event_offsets
from chat.turns.coalescing import DeltaFlusher
from chat.turns.running_turn import RunningTurn
from tests.fake_clock import FakeClock

from .worker import LONG_S, names, parsed, text_of

TURN = Turn(7, 1, 2, 3, RUNNING, "a-model", "sync", "here:1", "[]", None, Usage(), 1_000, None)
TITLE = "China?"
ERROR = TurnError("model_interrupted", "The stream ended.", True)


INTERVAL_S = 0.05


class IntervalClock(FakeClock):
    def wait(self) -> float:
        """Advance by slightly more than an interval, because of floating point errors."""
        self.monotonic_s += 1.01 * INTERVAL_S
        return self.monotonic_s


@pytest.fixture
def clock():
    return IntervalClock()


@pytest.fixture
def flusher(clock):
    return DeltaFlusher(lambda: 1, clock)


def running_turn(flusher):
    return RunningTurn(TURN, Cancellation(LONG_S), LocalEventLog(), flusher)


@pytest.fixture
def running(flusher):
    return running_turn(flusher)


def events(running, after=0):
    return parsed(b"".join(event.frame for event in running.log.read(after, 0)))


def deltas(running):
    return [event.data["text"] for event in events(running) if event.name in ("delta", "reasoning")]


def started(position):
    record = ToolCallRecord(ToolCall(f"c.{position}", "look_up", '{"what": "é"}'), "Looking up é", position, 0)
    return ToolCallStarted(position, record)


def ended(position, data=None):
    result = ToolResult("{}", "Found é", data)
    return ToolCallEnded(position, replace(started(position).record, result=result, duration_ms=12))


def end(running, status=COMPLETED, error=None):
    """End a turn like the runner. Return the turn and the answer as the database stores them."""
    progress = running.progress()
    turn = replace(
        TURN,
        status=status,
        error=error,
        ended_at=3_500,
        usage=progress.answer.usage,
        event_offsets=progress.event_offsets,
    )
    running.end(turn, error)
    return turn, progress.answer


class TestCoalescing:
    def test_the_first_delta_goes_out_at_once(self, running):
        running.handle(TextDelta("China"))
        assert names(events(running)) == ["turn", "delta"]
        assert events(running)[0].data["turn_id"] == TURN.id

    def test_those_that_follow_closely_go_out_together(self, running, clock):
        for word in ("China ", "grows ", "by ", "5 "):
            running.handle(TextDelta(word))
        assert deltas(running) == ["China "]
        clock.wait()
        running.handle(TextDelta("percent."))
        assert deltas(running) == ["China ", "grows by 5 percent."]

    def test_the_flush_sends_pending_deltas_and_no_sooner(self, running, clock):
        running.handle(TextDelta("China "))
        running.handle(TextDelta("grows."))
        running.coalescer.flush(clock.monotonic_s + INTERVAL_S / 2)
        assert deltas(running) == ["China "]
        running.coalescer.flush(clock.wait())
        assert deltas(running) == ["China ", "grows."]
        running.coalescer.flush(clock.wait())
        assert len(deltas(running)) == 2

    @pytest.mark.parametrize("sent_by", ["flush", "checkpoint_delta", "progress", "the next words", "a tool call"])
    def test_only_turns_with_pending_deltas_are_pending(self, clock, flusher, sent_by):
        running, other = (running_turn(flusher) for _ in range(2))
        other.handle(TextDelta("China "))
        running.handle(TextDelta("China "))
        assert flusher.pending == set()
        running.handle(TextDelta("grows."))
        assert flusher.pending == {running.coalescer}
        clock.wait()
        if sent_by == "flush":
            running.coalescer.flush(clock.monotonic_s)
        elif sent_by == "the next words":
            running.handle(TextDelta(" A lot."))
        elif sent_by == "a tool call":
            running.handle(started(0))
        else:
            getattr(running, sent_by)()
        assert flusher.pending == set()

    def test_slow_deltas_are_not_delayed(self, running, clock):
        for word in ("China ", "grows ", "slowly."):
            running.handle(TextDelta(word))
            clock.wait()
        assert deltas(running) == ["China ", "grows ", "slowly."]

    def test_words_and_thoughts_are_not_mixed(self, running):
        for delta in (ReasoningDelta("a"), ReasoningDelta("b"), ReasoningDelta("c"), TextDelta("d"), TextDelta("e"),
                      ReasoningDelta("f")):  # fmt: skip
            running.handle(delta)
        running.checkpoint_delta()
        names_and_texts = [(event.name, event.data["text"]) for event in events(running)[1:]]
        assert names_and_texts == [("reasoning", "a"), ("reasoning", "bc"), ("delta", "de"), ("reasoning", "f")]

    def test_a_tool_call_comes_after_the_words_before_it(self, running):
        running.handle(TextDelta("Let "))
        running.handle(TextDelta("me see."))
        running.handle(started(0))
        running.handle(ended(0, {"rows": []}))
        assert names(events(running)) == ["turn", "delta", "delta", "tool_call", "tool_result"]
        _, _, _, call, result = events(running)
        assert call.data == {
            "id": "c.0", "name": "look_up", "arguments": '{"what": "é"}', "label": "Looking up é"
        }  # fmt: skip
        assert result.data == {
            "id": "c.0", "name": "look_up", "ok": True, "summary": "Found é", "data": {"rows": []}, "duration_ms": 12
        }  # fmt: skip

    def test_a_delta_of_nothing_is_none(self, running):
        running.handle(TextDelta(""))
        running.handle(ReasoningDelta(""))
        assert names(events(running)) == ["turn"]
        assert not running.changed


class TestProgress:
    def test_it_has_all_that_went_out(self, running):
        running.handle(TextDelta("Half "))
        running.handle(TextDelta("of it"))
        running.handle(ReasoningDelta("Hm"))
        running.handle(Usage(3, 1))
        running.handle(Usage(4, 1))
        progress = running.progress()
        assert (progress.answer.text, progress.answer.reasoning) == ("Half of it", "Hm")
        assert progress.answer.usage == Usage(7, 2)
        assert progress.answer.text == text_of(events(running))

    def test_it_does_not_change_afterwards(self, running):
        running.handle(TextDelta("Half"))
        running.handle(started(0))
        progress = running.progress()
        running.handle(ended(0))
        running.handle(TextDelta(" and half"))
        running.checkpoint_delta()
        assert (progress.answer.text, progress.answer.tool_calls[0].result) == ("Half", None)

    def test_events_that_cannot_be_encoded_are_not_stored(self, running):
        """Check that everything that is stored can be encoded and replayed."""
        running.handle(TextDelta("Half"))
        with pytest.raises(UnicodeEncodeError):
            running.handle(started(0))
            running.handle(ToolCallEnded(0, replace(ended(0).record, result=ToolResult("", "\ud800"))))
        running.handle(TextDelta("\ud800"))
        with pytest.raises(UnicodeEncodeError):
            running.checkpoint_delta()
        progress = running.progress()
        assert progress.answer.text == "Half"
        assert progress.answer.tool_calls[0].result is None
        assert parsed(b"".join(replayed_frames(*end(running), ""))) == events(running)


class TestCheckpointDeltas:
    def test_one_is_due_when_there_is_more(self, running):
        assert not running.changed
        running.handle(TextDelta("Half"))
        assert running.changed
        running.checkpoint_delta()
        assert not running.changed
        running.handle(TextDelta(" and"))
        assert running.changed

    def test_each_has_the_progress_since_the_one_before(self, running, clock):
        running.handle(TextDelta("Half"))
        running.handle(ReasoningDelta("Hm"))
        first = running.checkpoint_delta()
        assert (first.first, first.text, first.reasoning, first.event_offsets, first.tool_calls) == (
            0,
            "Half",
            "Hm",
            "[4,-2]",
            {},
        )
        clock.wait()
        running.handle(TextDelta(" and"))
        running.handle(started(0))
        running.handle(started(1))
        second = running.checkpoint_delta()
        assert (second.first, second.text, second.reasoning) == (2, " and", "")
        assert second.event_offsets == '[4,"call 0","call 1"]'
        assert second.tool_calls == {0: started(0).record, 1: started(1).record}
        running.handle(ended(1))
        third = running.checkpoint_delta()
        assert (third.first, third.text, third.event_offsets, third.tool_calls) == (
            5,
            "",
            '["result 1"]',
            {1: ended(1).record},
        )

    def test_after_a_failed_checkpoint_the_next_includes_its_content(self, running, clock):
        running.handle(TextDelta("Half"))
        running.checkpoint_delta()
        clock.wait()
        running.handle(TextDelta(" and"))
        running.handle(started(0))
        for more in ("", " half"):
            running.handle(TextDelta(more))
            lost = running.checkpoint_delta()
            running.checkpoint_failed()
            assert running.changed
        assert (lost.first, lost.text, lost.tool_calls) == (1, " and half", {0: started(0).record})
        assert running.checkpoint_delta() == lost
        assert not running.changed


def replayed_frames(turn, answer, title, after=0):
    return [event.frame for event in list(event_offsets.StoredTurn(turn, answer, title).events(after))]


class TestEnd:
    @pytest.mark.parametrize(("status", "error"), [(COMPLETED, None), (STOPPED, None), (FAILED, ERROR)])
    def test_done_is_the_last_exactly_once(self, running, status, error):
        running.handle(TextDelta("Half"))
        turn, _ = end(running, status, error)
        running.end(turn, error)
        assert names(events(running)) == ["turn", "delta", *(["error"] if error else []), "done"]
        assert events(running)[-1].data == {
            "status": status,
            "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
            "duration_ms": 2_500,
        }

    def test_an_error_has_a_message_and_whether_it_is_retryable(self, running):
        end(running, FAILED, ERROR)
        assert events(running)[1].data == {"code": ERROR.code, "message": ERROR.message, "retryable": True}


TEXT = st.text(max_size=12)
STEPS = st.one_of(
    st.builds(TextDelta, TEXT),
    st.builds(ReasoningDelta, TEXT),
    st.builds(Usage, st.integers(0, 9), st.integers(0, 9)),
    st.sampled_from(["call", "result", "wait", "flush", "checkpoint", "checkpoint in vain"]),
)


def play(running, clock, steps):
    """Play the steps; tool calls begin in order and end in any order. Return the checkpoint deltas."""
    begun, calls, checkpoints = 0, [], []
    for number, step in enumerate(steps):
        if not isinstance(step, str):
            running.handle(step)
        elif step == "call":
            running.handle(started(begun))
            calls.append(begun)
            begun += 1
        elif step == "result" and calls:
            running.handle(ended(calls.pop(number % len(calls)), {"rows": [["é", 1.5, None, number]]}))
        elif step == "wait":
            clock.wait()
        elif step == "flush":
            running.coalescer.flush(clock.monotonic_s)
        elif step == "checkpoint":
            checkpoints.append(running.checkpoint_delta())
        elif step == "checkpoint in vain":
            checkpoints.append(running.checkpoint_delta())  # the commit may have taken effect nevertheless
            running.checkpoint_failed()
    return checkpoints


@settings(max_examples=200)
@given(st.booleans(), st.lists(STEPS, max_size=40), st.sampled_from([(COMPLETED, None), (FAILED, ERROR)]))
def test_event_offsets_replay_any_turn_byte_for_byte(titled, steps, ending):
    clock = IntervalClock()
    running = running_turn(DeltaFlusher(lambda: 1, clock))
    if titled:
        running.set_title(TITLE)
    play(running, clock, steps)
    turn, answer = end(running, *ending)
    text = "".join(step.text for step in steps if isinstance(step, TextDelta))
    reasoning = "".join(step.text for step in steps if isinstance(step, ReasoningDelta))
    assert (text_of(events(running)), answer.text, answer.reasoning) == (text, text, reasoning)
    running_frames = [event.frame for event in running.log.read(0, 0)]
    for after in range(len(running_frames) + 1):
        assert replayed_frames(turn, answer, TITLE, after) == running_frames[after:]


def stored(checkpoints):
    """Return the event offsets and the answer of the database. Of deltas with the same first event, the last counts."""
    rows = [
        asdict(delta) | {"turn_id": TURN.id, "marks": delta.event_offsets}
        for delta in {delta.first: delta for delta in checkpoints}.values()
    ]
    partial = assemble(sorted(rows, key=lambda row: row["first"])).get(TURN.id, PartialAnswer())
    calls = {position: call for delta in checkpoints for position, call in delta.tool_calls.items()}
    answer = Answer(partial.text, partial.reasoning, tuple(calls[position] for position in sorted(calls)))
    return event_offsets.encode(partial.event_offsets), answer


@settings(max_examples=200)
@given(st.lists(STEPS, max_size=20), st.lists(STEPS, max_size=20))
def test_a_dead_workers_turn_replays_its_checkpoints_and_the_end(stored_steps, lost_steps):
    clock = IntervalClock()
    running = running_turn(DeltaFlusher(lambda: 1, clock))
    checkpoints = [*play(running, clock, stored_steps), running.checkpoint_delta()]
    whole = running.progress()
    seen_at_checkpoint = [event.frame for event in running.log.read(0, 0)]
    for step in lost_steps:
        if not isinstance(step, str):
            running.handle(step)
    seen = len(running.log.read(0, 0))
    stored_offsets, answer = stored(checkpoints)
    assert (stored_offsets, answer) == (whole.event_offsets, replace(whole.answer, usage=Usage()))
    turn = replace(TURN, status=INTERRUPTED, error=ERROR, ended_at=3_500, event_offsets=stored_offsets)
    for after in range(seen + 1):
        again = list(event_offsets.StoredTurn(turn, answer, TITLE).events(after))
        assert [event.frame for event in again[:-2]] == seen_at_checkpoint[after:]
        assert [event.name for event in again[-2:]] == ["error", "done"]
        assert [event.number for event in again[-2:]] == [max(after, len(seen_at_checkpoint)) + n for n in (1, 2)]


def test_the_more_turns_there_are_the_longer_deltas_are_gathered(flusher):
    intervals = []
    for turns in (0, 1, 100, 400, 5_000):
        flusher.adapt(turns)
        intervals.append(flusher.interval_s)
    assert intervals == sorted(intervals)
    assert (intervals[0], intervals[-1]) == (0.05, 0.5)


def test_a_longer_interval_counts_at_once(clock, flusher):
    running = running_turn(flusher)
    running.handle(TextDelta("At once"))
    flusher.adapt(300)  # twice as long
    clock.wait()
    running.handle(TextDelta(", then "))
    assert deltas(running) == ["At once"]
    clock.wait()
    running.handle(TextDelta("the rest"))
    assert deltas(running) == ["At once", ", then the rest"]

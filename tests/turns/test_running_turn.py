"""A turn while it runs: deltas are gathered, nothing of them is lost, and the marks tell every event again."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.agent.loop import ToolCallEnded, ToolCallStarted
from chat.cancellation import Cancellation
from chat.messages import Answer, ReasoningDelta, TextDelta, ToolCall, ToolCallRecord, ToolResult, Usage
from chat.store.records import COMPLETED, FAILED, INTERRUPTED, RUNNING, STOPPED, Turn, TurnError
from chat.store.turn_progress import PartialAnswer, assemble
from chat.turns import event_offsets
from chat.turns import running_turn as module
from chat.turns.running_turn import DeltaFlusher, RunningTurn

from .worker import LONG_S, names, parsed, text_of

TURN = Turn(7, 1, 2, 3, RUNNING, "a-model", "sync", "here:1", "[]", None, Usage(), 1_000, None)
TITLE = "China?"
ERROR = TurnError("model_interrupted", "The stream ended.", True)


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def wait(self) -> float:
        """Let an interval pass, and the error of adding floating point numbers with it."""
        self.now += 1.01 * DeltaFlusher().interval_s
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def running(clock):
    return RunningTurn(TURN, Cancellation(LONG_S), DeltaFlusher())


def told(running, after=0):
    return parsed(b"".join(event.frame for event in running.log.read(after, 0)))


def deltas(running):
    return [event.data["text"] for event in told(running) if event.name in ("delta", "reasoning")]


def started(position):
    record = ToolCallRecord(ToolCall(f"c.{position}", "look_up", '{"what": "é"}'), "Looking up é", position, 0)
    return ToolCallStarted(position, record)


def ended(position, data=None):
    result = ToolResult("{}", "Found é", data)
    return ToolCallEnded(position, replace(started(position).record, result=result, duration_ms=12))


def end(running, status=COMPLETED, error=None):
    """As the runner ends it; returns what the database would have of it."""
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


class TestGathering:
    def test_the_first_delta_goes_out_at_once(self, running):
        running.take(TextDelta("China"))
        assert names(told(running)) == ["turn", "delta"]
        assert told(running)[0].data["turn_id"] == TURN.id

    def test_those_that_follow_closely_go_out_together(self, running, clock):
        for word in ("China ", "grows ", "by ", "5 "):
            running.take(TextDelta(word))
        assert deltas(running) == ["China "]
        clock.wait()
        running.take(TextDelta("percent."))
        assert deltas(running) == ["China ", "grows by 5 percent."]

    def test_the_clockwork_sends_what_waits_and_no_sooner(self, running, clock):
        running.take(TextDelta("China "))
        running.take(TextDelta("grows."))
        running.flush(clock.now + DeltaFlusher().interval_s / 2)
        assert deltas(running) == ["China "]
        running.flush(clock.wait())
        assert deltas(running) == ["China ", "grows."]
        running.flush(clock.wait())
        assert len(deltas(running)) == 2

    @pytest.mark.parametrize("sent_by", ["flush", "piece", "progress", "the next words", "a tool call"])
    def test_who_holds_something_back_is_looked_at_and_nobody_else(self, clock, sent_by):
        pace = DeltaFlusher()
        running, other = (RunningTurn(TURN, Cancellation(LONG_S), pace) for _ in range(2))
        other.take(TextDelta("China "))
        running.take(TextDelta("China "))
        assert pace.gathering == set()
        running.take(TextDelta("grows."))
        assert pace.gathering == {running}
        clock.wait()
        if sent_by == "flush":
            running.flush(clock.now)
        elif sent_by == "the next words":
            running.take(TextDelta(" A lot."))
        elif sent_by == "a tool call":
            running.take(started(0))
        else:
            getattr(running, sent_by)()
        assert pace.gathering == set()

    def test_slow_ones_wait_for_nobody(self, running, clock):
        for word in ("China ", "grows ", "slowly."):
            running.take(TextDelta(word))
            clock.wait()
        assert deltas(running) == ["China ", "grows ", "slowly."]

    def test_words_and_thoughts_are_not_mixed(self, running):
        for delta in (ReasoningDelta("a"), ReasoningDelta("b"), ReasoningDelta("c"), TextDelta("d"), TextDelta("e"),
                      ReasoningDelta("f")):  # fmt: skip
            running.take(delta)
        running.piece()
        found = [(event.name, event.data["text"]) for event in told(running)[1:]]
        assert found == [("reasoning", "a"), ("reasoning", "bc"), ("delta", "de"), ("reasoning", "f")]

    def test_a_tool_call_comes_after_the_words_before_it(self, running):
        running.take(TextDelta("Let "))
        running.take(TextDelta("me see."))
        running.take(started(0))
        running.take(ended(0, {"rows": []}))
        assert names(told(running)) == ["turn", "delta", "delta", "tool_call", "tool_result"]
        _, _, _, call, result = told(running)
        assert call.data == {
            "id": "c.0", "name": "look_up", "arguments": '{"what": "é"}', "label": "Looking up é"
        }  # fmt: skip
        assert result.data == {
            "id": "c.0", "name": "look_up", "ok": True, "summary": "Found é", "data": {"rows": []}, "duration_ms": 12
        }  # fmt: skip

    def test_a_delta_of_nothing_is_none(self, running):
        running.take(TextDelta(""))
        running.take(ReasoningDelta(""))
        assert names(told(running)) == ["turn"]
        assert not running.changed


class TestProgress:
    def test_it_has_all_that_went_out(self, running):
        running.take(TextDelta("Half "))
        running.take(TextDelta("of it"))
        running.take(ReasoningDelta("Hm"))
        running.take(Usage(3, 1))
        running.take(Usage(4, 1))
        progress = running.progress()
        assert (progress.answer.text, progress.answer.reasoning) == ("Half of it", "Hm")
        assert progress.answer.usage == Usage(7, 2)
        assert progress.answer.text == text_of(told(running))

    def test_it_does_not_change_afterwards(self, running):
        running.take(TextDelta("Half"))
        running.take(started(0))
        progress = running.progress()
        running.take(ended(0))
        running.take(TextDelta(" and half"))
        running.piece()
        assert (progress.answer.text, progress.answer.tool_calls[0].result) == ("Half", None)

    def test_what_cannot_be_told_is_not_kept(self, running):
        """So that what is kept can be told again, and can be kept at all."""
        running.take(TextDelta("Half"))
        with pytest.raises(UnicodeEncodeError):
            running.take(started(0))
            running.take(ToolCallEnded(0, replace(ended(0).record, result=ToolResult("", "\ud800"))))
        running.take(TextDelta("\ud800"))
        with pytest.raises(UnicodeEncodeError):
            running.piece()
        progress = running.progress()
        assert progress.answer.text == "Half"
        assert progress.answer.tool_calls[0].result is None
        assert parsed(b"".join(frames_again(*end(running), ""))) == told(running)


class TestPieces:
    def test_one_is_due_when_there_is_more(self, running):
        assert not running.changed
        running.take(TextDelta("Half"))
        assert running.changed
        running.piece()
        assert not running.changed
        running.take(TextDelta(" and"))
        assert running.changed

    def test_each_has_what_came_since_the_one_before(self, running, clock):
        running.take(TextDelta("Half"))
        running.take(ReasoningDelta("Hm"))
        first = running.piece()
        assert (first.first, first.text, first.reasoning, first.event_offsets, first.tool_calls) == (
            0,
            "Half",
            "Hm",
            "[4,-2]",
            {},
        )
        clock.wait()
        running.take(TextDelta(" and"))
        running.take(started(0))
        running.take(started(1))
        second = running.piece()
        assert (second.first, second.text, second.reasoning) == (2, " and", "")
        assert second.event_offsets == '[4,"call 0","call 1"]'
        assert second.tool_calls == {0: started(0).record, 1: started(1).record}
        running.take(ended(1))
        third = running.piece()
        assert (third.first, third.text, third.event_offsets, third.tool_calls) == (
            5,
            "",
            '["result 1"]',
            {1: ended(1).record},
        )

    def test_it_comes_again_with_what_came_since_when_it_could_not_be_kept(self, running, clock):
        running.take(TextDelta("Half"))
        running.piece()
        clock.wait()
        running.take(TextDelta(" and"))
        running.take(started(0))
        for more in ("", " half"):
            running.take(TextDelta(more))
            lost = running.piece()
            running.not_kept()
            assert running.changed
        assert (lost.first, lost.text, lost.tool_calls) == (1, " and half", {0: started(0).record})
        assert running.piece() == lost
        assert not running.changed


def frames_again(turn, answer, title, after=0):
    return [event.frame for event in list(event_offsets.EndedTurn(turn, answer, title).events(after))]


class TestEnd:
    @pytest.mark.parametrize(("status", "error"), [(COMPLETED, None), (STOPPED, None), (FAILED, ERROR)])
    def test_done_is_the_last_exactly_once(self, running, status, error):
        running.take(TextDelta("Half"))
        turn, _ = end(running, status, error)
        running.end(turn, error)
        assert names(told(running)) == ["turn", "delta", *(["error"] if error else []), "done"]
        assert told(running)[-1].data == {
            "status": status,
            "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
            "duration_ms": 2_500,
        }

    def test_an_error_says_what_and_whether_to_try_again(self, running):
        end(running, FAILED, ERROR)
        assert told(running)[1].data == {"code": ERROR.code, "message": ERROR.message, "retryable": True}


TEXT = st.text(max_size=12)
STEPS = st.one_of(
    st.builds(TextDelta, TEXT),
    st.builds(ReasoningDelta, TEXT),
    st.builds(Usage, st.integers(0, 9), st.integers(0, 9)),
    st.sampled_from(["call", "result", "wait", "flush", "checkpoint", "checkpoint in vain"]),
)


def play(running, clock, steps):
    """Take the steps; tool calls begin one after the other and end in any order. Returns the pieces."""
    begun, calls, pieces = 0, [], []
    for number, step in enumerate(steps):
        if not isinstance(step, str):
            running.take(step)
        elif step == "call":
            running.take(started(begun))
            calls.append(begun)
            begun += 1
        elif step == "result" and calls:
            running.take(ended(calls.pop(number % len(calls)), {"rows": [["é", 1.5, None, number]]}))
        elif step == "wait":
            clock.wait()
        elif step == "flush":
            running.flush(clock.now)
        elif step == "checkpoint":
            pieces.append(running.piece())
        elif step == "checkpoint in vain":
            pieces.append(running.piece())  # it may have taken effect all the same
            running.not_kept()
    return pieces


@settings(max_examples=200, deadline=None)
@given(st.booleans(), st.lists(STEPS, max_size=40), st.sampled_from([(COMPLETED, None), (FAILED, ERROR)]))
def test_whatever_happens_the_marks_tell_it_again_byte_for_byte(titled, steps, ending):
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "time", clock)
        running = RunningTurn(TURN, Cancellation(LONG_S), DeltaFlusher())
        if titled:
            running.title(TITLE)
        play(running, clock, steps)
        turn, answer = end(running, *ending)
    said = "".join(step.text for step in steps if isinstance(step, TextDelta))
    thought = "".join(step.text for step in steps if isinstance(step, ReasoningDelta))
    assert (text_of(told(running)), answer.text, answer.reasoning) == (said, said, thought)
    running_frames = [event.frame for event in running.log.read(0, 0)]
    for after in range(len(running_frames) + 1):
        assert frames_again(turn, answer, TITLE, after) == running_frames[after:]


def kept(pieces):
    """The marks and the answer that the database has of a turn: of pieces that begin alike the last counts."""
    rows = [
        asdict(piece) | {"turn_id": TURN.id, "marks": piece.event_offsets}
        for piece in {piece.first: piece for piece in pieces}.values()
    ]
    so_far = assemble(sorted(rows, key=lambda row: row["first"])).get(TURN.id, PartialAnswer())
    calls = {position: call for piece in pieces for position, call in piece.tool_calls.items()}
    answer = Answer(so_far.text, so_far.reasoning, tuple(calls[position] for position in sorted(calls)))
    return event_offsets.encode(so_far.event_offsets), answer


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=20), st.lists(STEPS, max_size=20))
def test_of_a_dead_worker_is_told_what_was_kept_and_the_end_to_everybody(kept_steps, lost_steps):
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "time", clock)
        running = RunningTurn(TURN, Cancellation(LONG_S), DeltaFlusher())
        pieces = [*play(running, clock, kept_steps), running.piece()]
        whole = running.progress()
        seen_when_kept = [event.frame for event in running.log.read(0, 0)]
        for step in lost_steps:
            if not isinstance(step, str):
                running.take(step)
        seen = len(running.log.read(0, 0))
    kept_marks, answer = kept(pieces)
    assert (kept_marks, answer) == (whole.event_offsets, replace(whole.answer, usage=Usage()))
    turn = replace(TURN, status=INTERRUPTED, error=ERROR, ended_at=3_500, event_offsets=kept_marks)
    for after in range(seen + 1):
        again = list(event_offsets.EndedTurn(turn, answer, TITLE).events(after))
        assert [event.frame for event in again[:-2]] == seen_when_kept[after:]
        assert [event.name for event in again[-2:]] == ["error", "done"]
        assert [event.number for event in again[-2:]] == [max(after, len(seen_when_kept)) + n for n in (1, 2)]


def test_the_more_turns_there_are_the_longer_deltas_are_gathered():
    pace = DeltaFlusher()
    intervals = []
    for turns in (0, 1, 100, 400, 5_000):
        pace.suit(turns)
        intervals.append(pace.interval_s)
    assert intervals == sorted(intervals)
    assert (intervals[0], intervals[-1]) == (0.05, 0.5)


def test_a_longer_interval_counts_at_once(clock):
    pace = DeltaFlusher()
    running = RunningTurn(TURN, Cancellation(LONG_S), pace)
    running.take(TextDelta("At once"))
    pace.suit(300)  # twice as long
    clock.wait()
    running.take(TextDelta(", then "))
    assert deltas(running) == ["At once"]
    clock.wait()
    running.take(TextDelta("the rest"))
    assert deltas(running) == ["At once", ", then the rest"]

"""Checkpoints of running turns, and the ways in which turns end."""

from __future__ import annotations

import pytest

from chat.errors import NotFound
from chat.messages import Answer, ToolCall, ToolCallRecord, ToolResult, Usage
from chat.store import history
from chat.store.branches import BranchPosition
from chat.store.records import COMPLETED, FAILED, INTERRUPTED, RUNNING, STOPPED, TurnError
from chat.store.turn_progress import LONG_TURN_MS
from chat.store.turns import LEASE_MS, Progress
from tests.fake_clock import FakeClock

from .engines import counts
from .scenarios import DIED, RUN, begin, checkpoint_delta, completed_turn, delete, finish


@pytest.fixture
def clock():
    return FakeClock()


def call(number, result=None, step=0):
    request = ToolCall(f"c.{number}", "look_up", '{"what": "é"}', '{"signature": "é"}', '{"reasoning": "Hm."}')
    return ToolCallRecord(request, "Looking up é", step, 4 * step, result, 7)


def lose(store, turn):
    """Interrupt a turn as lost."""
    assert store.turns.interrupt_lost([], {}, [turn.id], DIED) == [turn.id]


def text_of(store, turn):
    return store.turns.answer(turn).text


class TestCheckpoint:
    def test_what_there_is_can_be_read_back(self, store, user, conversation):
        turn = begin(store, conversation).turn
        calls = (call(0, ToolResult('{"gdp": 1}', "Found é", {"rows": [["é", 1.5, None]]})), call(1, step=1))
        due = checkpoint_delta(turn, "Half", reasoning="Thinking", tool_calls=dict(enumerate(calls)))
        store.turns.checkpoint([due], [turn.id])
        assert store.turns.answer(turn) == Answer("Half", "Thinking", calls)
        saved = store.turns.get(turn.id)
        assert (saved.status, saved.ended_at, saved.error) == (RUNNING, None, None)
        message = store.ownership.message(user, turn.message_id)[1]
        assert (message.text, message.reasoning, message.tool_calls) == ("Half", "Thinking", calls)
        assert store.history.of_conversation(conversation.id)[-1] == message
        assert store.branches.page(conversation, BranchPosition(leaf=message.id), 10).messages[-1] == message

    def test_a_later_one_adds_to_an_earlier_one(self, store, conversation, clock):
        turn = begin(store, conversation).turn
        store.turns.checkpoint(
            [checkpoint_delta(turn, "Ha", event_offsets="[1,1]", reasoning="H", tool_calls={0: call(0)})], [turn.id]
        )
        result = call(0, ToolResult("{}", "No", None, ok=False))
        last = checkpoint_delta(turn, "lf", 2, '["call 1",2]', reasoning="m", tool_calls={0: result, 1: call(1)})
        store.turns.checkpoint([last], [turn.id])
        assert store.turns.answer(turn) == Answer("Half", "Hm", (result, call(1)))
        lose(store, turn)
        ended, answer, _ = store.turns.with_answer(turn.id)
        assert (ended.event_offsets, answer) == ('[1,1,"call 1",2]', Answer("Half", "Hm", (result, call(1))))

    def test_one_that_may_have_taken_effect_comes_again_and_has_grown(self, store, conversation):
        turn = begin(store, conversation).turn
        for text in ("Ha", "Half"):
            store.turns.checkpoint([checkpoint_delta(turn, text)], [turn.id])
        store.turns.checkpoint([checkpoint_delta(turn, " and", 1)], [turn.id])
        assert text_of(store, turn) == "Half and"

    def test_those_that_run_at_the_same_time_are_kept_apart(self, store, user):
        turns = [begin(store, store.conversations.create(user)).turn for _ in range(3)]
        for first, text in enumerate(("One", " two", " three")):
            store.turns.checkpoint([checkpoint_delta(turn, f"{text} {turn.id}", first) for turn in turns], [])
        assert [text_of(store, turn) for turn in turns] == [f"One {t.id} two {t.id} three {t.id}" for t in turns]

    def test_it_comes_too_late_for_a_turn_that_has_ended(self, store, conversation):
        """The delta was taken before the end and was queued behind it."""
        turn = begin(store, conversation).turn
        finish(store, turn, "Half and the rest")
        store.turns.checkpoint([checkpoint_delta(turn, "Ha")], [turn.id])
        ended, answer, _ = store.turns.with_answer(turn.id)
        assert (ended.status, answer.text, ended.event_offsets) == (COMPLETED, "Half and the rest", "[17]")

    @pytest.mark.parametrize("end", ["completed", "died", "deleted"])
    def test_nothing_of_it_is_left_behind(self, store, conversation, clock, end):
        turn = begin(store, conversation).turn
        for first in range(3):
            store.turns.checkpoint([checkpoint_delta(turn, "Half", first)], [turn.id])
        if end == "completed":
            finish(store, turn)
        else:
            lose(store, turn)
        if end == "deleted":
            delete(store, conversation)
        store.deltas.delete_ended(0, store.deltas.last_id())
        assert counts(store.engine)["progress"] == 0

    def test_the_deltas_of_a_long_turn_do_not_outlive_it(self, store, conversation):
        turn = begin(store, conversation).turn
        store.turns.checkpoint([checkpoint_delta(turn, "Half")], [turn.id])
        store.turns.finish(Progress(turn, Answer("Half and half"), "[]", LONG_TURN_MS), COMPLETED, None)
        assert store.deltas.last_id() == 0

    def test_only_old_deltas_of_ended_turns_are_deleted(self, store, user):
        running, ended = (begin(store, store.conversations.create(user)).turn for _ in range(2))
        for first in range(3):
            store.turns.checkpoint([checkpoint_delta(each, "Text", first) for each in (running, ended)], [])
        finish(store, ended)
        assert store.deltas.delete_ended(0, store.deltas.last_id() - 1) == 2
        assert store.deltas.delete_ended(0, store.deltas.last_id()) == 1
        assert counts(store.engine)["progress"] == 3
        assert store.turns.with_answer(running.id)[1].text == "Text" * 3

    def test_a_deleted_turn_takes_no_other_down(self, store, user, conversation):
        deleted = completed_turn(store, conversation, "Q", "A")
        delete(store, conversation)
        turn = begin(store, store.conversations.create(user)).turn
        late = checkpoint_delta(deleted, "A", tool_calls={0: call(0)})
        store.turns.checkpoint([late, checkpoint_delta(turn, "Half")], [deleted.id, turn.id])
        assert text_of(store, turn) == "Half"

    def test_nothing_is_due_and_nothing_is_alive(self, store, conversation):
        turn = begin(store, conversation).turn
        store.turns.checkpoint([], [])
        assert store.turns.get(turn.id) == turn


class TestLease:
    def test_a_turn_whose_worker_is_silent_is_interrupted(self, store, user, conversation, clock):
        turn = begin(store, conversation).turn
        store.turns.checkpoint([checkpoint_delta(turn, "Half")], [turn.id])
        homes = store.turns.latest_leases()
        assert homes == {RUN.worker: clock.wall_ms + LEASE_MS}
        assert store.turns.interrupt_lost([], {RUN.worker: homes[RUN.worker] - 1}, [], DIED) == []
        assert store.turns.interrupt_lost([], {"another:1": homes[RUN.worker]}, [], DIED) == []
        clock.wall_ms += 1
        assert store.turns.interrupt_lost([], homes, [], DIED) == [turn.id]
        ended, answer, _ = store.turns.with_answer(turn.id)
        assert (ended.status, ended.error, ended.ended_at) == (INTERRUPTED, DIED, clock.wall_ms)
        assert answer.text == "Half"
        assert store.ownership.conversation(user, conversation.id).active_turn_id is None
        assert begin(store, conversation).created

    def test_all_turns_of_a_silent_worker_are_interrupted_together(self, store, user, clock):
        """Their leases end at different times if the worker died before it renewed them."""
        turns = []
        for _ in range(3):
            turns.append(begin(store, store.conversations.create(user)).turn.id)
            clock.wall_ms += 700
        assert sorted(store.turns.interrupt_lost([], store.turns.latest_leases(), [], DIED)) == turns

    def test_a_lease_that_was_renewed_meanwhile_keeps_its_turn(self, store, user, clock):
        """The lease is renewed between the read and the interruption."""
        silent, living = (begin(store, store.conversations.create(user)).turn for _ in range(2))
        homes = store.turns.latest_leases()
        clock.wall_ms += 1
        assert store.turns.checkpoint([], [living.id]) == []
        assert store.turns.interrupt_lost([], homes, [], DIED) == [silent.id]
        assert store.turns.get(living.id).status == RUNNING

    def test_a_clock_put_back_makes_no_negative_duration(self, store, conversation, clock):
        turn = begin(store, conversation).turn
        clock.wall_ms -= 3_600_000
        lose(store, turn)
        assert store.turns.get(turn.id).duration_ms == 0

    def test_a_renewal_returns_the_turns_that_do_not_run(self, store, user, clock):
        running, over, deleted = (begin(store, store.conversations.create(user)).turn for _ in range(3))
        lose(store, over)
        lose(store, deleted)
        delete(store, store.ownership.conversation(user, deleted.conversation_id))
        assert store.turns.checkpoint([], [running.id, over.id, deleted.id]) == [over.id, deleted.id]

    def test_the_turns_of_a_worker(self, store, user, conversation):
        turn = begin(store, conversation).turn
        completed_turn(store, store.conversations.create(user), "Q", "A")
        assert store.turns.running_on(RUN.worker) == [turn.id]
        assert store.turns.running_on("another:1") == []

    def test_what_an_earlier_version_kept_in_the_answer_itself_stays(self, store, conversation, clock):
        """The server was updated while an answer was being written."""
        turn = begin(store, conversation).turn

        def keep():
            store.engine.execute("UPDATE messages SET text = 'Half' WHERE id = ?", (turn.message_id,))
            store.engine.execute("UPDATE turns SET marks = '[4]' WHERE id = ?", (turn.id,))

        store.engine.write(keep)
        assert text_of(store, turn) == "Half"
        lose(store, turn)
        ended, answer, _ = store.turns.with_answer(turn.id)
        assert (ended.status, ended.event_offsets, answer.text) == (INTERRUPTED, "[4]", "Half")

    def test_each_turn_is_interrupted_once(self, store, conversation):
        turn = begin(store, conversation).turn
        assert store.turns.interrupt_lost([RUN.worker], {}, [turn.id], DIED) == [turn.id]
        assert store.turns.latest_leases() == {}
        assert store.turns.interrupt_lost([RUN.worker], {}, [turn.id], DIED) == []

    def test_an_ended_turn_is_not_interrupted(self, store, conversation, clock):
        turn = completed_turn(store, conversation, "Q", "A")
        clock.wall_ms += 10 * LEASE_MS
        assert store.turns.latest_leases() == {}
        assert store.turns.interrupt_lost([RUN.worker], {RUN.worker: clock.wall_ms}, [turn.id], DIED) == []


class TestFinish:
    def test_all_of_it_is_committed(self, store, conversation, clock):
        turn = begin(store, conversation, title="Why?").turn
        clock.wall_ms -= 3_600_000  # the machine's clock is set back
        error = TurnError("model_interrupted", "The stream ended.", True)
        answer = Answer("Half", "Hm", (call(0, ToolResult("{}", "Found")),), Usage(30, 4))
        ended = store.turns.finish(Progress(turn, answer, "[4]", 1_500), FAILED, error)
        assert (ended.status, ended.error, ended.duration_ms) == (FAILED, error, 1_500)
        assert (ended.usage, ended.event_offsets) == (Usage(30, 4), "[4]")
        assert store.turns.get(turn.id) == ended
        turn, saved, title = store.turns.with_answer(turn.id)
        assert (turn, saved.text, saved.reasoning, saved.tool_calls) == (ended, "Half", "Hm", answer.tool_calls)
        assert title == "Why?"

    @pytest.mark.parametrize("status", [COMPLETED, STOPPED, FAILED])
    def test_the_first_end_stays(self, store, conversation, status):
        turn = begin(store, conversation).turn
        first = finish(store, turn, "First.", status)
        assert finish(store, turn, "Second.", COMPLETED) is None
        assert store.turns.get(turn.id) == first
        assert text_of(store, turn) == "First."

    def test_a_turn_reported_as_ended_stays_ended(self, store, user, conversation):
        """The worker was considered dead, and another turn has begun since."""
        dead = begin(store, conversation).turn
        store.turns.checkpoint([checkpoint_delta(dead, "Half")], [dead.id])
        lose(store, dead)
        next_one = begin(store, conversation).turn
        assert finish(store, dead, "Whole.") is None
        assert store.turns.get(dead.id).status == INTERRUPTED
        assert text_of(store, dead) == "Half"
        current = store.ownership.conversation(user, conversation.id)
        assert (current.active_turn_id, current.head_id) == (next_one.id, next_one.message_id)
        assert store.turns.get(next_one.id).status == RUNNING

    def test_a_deleted_conversation_stays_deleted(self, store, user, conversation, clock):
        turn = begin(store, conversation).turn
        lose(store, turn)
        delete(store, conversation)
        before = counts(store.engine)
        late = Progress(turn, Answer("Whole.", tool_calls=(call(0),)), "[]")
        assert store.turns.finish(late, COMPLETED, None) is None
        assert counts(store.engine) == before
        with pytest.raises(NotFound):
            store.ownership.turn(user, turn.id)


READERS = {
    "conversation": lambda store, conversation, turn: store.history.of_conversation(conversation.id)[-1],
    "path": lambda store, conversation, turn: store.history.path_to(turn.message_id, 10)[-1],
    "page": lambda store, conversation, turn: store.branches.page(
        conversation, BranchPosition(leaf=turn.message_id), 10
    ).messages[-1],
    "message": lambda store, conversation, turn: store.ownership.message(conversation.user_id, turn.message_id)[1],
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_half_answer_is_never_shown_as_a_whole_one(store, conversation, monkeypatch, read):
    """A read sees all of a turn's end that is committed meanwhile, or none of it."""
    turn = begin(store, conversation).turn
    store.turns.checkpoint([checkpoint_delta(turn, "Half")], [turn.id])
    complete = history.messages_from_rows

    def messages_from_rows(engine, rows):
        finish(store, turn, "Half and the rest")  # after the texts are read and before the statuses are
        return complete(engine, rows)

    monkeypatch.setattr(history, "messages_from_rows", messages_from_rows)
    message = read(store, conversation, turn)
    assert (message.text, message.turn.status) == ("Half", RUNNING)
    monkeypatch.undo()
    message = read(store, conversation, turn)
    assert (message.text, message.turn.status) == ("Half and the rest", COMPLETED)

"""A turn from the question to its committed end: the stored answer equals the streamed one."""

from __future__ import annotations

import json
import logging
import threading
import time

import pytest

from chat.errors import Conflict, ModelInterrupted, ModelRejected, Overloaded, StoreTimeout, StoreUnavailable
from chat.messages import ReasoningDelta, TextDelta, ToolCall, ToolResult, Usage
from chat.store.records import COMPLETED, FAILED, INTERRUPTED, RUNNING, STOPPED
from chat.tool_contract import ToolContext
from chat.tools.function_tool import FunctionTool

from .worker import LONG_S, names, received, text_of


def look_up(what: str) -> ToolResult:
    """Look something up."""
    data = {"what": what, "rows": [["é 中 🙂", 1.5, 1e22, -0.0, None, True], [1e-7, 2**53, "\u2028", "\x00", "<b>"]]}
    return ToolResult(json.dumps({"found": what}), f"Found {what}", data)


TOOLS = [FunctionTool(look_up, "Looking up {what}")]


def call(what, number=0):
    return ToolCall(f"call_{number}", "look_up", json.dumps({"what": what}))


def begin_and_read(worker, started, names_wanted):
    """Wait until a running turn has these events."""
    live = worker.running_turns.get(started.turn.id)
    while [event.name for event in live.log.read(0, 0)] != names_wanted:
        assert live.log.read(len(live.log.read(0, 0)), LONG_S), "it has ended"
    return live


class TestACompleteTurn:
    def test_the_stored_answer_equals_the_streamed_one(self, make_worker, model, store, user, conversation):
        worker = make_worker(tools=TOOLS)
        model.will(ReasoningDelta("Hm."), TextDelta("Let me "), TextDelta("see."), call("China"), Usage(10, 5))
        model.will(*(TextDelta(f"wörd {number} 🙂 ") for number in range(200)), Usage(40, 200))
        started = worker.ask(conversation, "China?", title="China?")
        events = received(worker.follower.frames(started.turn, 0))
        assert names(events)[:2] == ["turn", "title"]
        assert names(events)[-1] == "done"
        assert [event.number for event in events] == list(range(1, len(events) + 1))
        assert events[0].data == {
            "turn_id": started.turn.id,
            "conversation_id": conversation.id,
            "user_message_id": started.turn.user_message_id,
            "message_id": started.turn.message_id,
            "mode": "sync",
            "worker": worker.peers.name,
            "model": "a-model",
        }
        usage = {"prompt_tokens": 50, "completion_tokens": 205, "total_tokens": 255}
        assert (events[-1].data["status"], events[-1].data["usage"]) == (COMPLETED, usage)
        _, message = store.ownership.message(user, started.turn.message_id)
        assert message.text == text_of(events)
        assert message.text == "Let me see." + "".join(f"wörd {number} 🙂 " for number in range(200))
        assert (message.reasoning, message.turn.status, message.turn.usage) == ("Hm.", COMPLETED, Usage(50, 205))
        assert store.ownership.conversation(user, conversation.id).active_turn_id is None

    def test_a_replay_from_the_database_is_identical_byte_for_byte(self, make_worker, model, conversation):
        worker = make_worker(tools=TOOLS)
        followed = threading.Event()

        def first_step(_messages, _cancellation):
            assert followed.wait(LONG_S)
            yield from (TextDelta("Two."), call("China", 0), call("India", 1), call("\u2028", 2))
            yield ToolCall("c", "gone", "{")

        model.will_run(first_step)
        model.will(ReasoningDelta("Hm."), TextDelta("There."), Usage(1, 2))
        started = worker.ask(conversation, "Both?", title="Both?")
        frames = worker.follower.frames(started.turn, 0)
        live = next(frames)
        followed.set()
        live += b"".join(frames)
        worker.vacant()
        assert b"".join(worker.follower.frames(started.turn, 0)) == live
        assert names(received([live])).count("tool_result") == 4

    def test_the_end_has_the_phases_of_the_turn(self, make_worker, model, conversation):
        """The phases are the wait for the model, and tools that run side by side. The database stores them, too."""

        def slow_call(place: str) -> ToolResult:
            """Wait somewhere."""
            time.sleep(0.1)
            return ToolResult("{}", place)

        def first_step(_messages, _cancellation):
            time.sleep(0.05)
            yield TextDelta("Two.")
            yield from (ToolCall("a", "slow_call", '{"place": "a"}'), ToolCall("b", "slow_call", '{"place": "b"}'))

        worker = make_worker(tools=[FunctionTool(slow_call, "Waiting in {place}")])
        model.will_run(first_step)
        model.will(TextDelta("There."), Usage(1, 2))
        events = received(worker.follower.frames(worker.ask(conversation, "Both?").turn, 0))
        timings = events[-1].data["timings"]
        assert list(timings) == ["queued", "model_first", "tools"]
        assert timings["model_first"] >= 50
        assert timings["tools"] >= 100
        assert sum(timings.values()) <= events[-1].data["duration_ms"] + 3

    def test_progress_of_a_tool_is_sent_but_not_replayed(self, make_worker, model, conversation):
        def dig(context: ToolContext) -> ToolResult:
            """Dig."""
            context.progress("Half way")
            return ToolResult("gold", f"Found by {context.user_id}")

        worker = make_worker(tools=[FunctionTool(dig)])
        model.will(TextDelta("See."), ToolCall("c", "dig", "{}"))
        model.will(TextDelta("Gold."))
        started = worker.ask(conversation, "Dig!")
        live = received(worker.follower.frames(started.turn, 0))
        assert names(live) == ["turn", "delta", "tool_call", "tool_progress", "tool_result", "delta", "done"]
        assert live[3].data == {"id": "c", "text": "Half way"}
        assert live[4].data["summary"] == f"Found by {conversation.user_id}"
        worker.vacant()
        replayed = received(worker.follower.frames(started.turn, 0))
        assert replayed == [event for event in live if event.name != "tool_progress"]

    def test_an_answer_of_nothing_is_complete(self, worker, model, store, conversation):
        model.will()
        ended = worker.answered(conversation)
        assert (ended.status, store.turns.answer(ended).text) == (COMPLETED, "")

    def test_the_log_says_which_agent_answers(self, worker, conversation, caplog):
        with caplog.at_level(logging.INFO, "chat.turns.runner"):
            worker.answered(conversation)
        lines = [record.getMessage() for record in caplog.records if record.name == "chat.turns.runner"]
        assert lines == [f"⏳ Using SYNC agent for conversation {conversation.id}"]

    def test_turns_side_by_side_do_not_mix(self, worker, store, user):
        places = [store.conversations.create(user) for _ in range(20)]
        started = [worker.ask(place, f"question {place.id}") for place in places]
        ended = [worker.ended(each) for each in started]
        expected = [f"You said: question {place.id}" for place in places]
        assert [store.turns.answer(turn).text for turn in ended] == expected

    def test_sending_twice_runs_once(self, worker, model, dictation, conversation):
        first = worker.ask(conversation, "Once.", client_id="a")
        again = worker.ask(conversation, "Once.", client_id="a")
        assert (again.turn.id, again.created) == (first.turn.id, False)
        with pytest.raises(Conflict):
            worker.ask(conversation, "Something else.")
        dictation.end()
        worker.ended(first)
        assert worker.ask(conversation, "Once.", client_id="a").turn.status == COMPLETED
        assert len(model.seen) == 1


class TestFailures:
    @pytest.mark.parametrize(
        "error",
        [ModelInterrupted("The stream ended."), ModelRejected("Unknown model."), RuntimeError("password: hunter2")],
        ids=lambda error: type(error).__name__,
    )
    def test_partial_text_is_stored_with_the_error(self, worker, dictation, store, conversation, error):
        code, retryable = getattr(error, "code", "internal"), getattr(error, "retryable", True)
        started = worker.ask(conversation)
        dictation.say(TextDelta("Half "), TextDelta("of it"), error)
        events = received(worker.follower.frames(started.turn, 0))
        worker.vacant()
        assert names(events)[-2:] == ["error", "done"]
        assert (events[-2].data["code"], events[-2].data["retryable"]) == (code, retryable)
        assert events[-1].data["status"] == FAILED
        ended, answer, _ = store.turns.with_answer(started.turn.id)
        assert (ended.status, ended.error.code, answer.text) == (FAILED, code, "Half of it")
        assert text_of(events) == "Half of it"
        assert "hunter2" not in json.dumps([event.data for event in events]) + ended.error.message
        assert received(worker.follower.frames(started.turn, 0)) == events
        assert worker.answered(conversation, "Again?").status == COMPLETED

    def test_a_silent_model_is_ended_by_the_deadline(self, make_worker, dictation, store, conversation):
        worker = make_worker(turn_timeout_s=0.6)
        dictation.say(TextDelta("Half"))
        started = worker.ask(conversation)
        events = received(worker.follower.frames(started.turn, 0))
        assert (events[-2].data["code"], events[-1].data["status"]) == ("turn_timeout", FAILED)
        assert store.turns.answer(worker.ended(started)).text == "Half"

    def test_a_stop_is_no_error(self, worker, dictation, store, conversation):
        started = worker.ask(conversation)
        dictation.say(TextDelta("Half"))
        begin_and_read(worker, started, ["turn", "delta"]).cancellation.cancel("stopped")
        assert names(received(worker.follower.frames(started.turn, 0))) == ["turn", "delta", "done"]
        ended = worker.ended(started)
        assert (ended.status, ended.error, store.turns.answer(ended).text) == (STOPPED, None, "Half")

    def test_a_worker_that_shuts_down_commits_partial_answers(self, worker, dictation, store, conversation):
        started = worker.ask(conversation)
        dictation.say(TextDelta("Half"), call("China"))
        begin_and_read(worker, started, ["turn", "delta"])
        worker.admission.end_all("interrupted", LONG_S)
        assert worker.running_turns.turns() == []
        ended, answer, _ = store.turns.with_answer(started.turn.id)
        assert (ended.status, ended.error.code, answer.text) == (INTERRUPTED, "turn_interrupted", "Half")

    def test_a_model_that_sends_text_that_cannot_be_encoded(self, worker, dictation, store, conversation):
        """Check a lone surrogate, which cannot be encoded: the turn fails, and the text before it is stored."""
        started = worker.ask(conversation)
        dictation.say(ReasoningDelta("Hm."), TextDelta("Half \ud800"), ReasoningDelta("Hm"))
        dictation.end()
        events = received(worker.follower.frames(started.turn, 0))
        assert (events[-2].data["code"], events[-1].data["status"]) == ("internal", FAILED)
        assert worker.ended(started).status == FAILED

    def test_a_history_that_cannot_be_read_fails_the_turn(self, make_worker, store, conversation, monkeypatch):
        worker = make_worker(memory_bytes=0)
        worker.answered(conversation, "First?")

        def unreadable(*_):
            raise StoreUnavailable("The database cannot be used at the moment.")

        monkeypatch.setattr(store.history, "path_to", unreadable)
        started = worker.ask(conversation, "Second?")
        events = received(worker.follower.frames(started.turn, 0))
        assert (names(events), events[-2].data["code"]) == (["turn", "error", "done"], "database_unavailable")
        assert worker.ended(started).status == FAILED
        monkeypatch.undo()
        assert worker.answered(conversation, "Third?").status == COMPLETED

    def test_an_unexpected_error_still_ends_it_for_its_followers(
        self, worker, dictation, store, conversation, monkeypatch, caplog
    ):
        def broken(*_):
            raise RuntimeError("no one expected this")

        monkeypatch.setattr(store.turns, "finish", broken)
        started = worker.ask(conversation)
        frames = worker.follower.frames(started.turn, 0)
        next(frames)
        dictation.end()
        events = received(frames)
        assert (names(events), events[-1].data["status"]) == (["error", "done"], FAILED)
        worker.vacant()
        assert "could not be ended" in caplog.text

    def test_a_system_without_threads_to_give_fails_the_turn(self, worker, store, conversation, monkeypatch):
        class Refused(threading.Thread):
            def start(self):
                raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading, "Thread", Refused)
        started = worker.ask(conversation)
        monkeypatch.undo()
        ended = worker.ended(started)
        assert (ended.status, ended.error.retryable) == (FAILED, True)
        assert worker.answered(conversation, "Again?").status == COMPLETED

    def test_a_slow_database_and_no_thread_to_wait_for_it_give_the_place_back(
        self, make_worker, store, conversation, monkeypatch
    ):
        class Refused(threading.Thread):
            def start(self):
                raise RuntimeError("can't start new thread")

        def slow(*_arguments):
            raise StoreTimeout("The database is slow.", lambda: None)

        worker = make_worker()
        with monkeypatch.context() as patch:
            patch.setattr(threading, "Thread", Refused)
            patch.setattr(store.turns, "begin", slow)
            with pytest.raises(StoreTimeout):
                worker.ask(conversation)
        assert worker.admission.wait_until_empty(0)


class TestPlaces:
    def test_past_its_limit_a_worker_refuses_and_writes_nothing(
        self, make_worker, dictation, store, user, conversation
    ):
        worker = make_worker(max_active_turns=1)
        started = worker.ask(conversation)
        other = store.conversations.create(user)
        with pytest.raises(Overloaded) as refused:
            worker.ask(other)
        assert refused.value.retry_after_s > 0
        assert store.history.of_conversation(other.id) == []
        dictation.end()
        worker.ended(started)
        assert worker.answered(other).status == COMPLETED

    def test_a_question_that_is_refused_gives_its_place_back(self, make_worker, store, user, conversation):
        worker = make_worker(max_active_turns=1)
        worker.answered(conversation, "Once.", client_id="a")
        for _ in range(3):
            with pytest.raises(Conflict):
                worker.ask(conversation, "Twice.", client_id="a")
        assert worker.answered(conversation).status == COMPLETED

    def test_a_neighbour_has_places_of_its_own(self, make_worker, dictation, store, user, conversation):
        # Workers of one process have one name: each takes the turns of the other one for lost.
        rarely = {"recovery": 1_000.0}
        full, free = (make_worker(max_active_turns=1, job_intervals=rarely) for _ in range(2))
        started = full.ask(conversation)
        assert free.answered(store.conversations.create(user)).status == COMPLETED
        assert store.turns.get(started.turn.id).status == RUNNING
        dictation.end()
        full.ended(started)

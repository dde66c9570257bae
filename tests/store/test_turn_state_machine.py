"""Turns begun, checkpointed, ended, lost and deleted in any order, compared with a model of their state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from chat.errors import Conflict, NotFound
from chat.messages import Answer
from chat.store import Store
from chat.store.records import COMPLETED, INTERRUPTED, RUNNING, Conversation, Message, Turn
from chat.store.turns import LEASE_MS, Progress, StartedTurn
from tests.fake_clock import FakeClock

from .scenarios import DIED, RUN, begin, checkpoint_delta, delete


@dataclass
class Known:
    """The expected state of a turn. Its status is None once it is deleted."""

    conversation: Conversation
    turn: Turn
    text: str = ""
    pieces: int = 0
    status: str | None = RUNNING
    answer: Message | None = None  # as last read


class Conversations(RuleBasedStateMachine):
    """State machine over the store, with its own model of the turns."""

    conversations = Bundle("conversations")
    turns = Bundle("turns")
    store: Store
    clock: FakeClock

    def __init__(self) -> None:
        super().__init__()
        self.user = self.store.sessions.create_anonymous().user_id
        self.known: dict[int, Known] = {}
        self.deleted: set[int] = set()

    def teardown(self) -> None:
        self.store.turns.interrupt_lost([], self.store.turns.latest_leases(), [], DIED)

    def of(self, conversation: Conversation) -> list[Known]:
        return [each for each in self.known.values() if each.conversation.id == conversation.id]

    def runs(self, conversation: Conversation) -> bool:
        return any(each.status == RUNNING for each in self.of(conversation))

    def start_turn(self, conversation: Conversation, start: Callable[[], StartedTurn]) -> Any:
        """Begin a turn, or check that it is refused where it must be."""
        if conversation.id in self.deleted or self.runs(conversation):
            with pytest.raises(NotFound if conversation.id in self.deleted else Conflict):
                start()
            return multiple()
        known = Known(conversation, start().turn)
        assert known.turn.id not in self.known
        self.known[known.turn.id] = known
        return known

    @rule(target=conversations)
    def converse(self) -> Conversation:
        return self.store.conversations.create(self.user)

    @rule(target=turns, conversation=conversations)
    def ask(self, conversation: Conversation) -> Any:
        return self.start_turn(conversation, lambda: begin(self.store, conversation))

    @rule(target=turns, known=turns)
    def ask_again(self, known: Known) -> Any:
        if known.conversation.id not in self.deleted:
            _, known.answer = self.store.ownership.message(self.user, known.turn.message_id)
        answer = known.answer
        return (
            multiple()
            if answer is None
            else self.start_turn(known.conversation, lambda: self.store.turns.begin_alternative(answer, RUN))
        )

    @rule(known=turns, text=st.text(max_size=5))
    def checkpoint(self, known: Known, text: str) -> None:
        self.store.turns.checkpoint([checkpoint_delta(known.turn, text, known.pieces)], [known.turn.id])
        if known.status == RUNNING:
            known.text += text
            known.pieces += 1

    @rule(known=turns, text=st.text(max_size=5))
    def finish(self, known: Known, text: str) -> None:
        ended = self.store.turns.finish(Progress(known.turn, Answer(text), "[]"), COMPLETED, None)
        assert (ended is not None) == (known.status == RUNNING)
        if ended is not None:
            known.status, known.text = COMPLETED, text

    @rule()
    def workers_die(self) -> None:
        self.clock.wall_ms += LEASE_MS + 1
        lost = [each for each in self.known.values() if each.status == RUNNING]
        ended = self.store.turns.interrupt_lost([], self.store.turns.latest_leases(), [], DIED)
        assert sorted(ended) == sorted(each.turn.id for each in lost)
        for each in lost:
            each.status = INTERRUPTED

    @rule(conversation=conversations)
    def delete(self, conversation: Conversation) -> None:
        if self.runs(conversation):
            with pytest.raises(Conflict):
                delete(self.store, conversation)
            return
        delete(self.store, conversation)
        self.deleted.add(conversation.id)
        for each in self.of(conversation):
            each.status = None

    @invariant()
    def the_database_says_the_same(self) -> None:
        for turn_id, known in self.known.items():
            turn = self.store.turns.get(turn_id)
            assert (None if turn is None else turn.status) == known.status
            if turn is not None:
                assert self.store.turns.answer(turn).text == known.text
        for conversation in self.store.conversations.page(self.user, 100)[0]:
            running = [each.turn.id for each in self.of(conversation) if each.status == RUNNING]
            assert ([] if conversation.active_turn_id is None else [conversation.active_turn_id]) == running
            assert conversation.head_id == max((each.turn.message_id for each in self.of(conversation)), default=None)


SETTINGS = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_any_order_of_calls(store, clock):
    machine = type("Machine", (Conversations,), {"store": store, "clock": clock})
    run_state_machine_as_test(machine, settings=SETTINGS)

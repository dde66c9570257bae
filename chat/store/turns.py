"""The life of a turn in the database: begun with its claim on the conversation, checkpointed, ended.

A turn is one row. The conversation's `active_turn_id` is the claim, set by a conditional update: if no row changes,
another turn holds the claim. Turns that begin or end at the same time are written in one batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import peewee

from chat.errors import NotFound, ParleyError
from chat.messages import Answer
from chat.store import history, turn_begin, turn_end
from chat.store.engines.contract import Engine
from chat.store.indexing import note_messages
from chat.store.models import Conversation as ConversationRow
from chat.store.models import Message as MessageRow
from chat.store.models import Turn as TurnRow
from chat.store.models import row, rows
from chat.store.records import RUNNING, CheckpointDelta, Message, Progress, Run, Turn, TurnError, now_ms
from chat.store.sessions import Owner
from chat.store.transactions import reads, reads_snapshot, writes
from chat.store.turn_begin import LEASE_MS, BeginRequest, HeadOfConversation, Question, StartedTurn
from chat.store.turn_end import Ending

__all__ = ["LEASE_MS", "CheckpointDelta", "HeadOfConversation", "Progress", "Question", "Run", "StartedTurn", "Turns"]


class Turns:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def begin(self, owner: Owner, conversation_id: int, question: Question, run: Run) -> StartedTurn:
        """Write the question, the empty answer and the turn, and claim the conversation, all or nothing.

        Raises Conflict while another turn is running in it, or if the client_id was used for another text;
        InvalidRequest for a parent that is not an answer of this conversation; NotFound if the conversation is deleted
        or belongs to another user; LimitReached if the user has too many running turns.
        """
        return self.engine.write_batched(self._begin, BeginRequest(owner, conversation_id, question, run))

    @writes
    def begin_alternative(self, answer: Message, run: Run) -> StartedTurn:
        """Begin another answer to the question of `answer`. Raises Conflict, LimitReached, NotFound."""
        question = row(MessageRow.select().where(MessageRow.id == answer.parent_id))
        if question is None:
            raise NotFound("There is no such message.")
        return turn_begin.begin_alternative(self.engine.execute, Message(**question), run, now_ms())

    @writes
    def checkpoint(self, deltas: Sequence[CheckpointDelta], alive: Sequence[int]) -> list[int]:
        """Save checkpoint deltas and renew the leases of the turns in `alive`, in one transaction.

        Deltas of turns that have ended or were deleted are ignored. Return those of `alive` that have ended or were
        deleted.
        """
        return turn_end.checkpoint(self.engine.execute, deltas, alive, now_ms())

    def finish(self, progress: Progress, status: str, error: TurnError | None) -> Turn | None:
        """End a turn: write its answer, usage and status, and release the conversation.

        Return None and change nothing if the turn has ended before or was deleted.
        """
        return self.engine.write_batched(self._finish, Ending(progress, status, error))

    @writes
    def interrupt_lost(
        self, dead: Sequence[str], silent: Mapping[str, int], lost: Sequence[int], error: TurnError
    ) -> list[int]:
        """Interrupt turns that no worker runs any more. Return their ids.

        These are all turns of the workers in `dead`, the turns of each worker in `silent` whose lease is not newer
        than the lease given there, and the turns in `lost`.
        """
        lost_rows = rows(TurnRow.select(TurnRow.id).where((TurnRow.status == RUNNING) & _is_lost(dead, silent, lost)))
        turn_ids = [turn["id"] for turn in lost_rows]
        for conversation_id, message_id in turn_end.interrupt(self.engine.execute, turn_ids, error, now_ms()):
            note_messages(self.engine.execute, [(message_id, conversation_id)])
        return turn_ids

    @reads
    def get(self, turn_id: int) -> Turn | None:
        return _turn(turn_id)

    @reads_snapshot
    def answer(self, turn: Turn) -> Answer:
        """Return the answer as of the last checkpoint or the end. Raises NotFound if the turn was deleted."""
        return _answer(turn.message_id)

    @reads_snapshot
    def with_answer(self, turn_id: int) -> tuple[Turn, Answer, str] | None:
        """Return a turn, its answer and its conversation's title, or None if it was deleted."""
        turn = _turn(turn_id)
        if turn is None:
            return None
        return turn, _answer(turn.message_id), ConversationRow.get_by_id(turn.conversation_id).title

    @reads
    def oldest_leases(self) -> dict[str, int]:
        """Return the oldest lease (milliseconds since 1970) of each worker with running turns."""
        oldest = peewee.fn.MIN(TurnRow.lease_until).alias("oldest")
        query = TurnRow.select(TurnRow.worker, oldest).where(TurnRow.status == RUNNING).group_by(TurnRow.worker)
        return {row["worker"]: row["oldest"] for row in rows(query)}

    @reads
    def running_on(self, worker: str) -> list[int]:
        """Return the ids of the running turns of a worker."""
        query = TurnRow.select(TurnRow.id).where((TurnRow.status == RUNNING) & (TurnRow.worker == worker))
        return [turn["id"] for turn in rows(query)]

    def _begin(self, requests: Sequence[BeginRequest]) -> list[StartedTurn | ParleyError]:
        return turn_begin.begin(self.engine.execute, requests, now_ms())

    def _finish(self, endings: Sequence[Ending]) -> list[Turn | None]:
        return turn_end.finish(self.engine.execute, endings, now_ms())


def _is_lost(dead: Sequence[str], silent: Mapping[str, int], lost: Sequence[int]) -> peewee.Expression:
    condition = TurnRow.worker.in_(list(dead)) | TurnRow.id.in_(list(lost))
    for worker, lease in silent.items():
        condition |= (TurnRow.worker == worker) & (TurnRow.lease_until <= lease)
    return condition


def _answer(message_id: int) -> Answer:
    message_rows = rows(MessageRow.select().where(MessageRow.id == message_id))
    if not message_rows:
        raise NotFound("There is no such message.")
    message = history.messages_from_rows(message_rows)[0]
    return Answer(message.text, message.reasoning, message.tool_calls)


def _turn(turn_id: int) -> Turn | None:
    turn = row(TurnRow.select().where(TurnRow.id == turn_id))
    return None if turn is None else history.turn_from_row(turn)

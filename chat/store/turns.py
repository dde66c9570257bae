"""The life of a turn in the database: begun with its claim on the conversation, checkpointed, ended.

A turn is one row; the conversation's `active_turn_id` is the claim, set by a conditional update: one row
changed, or somebody else has it. Those that begin or end at the same time are written together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import peewee

from chat.errors import NotFound, ParleyError
from chat.messages import Answer
from chat.store import history, turn_begin, turn_end
from chat.store.database import Database, reads, reads_snapshot, writes
from chat.store.indexing import note_messages
from chat.store.models import Conversation as ConversationRow
from chat.store.models import Message as MessageRow
from chat.store.models import Turn as TurnRow
from chat.store.models import row, rows
from chat.store.records import RUNNING, CheckpointDelta, Message, Progress, Run, Turn, TurnError, now_ms
from chat.store.sessions import Owner
from chat.store.turn_begin import LEASE_MS, BeginRequest, HeadOfConversation, Question, StartedTurn
from chat.store.turn_end import Ending

__all__ = ["LEASE_MS", "CheckpointDelta", "HeadOfConversation", "Progress", "Question", "Run", "StartedTurn", "Turns"]


class Turns:
    def __init__(self, database: Database) -> None:
        self.database = database

    def begin(self, owner: Owner, conversation_id: int, question: Question, run: Run) -> StartedTurn:
        """Write question, empty answer and turn, and claim the conversation: all or nothing.

        Raises Conflict while another turn runs there, or when the client_id was used for another text;
        InvalidRequest for a parent that is no answer of this conversation; NotFound when it is gone or not his.
        """
        return self.database.write_batched(self._begin, BeginRequest(owner, conversation_id, question, run))

    @writes
    def begin_alternative(self, answer: Message, run: Run) -> StartedTurn:
        """Begin a second answer beside `answer`, to the same question. Raises Conflict, NotFound."""
        found = row(MessageRow.select().where(MessageRow.id == answer.parent_id))
        if found is None:
            raise NotFound("There is no such message.")
        return turn_begin.begin_alternative(self.database.execute, Message(**found), run, now_ms())

    @writes
    def checkpoint(self, due: Sequence[CheckpointDelta], alive: Sequence[int]) -> list[int]:
        """Keep what has come of the `due` turns, and renew the lease of all the turns in `alive`: one transaction.

        What has ended since `due` was gathered, or was deleted, stays as it is. Returns those of `alive` that have
        ended or were deleted.
        """
        return turn_end.checkpoint(self.database.execute, due, alive, now_ms())

    def finish(self, progress: Progress, status: str, error: TurnError | None) -> Turn | None:
        """End a turn: its answer, usage and status, and the conversation is free again.

        Returns None, having changed nothing, when it was ended before or deleted.
        """
        return self.database.write_batched(self._finish, Ending(progress, status, error))

    @writes
    def interrupt_lost(
        self, gone: Sequence[str], silent: Mapping[str, int], lost: Sequence[int], error: TurnError
    ) -> list[int]:
        """End turns that nobody runs any more. Returns their ids.

        That is every turn of the workers in `gone`, those of a worker in `silent` whose lease is not newer than the
        one given there, and those in `lost`.
        """
        found = rows(TurnRow.select(TurnRow.id).where((TurnRow.status == RUNNING) & _nobody_runs(gone, silent, lost)))
        turn_ids = [turn["id"] for turn in found]
        for conversation_id, message_id in turn_end.interrupt(self.database.execute, turn_ids, error, now_ms()):
            note_messages(self.database.execute, [(message_id, conversation_id)])
        return turn_ids

    @reads
    def get(self, turn_id: int) -> Turn | None:
        return _turn(turn_id)

    @reads_snapshot
    def answer(self, turn: Turn) -> Answer:
        """A turn's answer as of its last checkpoint, or its end. Raises NotFound when it was deleted."""
        return _answer(turn.message_id)

    @reads_snapshot
    def with_answer(self, turn_id: int) -> tuple[Turn, Answer, str] | None:
        """A turn with its answer and its conversation's title, all that its events told. None: deleted."""
        turn = _turn(turn_id)
        if turn is None:
            return None
        return turn, _answer(turn.message_id), ConversationRow.get_by_id(turn.conversation_id).title

    @reads
    def oldest_leases(self) -> dict[str, int]:
        """Return the workers that turns are running at, each with the oldest of its leases."""
        oldest = peewee.fn.MIN(TurnRow.lease_until).alias("oldest")
        query = TurnRow.select(TurnRow.worker, oldest).where(TurnRow.status == RUNNING).group_by(TurnRow.worker)
        return {home["worker"]: home["oldest"] for home in rows(query)}

    @reads
    def running_on(self, worker: str) -> list[int]:
        """Return the turns that run at a worker."""
        query = TurnRow.select(TurnRow.id).where((TurnRow.status == RUNNING) & (TurnRow.worker == worker))
        return [turn["id"] for turn in rows(query)]

    def _begin(self, asked: Sequence[BeginRequest]) -> list[StartedTurn | ParleyError]:
        return turn_begin.begin(self.database.execute, asked, now_ms())

    def _finish(self, endings: Sequence[Ending]) -> list[Turn | None]:
        return turn_end.finish(self.database.execute, endings, now_ms())


def _nobody_runs(gone: Sequence[str], silent: Mapping[str, int], lost: Sequence[int]) -> peewee.Expression:
    condition = TurnRow.worker.in_(list(gone)) | TurnRow.id.in_(list(lost))
    for worker, lease in silent.items():
        condition |= (TurnRow.worker == worker) & (TurnRow.lease_until <= lease)
    return condition


def _answer(message_id: int) -> Answer:
    found = rows(MessageRow.select().where(MessageRow.id == message_id))
    if not found:
        raise NotFound("There is no such message.")
    message = history.messages_from_rows(found)[0]
    return Answer(message.text, message.reasoning, message.tool_calls)


def _turn(turn_id: int) -> Turn | None:
    found = row(TurnRow.select().where(TurnRow.id == turn_id))
    return None if found is None else history.turn_from_row(found)

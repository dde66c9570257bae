"""The life of a turn in the database: begun with its claim on the conversation, checkpointed, ended.

A turn is one row. The conversation's `active_turn_id` is the claim, set by a conditional update: if no row changes,
another turn holds the claim. Turns that begin or end at the same time are written in one batch.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from chat.errors import NotFound, ParleyError
from chat.messages import Answer
from chat.runtime.clock import Clock
from chat.store import history, turn_begin, turn_end
from chat.store.begin_requests import BeginRequest, HeadOfConversation, Question, StartedTurn
from chat.store.engines.contract import Engine
from chat.store.records import CheckpointDelta, Message, Progress, Run, Turn, TurnError
from chat.store.rows import first
from chat.store.sessions import Owner
from chat.store.transactions import reads, reads_snapshot, writes
from chat.store.turn_begin import LEASE_MS
from chat.store.turn_end import Ending

__all__ = ["LEASE_MS", "CheckpointDelta", "HeadOfConversation", "Progress", "Question", "Run", "StartedTurn", "Turns"]

_LOST = "SELECT id FROM turns WHERE status = 'running' AND (worker = ANY(?) OR id = ANY(?)"
_LATEST_LEASES = "SELECT worker, MAX(lease_until) FROM turns WHERE status = 'running' GROUP BY worker"
_RUNNING_ON = "SELECT id FROM turns WHERE status = 'running' AND worker = ?"
_REQUEST_STOP = "UPDATE turns SET stop_requested = 1 WHERE id = ? AND status = 'running'"
_STOP_REQUESTS = "SELECT id FROM turns WHERE stop_requested = 1 AND status = 'running' AND worker = ?"
_TITLE = "SELECT title FROM conversations WHERE id = ?"


class Turns:
    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self._clock = clock

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
        question = first(self.engine.execute(history.MESSAGE, (answer.parent_id,)))
        if question is None:
            raise NotFound("There is no such message.")
        return turn_begin.begin_alternative(self.engine, Message(**question), run, self._clock.now_ms())

    @writes
    def checkpoint(self, deltas: Sequence[CheckpointDelta], alive: Sequence[int]) -> list[int]:
        """Save checkpoint deltas and renew the leases of the turns in `alive`, in one transaction.

        Deltas of turns that have ended or were deleted are ignored. Return those of `alive` that have ended or were
        deleted.
        """
        return turn_end.checkpoint(self.engine, deltas, alive, self._clock.now_ms())

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
        statement = _LOST + " OR (worker = ? AND lease_until <= ?)" * len(silent) + ")"
        values = (self.engine.array(dead), self.engine.array(lost), *itertools.chain.from_iterable(silent.items()))
        turn_ids = [row[0] for row in self.engine.execute(statement, values).fetchall()]
        return turn_end.interrupt(self.engine, turn_ids, error, self._clock.now_ms())

    @writes
    def request_stop(self, turn_id: int) -> None:
        """Ask the worker of a turn to stop it. This has no effect on a turn that has ended."""
        self.engine.execute(_REQUEST_STOP, (turn_id,))

    @reads
    def stop_requests(self, worker: str) -> list[int]:
        """Return the ids of the running turns that `worker` is asked to stop."""
        return [row[0] for row in self.engine.execute(_STOP_REQUESTS, (worker,)).fetchall()]

    @reads
    def get(self, turn_id: int) -> Turn | None:
        return self._turn(turn_id)

    @reads_snapshot
    def answer(self, turn: Turn) -> Answer:
        """Return the answer as of the last checkpoint or the end. Raises NotFound if the turn was deleted."""
        return _answer(self._message(turn.message_id))

    @reads_snapshot
    def with_answer(self, turn_id: int) -> tuple[Turn, Answer, str] | None:
        """Return a turn, its answer and its conversation's title, or None if it was deleted.

        While the turn runs, the answer and the event offsets are those of the last checkpoint.
        """
        turn = self._turn(turn_id)
        if turn is None:
            return None
        message = self._message(turn.message_id)
        (title,) = self.engine.execute(_TITLE, (turn.conversation_id,)).fetchone()
        return message.turn or turn, _answer(message), title

    @reads
    def latest_leases(self) -> dict[str, int]:
        """Return the latest lease (milliseconds since 1970) of each worker with running turns."""
        return dict(self.engine.execute(_LATEST_LEASES).fetchall())

    @reads
    def running_on(self, worker: str) -> list[int]:
        """Return the ids of the running turns of a worker."""
        return [row[0] for row in self.engine.execute(_RUNNING_ON, (worker,)).fetchall()]

    def _begin(self, requests: Sequence[BeginRequest]) -> list[StartedTurn | ParleyError]:
        return turn_begin.begin(self.engine, requests, self._clock.now_ms())

    def _finish(self, endings: Sequence[Ending]) -> list[Turn | None]:
        return turn_end.finish(self.engine, endings, self._clock.now_ms())

    def _turn(self, turn_id: int) -> Turn | None:
        row = first(self.engine.execute(history.TURN, (turn_id,)))
        return None if row is None else history.turn_from_row(row)

    def _message(self, message_id: int) -> Message:
        row = first(self.engine.execute(history.MESSAGE, (message_id,)))
        if row is None:
            raise NotFound("There is no such message.")
        return history.messages_from_rows(self.engine, [row])[0]


def _answer(message: Message) -> Answer:
    return Answer(message.text, message.reasoning, message.tool_calls)

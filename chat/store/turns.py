"""The life of a turn in the database: begun with its claim on the conversation, checkpointed, ended.

A turn is one row; the conversation's `active_turn_id` is the claim, set by a conditional update: one row
changed, or somebody else has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import peewee

from chat.errors import Conflict, InvalidRequest, NotFound
from chat.messages import Answer, ToolCallRecord
from chat.store import history
from chat.store.database import Database, reads, writes
from chat.store.indexing import index_message, index_title
from chat.store.models import Conversation as ConversationRow
from chat.store.models import Message as MessageRow
from chat.store.models import ToolCall as ToolCallRow
from chat.store.models import Turn as TurnRow
from chat.store.models import row, rows
from chat.store.records import INTERRUPTED, RUNNING, Conversation, Message, Turn, TurnError, now_ms

LEASE_MS = 8_000
# SQLite's; a larger number does not even fit into a query.
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class HeadOfConversation:
    """As a question's parent: whatever the conversation ends with at that moment."""


@dataclass(frozen=True, slots=True)
class Question:
    """A user's message to be answered. `parent_id` None begins a second branch at the root."""

    text: str
    parent_id: int | HeadOfConversation | None = field(default_factory=HeadOfConversation)
    client_id: str | None = None
    title: str = ""  # the conversation's title, if it has none yet


@dataclass(frozen=True, slots=True)
class Run:
    """Where and with what a turn runs."""

    model: str
    mode: str
    worker: str


@dataclass(frozen=True, slots=True)
class Begun:
    """`fresh` is False when the same `client_id` was sent before: `turn` is then that earlier turn.

    `text` is the question and `parent_id` the message it follows; `titled` the title given just now, or "".
    """

    turn: Turn
    fresh: bool
    parent_id: int | None
    text: str
    titled: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a turn has come, for a checkpoint: the answer, and the marks of its events."""

    turn: Turn
    answer: Answer
    marks: str


class Turns:
    def __init__(self, database: Database) -> None:
        self.database = database

    @writes
    def begin(self, conversation: Conversation, question: Question, run: Run) -> Begun:
        """Write question, empty answer and turn, and claim the conversation: all or nothing.

        Raises Conflict while another turn runs there, or when the client_id was used for another text;
        InvalidRequest for a parent that is no answer of this conversation; NotFound when it is gone.
        """
        earlier = _earlier(conversation, question)
        if earlier is not None:
            return earlier
        found = row(ConversationRow.select().where(ConversationRow.id == conversation.id))
        if found is None:
            raise NotFound("There is no such conversation.")
        parent_id = _parent(found, question)
        asked = _insert_message(conversation.id, parent_id, "user", question.text)
        index_message(self.database, conversation.id, asked, question.text)
        turn = _begin_answer(conversation.id, asked, run, question.client_id)
        titled = "" if found["title"] else question.title
        if titled:
            ConversationRow.update(title=titled).where(ConversationRow.id == conversation.id).execute()
            index_title(self.database, conversation.id, titled)
        return Begun(turn, True, parent_id, question.text, titled)

    @writes
    def begin_again(self, answer: Message, run: Run) -> Begun:
        """Begin a second answer beside `answer`, to the same question. Raises Conflict, NotFound."""
        question = row(MessageRow.select().where(MessageRow.id == answer.parent_id))
        if question is None:
            raise NotFound("There is no such message.")
        turn = _begin_answer(answer.conversation_id, question["id"], run, None)
        return Begun(turn, True, question["parent_id"], question["text"])

    @writes
    def checkpoint(self, due: Sequence[Progress], alive: Sequence[int]) -> None:
        """Keep what `due` turns have so far, and renew the lease of all the turns in `alive`: one transaction.

        What has ended since `due` was gathered, or was deleted, stays as it is.
        """
        running = _running([progress.turn.id for progress in due])
        for progress in due:
            if progress.turn.id in running:
                _write_answer(progress)
        renewed = TurnRow.update(lease_until=now_ms() + LEASE_MS)
        renewed.where((TurnRow.id << list(alive)) & (TurnRow.status == RUNNING)).execute()

    @writes
    def finish(self, progress: Progress, status: str, error: TurnError | None) -> Turn | None:
        """End a turn: its answer, usage and status, and the conversation is free again.

        A turn that was taken for dead, its lease having run out behind a locked database, ends as it truly
        did. Returns None, having changed nothing, when it was ended otherwise or deleted.
        """
        if not _end([progress.turn.id], status, error, (RUNNING, INTERRUPTED)):
            return None
        _write_answer(progress)
        index_message(self.database, progress.turn.conversation_id, progress.turn.message_id, progress.answer.text)
        usage = progress.answer.usage
        TurnRow.update(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens).where(
            TurnRow.id == progress.turn.id
        ).execute()
        return _turn(progress.turn.id)

    @writes
    def interrupt_lost(self, gone: Sequence[str], error: TurnError) -> list[int]:
        """End every turn whose worker is among `gone`, or has not renewed its lease. Returns their ids."""
        lost = (TurnRow.status == RUNNING) & ((TurnRow.lease_until < now_ms()) | (TurnRow.worker << list(gone)))
        found = [turn["id"] for turn in rows(TurnRow.select(TurnRow.id).where(lost))]
        if found:
            _end(found, INTERRUPTED, error, (RUNNING,))
        for turn_id in found:
            self._index_answer(turn_id)
        return found

    def _index_answer(self, turn_id: int) -> None:
        turn = TurnRow.get_by_id(turn_id)
        index_message(self.database, turn.conversation_id, turn.message_id, _answer(turn.message_id).text)

    @reads
    def get(self, turn_id: int) -> Turn | None:
        return _turn(turn_id)

    @reads
    def answer(self, turn: Turn) -> Answer:
        """A turn's answer as of its last checkpoint, or its end. Raises NotFound when it was deleted."""
        return _answer(turn.message_id)

    @reads
    def ended(self, turn_id: int) -> tuple[Turn, Answer, str] | None:
        """A turn with its answer and its conversation's title, all that its events told. None: deleted."""
        # One snapshot: a turn that was taken for dead may just be ending as it truly did.
        with self.database.peewee.atomic():
            turn = _turn(turn_id)
            if turn is None:
                return None
            return turn, _answer(turn.message_id), ConversationRow.get_by_id(turn.conversation_id).title

    @reads
    def homes(self) -> dict[str, bool]:
        """The workers that turns are running at, each with whether one of its leases has run out."""
        oldest = peewee.fn.MIN(TurnRow.lease_until).alias("oldest")
        query = TurnRow.select(TurnRow.worker, oldest).where(TurnRow.status == RUNNING).group_by(TurnRow.worker)
        now = now_ms()
        return {home["worker"]: home["oldest"] < now for home in rows(query)}


def _running(turn_ids: list[int]) -> set[int]:
    """Those of the turns that run."""
    query = TurnRow.select(TurnRow.id).where((TurnRow.id << turn_ids) & (TurnRow.status == RUNNING))
    return {turn["id"] for turn in rows(query)}


def _answer(message_id: int) -> Answer:
    found = rows(MessageRow.select().where(MessageRow.id == message_id))
    if not found:
        raise NotFound("There is no such message.")
    message = history.messages_of(found)[0]
    return Answer(message.text, message.reasoning, message.tool_calls)


def _turn(turn_id: int) -> Turn | None:
    found = row(TurnRow.select().where(TurnRow.id == turn_id))
    return None if found is None else history.turn_of(found)


def _earlier(conversation: Conversation, question: Question) -> Begun | None:
    if question.client_id is None:
        return None
    same = (TurnRow.conversation_id == conversation.id) & (TurnRow.client_id == question.client_id)
    found = row(TurnRow.select().where(same))
    if found is None:
        return None
    asked = MessageRow.get_by_id(found["user_message_id"])
    if asked.text != question.text:
        raise Conflict("client_id_reused", "This client_id was used for another message.")
    return Begun(history.turn_of(found), False, asked.parent_id, asked.text)


def _parent(conversation: dict[str, int | None], question: Question) -> int | None:
    if isinstance(question.parent_id, HeadOfConversation):
        return conversation["head_id"]
    if question.parent_id is None:
        return None
    theirs = (MessageRow.conversation_id == conversation["id"]) & (MessageRow.role == "assistant")
    answers = MessageRow.select().where(theirs & (MessageRow.id == question.parent_id))
    if not 0 < question.parent_id <= _LARGEST_ID or not answers.exists():
        raise InvalidRequest("invalid_parent", "parent_id names no answer of this conversation.", "parent_id")
    return question.parent_id


def _begin_answer(conversation_id: int, question_id: int, run: Run, client_id: str | None) -> Turn:
    now = now_ms()
    answer = _insert_message(conversation_id, question_id, "assistant", "")
    fields = {
        "conversation_id": conversation_id,
        "user_message_id": question_id,
        "message_id": answer,
        "client_id": client_id,
        "status": RUNNING,
        "model": run.model,
        "mode": run.mode,
        "worker": run.worker,
        "marks": "[]",
        "error_code": None,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "started_at": now,
        "ended_at": None,
    }
    turn_id = TurnRow.insert(**fields, lease_until=now + LEASE_MS).execute()
    claimed = (
        ConversationRow.update(active_turn_id=turn_id, head_id=answer, updated_at=now)
        .where((ConversationRow.id == conversation_id) & ConversationRow.active_turn_id.is_null())
        .execute()
    )
    if not claimed:
        raise Conflict("turn_running", "An answer is still being written in this conversation.")
    return history.turn_of(fields | {"id": turn_id})


def _insert_message(conversation_id: int, parent_id: int | None, role: str, text: str) -> int:
    made: int = MessageRow.insert(
        conversation_id=conversation_id, parent_id=parent_id, role=role, text=text, reasoning="", created_at=now_ms()
    ).execute()
    return made


def _write_answer(progress: Progress) -> None:
    message_id = progress.turn.message_id
    answer = progress.answer
    MessageRow.update(text=answer.text, reasoning=answer.reasoning).where(MessageRow.id == message_id).execute()
    TurnRow.update(marks=progress.marks).where(TurnRow.id == progress.turn.id).execute()
    for position, call in enumerate(answer.tool_calls):
        ToolCallRow.replace(**_tool_call_row(message_id, position, call)).execute()


def _tool_call_row(message_id: int, position: int, record: ToolCallRecord) -> dict[str, object]:
    result = record.result
    data = None if result is None or result.data is None else msgspec.json.encode(result.data).decode()
    return {
        "message_id": message_id,
        "position": position,
        "step": record.step,
        "text_offset": record.text_offset,
        "call_id": record.call.id,
        "name": record.call.name,
        "arguments": record.call.arguments,
        "label": record.label,
        "ok": None if result is None else result.ok,
        "summary": "" if result is None else result.summary,
        "content": "" if result is None else result.content,
        "data": data,
        "duration_ms": record.duration_ms,
    }


def _end(turn_ids: list[int], status: str, error: TurnError | None, of: tuple[str, ...]) -> int:
    """Mark turns that have one of the statuses `of` as ended and free their conversations. Returns how many."""
    now = now_ms()
    ended: int = (
        TurnRow.update(
            status=status,
            ended_at=now,
            error_code=None if error is None else error.code,
            error_message=None if error is None else error.message,
            error_retryable=None if error is None else error.retryable,
        )
        .where((TurnRow.id << turn_ids) & (TurnRow.status << of))
        .execute()
    )
    ConversationRow.update(active_turn_id=None, updated_at=now).where(
        ConversationRow.active_turn_id << turn_ids
    ).execute()
    return ended

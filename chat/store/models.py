"""The tables, as peewee sees them. `migrations/` makes them; a test keeps the two in step.

Times are milliseconds since 1970, UTC. Nothing outside `store` sees these classes: see `records.py`.
"""

from __future__ import annotations

from typing import Any

from peewee import AutoField, BigIntegerField, BooleanField, IntegerField, Model, TextField


class User(Model):
    """A person, or in AUTH_MODE=open a browser."""

    id = AutoField()
    name = TextField(null=True)
    created_at = BigIntegerField()
    instructions = TextField(default="")

    class Meta:
        table_name = "users"


class Session(Model):
    """A browser that is let in. Only a digest of its cookie is kept. `used_at` is renewed now and then."""

    id = AutoField()
    token_digest = TextField()
    user_id = IntegerField()
    created_at = BigIntegerField()
    used_at = BigIntegerField(default=0)

    class Meta:
        table_name = "sessions"


class Conversation(Model):
    """`head_id` is the message the page shows down to; `active_turn_id` the turn that has claimed it.

    `provisional`: the title is the question's first words, which a model may replace.
    """

    id = AutoField()
    user_id = IntegerField()
    title = TextField()
    pinned = BooleanField()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    head_id = IntegerField(null=True)
    active_turn_id = IntegerField(null=True)
    temporary = BooleanField(default=False)
    archived = BooleanField(default=False)
    provisional = BooleanField(default=False)

    class Meta:
        table_name = "conversations"


class Message(Model):
    """A question or an answer. Siblings under one parent are branches: an edited question, a second answer."""

    id = AutoField()
    conversation_id = IntegerField()
    parent_id = IntegerField(null=True)
    role = TextField()
    text = TextField()
    reasoning = TextField()
    created_at = BigIntegerField()

    class Meta:
        table_name = "messages"


class ToolCall(Model):
    """One call of an answer: what the model asked, what the page shows and what the model was told."""

    message_id = IntegerField()
    position = IntegerField()
    step = IntegerField()
    text_offset = IntegerField()
    call_id = TextField()
    name = TextField()
    arguments = TextField()
    label = TextField()
    ok = BooleanField(null=True)
    summary = TextField()
    content = TextField()
    data = TextField(null=True)
    duration_ms = IntegerField()
    extra = TextField(null=True)
    message_extra = TextField(null=True)

    class Meta:
        table_name = "tool_calls"
        primary_key = False


class ProgressPiece(Model):
    """A piece of a running turn's answer. See `turn_progress.py`."""

    turn_id = IntegerField()
    first = IntegerField()
    text = TextField()
    reasoning = TextField()
    marks = TextField()

    class Meta:
        table_name = "progress"


class Turn(Model):
    """One run of the agent: from a question to the end of its answer. Column `marks` holds the event offsets."""

    id = AutoField()
    conversation_id = IntegerField()
    user_message_id = IntegerField()
    message_id = IntegerField()
    client_id = TextField(null=True)
    status = TextField()
    model = TextField()
    mode = TextField()
    worker = TextField()
    marks = TextField()
    error_code = TextField(null=True)
    error_message = TextField(null=True)
    error_retryable = BooleanField(null=True)
    details = TextField(default="")
    prompt_tokens = IntegerField()
    completion_tokens = IntegerField()
    started_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)
    lease_until = BigIntegerField()

    class Meta:
        table_name = "turns"


class Feedback(Model):
    """What the reader thought of an answer: `value` is 1 or -1."""

    message_id = IntegerField(primary_key=True)
    value = IntegerField()
    comment = TextField(null=True)
    updated_at = BigIntegerField()

    class Meta:
        table_name = "feedback"


class Share(Model):
    """A link to the branch that ends at `leaf_id`, for anybody who has it. `salt`: see `shares.py`."""

    conversation_id = IntegerField(primary_key=True)
    token_digest = TextField()
    salt = TextField()
    leaf_id = IntegerField()
    created_at = BigIntegerField()

    class Meta:
        table_name = "shares"


def rows(query: Any) -> list[dict[str, Any]]:
    """A query's rows as dictionaries, in order."""
    return list(query.dicts())


def row(query: Any) -> dict[str, Any] | None:
    """A query's first row, or None."""
    found: dict[str, Any] | None = query.dicts().first()
    return found


def named(cursor: Any) -> list[dict[str, Any]]:
    """The rows of a statement given as text, as dictionaries."""
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


MODELS = (User, Session, Conversation, Message, ToolCall, ProgressPiece, Turn, Feedback, Share)

"""The peewee models of the tables. `migrations/` creates the tables; a test compares both.

Times are milliseconds since 1970, UTC. Only `store` uses these classes; `records.py` has the public types.
"""

from __future__ import annotations

from typing import Any

from peewee import AutoField, BigIntegerField, BooleanField, IntegerField, Model, TextField


class User(Model):
    """A person, or a browser if AUTH_MODE is open."""

    id = AutoField()
    name = TextField(null=True)
    created_at = BigIntegerField()
    instructions = TextField(default="")

    class Meta:
        table_name = "users"


class Session(Model):
    """A browser session. Only a digest of its cookie is stored. `used_at` is updated at intervals."""

    id = AutoField()
    token_digest = TextField()
    user_id = IntegerField()
    created_at = BigIntegerField()
    used_at = BigIntegerField(default=0)

    class Meta:
        table_name = "sessions"


class Conversation(Model):
    """A conversation. `head_id` is the last message of its newest branch, `active_turn_id` the turn that claims it.

    `provisional` is True if the title is the question's first words, which a model may replace.
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
    """One tool call of an answer: the request, the label and summary for the page, and the result for the model."""

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


class ProgressDelta(Model):
    """One checkpointed delta of a running turn's answer. See `turn_progress.py`."""

    turn_id = IntegerField()
    first = IntegerField()
    text = TextField()
    reasoning = TextField()
    marks = TextField()

    class Meta:
        table_name = "progress"


class Turn(Model):
    """One run of the agent, from a question to the end of its answer. `marks` holds the event offsets."""

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
    """Feedback on an answer. `value` is 1 or -1."""

    message_id = IntegerField(primary_key=True)
    value = IntegerField()
    comment = TextField(null=True)
    updated_at = BigIntegerField()

    class Meta:
        table_name = "feedback"


class Share(Model):
    """A public link to the branch that ends at `leaf_id`. See `shares.py` for `salt`."""

    conversation_id = IntegerField(primary_key=True)
    token_digest = TextField()
    salt = TextField()
    leaf_id = IntegerField()
    created_at = BigIntegerField()

    class Meta:
        table_name = "shares"


def rows(query: Any) -> list[dict[str, Any]]:
    """Return the rows of a query as dictionaries."""
    return list(query.dicts())


def row(query: Any) -> dict[str, Any] | None:
    """Return the first row of a query as a dictionary, or None."""
    first: dict[str, Any] | None = query.dicts().first()
    return first


def named(cursor: Any) -> list[dict[str, Any]]:
    """Return the rows of a cursor as dictionaries."""
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


MODELS = (User, Session, Conversation, Message, ToolCall, ProgressDelta, Turn, Feedback, Share)

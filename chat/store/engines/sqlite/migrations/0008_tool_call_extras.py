"""Extra fields that an endpoint sent with a tool call and must get back. See `ToolCall` in `messages.py`."""

STATEMENTS = (
    "ALTER TABLE tool_calls ADD COLUMN extra TEXT",
    "ALTER TABLE tool_calls ADD COLUMN message_extra TEXT",
)

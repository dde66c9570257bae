"""Archived conversations, titles that a model may replace, and each user's instructions."""

STATEMENTS = (
    "ALTER TABLE conversations ADD COLUMN archived BOOLEAN NOT NULL DEFAULT 0",
    # Whether the title is the question's first words, given by the server. Titles from before stay as they are.
    "ALTER TABLE conversations ADD COLUMN provisional BOOLEAN NOT NULL DEFAULT 0",
    "ALTER TABLE users ADD COLUMN instructions TEXT NOT NULL DEFAULT ''",
    # `conversations_listed` stays for the release before this one.
    "CREATE INDEX conversations_shown ON conversations (user_id, updated_at, id) WHERE temporary = 0 AND archived = 0",
    "CREATE INDEX conversations_archived ON conversations (user_id, updated_at, id) WHERE archived = 1",
)

"""Archived conversations, titles that a model may replace, and each user's instructions."""

STATEMENTS = (
    "ALTER TABLE conversations ADD COLUMN archived BOOLEAN NOT NULL DEFAULT 0",
    # True if the server made the title from the question's first words. Earlier titles stay unchanged.
    "ALTER TABLE conversations ADD COLUMN provisional BOOLEAN NOT NULL DEFAULT 0",
    "ALTER TABLE users ADD COLUMN instructions TEXT NOT NULL DEFAULT ''",
    # `conversations_listed` stays for the previous release.
    "CREATE INDEX conversations_shown ON conversations (user_id, updated_at, id) WHERE temporary = 0 AND archived = 0",
    "CREATE INDEX conversations_archived ON conversations (user_id, updated_at, id) WHERE archived = 1",
)

"""Temporary conversations, opinions on answers, shared links; lists and branches read through indexes."""

STATEMENTS = (
    "ALTER TABLE conversations ADD COLUMN temporary BOOLEAN NOT NULL DEFAULT 0",
    # In place of the index on (user_id, updated_at, id): what is temporary is in no list.
    "DROP INDEX conversations_newest",
    "CREATE INDEX conversations_listed ON conversations (user_id, temporary, updated_at, id)",
    "CREATE INDEX conversations_pinned ON conversations (user_id, updated_at, id) WHERE pinned = 1 AND temporary = 0",
    "CREATE INDEX conversations_temporary ON conversations (updated_at) WHERE temporary = 1",
    # The siblings of a first question: its parent is NULL, as is that of every other conversation's.
    "CREATE INDEX messages_roots ON messages (conversation_id) WHERE parent_id IS NULL",
    """
    CREATE TABLE feedback (
        message_id INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
        value INTEGER NOT NULL,
        comment TEXT,
        updated_at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE shares (
        conversation_id INTEGER NOT NULL PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
        token_digest TEXT NOT NULL UNIQUE,
        salt TEXT NOT NULL,
        leaf_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        created_at BIGINT NOT NULL
    )
    """,
    # Messages go with their conversation only, and so does its share: but SQLite looks, at each message deleted.
    "CREATE INDEX shares_leaf ON shares (leaf_id)",
)

"""Temporary conversations, feedback on answers, shared links, and indexes for lists and branches."""

STATEMENTS = (
    "ALTER TABLE conversations ADD COLUMN temporary BOOLEAN NOT NULL DEFAULT 0",
    # Replaces the index on (user_id, updated_at, id): temporary conversations are in no list.
    "DROP INDEX conversations_newest",
    "CREATE INDEX conversations_listed ON conversations (user_id, temporary, updated_at, id)",
    "CREATE INDEX conversations_pinned ON conversations (user_id, updated_at, id) WHERE pinned = 1 AND temporary = 0",
    "CREATE INDEX conversations_temporary ON conversations (updated_at) WHERE temporary = 1",
    # Finds the siblings of a first question, whose parent is NULL like that of every other first question.
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
    # SQLite checks this foreign key for each deleted message.
    "CREATE INDEX shares_leaf ON shares (leaf_id)",
)

"""Users and their sessions, conversations, messages in branches, tool calls, turns."""

# AUTOINCREMENT: the id of a deleted row is never reused, so a stale id never names another row.
STATEMENTS = (
    """
    CREATE TABLE users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT UNIQUE,
        created_at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        token_digest TEXT NOT NULL UNIQUE,
        user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        created_at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE conversations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        title TEXT NOT NULL,
        pinned BOOLEAN NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        head_id INTEGER,
        active_turn_id INTEGER
    )
    """,
    "CREATE INDEX conversations_newest ON conversations (user_id, updated_at, id)",
    """
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        parent_id INTEGER REFERENCES messages (id) ON DELETE CASCADE,
        role TEXT NOT NULL,
        text TEXT NOT NULL,
        reasoning TEXT NOT NULL,
        created_at BIGINT NOT NULL
    )
    """,
    "CREATE INDEX messages_of_conversation ON messages (conversation_id, id)",
    "CREATE INDEX messages_children ON messages (parent_id)",
    """
    CREATE TABLE tool_calls (
        message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        step INTEGER NOT NULL,
        text_offset INTEGER NOT NULL,
        call_id TEXT NOT NULL,
        name TEXT NOT NULL,
        arguments TEXT NOT NULL,
        label TEXT NOT NULL,
        ok BOOLEAN,
        summary TEXT NOT NULL,
        content TEXT NOT NULL,
        data TEXT,
        duration_ms INTEGER NOT NULL,
        PRIMARY KEY (message_id, position)
    )
    """,
    """
    CREATE TABLE turns (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        user_message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        message_id INTEGER NOT NULL UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
        client_id TEXT,
        status TEXT NOT NULL,
        model TEXT NOT NULL,
        mode TEXT NOT NULL,
        worker TEXT NOT NULL,
        marks TEXT NOT NULL,
        error_code TEXT,
        error_message TEXT,
        error_retryable BOOLEAN,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        started_at BIGINT NOT NULL,
        ended_at BIGINT,
        lease_until BIGINT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX turns_client_id ON turns (conversation_id, client_id)",
    "CREATE INDEX turns_user_message ON turns (user_message_id)",
    "CREATE INDEX turns_running ON turns (lease_until) WHERE status = 'running'",
)

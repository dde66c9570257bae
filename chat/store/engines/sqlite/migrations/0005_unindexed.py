"""Texts that are written but not indexed yet. See `store/indexing.py`."""

STATEMENTS = (
    # Keyed by user, because a search first indexes its user's pending texts. The id of a deleted text stays until it is
    # processed.
    """
    CREATE TABLE unindexed_messages (
        user_id INTEGER NOT NULL,
        id INTEGER NOT NULL,
        PRIMARY KEY (user_id, id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE unindexed_titles (
        user_id INTEGER NOT NULL,
        id INTEGER NOT NULL,
        PRIMARY KEY (user_id, id)
    ) WITHOUT ROWID
    """,
)

"""What has been written and is still to be indexed. See `store/indexing.py`."""

STATEMENTS = (
    # By user, because a search waits for what is its user's own. What is deleted meanwhile leaves a number behind,
    # which is taken for what it is when its turn comes.
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

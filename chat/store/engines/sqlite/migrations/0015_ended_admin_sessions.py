"""Table of operators' sessions that were signed out. See `store/ended_admin_sessions.py`."""

STATEMENTS = (
    """
    CREATE TABLE ended_admin_sessions (
        digest TEXT NOT NULL PRIMARY KEY,
        expires_at INTEGER NOT NULL
    )
    """,
)

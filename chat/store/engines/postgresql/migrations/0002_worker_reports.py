"""Table of the last report of each worker, for the workers of other servers. See `store/worker_reports.py`."""

STATEMENTS = (
    # Unlogged: written every few seconds, and of no use after a crash.
    """
    CREATE UNLOGGED TABLE worker_reports (
        worker TEXT NOT NULL PRIMARY KEY,
        number BIGINT NOT NULL,
        key_digest TEXT NOT NULL,
        report TEXT NOT NULL
    )
    """,
)

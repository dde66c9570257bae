"""Table of the last report of each worker, for the workers of other servers. See `store/worker_reports.py`."""

STATEMENTS = (
    """
    CREATE TABLE worker_reports (
        worker TEXT NOT NULL PRIMARY KEY,
        number INTEGER NOT NULL,
        key_digest TEXT NOT NULL,
        report TEXT NOT NULL
    )
    """,
)

"""Deltas of running answers, one per checkpoint. See `store/turn_progress.py`."""

STATEMENTS = (
    # Ordered by time, so that the deltas of many turns share the pages that a checkpoint writes.
    """
    CREATE TABLE progress (
        id INTEGER PRIMARY KEY,
        turn_id INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
        first INTEGER NOT NULL,
        text TEXT NOT NULL,
        reasoning TEXT NOT NULL,
        marks TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX progress_of_turn ON progress (turn_id, first)",
)

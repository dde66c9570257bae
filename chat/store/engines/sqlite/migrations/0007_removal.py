"""The user that owns deleted conversations until their rows are removed. See `store/removal.py`."""

# This user has no session, so a release without this step does not show deleted conversations either.
STATEMENTS = ("INSERT OR IGNORE INTO users (id, name, created_at) VALUES (0, NULL, 0)",)

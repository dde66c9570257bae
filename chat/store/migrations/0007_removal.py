"""The user that owns what is deleted until its rows are gone. See `store/removal.py`."""

# No session is this user's. A release that does not know this step shows nobody what is deleted either.
STATEMENTS = ("INSERT OR IGNORE INTO users (id, name, created_at) VALUES (0, NULL, 0)",)

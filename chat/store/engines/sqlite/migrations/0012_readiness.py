"""Table that the `/readyz` probe writes to. See `store/readiness.py`."""

STATEMENTS = ("CREATE TABLE readiness (id INTEGER PRIMARY KEY, filler BLOB NOT NULL)",)

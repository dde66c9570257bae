"""What `/readyz` writes to, to see whether the disk takes anything. See `store/readiness.py`."""

STATEMENTS = ("CREATE TABLE readiness (id INTEGER PRIMARY KEY, filler BLOB NOT NULL)",)

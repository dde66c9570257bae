"""Fields of a turn's end that have no column. See `store/details.py`."""

STATEMENTS = ("ALTER TABLE turns ADD COLUMN details TEXT NOT NULL DEFAULT ''",)

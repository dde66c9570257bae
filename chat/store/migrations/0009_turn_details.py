"""What a turn's end says beside its columns: see `details.py`."""

STATEMENTS = ("ALTER TABLE turns ADD COLUMN details TEXT NOT NULL DEFAULT ''",)

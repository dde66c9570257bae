"""Backups: all tables and keys in one file, whose form does not depend on the engine.

`archive_file.py` has the file's format, `dump.py` writes it from a database, `load.py` restores it into another, and
`copying.py` does both, from one database into another.
"""

"""SQLite, the default: one file, for the workers of one server."""

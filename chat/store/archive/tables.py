"""The tables that a backup contains. A test compares them with the tables of each engine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its primary key, which orders the rows in a backup."""

    name: str
    key: tuple[str, ...] = ("id",)


# A table comes after those that it refers to. A message's parent has a smaller id.
TABLES = (
    Table("users"),
    Table("sessions"),
    Table("conversations"),
    Table("messages"),
    Table("tool_calls", ("message_id", "position")),
    Table("turns"),
    Table("feedback", ("message_id",)),
    Table("shares", ("conversation_id",)),
    Table("progress"),
)

# Not in a backup: `migrations` is described by its manifest, and what is to be indexed is found out at a restore.
WITHOUT_DATA = frozenset(
    {"ended_admin_sessions", "migrations", "readiness", "unindexed_messages", "unindexed_titles", "worker_reports"}
)

# A row that a migration inserts: the user that owns deleted conversations.
SEEDED_USER = 0

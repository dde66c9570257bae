"""Check of a database: damage that its engine finds, and rows that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from chat.errors import DatabaseTooNew, StoreFailed
from chat.store.archive.dump import existing_tables, refuse_outdated, row_count
from chat.store.engines.contract import Engine

# Each finds rows that this program never writes. User 0 owns deleted conversations, which lose their messages in steps.
_CONTRADICTIONS = {
    "messages answer a message of another conversation": """
        SELECT count(*) FROM messages JOIN messages AS parents ON parents.id = messages.parent_id
        WHERE parents.conversation_id <> messages.conversation_id OR parents.id >= messages.id
    """,
    "conversations end at a message that they do not have": """
        SELECT count(*) FROM conversations LEFT JOIN messages ON messages.id = head_id
        WHERE head_id IS NOT NULL AND (messages.id IS NULL OR messages.conversation_id <> conversations.id)
          AND user_id <> 0
    """,
    "conversations wait for a turn that does not run": """
        SELECT count(*) FROM conversations LEFT JOIN turns ON turns.id = active_turn_id
        WHERE active_turn_id IS NOT NULL
          AND (turns.id IS NULL OR status <> 'running' OR turns.conversation_id <> conversations.id)
    """,
    "running turns have no conversation that waits for them": """
        SELECT count(*) FROM turns JOIN conversations ON conversations.id = turns.conversation_id
        WHERE status = 'running' AND (active_turn_id IS NULL OR active_turn_id <> turns.id)
    """,
    "turns have messages of another conversation": """
        SELECT count(*) FROM turns
        JOIN messages AS questions ON questions.id = user_message_id JOIN messages AS answers ON answers.id = message_id
        WHERE questions.conversation_id <> turns.conversation_id OR answers.conversation_id <> turns.conversation_id
    """,
    "shared links show a message of another conversation": """
        SELECT count(*) FROM shares JOIN messages ON messages.id = leaf_id
        WHERE messages.conversation_id <> shares.conversation_id
    """,
}


def check(engine: Engine) -> tuple[dict[str, int], list[str]]:
    """Return the number of rows by table, and a sentence for each fault. Changes nothing.

    Raises MaintenanceRefused for another kind of database, DatabaseTooNew and StoreUnavailable.
    """

    def work() -> tuple[dict[str, int], list[str]]:
        tables = existing_tables(engine)
        refuse_outdated(engine)
        faults = list(engine.maintenance.damage())
        if faults:
            return {}, faults
        rows = {table.name: row_count(engine, table) for table in tables}
        return rows, [*_contradictions(engine), *_used_ids(engine)]

    try:
        return engine.maintenance.snapshot(work)
    except DatabaseTooNew:
        raise
    except StoreFailed as error:
        return {}, [f"It cannot be read completely ({error.__cause__ or error})."]


def _contradictions(engine: Engine) -> Iterator[str]:
    for what, query in _CONTRADICTIONS.items():
        (count,) = engine.execute(query).fetchone()
        if count:
            yield f"{count} {what}."


def _used_ids(engine: Engine) -> Iterator[str]:
    """Yield the tables in which a new row would get the id of an existing one."""
    for table, last in engine.maintenance.last_ids().items():
        (largest,) = engine.execute(f"SELECT max(id) FROM {table}").fetchone()  # noqa: S608 - a table's own name
        if largest is not None and largest > last:
            yield f"New rows of {table} would get ids that are in use: the last one is {largest}, not {last}."

"""Write a backup of a database, which may be in use: all tables as of one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Any

from chat.errors import MaintenanceRefused
from chat.store.archive.archive_file import FORMAT, Advance, ArchiveWriter, Manifest, Member, NotWritten, Step
from chat.store.archive.progress import Progress
from chat.store.archive.tables import SEEDED_USER, TABLES, WITHOUT_DATA, Table
from chat.store.engines.contract import Engine
from chat.store.migrations import applied_steps, kind, steps_of
from config.version import VERSION

SHARE_KEY = "share-key"


def dump(engine: Engine, file: IO[bytes], keys: Mapping[str, bytes], progress: Progress) -> Manifest:
    """Write a backup into `file`, with the database's own keys and these. Call it inside `snapshot` or `frozen`.

    Raises MaintenanceRefused for a database without the product's tables or with unknown ones, DatabaseTooNew, and
    NotWritten.
    """
    try:
        return _dump(engine, file, keys, progress)
    except OSError as error:
        raise NotWritten(error) from error


def _dump(engine: Engine, file: IO[bytes], keys: Mapping[str, bytes], progress: Progress) -> Manifest:
    tables = existing_tables(engine)
    steps = tuple(Step(step.name, step.runs_with) for step in applied_steps(engine))
    last_ids = engine.maintenance.last_ids()
    share_key = engine.maintenance.existing_key(SHARE_KEY)
    with ArchiveWriter(file) as writer:
        with progress("Reading", sum(row_count(engine, table) for table in tables)) as advance:
            members = [_write_table(engine, writer, table, last_ids.get(table.name, 0), advance) for table in tables]
        manifest = Manifest(
            format=FORMAT,
            engine=kind(engine),
            program=VERSION,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            steps=steps,
            tables=tuple(members),
            keys_sha256=writer.write_keys({**keys, **({SHARE_KEY: share_key} if share_key else {})}),
        )
        writer.finish(manifest)
    return manifest


def existing_tables(engine: Engine) -> list[Table]:
    """Return the tables of a database that a backup contains. Raises MaintenanceRefused."""
    names = engine.maintenance.tables()
    if "migrations" not in names or "users" not in names:
        raise MaintenanceRefused(f"{engine.location} is no database of this program, or was never used.")
    known = {table.name for table in TABLES}
    if unknown := names - known - WITHOUT_DATA:
        raise MaintenanceRefused(
            f"{engine.location} has tables that this version does not know ({', '.join(sorted(unknown))}): use the"
            " later version that created them."
        )
    return [table for table in TABLES if table.name in names]


def refuse_outdated(engine: Engine) -> None:
    """Raise MaintenanceRefused for tables of an earlier version, and DatabaseTooNew."""
    applied = {step.name for step in applied_steps(engine)}
    if any(step.name not in applied for step in steps_of(engine)):
        raise MaintenanceRefused(f"{engine.location} has tables of an earlier version: run `db migrate` first.")


def row_count(engine: Engine, table: Table) -> int:
    """Return the number of rows of a table, without the seeded one."""
    (count,) = engine.execute(f"SELECT count(*) FROM {table.name}").fetchone()  # noqa: S608 - our own name
    if table.name == "users":
        seeded = engine.execute("SELECT count(*) FROM users WHERE id = ?", (SEEDED_USER,)).fetchone()
        return int(count) - int(seeded[0])
    return int(count)


def stored_rows(engine: Engine, table: Table, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Yield the rows of a table that belong in a backup, which is all but the seeded one."""
    rows = engine.maintenance.rows(table.name, columns, table.key)
    if table.name != "users":
        return rows
    id_column = columns.index("id")
    return (row for row in rows if row[id_column] != SEEDED_USER)


def _write_table(engine: Engine, writer: ArchiveWriter, table: Table, last_id: int, advance: Advance) -> Member:
    columns = sorted(engine.columns(table.name))
    return writer.write_table(table.name, columns, stored_rows(engine, table, columns), last_id, advance)

"""Restore a backup into an empty database, in one transaction: after a failure the database is as empty as before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chat.errors import MaintenanceRefused
from chat.store.archive.archive_file import Advance, ArchiveReader, Manifest, Member, RowsDigest
from chat.store.archive.dump import SHARE_KEY, stored_rows
from chat.store.archive.progress import Progress
from chat.store.archive.tables import SEEDED_USER, TABLES, Table
from chat.store.engines.contract import Engine
from chat.store.migrations import apply_missing, kind, steps_of, steps_of_kind

# Every text that the search should find, as pending: see `indexing.py`. A running turn's answer is indexed at its end.
_NOTE_TEXTS = (
    f"""
    INSERT INTO unindexed_titles (user_id, id)
    SELECT user_id, id FROM conversations WHERE temporary = 0 AND title <> '' AND user_id <> {SEEDED_USER}
    """,  # noqa: S608 - our own number
    f"""
    INSERT INTO unindexed_messages (user_id, id)
    SELECT user_id, messages.id FROM messages JOIN conversations ON conversations.id = messages.conversation_id
    WHERE temporary = 0 AND text <> '' AND user_id <> {SEEDED_USER}
      AND messages.id NOT IN (SELECT message_id FROM turns WHERE status = 'running')
    """,  # noqa: S608
)


@dataclass
class Restored:
    """The result of a restore: rows by table, and what differs from the backup."""

    rows: dict[str, int] = field(default_factory=dict)
    # Tables and columns of a later version, which this one has no place for.
    skipped: list[str] = field(default_factory=list)
    # Texts that are pending for the search.
    texts: int = 0


def check_steps(engine: Engine, manifest: Manifest) -> int:
    """Return the last step that the database needs before the backup's rows fit. Raises MaintenanceRefused."""
    numbers = [step.number for step in steps_of_kind(manifest.engine)]
    applied = {_number(step.name): step for step in manifest.steps}
    later = [
        step.name
        for number, step in applied.items()
        if number not in numbers and step.runs_with > max(numbers, default=0)
    ]
    if later or not numbers:
        raise MaintenanceRefused(
            f"The backup is of a later version ({manifest.program}) whose tables this version cannot use:"
            f" {max(later, default=manifest.engine)}. Restore it with that version."
        )
    if manifest.engine == kind(engine):
        return max(applied)
    if max(numbers) not in applied:
        raise MaintenanceRefused(
            f"The backup is of an earlier version ({manifest.program}) and of another kind of database. Restore it into"
            f" {manifest.engine}, run `db migrate`, and then `db copy`."
        )
    return steps_of(engine)[-1].number


def restore(
    engine: Engine, archive: ArchiveReader, keep: Callable[[Mapping[str, bytes]], None], progress: Progress
) -> Restored:
    """Write a verified backup into the database, read it back, and compare. `keep` gets the keys of the backup.

    Creates the database. Raises MaintenanceRefused if it is not empty, or differs afterwards.
    """
    last_step = check_steps(engine, archive.manifest)
    engine.prepare()

    def work() -> Restored:
        refuse_unless_empty(engine)
        apply_missing(engine, last_step)
        restored = _load(engine, archive, progress)
        apply_missing(engine)
        for statement in _NOTE_TEXTS:
            restored.texts += engine.execute(statement).rowcount
        # Before the commit: if this fails, nothing is restored, and if the commit fails, these keys protect nothing.
        keys = archive.keys()
        if share_key := keys.pop(SHARE_KEY, None):
            engine.maintenance.replace_key(SHARE_KEY, share_key)
        keep(keys)
        return restored

    return engine.write_exclusive(work)


def check_target(engine: Engine) -> None:
    """Raise MaintenanceRefused or OSError unless the database is empty, or can be created. Creates nothing."""
    if engine.exists():
        engine.read(lambda: refuse_unless_empty(engine))


def refuse_unless_empty(engine: Engine) -> None:
    """Raise MaintenanceRefused if any table has rows. Call it inside a read or a write."""
    names = engine.maintenance.tables()
    for table in TABLES:
        if table.name not in names:
            continue
        if next(stored_rows(engine, table, table.key), None) is not None:
            raise MaintenanceRefused(
                f"{engine.location} is not empty: its table {table.name} has rows. Only an empty database can be"
                " restored into."
            )


def _load(engine: Engine, archive: ArchiveReader, progress: Progress) -> Restored:
    restored = Restored()
    by_name = {member.table: member for member in archive.manifest.tables}
    loaders = []
    with progress("Writing", archive.manifest.rows) as advance:
        for table in (table for table in TABLES if table.name in by_name):
            member = by_name.pop(table.name)
            loader = _TableLoader(engine, archive, table, member, restored)
            loader.write(advance)
            loaders.append(loader)
    restored.skipped += sorted(by_name)
    with progress("Comparing", sum(restored.rows.values())) as advance:
        for loader in loaders:
            loader.compare(advance)
    last_ids = {member.table: member.last_id for member in archive.manifest.tables if member.last_id}
    engine.maintenance.keep_last_ids({table: last for table, last in last_ids.items() if table not in by_name})
    engine.maintenance.analyze()
    return restored


class _TableLoader:
    """One table, as it is written and read back."""

    def __init__(
        self, engine: Engine, archive: ArchiveReader, table: Table, member: Member, restored: Restored
    ) -> None:
        self._engine = engine
        self._archive = archive
        self._table = table
        self._member = member
        self._restored = restored
        columns = engine.columns(table.name)
        self._columns = [column for column in member.columns if column in columns]
        restored.skipped += [f"{table.name}.{column}" for column in member.columns if column not in columns]
        self._rows = 0
        self._sha256 = ""

    def write(self, advance: Advance) -> None:
        digest = RowsDigest(advance)
        self._engine.maintenance.insert(self._table.name, self._columns, digest.tee(self._known_columns()))
        self._rows, self._sha256 = digest.rows, digest.sha256
        self._restored.rows[self._table.name] = digest.rows

    def compare(self, advance: Advance) -> None:
        """Read the table back. Raises MaintenanceRefused if it is not as it was written."""
        digest = RowsDigest(advance)
        digest.add_all(stored_rows(self._engine, self._table, self._columns))
        if (digest.rows, digest.sha256) != (self._rows, self._sha256):
            raise MaintenanceRefused(
                f"The table {self._table.name} differs from the backup after it was written; nothing was restored."
            )

    def _known_columns(self) -> Iterator[Sequence[Any]]:
        """Yield the rows of the backup without the columns that this database does not have."""
        indexes = [self._member.columns.index(column) for column in self._columns]
        for row in self._archive.rows(self._member):
            yield [row[index] for index in indexes]


def _number(step: str) -> int:
    return int(step[:4])

"""Checks of the database: opened only if it exists, and never changed."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from chat.commands import backup_record
from chat.commands.doctor.findings import Checks, Finding, failed, passed, skipped, warned
from chat.commands.doctor.installation import Installation, NotAvailable
from chat.errors import DatabaseTooNew, StoreBusy, StoreTimeout, StoreUnavailable
from chat.store import Store
from chat.store.migrations import applied_steps, steps_of
from config.setting_values import is_postgresql

check = Checks()

# A file of SQLite: how it begins, and the byte that names the journal.
_SQLITE, _JOURNAL_BYTE, _WAL = b"SQLite format 3\0", 18, 2
_SLOW_MS = 20.0
_OLD_BACKUP_S = 7 * 24 * 3600.0


@check("PAR050", "database")
def database(installation: Installation) -> Finding:
    """Check that the database can be opened and read."""
    store = installation.store
    try:
        if not store.engine.exists():
            return passed(f"There is no database at {store.engine.location} yet; the first start makes it.")
        _read(store)
    except (StoreUnavailable, OSError) as error:
        return failed(
            store.explain_unopenable(error), "Correct DATABASE_URL, or the rights of the file and its folder."
        )
    return passed(f"{store.engine.location} can be read.")


@check("PAR051", "migrations")
def migrations(installation: Installation) -> Finding:
    """Check that the tables are those of this version."""
    try:
        missing = _missing_steps(_opened(installation))
    except DatabaseTooNew as error:
        return failed(
            installation.store.explain_unopenable(error), "Run the version that made it, or restore a backup."
        )
    if missing:
        return warned(f"{missing} migrations are pending.", "Start the server, or run: flask --app wsgi db migrate")
    return passed("The tables are those of this version.")


@check("PAR052", "database writes")
def writable(installation: Installation) -> Finding:
    """Check that the database can grow. What is written is removed in the same transaction."""
    store = _migrated(installation)
    try:
        store.engine.probe_write()
    except (StoreBusy, StoreTimeout):
        return warned("The database is locked by another program.", "Find the program that writes to it for so long.")
    except StoreUnavailable as error:
        return failed(f"The database cannot be written: {error.message}", "Look at the disk, its space and its rights.")
    return passed("The database can be written.")


@check("PAR053", "journal")
def journal(installation: Installation) -> Finding:
    """Check that readers of SQLite do not wait for writers."""
    if not _is_sqlite(installation):
        return skipped("Only SQLite has this setting.")
    # Read from the file: where the mode cannot be changed, the database cannot be opened either.
    with contextlib.suppress(OSError), Path(installation.store.engine.location).open("rb") as file:
        header = file.read(_JOURNAL_BYTE + 1)
        if header.startswith(_SQLITE) and len(header) > _JOURNAL_BYTE:
            if header[_JOURNAL_BYTE] == _WAL:
                return passed("The journal mode is WAL.")
            return failed(
                "The journal mode is not WAL, so readers wait for writers.",
                "Stop every program that uses the file and start the server, which sets it; or use another disk.",
            )
    raise NotAvailable("there is no database that can be opened")


@check("PAR054", "integrity")
def integrity(installation: Installation) -> Finding:
    """Check SQLite's file for damage, quickly: `db check` also compares indexes and rows."""
    store = _opened(installation)
    if not _is_sqlite(installation):
        return skipped("PostgreSQL has its own checks; `db check` compares the rows.")
    try:
        (text,) = store.engine.read(lambda: store.engine.execute("PRAGMA quick_check(1)").fetchone())
    except StoreTimeout:
        return warned("The check takes too long for the doctor.", "Run: flask --app wsgi db check")
    except StoreUnavailable:
        text = "it cannot be read"
    if text != "ok":
        return failed(
            f"The database is damaged ({str(text).strip()[:200]}).", "Keep a copy of it, and restore the last backup."
        )
    return passed("The file is sound (quick check).")


@check("PAR055", "database server")
def database_server(installation: Installation) -> Finding:
    """Say PostgreSQL's version, and check how long a question takes. An old one cannot be opened: PAR050."""
    if _is_sqlite(installation):
        return skipped("SQLite needs no server.")
    engine = installation.store.engine
    times = []
    try:
        for _ in range(5):
            began_at = installation.timer()
            (version,) = engine.read(lambda: engine.execute("SELECT version()").fetchone())
            times.append((installation.timer() - began_at) * 1000)
    except StoreUnavailable:
        raise NotAvailable("the database cannot be opened") from None
    match = re.search(r"PostgreSQL (\d+)", version)
    median_ms = sorted(times)[2]
    message = f"PostgreSQL {match[1] if match else ''} answers in {median_ms:.1f} ms."
    if median_ms > _SLOW_MS:
        return warned(message, "Put the database nearer: each turn asks it about ten times.")
    return passed(message)


@check("PAR056", "backup")
def backup(installation: Installation) -> Finding:
    """Check the age of the last backup that `db backup` has written."""
    _opened(installation)
    age_s = backup_record.age_s(installation.settings.data_dir)
    remedy = "Run flask --app wsgi db backup FILE daily, and copy the file to another machine."
    if age_s is None:
        return warned("No backup is known.", remedy)
    age = f"{age_s / 86400:.0f} days" if age_s >= 2 * 86400 else f"{age_s / 3600:.0f} hours"
    return (warned if age_s > _OLD_BACKUP_S else _passed)(f"The last backup is {age} old.", remedy)


def _passed(message: str, _remedy: str) -> Finding:
    return passed(message)


def _is_sqlite(installation: Installation) -> bool:
    return not is_postgresql(installation.settings.database_url)


def _opened(installation: Installation) -> Store:
    """Return the database, which can be read. Raises NotAvailable; PAR050 has the reason."""
    store = installation.store
    try:
        if store.engine.exists():
            _read(store)
            return store
    except (StoreUnavailable, OSError):
        pass
    raise NotAvailable("there is no database that can be opened")


def _read(store: Store) -> None:
    store.engine.read(lambda: store.engine.execute("SELECT 1").fetchone())


def _missing_steps(store: Store) -> int:
    engine = store.engine

    def work() -> int:
        applied = applied_steps(engine) if engine.columns("migrations") else []
        return len({step.name for step in steps_of(engine)} - {step.name for step in applied})

    return engine.read(work)


def _migrated(installation: Installation) -> Store:
    """Return the database with all its tables. Raises NotAvailable otherwise."""
    store = _opened(installation)
    try:
        missing = _missing_steps(store)
    except DatabaseTooNew:
        missing = 1
    if missing:
        raise NotAvailable("the tables are not those of this version")
    return store

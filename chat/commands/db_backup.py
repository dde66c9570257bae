"""Commands `db backup FILE` and `db restore FILE`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
from flask.cli import with_appcontext

from chat.commands import backup_record
from chat.commands.db_errors import one_sentence, opening, refuse_running_server, require_database
from chat.commands.progress import ProgressBars
from chat.errors import StoreUnavailable
from chat.store import Store
from chat.store.archive.archive_file import ArchiveReader
from chat.store.archive.backup_file import existing_file, new_file
from chat.store.archive.dump import dump
from chat.store.archive.load import Restored, check_target
from chat.store.archive.load import restore as restore_archive
from chat.store.archive.progress import Progress
from chat.store.key_file import COOKIE_KEY, KeyFile
from chat.web.services import services

_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.command("backup")
@_FILE
@with_appcontext
def backup(file: Path) -> None:
    """Write everything that a restore needs into a new FILE, while the server runs.

    The file is secret: it contains all conversations and the keys of sign-ins and shared links. Only the user who
    gives the command can read it. An existing file is never replaced.
    """
    current = services()
    store, settings = current.store, current.settings
    require_database(store)
    with one_sentence(store), ProgressBars() as progress:
        secret_key = None if settings.secret_key else KeyFile(settings.data_dir / COOKIE_KEY).existing()
        keys = {COOKIE_KEY: secret_key} if secret_key else {}
        with new_file(file) as opened:
            manifest = store.engine.maintenance.snapshot(lambda: dump(store.engine, opened, keys, progress))
            with progress("Verifying", manifest.rows) as advance:
                ArchiveReader(opened, str(file)).verify(advance)
    backup_record.note(settings.data_dir)
    click.echo(f"{file}: {manifest.rows} rows. Keep it secret: it has all conversations, and keys.")
    if settings.secret_key:
        click.echo("SECRET_KEY is set, so it is not in the backup: keep your settings too.")


@click.command("restore")
@_FILE
@with_appcontext
def restore(file: Path) -> None:
    """Restore the backup FILE into the empty database that DATABASE_URL names, while no server runs.

    A backup of one kind of database can be restored into the other. If it fails, the database is empty as before.
    """
    current = services()
    store, settings = current.store, current.settings
    refuse_running_server(settings.data_dir)

    def keep(keys: Mapping[str, bytes]) -> None:
        if COOKIE_KEY in keys and not settings.secret_key:
            KeyFile(settings.data_dir / COOKIE_KEY).replace(keys[COOKIE_KEY])

    with one_sentence(store), existing_file(file) as opened:
        archive = ArchiveReader(opened, str(file))
        try:
            with ProgressBars() as progress:
                with progress("Verifying", archive.manifest.rows) as advance:
                    archive.verify(advance)
                with opening(store):
                    check_target(store.engine)
                restored = restore_archive(store.engine, archive, keep, progress)
                finish(store, restored, progress)
        finally:
            store.close()  # waits until everything is on the disk
    click.echo(f"{store.engine.location}: restored {sum(restored.rows.values())} rows of {file}, and compared them.")


def finish(store: Store, restored: Restored, progress: Progress) -> None:
    """Index the restored texts for the search, and report what differs from the backup."""
    try:
        with progress("Indexing", restored.texts) as advance:
            store.index.index_all(advance)
    except StoreUnavailable as error:
        click.echo(f"The search does not find the texts yet, because: {error} The server indexes them.", err=True)
    if restored.skipped:
        click.echo(f"Left out, because only a later version knows them: {', '.join(restored.skipped)}.")

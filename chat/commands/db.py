"""Commands `flask --app wsgi db …`: the database's tables, its check, its backup and its move."""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from chat.commands import db_backup, db_copy
from chat.commands.db_errors import be_patient, one_sentence, opening, require_database
from chat.store.integrity import check as check_database
from chat.web.services import services

db = AppGroup("db", help="The database.", callback=with_appcontext(lambda: be_patient(services().store)))


@db.command("migrate")
def migrate() -> None:
    """Create the database, or bring its tables up to date."""
    store = services().store
    with opening(store):
        applied = store.migrate()
    click.echo(f"{store.engine.location}: {', '.join(applied) or 'up to date'}")


@db.command("check")
def check() -> None:
    """Check the database for damage and contradictions. Changes nothing; the server may run.

    The exit status is 1 if anything is found.
    """
    store = services().store
    require_database(store)
    with one_sentence(store):
        rows, faults = check_database(store.engine)
    for fault in faults:
        click.echo(f"{store.engine.location}: {fault}", err=True)
    if faults:
        raise click.ClickException("The database is damaged. Keep a copy of it, and restore the last good backup.")
    counts = ", ".join(f"{rows[table]} {table.replace('_', ' ')}" for table in rows)
    click.echo(f"{store.engine.location} is sound: {counts}.")


for command in (db_backup.backup, db_backup.restore, db_copy.copy):
    db.add_command(command)

"""Command `flask --app wsgi db migrate`."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from chat.errors import StoreUnavailable
from chat.web.services import services

db = AppGroup("db", help="The database.")


@db.command("migrate")
def migrate() -> None:
    """Create the database, or bring its tables up to date."""
    store = services().store
    try:
        applied = store.migrate()
    except (StoreUnavailable, OSError) as error:
        raise click.ClickException(store.explain_unopenable(error)) from None
    click.echo(f"{store.engine.location}: {', '.join(applied) or 'up to date'}")

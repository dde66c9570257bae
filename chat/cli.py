"""Commands of `flask --app wsgi`."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from chat.errors import StoreUnavailable
from chat.mode_command import mode
from chat.store import Store


def init_app(app: Flask, store: Store) -> None:
    """Add the commands to `app`."""
    db = AppGroup("db", help="The database.")

    @db.command("migrate")
    def migrate() -> None:
        """Create the database, or bring its tables up to date."""
        try:
            applied = store.migrate()
        except (StoreUnavailable, OSError) as error:
            raise click.ClickException(store.explain_unopenable(error)) from None
        click.echo(f"{store.engine.location}: {', '.join(applied) or 'up to date'}")

    app.cli.add_command(db)
    app.cli.add_command(mode)

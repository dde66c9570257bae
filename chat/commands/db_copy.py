"""Command `db copy --to URL`."""

from __future__ import annotations

from collections.abc import Sequence

import click
from flask.cli import with_appcontext

from chat.commands.db_backup import finish
from chat.commands.db_errors import be_patient, one_sentence, opening, refuse_running_server, require_database
from chat.commands.progress import ProgressBars
from chat.store import Store, engine_for
from chat.store.archive.copying import check_source
from chat.store.archive.copying import copy as copy_database
from chat.store.archive.load import check_target
from chat.web.services import services
from config import setting_values
from config.paths import ROOT

_TO = "The empty database to copy into, like DATABASE_URL."


@click.command("copy")
@click.option("--to", "urls", required=True, multiple=True, metavar="URL", help=_TO)
@with_appcontext
def copy(urls: Sequence[str]) -> None:
    """Copy the database into an empty one, of the same or another kind, while no server runs.

    Every table is counted and compared. If it fails, the target is empty as before.
    """
    if len(urls) > 1:
        raise click.UsageError(f"--to takes one database, but was given {len(urls)} times.")
    current = services()
    source = current.store
    refuse_running_server(current.settings.data_dir)
    require_database(source)
    with one_sentence(source):
        check_source(source.engine)
    target = _target(urls[0], current.settings.secret_key)
    try:
        if target.engine.location == source.engine.location or (
            target.engine.current_identity() and target.engine.current_identity() == source.engine.current_identity()
        ):
            raise click.UsageError("--to names the database that DATABASE_URL names.")
        with one_sentence(target, "--to"):
            with opening(target, "--to"):
                check_target(target.engine)
            with ProgressBars() as progress:
                restored = copy_database(source.engine, target.engine, progress)
                finish(target, restored, progress)
    finally:
        target.close()
    click.echo(
        f"{target.engine.location}: copied {sum(restored.rows.values())} rows of {source.engine.location}, and compared"
        " them. To use it, name it in DATABASE_URL and start the server."
    )


def _target(url: str, secret_key: str) -> Store:
    """Return the store of the target. Raises UsageError."""
    try:
        url = setting_values.database(url)
    except ValueError as error:
        raise click.UsageError(f"--to takes {error}.") from None
    if setting_values.is_postgresql(url) and not secret_key:
        raise click.UsageError("SECRET_KEY is not set, but PostgreSQL needs it: set it before the copy, and keep it.")
    try:
        target = Store(engine_for(url, ROOT, secret_key))
    except ValueError as error:
        raise click.UsageError(str(error).replace("DATABASE_URL", "--to", 1)) from None
    be_patient(target)
    return target

"""Errors of the `db` commands, as one sentence each, and what every command requires."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from chat.commands.operator_commands import is_about_output
from chat.errors import DatabaseTooNew, MaintenanceRefused, StoreUnavailable
from chat.store import Store
from config.server import pid_file

# Nobody else waits for a command, so it gives a busy database more time than a server does.
_LOCK_TIMEOUT_S = 10.0


def be_patient(store: Store) -> None:
    """Let the calls of a command wait longer for a lock and for a new connection."""
    store.engine.lock_timeout_s = _LOCK_TIMEOUT_S


@contextmanager
def one_sentence(store: Store, setting: str = "DATABASE_URL") -> Iterator[None]:
    """Turn the errors that an operator can cause into ClickException. `setting` names the database."""
    try:
        yield
    except MaintenanceRefused as error:
        raise click.ClickException(str(error)) from None
    except DatabaseTooNew as error:
        raise click.ClickException(_named(store.explain_unopenable(error), setting)) from None
    except StoreUnavailable as error:
        reason = f"{error} ({error.__cause__})" if error.__cause__ else str(error)
        raise click.ClickException(f"{store.engine.location}: {reason}") from None
    except OSError as error:
        if is_about_output(error):
            raise
        raise click.ClickException(f"{error.filename or store.engine.location}: {error.strerror or error}") from None


@contextmanager
def opening(store: Store, setting: str = "DATABASE_URL") -> Iterator[None]:
    """Turn the errors of a database that cannot be opened into ClickException."""
    try:
        yield
    except (StoreUnavailable, OSError) as error:
        raise click.ClickException(_named(store.explain_unopenable(error), setting)) from None


def require_database(store: Store) -> None:
    """Raise ClickException unless the database exists and can be read."""
    with opening(store):
        if not store.engine.exists():
            raise click.ClickException(f"There is no database at {store.engine.location}.")
        store.engine.read(lambda: store.engine.execute("SELECT 1").fetchone())


def refuse_running_server(data_dir: Path) -> None:
    """Raise ClickException if a server runs with this DATA_DIR."""
    try:
        pid = pid_file.master(data_dir / "run")
    except pid_file.ServerElsewhere:
        raise click.ClickException(
            f"A server in another container or machine uses {data_dir}: stop it first."
        ) from None
    except OSError as error:
        raise click.ClickException(f"{data_dir / 'run'} cannot be read: {error.strerror}.") from None
    if pid is not None:
        raise click.ClickException(f"The server is running (process {pid}): stop it first.")


def _named(sentence: str, setting: str) -> str:
    return sentence.replace("DATABASE_URL", setting, 1)

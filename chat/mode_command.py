"""Command `flask --app wsgi mode async|sync|show`. The switch itself is in `chat/switch.py`.

The command must work when the application or the present worker class cannot be loaded, so it needs neither.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import NoReturn

import click
from flask import Flask
from flask.cli import AppGroup

from chat import switch
from chat.cluster.peers import Peers
from config.mode import ASYNC, FLAG, SYNC, chosen
from config.server import running_master
from config.server.running_master import Master
from config.settings import ENV_FILE, SettingError, load


@click.command("mode")
@click.argument("action", type=click.Choice(["async", "sync", "show"]))
def mode(action: str) -> None:
    """Switch between async and sync workers, or show the present mode.

    A switch first checks that the server would start in the other mode; if not, it changes nothing. Then it writes
    USE_ASYNC_AGENT to .env and reloads the running server. Answers in progress are finished.
    """
    try:
        if action == "show":
            _show()
        else:
            switch.switch(ASYNC if action == "async" else SYNC, click.echo)
    except switch.SwitchRefused as error:
        raise click.ClickException(str(error)) from None


def _show() -> None:
    environ = running_master.environment()
    try:
        data_dir = load(environ).data_dir
    except SettingError:  # _written reports it; the server may still be found by DATA_DIR alone
        data_dir = load({name: environ[name] for name in environ if name == "DATA_DIR"}, Path(os.devnull)).data_dir
    try:
        server = switch.server_of(data_dir)
        running = _running(server)
    except switch.SwitchRefused as error:
        server, running = Master(data_dir, environ), str(error)
    click.echo(f"Written: {_written(server)}")
    click.echo(f"Running: {running}")


def _written(server: Master) -> str:
    """Return the mode of the next start or reload, and the source of the setting."""
    try:
        name = chosen(load(server.environ)).name
    except SettingError as error:
        return str(error)
    if switch.in_environment(server):
        return f"{name} ({FLAG}={server.environ[FLAG]} in the environment, which wins over {ENV_FILE})."
    return f"{name} ({ENV_FILE})." if ENV_FILE.exists() else f"{name} (the default; there is no {ENV_FILE})."


def _running(server: Master) -> str:
    if not server.pid:
        return f"no server with DATA_DIR={server.run_dir.parent}."
    counts = Counter(str(report.get("mode")) for report in Peers(server.run_dir).reports())
    workers = " and ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "no"
    return f"process {server.pid} with {workers} workers."


class _CommandsWithoutApplication(AppGroup):
    """Commands when the application could not be created: `mode` works, any other fails with the reason."""

    def __init__(self, reason: Exception) -> None:
        super().__init__()
        self.reason = reason
        self.add_command(mode)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or fail(self.reason)


def without_application(reason: Exception) -> Flask:
    """Return a replacement, for the `flask` command, of an application that could not be created.

    For any other importer, such as gunicorn or a command that serves, raise `reason`, or for a SettingError end the
    process with its message.
    """
    context = click.get_current_context(silent=True)
    if context is None or context.parent is not None:
        fail(reason)
    app = Flask("chat.mode_command", static_folder=None)
    app.cli = _CommandsWithoutApplication(reason)
    return app


def fail(reason: Exception) -> NoReturn:
    """Exit with the message of a SettingError; raise any other exception."""
    if isinstance(reason, SettingError):
        sys.exit(f"parley: {reason}")
    raise reason

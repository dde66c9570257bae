"""`flask --app wsgi mode async|sync|show`. What it does: `chat/switch.py`.

It must work when little else does: nothing here needs the application, or the worker class that it may be leaving.
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
from chat.runtime.mode import ASYNC, SYNC
from config.server import running_master
from config.server.running_master import Master
from config.settings import ENV_FILE, SettingError, load


@click.command("mode")
@click.argument("wanted", type=click.Choice(["async", "sync", "show"]))
def mode(wanted: str) -> None:
    """Switch between async and sync workers, or show which it is.

    Tries the other kind out, writes USE_ASYNC_AGENT to .env and has the running server reload; answers under way
    come to their end. What cannot start is refused, and nothing changes.
    """
    try:
        if wanted == "show":
            _show()
        else:
            switch.switch(ASYNC if wanted == "async" else SYNC, click.echo)
    except switch.Refused as refused:
        raise click.ClickException(str(refused)) from None


def _show() -> None:
    environ = running_master.environment()
    try:
        data_dir = load(environ).data_dir
    except SettingError:  # told below; the server may still be found where it is by default
        data_dir = load({name: environ[name] for name in environ if name == "DATA_DIR"}, Path(os.devnull)).data_dir
    try:
        server = switch.server_of(data_dir)
        running = _running(server)
    except switch.Refused as refused:
        server, running = Master(data_dir, environ), str(refused)
    click.echo(f"Written: {_written(server)}")
    click.echo(f"Running: {running}")


def _written(server: Master) -> str:
    """What a start or a reload would go by."""
    try:
        name = (ASYNC if load(server.environ).use_async_agent else SYNC).name
    except SettingError as error:
        return str(error)
    if switch.in_environment(server):
        return f"{name} ({switch.FLAG}={server.environ[switch.FLAG]} in the environment, which wins over {ENV_FILE})."
    return f"{name} ({ENV_FILE})." if ENV_FILE.exists() else f"{name} (the default; there is no {ENV_FILE})."


def _running(server: Master) -> str:
    if not server.pid:
        return f"no server with DATA_DIR={server.run_dir.parent}."
    found = Counter(str(report.get("mode")) for report in Peers(server.run_dir).reports())
    workers = " and ".join(f"{count} {name}" for name, count in sorted(found.items())) or "no"
    return f"process {server.pid} with {workers} workers."


class _WithoutApplication(AppGroup):
    """The commands of an application that could not be made: this one, and for any other the reason."""

    def __init__(self, reason: Exception) -> None:
        super().__init__()
        self.reason = reason
        self.add_command(mode)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or fail(self.reason)


def without_application(reason: Exception) -> Flask:
    """What the `flask` command gets in place of an application that could not be made. Raises `reason`, or ends
    the process with its sentence, where somebody else asks: gunicorn, or a command that serves.
    """
    asked = click.get_current_context(silent=True)
    if asked is None or asked.parent is not None:
        fail(reason)
    app = Flask("chat.mode_command", static_folder=None)
    app.cli = _WithoutApplication(reason)
    return app


def fail(reason: Exception) -> NoReturn:
    if isinstance(reason, SettingError):
        sys.exit(f"parley: {reason}")
    raise reason

"""The `flask` command without an application: `mode`, `doctor`, `bundle` work, others fail with the reason."""

from __future__ import annotations

import contextlib
import sys
from typing import NoReturn

import click
from flask import Flask

from chat.commands.doctor.command import doctor
from chat.commands.mode import mode
from chat.commands.operator_commands import OperatorCommands
from config.settings import SettingError


def without_application(reason: Exception) -> Flask:
    """Return a replacement, for the `flask` command, of an application that could not be created.

    For any other importer, such as gunicorn or a command that serves, raise `reason`, or for a SettingError end the
    process with its message.
    """
    context = click.get_current_context(silent=True)
    if context is None or context.parent is not None:
        _fail(reason)
    app = Flask(__name__, static_folder=None)
    app.cli = _Commands(reason)
    return app


class _Commands(OperatorCommands):
    def __init__(self, reason: Exception) -> None:
        super().__init__()
        self._reason = reason
        self.add_command(mode)
        self.add_command(doctor)
        with contextlib.suppress(ImportError):  # of a package that is missing
            from chat.commands.bundle.command import bundle  # noqa: PLC0415

            self.add_command(bundle)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _fail(self._reason)


def _fail(reason: Exception) -> NoReturn:
    """Exit with the message of a SettingError; raise any other exception."""
    if isinstance(reason, SettingError):
        sys.exit(f"parley: {reason}")
    raise reason

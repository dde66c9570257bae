"""Command `flask --app wsgi mode async|sync|show`. What it does is in `config/server/reload/`.

The command must work when the application or the present worker class cannot be loaded, so it needs neither.
"""

from __future__ import annotations

import click

from config.mode import ASYNC, SYNC
from config.server.reload import state
from config.server.reload.refusal import SwitchRefused
from config.server.reload.switch import switch


@click.command("mode")
@click.argument("action", type=click.Choice(["async", "sync", "show"]))
def mode(action: str) -> None:
    """Switch between async and sync workers, or show the present mode.

    A switch begins with a preflight: a start in the other mode that serves nothing. If it fails, nothing is changed.
    Then USE_ASYNC_AGENT is written to .env and the running server is reloaded. Answers in progress are finished.
    """
    try:
        if action == "show":
            for line in state.describe():
                click.echo(line)
        else:
            switch(ASYNC if action == "async" else SYNC, click.echo)
    except SwitchRefused as error:
        raise click.ClickException(str(error)) from None

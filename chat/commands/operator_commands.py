"""The group of this program's `flask` commands."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click
from flask.cli import AppGroup


class OperatorCommands(AppGroup):
    """The program's `flask` commands. If their output cannot be written, they end with one sentence."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            ctx.with_resource(_writable_output())  # its context is the one in which the command runs
        return command


def is_about_output(error: OSError) -> bool:
    """Return whether the error is one of printing, such as to a file on a full disk."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code is click.echo.__code__ for frame, _line in frames)


@contextmanager
def _writable_output() -> Iterator[None]:
    """Turn the OSError of a standard output that cannot be written into ClickException.

    A closed pipe is left to click, which ends without a word.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.EPIPE or not is_about_output(error):
            raise
        with suppress(OSError, ValueError):  # Python would try again at its end, and report that
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.ClickException(f"The output cannot be written ({error.strerror or error}).") from None

"""Progress bars on the operator's terminal. Elsewhere, nothing is shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from chat.store.archive.archive_file import Advance


@contextmanager
def progress_bar(phase: str, rows: int) -> Iterator[Advance]:
    """Show how many of the rows are processed, on the error output."""
    if not sys.stderr.isatty():
        yield lambda _rows: None
        return
    with click.progressbar(length=rows, label=f"{phase:<10}", file=sys.stderr, show_pos=True) as bar:
        yield bar.update

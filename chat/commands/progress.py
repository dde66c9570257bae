"""Progress bars on the operator's terminal. Elsewhere, nothing is shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import click

from chat.store.archive.archive_file import Advance


class ProgressBars:
    """Progress of one command, on the error output. A context manager.

    Ctrl-C ends the work at its next step, also if another thread does it, so that it is rolled back.
    """

    def __init__(self) -> None:
        self._interrupted = False

    def __enter__(self) -> ProgressBars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._interrupted = isinstance(error, KeyboardInterrupt)

    @contextmanager
    def __call__(self, phase: str, rows: int) -> Iterator[Advance]:
        """Show how many of the rows are processed."""
        if not sys.stderr.isatty():
            yield self._check
            return
        with click.progressbar(length=rows, label=f"{phase:<10}", file=sys.stderr, show_pos=True) as bar:

            def advance(processed: int) -> None:
                self._check(processed)
                bar.update(processed)

            yield advance

    def _check(self, _rows: int) -> None:
        if self._interrupted:
            raise KeyboardInterrupt

"""Progress of an operator's command, shown by the caller."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from chat.store.archive.archive_file import Advance


class Progress(Protocol):
    """Display of the progress. `progress("Reading", 100)` begins a phase with that many rows."""

    def __call__(self, phase: str, rows: int) -> AbstractContextManager[Advance]: ...


def silent(_phase: str, _rows: int) -> AbstractContextManager[Advance]:
    return nullcontext(lambda _rows: None)

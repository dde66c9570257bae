"""Queued writes, alone or in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from chat.errors import StoreUnavailable
from chat.runtime.native import Call

# Writes a list of items and returns one value or exception per item. An exception is raised in the item's caller.
BatchWork = Callable[[Sequence[Any]], Sequence[Any]]
Outcome = tuple[Any, BaseException | None]


def _nothing() -> None:
    """Do nothing. The default work of a write that has a `batch_work`."""


class Write(Call):
    """One queued write. It stops waiting for the lock at `deadline` (monotonic seconds).

    It has either its own `work`, or an `item` for a `batch_work`, which is called with all queued items.
    """

    __slots__ = ("batch_work", "deadline", "item")

    def __init__(
        self, deadline: float, work: Callable[[], Any] = _nothing, batch_work: BatchWork | None = None, item: Any = None
    ) -> None:
        super().__init__(work)
        self.deadline = deadline
        self.batch_work = batch_work
        self.item = item


def end_if_abandoned(write: Write) -> bool:
    """End a write whose caller has timed out. Return whether it has ended."""
    if write.abandoned:
        write.end(error=StoreUnavailable("The database was slow; nothing was changed."))
    return write.abandoned


def by_kind(group: Sequence[Write]) -> Iterator[tuple[BatchWork | None, list[Write]]]:
    """Return the writes of a group by their batch work, each list in order of arrival."""
    kinds: dict[BatchWork | None, list[Write]] = {}
    for write in group:
        kinds.setdefault(write.batch_work, []).append(write)
    return iter(kinds.items())


def batch_results(writes: Sequence[Write]) -> Sequence[Any]:
    """Execute writes with the same batch work together. Return one value or exception per write."""
    batch_work: Any = writes[0].batch_work
    results: Sequence[Any] = batch_work([write.item for write in writes])
    return results


def single_outcome(write: Write) -> Outcome:
    """Execute one write. Raises its error, so that its transaction is rolled back."""
    if write.batch_work is None:
        return write.work(), None
    value, error = as_outcome(write.batch_work([write.item])[0])
    if error is not None:
        try:
            raise error
        finally:
            del error  # it references this frame
    return value, None


def as_outcome(result: Any) -> Outcome:
    return (None, result) if isinstance(result, Exception) else (result, None)

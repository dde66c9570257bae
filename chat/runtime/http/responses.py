"""Responses of a gthread worker that are under way, each with a thread, and those that their clients do not take."""

from __future__ import annotations

from chat.runtime.http.connection import Connection


class Responses:
    """Used by the loop alone; the threads only note in their connections since when they have been sending."""

    def __init__(self) -> None:
        self._under_way: dict[Connection, None] = {}
        # Those that have passed their place on, but still have a thread; the longest first.
        self._passed: dict[Connection, None] = {}

    def begin(self, connection: Connection) -> None:
        self._under_way[connection] = None

    def end(self, connection: Connection) -> None:
        self._under_way.pop(connection, None)
        self._passed.pop(connection, None)

    def blocked(self, since: float) -> list[Connection]:
        """Return those that have been waiting for their clients since then or before, the longest first."""
        found = [(each.sending_since, each) for each in self._under_way if not each.abandoned]
        waiting = [(began, each) for began, each in found if 0 < began <= since]
        return [each for _, each in sorted(waiting, key=lambda pair: pair[0])]

    def release_slot(self, connection: Connection) -> None:
        """Note that the connection's place is free again."""
        connection.slot_released = True
        self._passed[connection] = None

    def without_slot(self) -> list[Connection]:
        """Return those that have a thread and no place, the longest first."""
        return [each for each in self._passed if not each.abandoned]

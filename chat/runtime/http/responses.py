"""Running responses of a gthread worker, each with a thread, and those whose clients do not read."""

from __future__ import annotations

from chat.runtime.http.connection import Connection


class Responses:
    """Registry of running responses. Used by the loop only; the threads set `sending_since` of their connections."""

    def __init__(self) -> None:
        self._running: dict[Connection, None] = {}
        # Responses that have released their slot but still have a thread; the longest first.
        self._released: dict[Connection, None] = {}

    def begin(self, connection: Connection) -> None:
        self._running[connection] = None

    def end(self, connection: Connection) -> None:
        self._running.pop(connection, None)
        self._released.pop(connection, None)

    def blocked(self, since: float) -> list[Connection]:
        """Return responses that have been waiting for their clients since then or before, the longest first."""
        sending = [(each.sending_since, each) for each in self._running if not each.abandoned]
        waiting = [(began_at, each) for began_at, each in sending if 0 < began_at <= since]
        return [each for _, each in sorted(waiting, key=lambda pair: pair[0])]

    def release_slot(self, connection: Connection) -> None:
        """Record that the slot of this response is free again."""
        connection.slot_released = True
        self._released[connection] = None

    def without_slot(self) -> list[Connection]:
        """Return responses that have a thread but no slot, the longest first."""
        return [each for each in self._released if not each.abandoned]

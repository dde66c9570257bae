"""Check that the database can be read and written. A periodic probe writes, as a disk may fill up or turn read-only."""

from __future__ import annotations

from chat.errors import StoreBusy, StoreTimeout, StoreUnavailable
from chat.runtime.clock import Clock
from chat.store.engines.contract import Engine

# Nothing depends on equal clocks, but people see the times, and certificates expire by them.
_CLOCKS_DIFFER_S = 10


class Readiness:
    """Readiness of the database, as seen by one worker."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        # That this machine's clock differs from the database's, as a sentence for the operator, or "".
        self.clock_problem = ""
        self._clock = clock
        self._last_error: StoreUnavailable | None = None

    def check(self) -> None:
        """Raise StoreUnavailable unless the database can be read now and the last probe could write."""
        self.engine.read(lambda: self.engine.execute("SELECT 1 FROM users LIMIT 1").fetchone())
        if self._last_error is not None:
            raise StoreUnavailable(self._last_error.message)

    def probe_write(self) -> None:
        """Write to the database and store the error, if any. A lock or a slow disk is not an error.

        Also compare the clocks.
        """
        try:
            self.engine.probe_write()
            self._compare_clocks()
            self._last_error = None
        except (StoreBusy, StoreTimeout):
            return
        except StoreUnavailable as error:
            self._last_error = error

    def _compare_clocks(self) -> None:
        """Compare this machine's clock with that of the database, if it has one."""
        before_ms = self._clock.now_ms()
        theirs_ms = self.engine.clock_ms()
        if theirs_ms is None:
            return
        # The database's clock was read at some time between these two.
        ahead_s = round(((before_ms + self._clock.now_ms()) / 2 - theirs_ms) / 1000)
        direction = "ahead of" if ahead_s > 0 else "behind"
        self.clock_problem = (
            f"The clock of this machine is {abs(ahead_s)} s {direction} that of the database; synchronize both (NTP)."
            if abs(ahead_s) >= _CLOCKS_DIFFER_S
            else ""
        )

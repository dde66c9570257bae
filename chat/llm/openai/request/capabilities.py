"""Learnt capabilities of an endpoint's models: unsupported options and the accepted length of a conversation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

# After this time an option is offered again: the endpoint may have been upgraded.
CAPABILITIES_TTL_S = 6 * 3600.0
# Seconds without probing after a refusal that no option explained.
_NO_PROBING_S = 600.0
_MAX_MODELS = 1000


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Capabilities of one model.

    `may_probe` allows sending a request again without an option, after a refusal that names none.
    """

    unsupported: frozenset[str] = frozenset()
    max_chars: int | None = None
    may_probe: bool = True


_DEFAULTS = Capabilities()


@dataclass(frozen=True, slots=True)
class _Entry:
    known: Capabilities
    until: float
    no_probing_until: float = 0.0


class CapabilityCache:
    """Capabilities of one endpoint's models, in one process, for some hours. Safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def get(self, model: str) -> Capabilities:
        """Return the known capabilities of `model`; the defaults for an unknown model."""
        entry, now = self._entries.get(model), self._clock()
        if entry is None:
            return _DEFAULTS
        known = entry.known if now < entry.until else _DEFAULTS
        return replace(known, may_probe=now >= entry.no_probing_until)

    def learn(self, model: str, unsupported: Iterable[str] = (), max_chars: int | None = None) -> frozenset[str]:
        """Store the options that a successful request omitted, and its limit. Return the newly learnt options."""
        known = self.get(model)
        new = frozenset(unsupported) - known.unsupported
        if new or (max_chars is not None and max_chars != known.max_chars):
            self._store(
                model,
                _Entry(
                    Capabilities(known.unsupported | new, known.max_chars if max_chars is None else max_chars),
                    self._until(),
                ),
            )
        return new

    def suspend_probing(self, model: str) -> None:
        """Stop probing for some minutes: no option explained the model's refusal."""
        known = self._entries.get(model) or _Entry(Capabilities(), self._until())
        self._store(model, replace(known, no_probing_until=self._clock() + _NO_PROBING_S))

    def _until(self) -> float:
        return self._clock() + CAPABILITIES_TTL_S

    def _store(self, model: str, entry: _Entry) -> None:
        with self._lock:
            self._entries.pop(model, None)
            self._entries[model] = entry
            while len(self._entries) > _MAX_MODELS:
                del self._entries[next(iter(self._entries))]

"""Learnt capabilities of an endpoint's models: unsupported options and the accepted length of a conversation."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

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
    unsupported: frozenset[str] = frozenset()
    max_chars: int | None = None
    until: float = 0.0
    no_probing_until: float = 0.0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict[str, _Entry])


class Document(Protocol):
    """Bytes with a version, which several workers may share."""

    @property
    def version(self) -> int: ...

    def change(self, edit: Callable[[bytes], bytes]) -> tuple[int, bytes]: ...


class PrivateDocument:
    """Bytes of one worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.version = 0
        self._content = b""

    def change(self, edit: Callable[[bytes], bytes]) -> tuple[int, bytes]:
        with self._lock:
            self._content = edit(self._content)
            self.version += 1
            return self.version, self._content


class CapabilityCache:
    """Capabilities of one endpoint's models, for some hours. Safe to use from any thread.

    With a shared `document`, all workers of a server know what one of them has learnt.
    """

    def __init__(
        self, endpoint: str = "", document: Document | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the endpoint's address. `clock` shows the same time in all processes that share the document."""
        self._endpoint = endpoint
        self._document = document or PrivateDocument()
        self._clock = clock
        self._read: tuple[int, dict[str, _Entry]] = (0, {})

    def get(self, model: str) -> Capabilities:
        """Return the known capabilities of `model`; the defaults for an unknown model."""
        version, entries = self._read
        if self._document.version != version:
            entries = self._change(lambda _: False)
        return self._known(entries.get(self._key(model)))

    def learn(self, model: str, unsupported: Iterable[str] = (), max_chars: int | None = None) -> frozenset[str]:
        """Store the options that a successful request omitted, and its limit. Return the newly learnt options."""
        new: frozenset[str] = frozenset()

        def edit(entries: dict[str, _Entry]) -> bool:
            nonlocal new
            known = self._known(entries.get(self._key(model)))
            new = frozenset(unsupported) - known.unsupported
            if not new and max_chars in (None, known.max_chars):
                return False
            limit = known.max_chars if max_chars is None else max_chars
            self._store(entries, model, _Entry(known.unsupported | new, limit, self._until()))
            return True

        self._change(edit)
        return new

    def suspend_probing(self, model: str) -> None:
        """Stop probing for some minutes: no option explained the model's refusal."""

        def edit(entries: dict[str, _Entry]) -> bool:
            known = entries.get(self._key(model)) or _Entry(until=self._until())
            self._store(entries, model, replace(known, no_probing_until=self._clock() + _NO_PROBING_S))
            return True

        self._change(edit)

    def _known(self, entry: _Entry | None) -> Capabilities:
        if entry is None:
            return _DEFAULTS
        now = self._clock()
        may_probe = now >= entry.no_probing_until
        if now >= entry.until:
            return Capabilities(may_probe=may_probe)
        return Capabilities(entry.unsupported, entry.max_chars, may_probe)

    def _until(self) -> float:
        return self._clock() + CAPABILITIES_TTL_S

    def _key(self, model: str) -> str:
        return f"{self._endpoint} {model}"

    def _store(self, entries: dict[str, _Entry], model: str, entry: _Entry) -> None:
        entries.pop(self._key(model), None)
        entries[self._key(model)] = entry
        while len(entries) > _MAX_MODELS:
            del entries[next(iter(entries))]

    def _change(self, edit: Callable[[dict[str, _Entry]], bool]) -> dict[str, _Entry]:
        """Return the entries after `edit`, which returns whether it has changed them."""
        entries: dict[str, _Entry] = {}

        def edited(content: bytes) -> bytes:
            # A worker that was killed while it wrote leaves a content that cannot be read.
            with contextlib.suppress(msgspec.MsgspecError):
                entries.update(_decoder.decode(content))
            return _encoder.encode(entries) if edit(entries) else content

        version, _ = self._document.change(edited)
        self._read = version, entries
        return entries

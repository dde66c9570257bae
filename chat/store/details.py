"""The fields of a turn's end that have no column, as JSON."""

from __future__ import annotations

import msgspec

from chat.store.records import Timings, Turn


class Details(msgspec.Struct, frozen=True, omit_defaults=True):
    """Notices and timings of a turn, and `reason` and `retry_after_s` of its error."""

    notices: tuple[str, ...] = ()
    reason: str = ""
    retry_after_s: int | None = None
    timings: Timings | None = None


_NONE = Details()
_decoder = msgspec.json.Decoder(Details)


def encode(turn: Turn) -> str:
    error = turn.error
    if error is None:
        return _text(Details(turn.notices, timings=turn.timings))
    return _text(Details(turn.notices, error.reason, error.retry_after_s, turn.timings))


def decode(text: str) -> Details:
    return _decoder.decode(text) if text else _NONE


def _text(details: Details) -> str:
    return "" if details == _NONE else msgspec.json.encode(details).decode()

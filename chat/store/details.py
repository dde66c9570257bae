"""The fields of a turn's end that have no column, as JSON. Most turns have none."""

from __future__ import annotations

import msgspec

from chat.store.records import Turn


class Details(msgspec.Struct, frozen=True, omit_defaults=True):
    """Notices of a turn, and `reason` and `retry_after_s` of its error."""

    notices: tuple[str, ...] = ()
    reason: str = ""
    retry_after_s: int | None = None


_NONE = Details()
_decoder = msgspec.json.Decoder(Details)


def encode(turn: Turn) -> str:
    error = turn.error
    if error is None:
        return _text(Details(turn.notices)) if turn.notices else ""
    return _text(Details(turn.notices, error.reason, error.retry_after_s))


def decode(text: str) -> Details:
    return _decoder.decode(text) if text else _NONE


def _text(details: Details) -> str:
    return "" if details == _NONE else msgspec.json.encode(details).decode()

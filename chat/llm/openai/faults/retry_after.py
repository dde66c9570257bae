"""The time that an endpoint asks to wait: in a header, in one of several formats, or in the body."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_UNIT = "(ms|[smhd])(?:ec(?:ond)?s?|in(?:ute)?s?|ours?|ays?)?"
_DURATION = re.compile(rf"(?:PT)?(?:\d+(?:\.\d+)?\s*{_UNIT}\s*)+", re.ASCII | re.IGNORECASE)
_PART = re.compile(rf"(\d+(?:\.\d+)?)\s*{_UNIT}", re.ASCII | re.IGNORECASE)
_MAX_DEPTH = 6
_MAX_FIELDS = 40
# A number this large is a time since 1970, in seconds or milliseconds.
_EPOCH_S, _EPOCH_MS = 1e9, 1e12
_UNITS_OF_FIELDS = {"retrydelay": 1.0, "retryafter": 1.0, "retryafterseconds": 1.0, "retryafterms": 0.001}


def retry_after_s(headers: Mapping[str, str], body: Any) -> float | None:
    """Return the seconds to wait before the next request, or None if the endpoint gives none."""
    for name, unit_s in (("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001), ("retry-after", 1.0)):
        seconds = _seconds(headers.get(name, ""), unit_s)
        if seconds is not None:
            return seconds
    return _in_body(body, _MAX_DEPTH)


def retry_hint(seconds: float | None) -> str:
    """Return the end of a sentence that tells the time to wait, or ""."""
    if not seconds:
        return ""
    if seconds > 24 * 3600:
        return "; it asks to wait for more than a day"
    if seconds >= 120:
        return f"; try again in {seconds / 60:.0f} min"
    return f"; try again in {max(1.0, seconds):.0f} s"


def _seconds(text: str, unit_s: float) -> float | None:
    text = text.strip()
    if re.fullmatch(r"\d+(\.\d*)?|\.\d+", text, re.ASCII):
        number = float(text)
        if number >= _EPOCH_S:
            return max(0.0, (number / 1000 if number >= _EPOCH_MS else number) - time.time())
        return number * unit_s
    if _DURATION.fullmatch(text):
        return sum(float(number) * _UNITS_S[unit.lower()] for number, unit in _PART.findall(text))
    at = _timestamp(text)
    return None if at is None else max(0.0, at - time.time())


def _timestamp(text: str) -> float | None:
    """Return the time that a date in the format of HTTP or of ISO 8601 means."""
    try:
        date = email.utils.parsedate_tz(text) if text else None
        if date is not None:
            return email.utils.mktime_tz(date)
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _in_body(body: Any, depth: int) -> float | None:
    """Return the seconds in Google's `retryDelay`, or in the `retry_after` of some brokers, in any spelling."""
    if depth == 0:
        return None
    if isinstance(body, list):
        inside = body[:10]
    elif isinstance(body, dict):
        for name, value in list(body.items())[:_MAX_FIELDS]:
            unit_s = _UNITS_OF_FIELDS.get(re.sub("[_-]", "", str(name)).lower())
            if unit_s and isinstance(value, (str, int, float)) and not isinstance(value, bool):
                seconds = _seconds(str(value), unit_s)
                if seconds is not None:
                    return seconds
        inside = [body.get(name) for name in ("error", "errors", "details", "detail", "metadata", "headers")]
    else:
        return None
    return next((seconds for each in inside if (seconds := _in_body(each, depth - 1)) is not None), None)

"""The time that an endpoint asks to wait: in a header, in one of several formats, or in the body."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from typing import Any

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_MAX_DEPTH = 6


def retry_after_s(headers: Mapping[str, str], body: Any) -> float | None:
    """Return the seconds to wait before the next request, or None if the endpoint gives none."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
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
        return float(text) * unit_s
    if _DURATION.fullmatch(text):
        return sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(text))
    date = email.utils.parsedate_tz(text) if text else None
    if date is None:
        return None
    try:
        return max(0.0, email.utils.mktime_tz(date) - time.time())
    except (ValueError, OverflowError):
        return None


def _in_body(body: Any, depth: int) -> float | None:
    """Return the seconds in Google's `retryDelay`, or in the `retry_after` of some brokers."""
    if depth == 0:
        return None
    if isinstance(body, list):
        inside = body[:10]
    elif isinstance(body, dict):
        for name in ("retryDelay", "retry_after", "retry_after_seconds"):
            value = body.get(name)
            if isinstance(value, (str, int, float)) and not isinstance(value, bool):
                seconds = _seconds(str(value), 1.0)
                if seconds is not None:
                    return seconds
        inside = [body.get(name) for name in ("error", "details", "detail", "metadata")]
    else:
        return None
    return next((seconds for each in inside if (seconds := _in_body(each, depth - 1)) is not None), None)

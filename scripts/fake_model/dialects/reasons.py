"""Refusals and errors that say why, in the forms of different endpoints."""

from __future__ import annotations

import json
from typing import Any

from scripts.fake_model.dialects.dialect import Dialect, Outcome, Raw, Whole, event, words

REASON = "Too many zebras were asked for"
REFUSED = Outcome("", "failed", REASON)
BROKEN_OFF = Outcome("The figures ", "failed", REASON)


def _refusal(summary: str, body: Any, status: int = 403, outcome: Outcome = REFUSED, **more: str) -> Dialect:
    return Dialect(f"{status} {summary}", ([Whole(body, status, **more)],), outcome)


def _in_stream(summary: str, *events: bytes) -> Dialect:
    return Dialect(f"in the stream, {summary}", ([words("The figures "), *events],), BROKEN_OFF)


def _redirect(status: int, target: str) -> Dialect:
    location = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
    outcome = Outcome("", "failed", "OPENAI_BASE_URL should be https://new.test/v1")
    return Dialect(f"a {status} to another address", ([Raw(location.encode())],), outcome)


REASONS: dict[str, Dialect] = {
    "reason-error": _refusal("with the reason in error.message", {"error": {"message": REASON}}),
    "reason-error-400": _refusal("with a reason of its own", {"error": {"message": REASON}}, 400),
    "reason-text": _refusal("with an error that is text", {"error": REASON}),
    "reason-list": _refusal("with a list of errors", [{"error": {"code": 400, "message": REASON, "status": "X"}}], 400),
    "reason-errors": _refusal("with errors", {"errors": [{"message": REASON}]}),
    "reason-detail": _refusal("with a detail", {"detail": REASON}),
    "reason-details": _refusal("with FastAPI's list", {"detail": [{"loc": ["x"], "msg": REASON, "type": "t"}]}, 422),
    "reason-message": _refusal("with a message", {"message": REASON}),
    "reason-older": _refusal("in the older form", {"object": "error", "message": REASON, "code": 403}),
    "reason-raw": _refusal(
        "beneath a broker's words",
        {"error": {"message": "Provider error", "metadata": {"raw": json.dumps({"error": {"message": REASON}})}}},
        400,
    ),
    "reason-raw-text": _refusal("as a broker's raw text", {"error": {"message": "No", "metadata": {"raw": REASON}}}),
    "reason-nested": _refusal("as JSON in a message", {"error": {"message": json.dumps({"detail": REASON})}}),
    "reason-plain": _refusal("as plain text", REASON.encode(), kind="text/plain"),
    "reason-number-first": _refusal(
        "that begins with a number between angle brackets", {"error": {"message": f"<400> Algo: {REASON}"}}
    ),
    "reason-status-first": _refusal(
        "beside the status in words", {"status": 403, "error": "Forbidden", "message": REASON}
    ),
    "reason-prefixed": _refusal(
        "as JSON after a name", {"error": {"message": f"BadRequestError: {json.dumps({'error': {'message': REASON}})}"}}
    ),
    "reason-event": _refusal(
        "as an event", b'event: error\ndata: {"error": {"message": "%b"}}\n\n' % REASON.encode(), kind="text/plain"
    ),
    "reason-page": _refusal(
        "with a web page", b"<html>secret</html>", outcome=Outcome("", "failed", "web page"), kind="text/html"
    ),
    "reason-401": _refusal("for the key", {"error": {"message": REASON}}, 401),
    "reason-429": _refusal(
        "with a wait",
        {"error": {"message": REASON}},
        429,
        Outcome("", "failed", f"{REASON}; try again in 30 s"),
        headers="Retry-After: 30\r\n",
    ),
    "reason-429-ms": _refusal(
        "with a wait in ms",
        {"error": {"message": REASON}},
        429,
        Outcome("", "failed", "try again in 30 s"),
        headers="Retry-After-Ms: 30000\r\n",
    ),
    "reason-429-body": _refusal(
        "with a wait in its body",
        {"error": {"message": REASON, "details": [{"retryDelay": "30s"}]}},
        429,
        Outcome("", "failed", "try again in 30 s"),
    ),
    "reason-503": _refusal(
        "with a wait",
        {"detail": REASON},
        503,
        Outcome("", "failed", f"{REASON}; try again in 30 s"),
        headers="Retry-After: 30\r\n",
    ),
    "reason-426": _refusal("for another protocol", b"", 426, Outcome("", "failed", "h2c"), headers="Upgrade: h2c\r\n"),
    "reason-301": _redirect(301, "https://new.test/v1/chat/completions"),
    "reason-308": _redirect(308, "https://me:word@new.test/v1/chat/completions?token=word"),
    "reason-stream-error": _in_stream("an error", event({"error": {"message": REASON}})),
    "reason-stream-text": _in_stream("an error that is text", event({"error": REASON})),
    "reason-stream-older": _in_stream("the older form", event({"object": "error", "message": REASON, "code": 500})),
    "reason-stream-detail": _in_stream("a detail", event({"detail": REASON})),
    "reason-stream-raw": _in_stream(
        "a broker's", event({"error": {"message": "No", "metadata": {"raw": json.dumps({"detail": REASON})}}})
    ),
    "reason-stream-named": _in_stream(
        "an event named error", b'event: error\ndata: {"message": "%b"}\n\n' % REASON.encode()
    ),
}

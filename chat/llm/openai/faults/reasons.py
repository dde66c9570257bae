"""The reason that an endpoint gives for a refusal or a failure, in any of the usual formats."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from chat.llm.openai.faults.redaction import is_page

_MAX_DEPTH = 8
_MAX_ITEMS = 3
_MAX_JSON_CHARACTERS = 64 * 1024

# Fields that hold the reason, the best first; compared without case and underscores.
_REASON_FIELDS = (
    *("error", "errors", "message", "msg", "detail", "details", "errormessage", "errormsg", "errordescription"),
    *("err", "errmsg", "statusmsg", "statusmessage", "usermessage", "localizedmessage", "innererror", "description"),
    *("reason", "title", "failure", "exception", "errorinfo", "faultstring", "fault", "text", "cause"),
)
# These words tell no more than the status does.
_STATUS_PHRASES = frozenset(status.phrase.lower() for status in HTTPStatus)
_ERROR_FIELDS = frozenset(("error", "errors", "message", "detail"))
# Fields that are used where no other has a reason.
_LABELS = ("code", "type", "status", "errorcode", "errortype")
_MAPPED = dict[str, Any]

_BLANKS = "\ufeff \t\r\n"
# An object, a list, or a whole text in quotation marks.
_JSON_BEGIN = re.compile(r'[{\[]|(?<!.)"', re.DOTALL)
# Before the data of a server-sent event.
_FRAMING = re.compile(r"(?:(?:event|data|id|error)\s*:\s*(?:\w+(?:\s+|\Z))?)*")


def reason(body: Any) -> str:
    """Return the reason in a refusal's body or a stream's error, unchanged; "" if there is none."""
    return _reason(body, _MAX_DEPTH)


def labels(body: Any) -> set[str]:
    """Return every code, type, status and parameter's name in `body`, in lower case."""
    return {label for label in _labels(body, _MAX_DEPTH) if label}


def _reason(body: Any, depth: int) -> str:
    if depth == 0:
        return ""
    if isinstance(body, str):
        return _of_text(body, depth)
    if isinstance(body, list):
        reasons = dict.fromkeys(filter(None, (_reason(each, depth - 1) for each in body[:_MAX_ITEMS])))
        return "; ".join(reasons)
    return _of_object(body, depth) if isinstance(body, dict) else ""


def _of_text(text: str, depth: int) -> str:
    if is_page(text):
        return ""
    before, inside = _json(text)
    if inside_reason := _reason(inside, depth - 1):
        return f"{before} {inside_reason}" if before else inside_reason
    return text.strip(_BLANKS)


def _of_object(body: _MAPPED, depth: int) -> str:
    fields = _fields(body)
    reasons = [text for name in _REASON_FIELDS if (text := _reason(fields.get(name), depth - 1))]
    text = next((each for each in reasons if each.lower() not in _STATUS_PHRASES), "".join(reasons[:1]))
    metadata = fields.get("metadata")
    if isinstance(metadata, dict):
        # A broker's own message is general ("Provider returned error"); the provider's message is in the metadata.
        raw = _reason(_fields(metadata).get("raw"), depth - 1)
        text = f"{text}: {raw}" if text and raw and raw not in text else text or raw
    if not text:
        # In a mapping of fields to their errors, as validation libraries write it.
        return _label(fields) or _of_unknown(body, depth)
    if location := _location(fields.get("loc")):
        return f"{location}: {text}"
    return text


def _of_unknown(body: _MAPPED, depth: int) -> str:
    for name, value in list(body.items())[:_MAX_ITEMS]:
        if isinstance(value, (dict, list)) and (inside := _reason(value, depth - 1)):
            return f"{name}: {inside}"
    return ""


def _location(path: Any) -> str:
    """Return the position of an error in the request, in FastAPI's form: ["body", "messages", 0]."""
    if not isinstance(path, list):
        return ""
    return ".".join(str(part) for part in path[:6] if isinstance(part, (str, int)))


def _label(fields: _MAPPED) -> str:
    for name in _LABELS:
        value = fields.get(name)
        if isinstance(value, str) and value.strip() and value.strip().lower() != "error":
            return value.strip()
    return ""


def _labels(body: Any, depth: int) -> Iterator[str]:
    if depth == 0:
        return
    if isinstance(body, str):
        body = _json(body)[1]
    if isinstance(body, list):
        for each in body[:_MAX_ITEMS]:
            yield from _labels(each, depth - 1)
    if isinstance(body, dict):
        fields = _fields(body)
        for name in (*_LABELS, "param"):
            if isinstance(value := fields.get(name), (str, int)):
                yield str(value).strip().lower()
        for name in ("error", "errors", "detail", "details", "message", "metadata", "raw"):
            yield from _labels(fields.get(name), depth - 1)


def _fields(body: _MAPPED) -> _MAPPED:
    return {str(name).lower().replace("_", ""): value for name, value in body.items()}


def _json(text: str) -> tuple[str, Any]:
    """Return the first JSON value in a text, such as an object after an exception's name, and the text before it."""
    begin = _JSON_BEGIN.search(text[:_MAX_JSON_CHARACTERS])
    if begin is None:
        return "", None
    try:
        value, end = _decode(text, begin.start())
    except (ValueError, RecursionError):
        return "", None
    if isinstance(value, str) and text[end:].strip(_BLANKS):
        return "", None  # a sentence that begins with a quotation
    before = text[: begin.start()].strip(_BLANKS)
    if not before or _FRAMING.fullmatch(before):
        return "", value
    # Within a sentence it may be a part of the request.
    is_error = isinstance(value, dict) and not _ERROR_FIELDS.isdisjoint(_fields(value))
    return (before, value) if is_error else ("", None)


_decode = json.JSONDecoder(strict=False).raw_decode

"""The reason that an endpoint gives for a refusal or a failure, in any of the usual formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from chat.llm.openai.faults.redaction import is_page

_MAX_DEPTH = 8
_MAX_ITEMS = 3
_MAX_JSON_CHARACTERS = 64 * 1024

# Fields that hold the reason, the best first; compared without case and underscores.
_REASON_FIELDS = (
    *("error", "errors", "message", "msg", "detail", "details", "errormessage", "errormsg", "errordescription"),
    *("description", "reason", "title", "failure", "exception", "errorinfo", "faultstring", "fault", "text", "cause"),
)
# Fields that are used where no other has a reason.
_LABELS = ("code", "type", "status", "errorcode", "errortype")
_MAPPED = dict[str, Any]


def reason(body: Any) -> str:
    """Return the reason in a refusal's body or a stream's error, unchanged; "" if there is none."""
    return _reason(body, _MAX_DEPTH)


def has_error(body: Any) -> bool:
    """Return whether an event's object, which has no choices, is an error."""
    if not isinstance(body, dict):
        return False
    fields = _fields(body)
    if any(fields.get(name) for name in ("error", "errors")):
        return True
    named = str(fields.get("object", "")).lower() == "error" or str(fields.get("type", "")).lower().endswith("error")
    return (named or "detail" in fields) and bool(reason(body))


def labels(body: Any) -> set[str]:
    """Return every code, type and status in `body`, in lower case."""
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
    text = text.strip()
    if is_page(text):
        return ""
    inside = _json(text)
    return _reason(inside, depth - 1) if isinstance(inside, (dict, list)) else text


def _of_object(body: _MAPPED, depth: int) -> str:
    fields = _fields(body)
    text = next(filter(None, (_reason(fields.get(name), depth - 1) for name in _REASON_FIELDS)), "")
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
        inside = _json(body)
        body = inside if isinstance(inside, (dict, list)) else None
    if isinstance(body, list):
        for each in body[:_MAX_ITEMS]:
            yield from _labels(each, depth - 1)
    if isinstance(body, dict):
        fields = _fields(body)
        for name in _LABELS:
            if isinstance(value := fields.get(name), (str, int)):
                yield str(value).strip().lower()
        for name in ("error", "errors", "detail", "details", "message", "metadata", "raw"):
            yield from _labels(fields.get(name), depth - 1)


def _fields(body: _MAPPED) -> _MAPPED:
    return {str(name).lower().replace("_", ""): value for name, value in body.items()}


def _json(text: str) -> Any:
    if text[:1] not in ("{", "[", '"') or len(text) > _MAX_JSON_CHARACTERS:
        return None
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return None

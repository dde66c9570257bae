"""Lenient decoding of a model's arguments: encoded twice, a list as text, nulls for omitted values."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_MOST_ENCODINGS = 3
_FENCE = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)
_SEPARATORS = re.compile(r"\s*[,;\n]\s*")


def decoded(text: str) -> Any:
    """Decode arguments, which may be JSON within JSON. Raises ValueError, msgspec.DecodeError or RecursionError."""
    value: Any = text.strip() or "{}"
    for _ in range(_MOST_ENCODINGS):
        value = _decoded_once(value)
        if not isinstance(value, str):
            break
        value = value.strip() or "{}"
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return {} if value is None else value


def as_list(text: str) -> Any:
    """Decode a list given as text: JSON, or items separated by commas."""
    if text.lstrip().startswith("["):
        try:
            return msgspec.json.decode(text)
        except (ValueError, RecursionError):
            text = text.strip().removeprefix("[").removesuffix("]").replace("'", "").replace('"', "")
    return [item for item in _SEPARATORS.split(text.strip()) if item]


def without_nulls(arguments: dict[str, Any], defaults: tuple[Any, ...], names: tuple[str, ...]) -> dict[str, Any]:
    """Drop each null whose parameter has a default: models write null for an omitted argument."""
    optional = names[len(names) - len(defaults) :]
    return {name: value for name, value in arguments.items() if value is not None or name not in optional}


def _decoded_once(text: str) -> Any:
    fenced = _FENCE.match(text)
    text = fenced[1] if fenced else text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        # Some endpoints send an empty object before the arguments.
        if not text.startswith("{}"):
            raise
        return msgspec.json.decode(text[2:])

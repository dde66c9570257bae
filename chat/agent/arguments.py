"""A model's arguments, as they were meant: encoded twice, with a list as a text, with nulls for what is left out."""

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
    """Read a list that came as a text: JSON, or its items with commas between them."""
    if text.lstrip().startswith("["):
        try:
            return msgspec.json.decode(text)
        except (ValueError, RecursionError):
            text = text.strip().removeprefix("[").removesuffix("]").replace("'", "").replace('"', "")
    return [item for item in _SEPARATORS.split(text.strip()) if item]


def without_nulls(given: dict[str, Any], defaults: tuple[Any, ...], names: tuple[str, ...]) -> dict[str, Any]:
    """The arguments without a null where a parameter has a default: models write it for what they leave out."""
    optional = names[len(names) - len(defaults) :]
    return {name: value for name, value in given.items() if value is not None or name not in optional}


def _decoded_once(text: str) -> Any:
    fenced = _FENCE.match(text)
    text = fenced[1] if fenced else text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        # Some endpoints begin with an empty object, which the arguments then follow.
        if not text.startswith("{}"):
            raise
        return msgspec.json.decode(text[2:])

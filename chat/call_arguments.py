"""Decoding of a tool call's arguments: an object, perhaps encoded twice, in a code block, or written twice."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import msgspec

_MOST_ENCODINGS = 3
_MOST_VALUES = 100
_FENCE = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)
_SPACE = re.compile(r"\s*")
_BLANKS = "\ufeff \t\r\n"
_PYTHON_CHARACTERS = 4000


def decode_arguments(text: str) -> Any:
    """Return the value of a call's arguments; an empty object for none. Raises ValueError or RecursionError."""
    value: Any = text.strip(_BLANKS) or "{}"
    for _ in range(_MOST_ENCODINGS):
        value = _decoded(value)
        if not isinstance(value, str):
            break
        value = value.strip(_BLANKS) or "{}"
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return {} if value is None else value


def _decoded(text: str) -> Any:
    fenced = _FENCE.match(text)
    text = fenced[1] if fenced else text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        try:
            value = _loosely_decoded(text)
            json.dumps(value, ensure_ascii=False).encode()  # refuses halves of surrogate pairs
        except (json.JSONDecodeError, UnicodeEncodeError):
            raise error from None
        return value


def _loosely_decoded(text: str) -> Any:
    """Decode JSON with control characters, an empty or equal value before it, or a model's token after it."""
    if text.startswith("{'"):
        return _of_python(text)
    arguments: Any = {}
    position = 0
    for _ in range(_MOST_VALUES):
        if position == len(text) or text[position] == "<":
            return arguments
        value, end = _next_value(text, position)
        if value not in (None, {}, [], arguments):
            if arguments:
                break
            arguments = value
        blanks = _SPACE.match(text, end)
        position = blanks.end() if blanks else end
    raise ValueError("Expected one `object`")


def _of_python(text: str) -> Any:
    """Decode an object in Python's notation, which some endpoints write in place of JSON."""
    try:
        return ast.literal_eval(text[:_PYTHON_CHARACTERS])
    except (SyntaxError, MemoryError):
        raise ValueError("JSON is malformed") from None


_next_value = json.JSONDecoder(strict=False).raw_decode

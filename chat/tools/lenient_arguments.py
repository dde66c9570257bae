"""Corrections of a model's arguments: a list as text, nulls for omitted values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

_SEPARATORS = re.compile(r"\s*[,;\n]\s*")


def as_list(text: str) -> Any:
    """Decode a list given as text: JSON, or items separated by commas."""
    if text.lstrip().startswith("["):
        try:
            return msgspec.json.decode(text)
        except (ValueError, RecursionError):
            text = text.strip().removeprefix("[").removesuffix("]").replace("'", "").replace('"', "")
    return [item for item in _SEPARATORS.split(text.strip()) if item]


def without_nulls(arguments: Mapping[str, Any], defaults: tuple[Any, ...], names: tuple[str, ...]) -> dict[str, Any]:
    """Drop each null whose parameter has a default: models write null for an omitted argument."""
    optional = names[len(names) - len(defaults) :]
    return {name: value for name, value in arguments.items() if value is not None or name not in optional}

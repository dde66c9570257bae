"""Corrections of a model's arguments: a list as text, nulls for omitted values, a choice in other letters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

_SEPARATORS = re.compile(r"[,;\n]")


def as_list(text: str) -> Any:
    """Decode a list given as text: JSON, or items separated by commas."""
    if text.lstrip().startswith("["):
        try:
            return msgspec.json.decode(text)
        except (ValueError, RecursionError):
            text = text.strip().removeprefix("[").removesuffix("]").replace("'", "").replace('"', "")
    return [item for part in _SEPARATORS.split(text) if (item := part.strip())]


def as_choice(text: str, choices: Sequence[str]) -> str:
    """Return the choice that differs from `text` in case and separators only, or `text`: "GDP growth" is gdp_growth."""
    key = _key(text)
    return next((choice for choice in choices if _key(choice) == key), text)


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def without_nulls(arguments: Mapping[str, Any], defaults: tuple[Any, ...], names: tuple[str, ...]) -> dict[str, Any]:
    """Drop each null whose parameter has a default: models write null for an omitted argument."""
    optional = names[len(names) - len(defaults) :]
    return {name: value for name, value in arguments.items() if value is not None or name not in optional}

"""The dialects by name: one table for each subject."""

from __future__ import annotations

from scripts.fake_model.dialects.details import DETAILS
from scripts.fake_model.dialects.dialect import PREFIX, Dialect
from scripts.fake_model.dialects.endings import ENDINGS
from scripts.fake_model.dialects.forms import FORMS
from scripts.fake_model.dialects.optional import OPTIONAL
from scripts.fake_model.dialects.reasons import REASONS
from scripts.fake_model.dialects.stuck import STUCK
from scripts.fake_model.dialects.tool_call_replies import TOOL_CALL_REPLIES
from scripts.fake_model.dialects.tool_calls import TOOL_CALLS

DIALECTS: dict[str, Dialect] = TOOL_CALL_REPLIES | TOOL_CALLS | OPTIONAL | ENDINGS | FORMS | DETAILS | STUCK | REASONS


def named(model: str) -> Dialect | None:
    """Return the dialect that the model's name of a request selects. Raises KeyError if there is none."""
    if not model.startswith(PREFIX):
        return None
    return DIALECTS[model.removeprefix(PREFIX).partition("?")[0]]


def listing() -> str:
    """Return a line for each dialect."""
    width = max(map(len, DIALECTS)) + 2
    return "\n".join(f"  {name:<{width}}{dialect.summary}" for name, dialect in DIALECTS.items())

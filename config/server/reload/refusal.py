"""Refusal of a switch."""

from __future__ import annotations

UNCHANGED = "Nothing was changed."


class SwitchRefused(Exception):
    """The switch failed. The message names the obstacle, and says that nothing was changed or what was undone."""

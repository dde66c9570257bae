"""Refusals and errors that say why, in the forms of different endpoints."""

from __future__ import annotations

from scripts.fake_model.dialects.dialect import Dialect, Outcome, Whole

REASONS: dict[str, Dialect] = {
    "reason-error": Dialect(
        "400 with the reason in error.message",
        ([Whole({"error": {"message": "The key is not valid"}}, 400)],),
        Outcome("", "failed", "The key is not valid"),
    ),
}

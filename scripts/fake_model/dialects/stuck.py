"""Endpoints that refuse a conversation: its order, its length."""

from __future__ import annotations

from scripts.fake_model.dialects.dialect import Dialect

STUCK: dict[str, Dialect] = {}

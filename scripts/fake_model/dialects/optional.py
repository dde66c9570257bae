"""Endpoints without something that is optional: tools, the usage option, the system role."""

from __future__ import annotations

from scripts.fake_model.dialects.dialect import Dialect

OPTIONAL: dict[str, Dialect] = {}

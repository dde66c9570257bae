"""Details that do not matter: framing, characters, counts, types."""

from __future__ import annotations

from scripts.fake_model.dialects.dialect import FINAL, Dialect

DETAILS: dict[str, Dialect] = {
    "pings": Dialect("comments before and between events", ([b": ping\n\n", FINAL[0], b": ping\n\n", *FINAL[1:]],)),
}

"""How answers end: well, cut, filtered, failed, or empty."""

from __future__ import annotations

from scripts.fake_model.dialects.dialect import Dialect, Outcome, saying, words

WORDS = words("Half of ")

ENDINGS: dict[str, Dialect] = {
    "end-stop": Dialect("ends with stop", (saying(words("The figures are in.")),)),
    "end-length": Dialect(
        "reaches its limit", (saying(WORDS, finish="length"),), Outcome("Half of ", "failed", "limit")
    ),
}

"""The model of a scene: the options of the fake model, and the shortest time of one of its answers."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.fake_llm import FakeLLM
from scripts.fake_model.request import generated_text, stamp_text


@dataclass(frozen=True)
class Pace:
    """Schedule of an answer: `first_s` to the first token, then `tokens` tokens, one every `gap_s`."""

    first_s: float = 0.5
    tokens: int = 200
    gap_s: float = 0.02

    @property
    def answer_s(self) -> float:
        return self.first_s + (self.tokens - 1) * self.gap_s

    @property
    def characters(self) -> int:
        """Return the length of a whole answer, whose first and last tokens are stamps."""
        return len(generated_text(self.tokens - 1)) - len(generated_text(1)) + 2 * len(stamp_text(0, 0))

    def model(self) -> FakeLLM:
        return FakeLLM(first=self.first_s, tokens=self.tokens, gap=self.gap_s, stamp=1)


PACE = Pace()
# An answer of twenty seconds.
SLOW = Pace(first_s=0.05, tokens=400, gap_s=0.05)

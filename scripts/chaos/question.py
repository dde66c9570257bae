"""A question, the model's answer to it, and all that its user has received."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from scripts.fake_llm import directive
from scripts.kit.sse import Event

STREAM, PLAIN, POLL = "stream", "plain", "poll"
FORMS = (STREAM, PLAIN, POLL)
_COUNTRIES = ("China", "India", "Japan", "Brazil", "Mexico", "France", "Germany", "Canada", "Kenya", "Chile")
_numbers = itertools.count(1)


@dataclass
class Question:
    """One question. `form`: the request returns the stream; or 202, and then it is followed; or 202, and then polled.

    `answer` is all that the model sends. Its words are unique among all questions, so that a part that is lost,
    doubled, or another user's is detected.
    """

    text: str
    answer: str
    client_id: str
    form: str = STREAM
    model: str | None = None
    conversation: int = 0
    turn: dict[str, Any] | None = None  # ids of the `turn` event or the 202: then the question is acknowledged
    status: str = ""
    error: str = ""
    polled_text: str = ""  # the text as GET /api/turns/<id> shows it, in the form POLL
    events: list[Event] = field(default_factory=list)
    drops: list[str] = field(default_factory=list)  # how each of its connections broke
    redirects: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    sent_at: float = 0.0
    ended_at: float = 0.0

    def __str__(self) -> str:
        turn = f"turn {self.turn['turn_id']}" if self.turn else "no turn"
        return f"{turn} of conversation {self.conversation} ({self.client_id}, {self.form})"

    @property
    def last(self) -> int:
        """Return the number of the last event received."""
        return self.events[-1].number if self.events else 0

    @property
    def received_text(self) -> str:
        return "".join(event.data["text"] for event in list(self.events) if event.name == "delta")

    @property
    def at_a_tool(self) -> bool:
        """Return whether a tool call has arrived, but not its result."""
        names = Counter(event.name for event in list(self.events))
        return names["tool_call"] > names["tool_result"]

    def has_event(self, name: str) -> bool:
        return any(event.name == name for event in list(self.events))


def make_question(
    words: int, *, form: str = STREAM, tool: bool = False, model: str | None = None, **how: Any
) -> Question:
    """Return a unique question whose answer has `words` words. `how` are options of `scripts/fake_llm.py`."""
    number = next(_numbers)
    answer = "".join(f" {number}.{word}" for word in range(words)).strip()
    if tool:
        how["tool"] = [("market_data", {"country": random.choice(_COUNTRIES)})]
    text = f"Question {number} [{directive(text=answer, **how)}]"
    return Question(text, answer, f"chaos-{number}", form, model)

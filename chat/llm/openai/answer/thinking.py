"""Reasoning that a model writes at the beginning of its text, between tags: `<think>…</think>`."""

from __future__ import annotations

import re

NAMES = ("think", "thinking", "thought", "reasoning", "reason")
# Tags of Seed, Magistral and Kimi models, which their servers do not always remove.
_OPENING = (*(f"<{name}>" for name in NAMES), "<seed:think>", "[think]", "◁think▷", "<|think|>")
_CLOSING = (*(f"</{name}>" for name in NAMES), "</seed:think>", "[/think]", "◁/think▷", "<|/think|>")
_TAGS = _OPENING + _CLOSING
_LONGEST_TAG = max(map(len, _TAGS))
_BEGINNINGS = frozenset(tag[:size] for tag in _TAGS for size in range(len(tag)))
_ENDS = {tag: re.compile(re.escape(tag), re.IGNORECASE) for tag in _CLOSING}
_BYTE_ORDER_MARK = "\ufeff"
# More blanks than this are not held back: they would be searched again at each piece.
_MOST_HELD = 2048

# A flag for reasoning, and the text.
Part = tuple[bool, str]


class ThinkingTags:
    """Parser that splits the beginning of a text into reasoning and text; its input arrives in arbitrary pieces.

    Once the text itself has begun (`in_text`), everything is text, and tags have no meaning.
    """

    def __init__(self) -> None:
        self.in_text = False
        # The part before the text, including the tags, if there was any reasoning.
        self.prefix = ""
        self._fed: list[str] = []
        self._closing = ""  # closing tag of the open tag
        self._buffer = ""  # not yet known to be reasoning or text
        self._blank = True  # the reasoning so far is blank
        self._passed = False  # the reasoning has ended: blanks before the text are dropped

    def feed(self, text: str) -> list[Part]:
        """Return the parts that are certain now."""
        if self.in_text:
            return [(False, text)]
        self._buffer += text
        self._fed.append(text)
        parts: list[Part] = []
        while self._buffer and not self.in_text and self._step(parts):
            pass
        return parts

    def end(self) -> list[Part]:
        """Return the held back part at the end of the input."""
        rest, self._buffer = self._buffer, ""
        self._begin_text("" if self._closing or self._passed else rest)
        if self._closing:
            rest = rest.rstrip()
        elif self._passed:
            rest = rest.lstrip()
        return [(bool(self._closing), rest)] if rest else []

    def _step(self, parts: list[Part]) -> bool:
        """Move the certain part out of the held text. Return whether another step may find more."""
        return self._inside(parts) if self._closing else self._before(parts)

    def _before(self, parts: list[Part]) -> bool:
        """Check whether the text begins with a tag."""
        stripped = self._buffer.lstrip().removeprefix(_BYTE_ORDER_MARK).lstrip()
        lowered = stripped[:_LONGEST_TAG].lower()
        for opening, closing in zip(_OPENING, _CLOSING, strict=True) if lowered[:1] in _BEGINNINGS else ():
            if lowered.startswith(opening):
                self._buffer, self._closing, self._blank = stripped[len(opening) :], closing, True
                return True
            if lowered.startswith(closing):  # the opening tag was a part of the prompt
                self._buffer, self._passed = stripped[len(closing) :], True
                return True
        if len(self._buffer) <= _MOST_HELD and lowered in _BEGINNINGS:
            return False
        text, self._buffer = stripped if self._passed else self._buffer, ""
        self._begin_text(text)
        parts.append((False, text))
        return False

    def _begin_text(self, text: str) -> None:
        """Record that only text follows: first `text`, the end of the input so far."""
        self.in_text = True
        fed = "".join(self._fed)
        self._fed.clear()
        if self._passed or self._closing:
            self.prefix = fed[: len(fed) - len(text)]

    def _inside(self, parts: list[Part]) -> bool:
        """Look for the closing tag. Blanks at both ends of the reasoning are dropped."""
        if self._blank:
            self._buffer = self._buffer.lstrip()
        end = _ENDS[self._closing].search(self._buffer)
        if end:
            reasoning, self._buffer = self._buffer[: end.start()].rstrip(), self._buffer[end.end() :]
            self._closing, self._passed = "", True
        else:
            reasoning = self._buffer[: self._certain()]
            reasoning = reasoning if len(reasoning) > _MOST_HELD else reasoning.rstrip()
            self._buffer = self._buffer[len(reasoning) :]
        if reasoning:
            self._blank = False
            parts.append((True, reasoning))
        return bool(end)

    def _certain(self) -> int:
        """Return how much of the held text cannot be the beginning of the closing tag."""
        at = self._buffer.rfind(self._closing[0], -len(self._closing))
        return len(self._buffer) if at < 0 or not self._closing.startswith(self._buffer[at:].lower()) else at

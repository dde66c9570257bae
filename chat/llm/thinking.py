"""Reasoning that a model writes into its text, between tags at the beginning: `<think>…</think>`."""

from __future__ import annotations

import re

NAMES = ("think", "thinking", "thought", "reasoning", "reason")
_OPENING = tuple(f"<{name}>" for name in NAMES)
_CLOSING = tuple(f"</{name}>" for name in NAMES)
_TAGS = _OPENING + _CLOSING
_LONGEST_TAG = max(map(len, _TAGS))
_ENDS = {tag: re.compile(tag, re.IGNORECASE) for tag in _CLOSING}
# Blanks beyond this are not held back any longer: they would be looked through at each piece.
_MOST_HELD = 2048

# Whether it is reasoning, and the text.
Part = tuple[bool, str]


class ThinkingTags:
    """Parts the beginning of a text into reasoning and text, in pieces cut anywhere.

    Once the text itself has begun (`in_text`), everything is text: a tag in its middle is a word like others.
    """

    def __init__(self) -> None:
        self.in_text = False
        # What stood before the text, tags and all, if there was any reasoning.
        self.prefix = ""
        self._fed: list[str] = []
        self._closing = ""  # of the tag that is open
        self._held = ""  # not yet known to be one or the other
        self._blank = True  # nothing of the reasoning has come but blanks
        self._passed = False  # reasoning has ended: blanks before the text are dropped

    def feed(self, text: str) -> list[Part]:
        """The parts that are certain now."""
        if self.in_text:
            return [(False, text)]
        self._held += text
        self._fed.append(text)
        parts: list[Part] = []
        while self._held and not self.in_text and self._step(parts):
            pass
        return parts

    def end(self) -> list[Part]:
        """What was held back, once nothing more comes."""
        held, self._held = self._held, ""
        self._begin_text("" if self._closing or self._passed else held)
        if self._closing:
            held = held.rstrip()
        elif self._passed:
            held = held.lstrip()
        return [(bool(self._closing), held)] if held else []

    def _step(self, parts: list[Part]) -> bool:
        """Take what is certain from what is held. Returns whether that is worth another look."""
        return self._inside(parts) if self._closing else self._before(parts)

    def _before(self, parts: list[Part]) -> bool:
        """Look whether the text begins with a tag."""
        begun = self._held.lstrip()
        lowered = begun[:_LONGEST_TAG].lower()
        for opening, closing in zip(_OPENING, _CLOSING, strict=True):
            if lowered.startswith(opening):
                self._held, self._closing, self._blank = begun[len(opening) :], closing, True
                return True
            if lowered.startswith(closing):  # the opening one was a part of the prompt
                self._held, self._passed = begun[len(closing) :], True
                return True
        if len(self._held) <= _MOST_HELD and any(tag.startswith(lowered) for tag in _TAGS):
            return False
        text, self._held = begun if self._passed else self._held, ""
        self._begin_text(text)
        parts.append((False, text))
        return False

    def _begin_text(self, text: str) -> None:
        """Note that nothing but text comes from now on: first `text`, the end of what was fed."""
        self.in_text = True
        fed = "".join(self._fed)
        self._fed.clear()
        if self._passed or self._closing:
            self.prefix = fed[: len(fed) - len(text)]

    def _inside(self, parts: list[Part]) -> bool:
        """Look for the closing tag. Blanks at the beginning and the end of the reasoning are dropped."""
        if self._blank:
            self._held = self._held.lstrip()
        found = _ENDS[self._closing].search(self._held)
        if found:
            reasoning, self._held = self._held[: found.start()].rstrip(), self._held[found.end() :]
            self._closing, self._passed = "", True
        else:
            reasoning = self._held[: self._certain()]
            reasoning = reasoning if len(reasoning) > _MOST_HELD else reasoning.rstrip()
            self._held = self._held[len(reasoning) :]
        if reasoning:
            self._blank = False
            parts.append((True, reasoning))
        return bool(found)

    def _certain(self) -> int:
        """How much of what is held cannot be the beginning of the closing tag."""
        at = self._held.rfind("<", -len(self._closing))
        return len(self._held) if at < 0 or not self._closing.startswith(self._held[at:].lower()) else at

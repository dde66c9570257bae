"""What an endpoint sends beside a message's tool calls and must get back with them: its reasoning, in its own form."""

from __future__ import annotations

from typing import Any

from chat.llm.chunks import EXTRA_FIELDS, Delta
from chat.llm.tool_calls import MAX_CALLS_CHARACTERS, as_text, merge

# Fields of a reasoning detail that come in pieces.
_IN_PIECES = ("text", "summary", "thinking", "data")


class MessageExtras:
    """The fields of one answer's message, under the names under which they came."""

    def __init__(self) -> None:
        self._reasoning: dict[str, list[str]] = {}
        self._name = "reasoning_content"
        self._fields: dict[str, Any] = {}
        self._characters = 0

    def add_named(self, delta: Delta) -> None:
        """Take the reasoning of a delta, by the field that has it."""
        for name in ("reasoning_content", "reasoning"):
            if text := getattr(delta, name):
                self._name = name
                self.add_reasoning(text)

    def add_reasoning(self, text: str) -> None:
        """Take more reasoning, of the field that came last."""
        self._characters += len(text)
        if self._characters <= MAX_CALLS_CHARACTERS:
            self._reasoning.setdefault(self._name, []).append(text)

    def add(self, delta: Delta) -> None:
        """Take the other fields of a delta."""
        for name in EXTRA_FIELDS:
            value = getattr(delta, name)
            if not value:
                continue
            self._characters += len(as_text(value))
            if self._characters > MAX_CALLS_CHARACTERS:
                continue
            known = self._fields.get(name)
            if isinstance(value, list):
                self._fields[name] = _joined(known if isinstance(known, list) else [], value)
            elif isinstance(value, dict) and isinstance(known, dict):
                merge(known, value)
            else:
                self._fields[name] = value

    def add_prefix(self, prefix: str) -> None:
        """Take what stood before the text of the message's content."""
        if prefix:
            self._characters += len(prefix)
            self._fields["content"] = prefix

    def as_text(self) -> str:
        """JSON text of all fields, or ""."""
        fields = {name: "".join(texts) for name, texts in self._reasoning.items()} | self._fields
        # A part of the reasoning is worth nothing to an endpoint that checks it.
        return as_text(fields) if fields and self._characters <= MAX_CALLS_CHARACTERS else ""


def _joined(known: list[Any], new: list[Any]) -> list[Any]:
    """Add the details of a delta: a fragment is joined to the one before it if both are of one kind and place."""
    for each in new:
        last = known[-1] if known else None
        if isinstance(last, dict) and isinstance(each, dict) and _place(last) == _place(each):
            _join(last, each)
        elif each is not None:
            known.append(dict(each) if isinstance(each, dict) else each)
    return known


def _place(detail: dict[str, Any]) -> tuple[Any, Any]:
    return detail.get("type"), detail.get("index")


def _join(into: dict[str, Any], new: dict[str, Any]) -> None:
    for name, value in new.items():
        known = into.get(name)
        if name in _IN_PIECES and isinstance(known, str) and isinstance(value, str):
            into[name] = known + value
        elif value is not None:
            into[name] = value

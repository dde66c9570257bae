"""Fields beside a message's tool calls that must be sent back with them, such as the reasoning in its own format."""

from __future__ import annotations

from typing import Any

from chat.llm.openai.answer.chunks import EXTRA_FIELDS, REASONING_FIELDS, Delta
from chat.llm.openai.answer.tool_calls import MAX_CALLS_CHARACTERS, as_text, merge

# Fields of a reasoning detail that arrive in fragments.
_IN_PIECES = ("text", "summary", "thinking", "data")


class MessageExtras:
    """Extra fields of one answer's message, under their original names."""

    def __init__(self) -> None:
        self._reasoning: dict[str, list[str]] = {}
        self._name = "reasoning_content"
        self._fields: dict[str, Any] = {}
        self._characters = 0

    def add_named(self, delta: Delta) -> None:
        """Add the reasoning of a delta, under the name of its field."""
        for name in REASONING_FIELDS:
            if text := getattr(delta, name):
                self._name = name
                self.add_reasoning(text)

    def add_reasoning(self, text: str) -> None:
        """Add reasoning text to the field that was used last."""
        self._characters += len(text)
        if self._characters <= MAX_CALLS_CHARACTERS:
            self._reasoning.setdefault(self._name, []).append(text)

    def add_others(self, fields: dict[str, Any]) -> None:
        """Add the fields of a delta or a message that are not interpreted."""
        for name, value in fields.items():
            if name in REASONING_FIELDS:
                # An endpoint may require its reasoning even if it is empty.
                if value == "":
                    self._reasoning.setdefault(name, [])
            elif value:
                self._add(name, value)

    def add(self, delta: Delta) -> None:
        """Add the other extra fields of a delta."""
        for name in EXTRA_FIELDS:
            if value := getattr(delta, name):
                self._add(name, value)

    def _add(self, name: str, value: Any) -> None:
        self._characters += len(as_text(value))
        if self._characters > MAX_CALLS_CHARACTERS:
            return
        known = self._fields.get(name)
        if isinstance(value, list):
            self._fields[name] = _joined(known if isinstance(known, list) else [], value)
        elif isinstance(value, dict) and isinstance(known, dict):
            merge(known, value)
        elif isinstance(value, str) and isinstance(known, str) and known != value:
            self._fields[name] = known + value
        else:
            self._fields[name] = value

    def add_prefix(self, prefix: str) -> None:
        """Add the part of the message's content that precedes its text."""
        if prefix:
            self._characters += len(prefix)
            self._fields["content"] = prefix

    def as_text(self) -> str:
        """Return all fields as JSON text, or ""."""
        fields = {name: "".join(texts) for name, texts in self._reasoning.items()} | self._fields
        # Reasoning that is cut would be refused by an endpoint that verifies it.
        return as_text(fields) if fields and self._characters <= MAX_CALLS_CHARACTERS else ""


def _joined(known: list[Any], new: list[Any]) -> list[Any]:
    """Add the details of a delta; a fragment is appended to the one before it if type and index are the same."""
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

"""Fast path for chunks that are the same bytes except for their text.

The template is learnt from one event. Data in exactly these bytes is split at the template instead of being decoded;
docs/performance.md has the figures.
"""

from __future__ import annotations

import re

from chat.llm.openai.answer.text_parts import decode_text_delta
from chat.messages import ReasoningDelta, TextDelta

_PROBE = "words"
# A character that ends a JSON string, begins an escape in it, or is not allowed in one.
_NOT_PLAIN = re.compile(rb'["\\\x00-\x1f]').search
# A server may vary its chunks' other bytes each time; learning then stops.
_MAX_FAILURES = 8


class ChunkTemplate:
    """The bytes around the text in one answer's events, once they are known."""

    def __init__(self) -> None:
        self._kind: type[TextDelta] | type[ReasoningDelta] = TextDelta
        self._before = self._after = self._between = b""
        self._failures = 0

    def learn(self, data: bytes) -> None:
        """Learn the template from an event's data, if the event has text alone."""
        if self._failures == _MAX_FAILURES:
            return
        self._failures += 1
        delta = decode_text_delta(data)
        if delta is None or b"\\" in data:
            return
        before, words, after = data.partition(b'"%b"' % delta.text.encode())
        # Verify the position: with another text there, decoding must return that other text.
        if words and decode_text_delta(b'%b"%b"%b' % (before, _PROBE.encode(), after)) == type(delta)(_PROBE):
            self._kind = type(delta)
            self._before, self._after = b'data: %b"' % before, b'"%b\n\n' % after
            self._between = self._after + self._before

    def match(self, received: bytes) -> TextDelta | ReasoningDelta | None:
        """Return the text of whole events in this template; None if `received` is anything else.

        Call it only where an event may begin.
        """
        if not (self._before and received.startswith(self._before) and received.endswith(self._after)):
            return None
        inside = received[len(self._before) : -len(self._after)].split(self._between)
        joined = b"".join(inside)
        if _NOT_PLAIN(joined):
            return None
        try:
            text = joined.decode()
        except UnicodeDecodeError:
            return None
        self._failures = 0
        return self._kind(text)

"""Words that come in the same wrapping over and over.

The events of an answer mostly differ in their words alone: the wrapping is learnt from one event, and whatever comes
in the very same bytes is split at it instead of being decoded: of seven events that came together each takes 0.4 µs
so, and 1.6 µs otherwise.
"""

from __future__ import annotations

import re

from chat.llm.words import words_alone
from chat.messages import ReasoningDelta, TextDelta

_PROBE = "words"
# What ends a JSON string, begins an escape in it, or may not stand in one.
_NOT_PLAIN = re.compile(rb'["\\\x00-\x1f]').search
# A server whose wrapping is another one each time, which is allowed, is not tried for ever.
_TRIES = 8


class Wrapping:
    """What stands around the words of one answer's events, so far as it is known."""

    def __init__(self) -> None:
        self._kind: type[TextDelta] | type[ReasoningDelta] = TextDelta
        self._before = self._after = self._between = b""
        self._in_vain = 0

    def learn(self, data: bytes) -> None:
        """Take the wrapping from an event's data, if there is nothing in it but words."""
        if self._in_vain == _TRIES:
            return
        self._in_vain += 1
        said = words_alone(data)
        if said is None or b"\\" in data:
            return
        before, words, after = data.partition(b'"%b"' % said.text.encode())
        # Whether these are the words is not guessed: put others in their place, and see whether they are read.
        if words and words_alone(b'%b"%b"%b' % (before, _PROBE.encode(), after)) == type(said)(_PROBE):
            self._kind = type(said)
            self._before, self._after = b'data: %b"' % before, b'"%b\n\n' % after
            self._between = self._after + self._before

    def words(self, received: bytes) -> TextDelta | ReasoningDelta | None:
        """The words of whole events that come in this wrapping; None where `received` is anything else.

        To be asked only where an event may begin.
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
        self._in_vain = 0
        return self._kind(text)

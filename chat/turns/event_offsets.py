"""Boundaries of a turn's events in its answer, to replay the events after the log in memory is gone.

The answer's text, tool calls and title are stored anyway. The event offsets are what else is needed to replay the
events with the same numbers: a JSON list with one item per event. `12` is a `delta` of twelve characters, `-7` a
`reasoning` of seven, `"call 0"` and `"result 0"` belong to the first tool call, `"title"` is the title. `0` is a
`tool_progress`, which is not replayed. `turn`, which is always the first event, and `error` and `done`, the last ones,
have no item.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from chat.events.contract import Event, make_event
from chat.messages import Answer
from chat.store.records import INTERRUPTED, RUNNING, Turn
from chat.turns import event_data

EventOffset = int | str

# Progress means nothing once its call has ended. An earlier release replays it as an empty `reasoning`.
NOT_STORED = 0


def encode(offsets: list[EventOffset]) -> str:
    """Return the event offsets as JSON."""
    return msgspec.json.encode(offsets).decode()


class StoredTurn:
    """A turn with its answer, title and event offsets from the database.

    If it still runs, these are as of its last checkpoint. Its events are identical to those in its worker's log, but
    those of a tool's progress are missing.
    """

    def __init__(self, turn: Turn, answer: Answer, title: str) -> None:
        self._turn = turn
        self._answer = answer
        self._title = title
        self._offsets = msgspec.json.decode(turn.event_offsets, type=list[int | str])

    @property
    def ended(self) -> bool:
        """Return whether the turn has ended, so that nothing of it will change."""
        return self._turn.status != RUNNING

    @property
    def last_number(self) -> int:
        """Return the number of the last event before `error` and `done`."""
        return 1 + len(self._offsets)

    def events(self, after: int = 0) -> Iterator[Event]:
        """Yield the events with a number above `after`."""
        if after < 1:
            yield make_event(1, "turn", event_data.turn_data(self._turn))
        yield from self._stored_events(after)
        if self.ended:
            yield from self._last_events(after)

    def _last_events(self, after: int) -> Iterator[Event]:
        """Yield `error`, if there is one, and `done`.

        A worker that dies loses the events of its last second. A follower that has received them gets the last events
        with the numbers that come after those.
        """
        turn, number = self._turn, self.last_number
        if turn.status == INTERRUPTED:
            number = max(number, after)
        last: list[tuple[str, msgspec.Struct]] = [("done", event_data.done_data(turn))]
        if turn.error is not None:
            last.insert(0, ("error", event_data.error_data(turn.error)))
        for name, data in last:
            number += 1
            if number > after:
                yield make_event(number, name, data)

    def _stored_events(self, after: int) -> Iterator[Event]:
        text = reasoning = 0
        for number, offset in enumerate(self._offsets, 2):
            if number > after and offset != NOT_STORED:
                yield make_event(number, *self._name_and_data(offset, text, reasoning))
            if not isinstance(offset, str):
                text, reasoning = text + max(offset, 0), reasoning - min(offset, 0)

    def _name_and_data(self, offset: EventOffset, text: int, reasoning: int) -> tuple[str, msgspec.Struct]:
        """Return an event's name and data. `text` and `reasoning` are the positions where a delta begins."""
        answer = self._answer
        if not isinstance(offset, str):
            if offset > 0:
                return "delta", event_data.TextData(answer.text[text : text + offset])
            return "reasoning", event_data.TextData(answer.reasoning[reasoning : reasoning - offset])
        kind, _, position = offset.partition(" ")
        if kind == "title":
            return "title", event_data.TitleData(self._title)
        if kind == "call":
            return "tool_call", event_data.tool_call_data(answer.tool_calls[int(position)])
        return "tool_result", event_data.tool_result_data(answer.tool_calls[int(position)])

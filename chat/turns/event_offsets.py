"""Where one event of a turn ends and the next begins, kept beside the answer.

The answer's text, tool calls and title are in the database anyway; a turn's marks are the little that is
missing to tell its events again, with the same numbers, after the log in memory is gone: a JSON list with
an item an event. `12` is a `delta` of twelve characters, `-7` a `reasoning` of seven, `"call 0"` and
`"result 0"` are the first tool call's, `"title"` is itself. `turn` comes first and `error` and `done` last, unsaid.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from chat.events.contract import Event, event
from chat.messages import Answer
from chat.store.records import INTERRUPTED, Turn
from chat.turns import event_data

EventOffset = int | str


def encode(marks: list[EventOffset]) -> str:
    return msgspec.json.encode(marks).decode()


class EndedTurn:
    """A turn that has ended, its answer and its title, with where its events begin and end."""

    def __init__(self, turn: Turn, answer: Answer, title: str) -> None:
        self._turn = turn
        self._answer = answer
        self._title = title
        self._marks = msgspec.json.decode(turn.event_offsets, type=list[int | str])

    def events(self, after: int = 0) -> Iterator[Event]:
        """The events with a number above `after`, exactly as its followers had them, each made as it is needed.

        A worker that died took its last second of events with it. Whoever saw more of them than were kept is
        told of the end all the same.
        """
        turn = self._turn
        if after < 1:
            yield event(1, "turn", event_data.turn_data(turn))
        yield from self._marked(after)
        told = 1 + len(self._marks)
        closing = [("done", event_data.done_data(turn))]
        if turn.error is not None:
            closing.insert(0, ("error", event_data.error_data(turn.error)))
        end_after = max(after, told) if turn.status == INTERRUPTED else told
        for number, (name, data) in enumerate(closing, end_after + 1):
            if number > after:
                yield event(number, name, data)

    def _marked(self, after: int) -> Iterator[Event]:
        text = reasoning = 0
        for number, mark in enumerate(self._marks, 2):
            if number > after:
                yield event(number, *self._told(mark, text, reasoning))
            if not isinstance(mark, str):
                text, reasoning = text + max(mark, 0), reasoning - min(mark, 0)

    def _told(self, mark: EventOffset, text: int, reasoning: int) -> tuple[str, dict[str, object]]:
        """The event of a mark; what deltas tell begins there in the text and in the reasoning."""
        answer = self._answer
        if not isinstance(mark, str):
            if mark > 0:
                return "delta", {"text": answer.text[text : text + mark]}
            return "reasoning", {"text": answer.reasoning[reasoning : reasoning - mark]}
        kind, _, position = mark.partition(" ")
        if kind == "title":
            return "title", {"title": self._title}
        if kind == "call":
            return "tool_call", event_data.tool_call_data(answer.tool_calls[int(position)])
        return "tool_result", event_data.tool_result_data(answer.tool_calls[int(position)])

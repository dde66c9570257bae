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
from chat.turns import wire

Mark = int | str


def encode(marks: list[Mark]) -> str:
    return msgspec.json.encode(marks).decode()


def events(turn: Turn, answer: Answer, title: str, after: int = 0) -> list[Event]:
    """The events of a turn that has ended with a number above `after`, exactly as its followers had them.

    A worker that died took its last second of events with it. Whoever saw more of them than were kept is
    told of the end all the same.
    """
    opening = [("turn", wire.turn_data(turn)), *_marked(turn.marks, answer, title)]
    closing = [("done", wire.done_data(turn))]
    if turn.error is not None:
        closing.insert(0, ("error", wire.error_data(turn.error)))
    told = [event(number, name, data) for number, (name, data) in enumerate(opening, 1)]
    end_after = max(after, len(told)) if turn.status == INTERRUPTED else len(told)
    told += [event(number, name, data) for number, (name, data) in enumerate(closing, end_after + 1)]
    return [each for each in told if each.number > after]


def _marked(marks: str, answer: Answer, title: str) -> Iterator[tuple[str, dict[str, object]]]:
    text = reasoning = 0
    for mark in msgspec.json.decode(marks, type=list[int | str]):
        if isinstance(mark, str):
            kind, _, position = mark.partition(" ")
            if kind == "title":
                yield "title", {"title": title}
            elif kind == "call":
                yield "tool_call", wire.tool_call_data(answer.tool_calls[int(position)])
            else:
                yield "tool_result", wire.tool_result_data(answer.tool_calls[int(position)])
        elif mark > 0:
            yield "delta", {"text": answer.text[text : text + mark]}
            text += mark
        else:
            yield "reasoning", {"text": answer.reasoning[reasoning : reasoning - mark]}
            reasoning -= mark

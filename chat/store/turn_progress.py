"""What running turns have said so far: a delta a checkpoint, put together by whoever reads, written out at the end.

Rewriting an answer's own row each time would write a page of the file for every turn; the deltas of many turns
share a page. Call these inside a read or a write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chat.store.bulk import Execute, execute_values, json_ids
from chat.store.records import CheckpointDelta

# A delta that is kept again, since nobody knows whether the first time took effect, is that delta once, and longer.
SAVE = "REPLACE INTO progress (turn_id, first, text, reasoning, marks) VALUES {rows}"

DELTAS = """
    SELECT turn_id, text, reasoning, marks FROM progress
    WHERE turn_id IN (SELECT value FROM json_each(?)) ORDER BY turn_id, first
"""

DELETE = "DELETE FROM progress WHERE turn_id IN (SELECT value FROM json_each(?))"


@dataclass
class PartialAnswer:
    """One turn's deltas, one after the other."""

    text: str = ""
    reasoning: str = ""
    event_offsets: list[Any] = field(default_factory=list)


def save(execute: Execute, deltas: Sequence[CheckpointDelta]) -> None:
    execute_values(
        execute, SAVE, [(each.turn.id, each.first, each.text, each.reasoning, each.event_offsets) for each in deltas]
    )


def assemble(deltas: Iterable[Mapping[str, Any]]) -> dict[int, PartialAnswer]:
    """By turn, from rows of `DELTAS`."""
    found: dict[int, PartialAnswer] = {}
    for delta in deltas:
        turn = found.setdefault(delta["turn_id"], PartialAnswer())
        turn.text += delta["text"]
        turn.reasoning += delta["reasoning"]
        turn.event_offsets += msgspec.json.decode(delta["marks"])
    return found


def delete(execute: Execute, turn_ids: Iterable[int]) -> None:
    execute(DELETE, (json_ids(turn_ids),))

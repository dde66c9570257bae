"""Checkpointed deltas of running turns: saved one by one, assembled when read, written as the answer at the end.

Updating the answer's own row at each checkpoint would write a page of the file per turn; the deltas of many turns share
a page. Call these functions inside a read or a write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chat.store.engines.contract import Engine
from chat.store.records import CheckpointDelta

# A delta may be saved again, and longer, if it is unknown whether the first save was committed.
SAVE = """
    INSERT INTO progress (turn_id, first, text, reasoning, marks) VALUES {rows}
    ON CONFLICT (turn_id, first)
    DO UPDATE SET text = excluded.text, reasoning = excluded.reasoning, marks = excluded.marks
"""

DELTAS = """
    SELECT turn_id, text, reasoning, marks FROM progress WHERE turn_id = ANY(?) ORDER BY turn_id, first
"""

DELETE = "DELETE FROM progress WHERE turn_id = ANY(?)"


@dataclass
class PartialAnswer:
    """The assembled deltas of one turn."""

    text: str = ""
    reasoning: str = ""
    event_offsets: list[Any] = field(default_factory=list)


def save(engine: Engine, deltas: Sequence[CheckpointDelta]) -> None:
    engine.defer_rows(
        SAVE, [(each.turn.id, each.first, each.text, each.reasoning, each.event_offsets) for each in deltas]
    )


def assemble(deltas: Iterable[Mapping[str, Any]]) -> dict[int, PartialAnswer]:
    """Return the partial answers by turn id, from rows of `DELTAS`."""
    by_turn: dict[int, list[Mapping[str, Any]]] = {}
    for delta in deltas:
        by_turn.setdefault(delta["turn_id"], []).append(delta)
    return {turn_id: _joined(each) for turn_id, each in by_turn.items()}


def _joined(deltas: Sequence[Mapping[str, Any]]) -> PartialAnswer:
    return PartialAnswer(
        "".join(delta["text"] for delta in deltas),
        "".join(delta["reasoning"] for delta in deltas),
        [offset for delta in deltas for offset in msgspec.json.decode(delta["marks"])],
    )


def delete(engine: Engine, turn_ids: Iterable[int]) -> None:
    engine.defer(DELETE, (engine.array(turn_ids),))

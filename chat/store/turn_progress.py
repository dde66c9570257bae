"""Checkpointed deltas of running turns: saved one by one, assembled when read, written as the answer at the end.

Updating the answer's own row at each checkpoint would write a page of the file per turn; the deltas of many turns share
a page. For the same reason the end of a turn does not delete its deltas, which are on as many pages as it had
checkpoints: `Deltas` deletes those of all turns that have ended, page by page. Only a turn longer than `LONG_TURN_MS`
deletes its own. Call the functions inside a read or a write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chat.store.engines.contract import Engine
from chat.store.records import CheckpointDelta
from chat.store.transactions import reads, writes

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
# Those that are locked are being deleted by another transaction.
DELETE_ENDED = """
    DELETE FROM progress WHERE id IN (
        SELECT id FROM progress
        WHERE id > ? AND id <= ? AND turn_id NOT IN (SELECT id FROM turns WHERE status = 'running')
        ORDER BY id FOR UPDATE SKIP LOCKED
    )
"""
_LAST_ID = "SELECT MAX(id) FROM progress"

# Shorter than the age at which `chat/turns/delta_sweep.py` deletes deltas.
LONG_TURN_MS = 45_000


class Deltas:
    """The deltas of all turns. Their ids ascend with time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @reads
    def last_id(self) -> int:
        """Return the last id, or 0. SQLite begins with 1 again when there are no deltas."""
        return self.engine.execute(_LAST_ID).fetchone()[0] or 0

    @writes
    def delete_ended(self, after: int, up_to: int) -> int:
        """Delete those with an id above `after`, up to `up_to`, whose turns do not run. Return their number."""
        return self.engine.execute(DELETE_ENDED, (after, up_to)).rowcount


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

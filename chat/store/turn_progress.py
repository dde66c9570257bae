"""What running turns have said so far: a piece a checkpoint, put together by whoever reads, written out at the end.

Rewriting an answer's own row each time would write a page of the file for every turn; the pieces of many turns
share a page. Call these inside a read or a write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chat.store.bulk import RunStatement, execute_values, ids
from chat.store.records import CheckpointDelta

# A piece that is kept again, since nobody knows whether the first time took effect, is that piece once, and longer.
KEEP = "REPLACE INTO progress (turn_id, first, text, reasoning, marks) VALUES {rows}"

PIECES = """
    SELECT turn_id, text, reasoning, marks FROM progress
    WHERE turn_id IN (SELECT value FROM json_each(?)) ORDER BY turn_id, first
"""

FORGET = "DELETE FROM progress WHERE turn_id IN (SELECT value FROM json_each(?))"


@dataclass
class PartialAnswer:
    """One turn's pieces, one after the other."""

    text: str = ""
    reasoning: str = ""
    event_offsets: list[Any] = field(default_factory=list)


def keep(run: RunStatement, pieces: Sequence[CheckpointDelta]) -> None:
    execute_values(
        run, KEEP, [(each.turn.id, each.first, each.text, each.reasoning, each.event_offsets) for each in pieces]
    )


def assemble(pieces: Iterable[Mapping[str, Any]]) -> dict[int, PartialAnswer]:
    """By turn, from rows of `PIECES`."""
    found: dict[int, PartialAnswer] = {}
    for piece in pieces:
        turn = found.setdefault(piece["turn_id"], PartialAnswer())
        turn.text += piece["text"]
        turn.reasoning += piece["reasoning"]
        turn.event_offsets += msgspec.json.decode(piece["marks"])
    return found


def forget(run: RunStatement, turn_ids: Iterable[int]) -> None:
    run(FORGET, (ids(turn_ids),))

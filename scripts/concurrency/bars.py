"""A timeline of bars for the terminal, in the guide's form: one line per user."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence

from scripts.concurrency.timeline import Timeline
from scripts.concurrency.units import duration

_WAIT, _FIRST, _STREAM = "·", "-", "="
_MAX_USERS, _MAX_ROWS = 20, 12  # so many users are all shown; of more, the first ones and the last


def timeline_bars(timelines: Sequence[Timeline], began_at: float, columns: int = 0) -> str:
    """Return a line a user: `·` waiting, `-` until the first token, `=` streaming, then ✓ or ✗ and the total time."""
    lines = [line for line in timelines if line.start is not None]
    lines.sort(key=lambda line: (math.inf if line.turn is None else line.turn, line.user))
    if not lines:
        return "  (nobody asked)"
    longest = max((line.ended or began_at) - began_at for line in lines) or 1.0
    name = len(f"User {len(lines)}:")
    columns = columns or shutil.get_terminal_size().columns
    width = max(10, min(100, columns) - name - 16)
    rows = [_row(number, line, began_at, longest, width, name) for number, line in enumerate(lines, 1)]
    if len(rows) > _MAX_USERS:
        rows = [*rows[:_MAX_ROWS], f"  … {len(rows) - _MAX_ROWS - 1} more …", rows[-1]]
    return "\n".join([*rows, f"  {'':<{name}}  {_WAIT} waiting   {_FIRST} until the first token   {_STREAM} streaming"])


def _row(number: int, line: Timeline, began_at: float, longest: float, width: int, name: int) -> str:
    def column(at: float | None, otherwise: int) -> int:
        return otherwise if at is None else min(width, max(0, round((at - began_at) / longest * width)))

    start = column(line.start, 0)
    end = max(start, column(line.ended, width))
    turn = min(end, max(start, column(line.turn, end)))
    first = min(end, max(turn, column(line.first_token, end)))
    bar = " " * start + _WAIT * (turn - start) + _FIRST * (first - turn) + _STREAM * (end - first)
    total = duration(line.total_s) if line.total_s is not None else "-"
    return f"  {f'User {number}:':<{name}} [{bar:<{width}}] {'✓' if line.done is not None else '✗'} {total}"

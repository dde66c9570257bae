"""Streams that arrive late and at once, because something on the way collects them, such as a proxy that buffers.

The user waits, but the server is not at fault: to judge it, its own times replace those at which events arrived.
"""

from __future__ import annotations

import dataclasses

from scripts.concurrency.timeline import Timeline

_WORTH_THE_NAME_S = 0.25


def held_back_s(line: Timeline) -> float:
    """Return how long the first event was on its way, or 0: from `turn` to `done` less time than the server says."""
    lasted_s, response_s = line.lasted_s, line.response_s
    if lasted_s is None or response_s is None or response_s > 0.5 * lasted_s:
        return 0.0
    return lasted_s - response_s if lasted_s - response_s > _WORTH_THE_NAME_S else 0.0


def as_served(line: Timeline) -> Timeline:
    """Return the request with the times at which the server sent its events, if they were held back."""
    if not held_back_s(line) or line.done is None or line.lasted_s is None:
        return line
    turn = max(line.sent or 0.0, line.done - line.lasted_s)
    begun = turn + (line.timings.get("queued", 0.0) + line.timings.get("model_first", 0.0)) / 1000
    worked, first_token = (min(begun, each) if each is not None else None for each in (line.worked, line.first_token))
    return dataclasses.replace(line, turn=turn, worked=worked, first_token=first_token)

"""Registry of running turns, and the periodic flush of their deltas."""

from __future__ import annotations

from types import SimpleNamespace

from chat.messages import TextDelta
from chat.turns.running_turns import RunningTurns

from .worker import LONG_S, received, text_of


def running(turn_id):
    """Return what the registry needs of a running turn."""
    return SimpleNamespace(turn=SimpleNamespace(id=turn_id))


def test_a_turn_is_registered_from_add_to_remove():
    registry, first, second = RunningTurns(), running(7), running(3)
    assert (registry.count, registry.turns(), registry.get(7)) == (0, [], None)
    registry.add(first)
    registry.add(second)
    assert (registry.count, registry.turns()) == (2, [first, second])
    assert (registry.get(7), registry.get(3)) == (first, second)
    registry.remove(first)
    assert (registry.count, registry.turns(), registry.get(7)) == (1, [second], None)
    registry.remove(first)
    assert registry.count == 1


def test_the_ticker_flushes_the_last_delta(worker, dictation, conversation):
    """Check a second delta right after the first, followed by silence: it is sent without a third."""
    started = worker.ask(conversation)
    dictation.say(TextDelta("One "), TextDelta("two"))
    log = worker.running_turns.get(started.turn.id).log
    events = []
    while "".join(event.data.decode() for event in events).count("text") < 2:
        events += log.read(events[-1].number if events else 1, LONG_S)
    dictation.end()
    assert text_of(received(worker.follower.frames(started.turn, 0))) == "One two"
    worker.vacant()

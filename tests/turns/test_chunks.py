"""Chunks of events: for any sizes the same bytes, and no chunk larger than one send should be."""

from __future__ import annotations

import random

import pytest

from chat.events.contract import make_event
from chat.turns.chunks import CHUNK_BYTES, chunks, split


def events_of(*sizes):
    """Return events whose data has about these numbers of bytes."""
    return [make_event(number, "delta", {"text": "x" * size}) for number, size in enumerate(sizes, 1)]


@pytest.mark.parametrize(
    "sizes",
    [
        (),
        (0,),
        (1,) * 5_000,
        (CHUNK_BYTES,),
        (10 * CHUNK_BYTES + 7,),
        (1, 5 * CHUNK_BYTES, 1),
        (CHUNK_BYTES // 2,) * 5,
        tuple(range(CHUNK_BYTES - 100, CHUNK_BYTES + 20)),
    ],
    ids=["none", "empty", "many small", "one large", "one huge", "mixed", "halves", "around the bound"],
)
def test_the_same_bytes_in_pieces_that_are_not_too_large(sizes):
    events = events_of(*sizes)
    result = list(chunks(events))
    assert b"".join(result) == b"".join(each.frame for each in events)
    assert all(0 < len(chunk) <= CHUNK_BYTES for chunk in result)


def test_any_sizes():
    for seed in range(30):
        dice = random.Random(seed)
        events = events_of(*(int(dice.paretovariate(0.4)) % 200_000 for _ in range(50)))
        result = list(chunks(events))
        assert b"".join(result) == b"".join(each.frame for each in events)
        assert max(map(len, result)) <= CHUNK_BYTES


def test_small_ones_share_a_piece_and_a_large_one_does_not_wait_behind_them():
    assert len(list(chunks(events_of(*[10] * 100)))) == 1
    before, *large, after = chunks(events_of(10, 2 * CHUNK_BYTES, 10))
    assert (before.count(b"id: "), after.count(b"id: ")) == (1, 1)
    assert b"".join(large).startswith(b"id: 2\n")


def test_an_event_is_made_only_when_its_pieces_are_asked_for():
    result = []

    def lazily():
        for each in events_of(2 * CHUNK_BYTES, 1):
            result.append(each)
            yield each

    next(chunks(lazily()))
    assert len(result) == 1


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_splitting_keeps_the_bytes(size):
    frames = bytes(random.Random(size).randbytes(size))
    result = list(split(frames))
    assert b"".join(result) == frames
    assert len(result) == -(-size // CHUNK_BYTES)

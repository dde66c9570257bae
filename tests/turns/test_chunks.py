"""Events as pieces: whatever their sizes, the same bytes, in no piece larger than one send should be."""

from __future__ import annotations

import random

import pytest

from chat.events.contract import event
from chat.turns.chunks import CHUNK_BYTES, chunks, split


def told(*sizes):
    """Events whose data has about so many bytes."""
    return [event(number, "delta", {"text": "x" * size}) for number, size in enumerate(sizes, 1)]


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
    events = told(*sizes)
    made = list(chunks(events))
    assert b"".join(made) == b"".join(each.frame for each in events)
    assert all(0 < len(piece) <= CHUNK_BYTES for piece in made)


def test_any_sizes():
    for seed in range(30):
        dice = random.Random(seed)
        events = told(*(int(dice.paretovariate(0.4)) % 200_000 for _ in range(50)))
        made = list(chunks(events))
        assert b"".join(made) == b"".join(each.frame for each in events)
        assert max(map(len, made)) <= CHUNK_BYTES


def test_small_ones_share_a_piece_and_a_large_one_does_not_wait_behind_them():
    assert len(list(chunks(told(*[10] * 100)))) == 1
    before, *large, after = chunks(told(10, 2 * CHUNK_BYTES, 10))
    assert (before.count(b"id: "), after.count(b"id: ")) == (1, 1)
    assert b"".join(large).startswith(b"id: 2\n")


def test_an_event_is_made_only_when_its_pieces_are_asked_for():
    made = []

    def lazily():
        for each in told(2 * CHUNK_BYTES, 1):
            made.append(each)
            yield each

    next(chunks(lazily()))
    assert len(made) == 1


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_what_is_cut_is_the_same(size):
    frames = bytes(random.Random(size).randbytes(size))
    made = list(split(frames))
    assert b"".join(made) == frames
    assert len(made) == -(-size // CHUNK_BYTES)

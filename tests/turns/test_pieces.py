"""Events as pieces: whatever their sizes, the same bytes, in no piece larger than one send should be."""

from __future__ import annotations

import random

import pytest

from chat.events.contract import event
from chat.turns.pieces import PIECE_BYTES, cut, pieces


def told(*sizes):
    """Events whose data has about so many bytes."""
    return [event(number, "delta", {"text": "x" * size}) for number, size in enumerate(sizes, 1)]


@pytest.mark.parametrize(
    "sizes",
    [
        (),
        (0,),
        (1,) * 5_000,
        (PIECE_BYTES,),
        (10 * PIECE_BYTES + 7,),
        (1, 5 * PIECE_BYTES, 1),
        (PIECE_BYTES // 2,) * 5,
        tuple(range(PIECE_BYTES - 100, PIECE_BYTES + 20)),
    ],
    ids=["none", "empty", "many small", "one large", "one huge", "mixed", "halves", "around the bound"],
)
def test_the_same_bytes_in_pieces_that_are_not_too_large(sizes):
    events = told(*sizes)
    made = list(pieces(events))
    assert b"".join(made) == b"".join(each.frame for each in events)
    assert all(0 < len(piece) <= PIECE_BYTES for piece in made)


def test_any_sizes():
    for seed in range(30):
        dice = random.Random(seed)
        events = told(*(int(dice.paretovariate(0.4)) % 200_000 for _ in range(50)))
        made = list(pieces(events))
        assert b"".join(made) == b"".join(each.frame for each in events)
        assert max(map(len, made)) <= PIECE_BYTES


def test_small_ones_share_a_piece_and_a_large_one_does_not_wait_behind_them():
    assert len(list(pieces(told(*[10] * 100)))) == 1
    before, *large, after = pieces(told(10, 2 * PIECE_BYTES, 10))
    assert (before.count(b"id: "), after.count(b"id: ")) == (1, 1)
    assert b"".join(large).startswith(b"id: 2\n")


def test_an_event_is_made_only_when_its_pieces_are_asked_for():
    made = []

    def lazily():
        for each in told(2 * PIECE_BYTES, 1):
            made.append(each)
            yield each

    next(pieces(lazily()))
    assert len(made) == 1


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
def test_what_is_cut_is_the_same(size):
    frames = bytes(random.Random(size).randbytes(size))
    made = list(cut(frames))
    assert b"".join(made) == frames
    assert len(made) == -(-size // PIECE_BYTES)

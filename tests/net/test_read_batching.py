"""Read delays: none with few answers, longer with more, longest while many begin."""

from __future__ import annotations

import pytest

from chat.net.read_batching import BATCH_FROM, MAX_DELAY_IN_A_RUSH_S, MAX_DELAY_S, RUSH, RUSH_S, ReadBatching
from tests.fake_clock import FakeClock

NUMBERS = range(5000)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def batching(clock: FakeClock) -> ReadBatching:
    return ReadBatching(clock.monotonic)


@pytest.fixture
def rush(batching: ReadBatching, clock: FakeClock) -> ReadBatching:
    begin(batching, clock, RUSH, within_s=0.9 * RUSH_S)
    return batching


def begin(batching: ReadBatching, clock: FakeClock, count: int, within_s: float) -> None:
    for _ in range(count):
        batching.answer_began()
        clock.advance(within_s / count)


def test_delay_is_zero_for_few_answers_and_grows_with_their_number(batching: ReadBatching) -> None:
    delays = [batching.delay_s(reading) for reading in NUMBERS]
    assert set(delays[:BATCH_FROM]) == {0.0}
    assert delays[BATCH_FROM] > 0.0
    assert delays == sorted(delays)
    assert delays[-1] == MAX_DELAY_S


def test_reads_per_second_are_bounded(batching: ReadBatching) -> None:
    assert all(reading / batching.delay_s(reading) <= 3_000.5 for reading in range(BATCH_FROM, 1500))


def test_in_a_rush_no_delay_is_shorter_and_that_of_many_is_longer(rush: ReadBatching) -> None:
    usual = ReadBatching()
    delays = [rush.delay_s(reading) for reading in NUMBERS]
    assert delays == sorted(delays)
    assert all(delay >= usual.delay_s(reading) for reading, delay in enumerate(delays))
    assert set(delays[:BATCH_FROM]) == {0.0}
    assert rush.delay_s(1000) == MAX_DELAY_IN_A_RUSH_S > usual.delay_s(1000)


def test_a_rush_ends(rush: ReadBatching, clock: FakeClock) -> None:
    clock.advance(RUSH_S)
    assert rush.delay_s(1000) == ReadBatching().delay_s(1000)


@pytest.mark.parametrize(("count", "within_s"), [(RUSH - 1, 0.0), (5 * RUSH, 6 * RUSH_S), (0, 0.0)])
def test_fewer_or_slower_beginnings_are_no_rush(
    batching: ReadBatching, clock: FakeClock, count: int, within_s: float
) -> None:
    begin(batching, clock, count, within_s)
    assert batching.delay_s(1000) == ReadBatching().delay_s(1000)

"""Read delays: none with few answers, longer with more, and longest while many begin."""

from __future__ import annotations

import pytest

from chat.net.read_batching import BATCH_FROM, MAX_DELAY_IN_BURST_S, MAX_DELAY_S, ReadBatcher
from tests.fake_clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def batcher(clock):
    return ReadBatcher(clock)


def begin(batcher, clock, count, within_s):
    for _ in range(count):
        batcher.response_started()
        clock.advance(within_s / count)


def test_delay_is_zero_for_few_answers_and_grows_with_their_number(batcher, clock):
    pauses = [batcher.read_delay_s(reading) for reading in range(5000)]
    assert set(pauses[:BATCH_FROM]) == {0.0}
    assert pauses[BATCH_FROM] == pytest.approx(BATCH_FROM * 0.002)
    assert pauses == sorted(pauses)
    assert pauses[-1] == MAX_DELAY_S


def test_reads_per_second_are_bounded(batcher, clock):
    assert all(reading / batcher.read_delay_s(reading) <= 3_000.5 for reading in range(BATCH_FROM, 1500))


def test_running_answers_are_delayed_longer_during_a_burst(batcher, clock):
    usually = batcher.read_delay_s(300)
    begin(batcher, clock, 1000, within_s=1.0)
    assert usually < batcher.read_delay_s(300) <= MAX_DELAY_IN_BURST_S
    assert batcher.read_delay_s(5000) == MAX_DELAY_IN_BURST_S
    assert batcher.read_delay_s(BATCH_FROM - 1) == 0.0
    clock.advance(0.5)
    assert batcher.read_delay_s(300) == usually


def test_a_burst_is_two_hundred_answers_within_half_a_second(batcher, clock):
    usually = batcher.read_delay_s(300)
    begin(batcher, clock, 199, within_s=0)
    assert batcher.read_delay_s(300) == usually
    batcher.response_started()
    assert batcher.read_delay_s(300) > usually
    clock.advance(0.25)
    assert batcher.read_delay_s(300) > usually
    clock.advance(0.25)
    assert batcher.read_delay_s(300) == usually


def test_answers_that_begin_one_by_one_are_no_burst(batcher, clock):
    usually = batcher.read_delay_s(1500)
    begin(batcher, clock, 1000, within_s=5.0)
    assert batcher.read_delay_s(1500) == usually

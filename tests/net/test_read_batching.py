"""Read delays: none with few answers, longer with more."""

from __future__ import annotations

from chat.net.read_batching import BATCH_FROM, MAX_DELAY_S, read_delay_s


def test_delay_is_zero_for_few_answers_and_grows_with_their_number():
    delays = [read_delay_s(reading) for reading in range(5000)]
    assert set(delays[:BATCH_FROM]) == {0.0}
    assert delays[BATCH_FROM] > 0.0
    assert delays == sorted(delays)
    assert delays[-1] == MAX_DELAY_S


def test_reads_per_second_are_bounded():
    assert all(reading / read_delay_s(reading) <= 3_000.5 for reading in range(BATCH_FROM, 1500))

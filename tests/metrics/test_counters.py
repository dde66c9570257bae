"""Counters in rows of memory, and their sums over all rows."""

from __future__ import annotations

import os
import threading

import pytest

from chat.metrics.counters import Counters, totals
from chat.metrics.families import OTHER, Counter, Histogram
from chat.metrics.metrics import Metrics
from chat.runtime.block_watch.watch import BlockTotal
from config.server import metric_rows


def test_the_next_worker_with_a_row_continues_its_counters() -> None:
    row = metric_rows.private_row()
    Counters(row).add(("turns", "completed"), 3)
    successor = Counters(row)
    successor.add(("turns", "completed"))
    successor.add(("turns", "failed"))
    assert totals([row]) == {("turns", "completed"): 4.0, ("turns", "failed"): 1.0}


def test_rows_are_added_up() -> None:
    rows = [metric_rows.private_row() for _ in range(3)]
    for number, row in enumerate(rows, 1):
        Counters(row).add(("tokens", "é" * number), number)
        Counters(row).add(("turns",), number)
    assert totals(rows) == {("turns",): 6.0, ("tokens", "é"): 1.0, ("tokens", "éé"): 2.0, ("tokens", "ééé"): 3.0}


def test_a_full_row_takes_no_more_keys_and_goes_on_with_those_it_has() -> None:
    row = metric_rows.private_row()
    counters = Counters(row)
    for number in range(5000):
        counters.add(("key", str(number)))
    counters.add(("key", "0"))
    sums = totals([row])
    assert 500 < len(sums) < 5000
    assert sums["key", "0"] == 2.0
    assert totals([row]) == sums
    assert row.used <= metric_rows.ROW_BYTES


def test_a_killed_process_leaves_its_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = totals(metric_rows.filled()).get(("killed",), 0.0)
    row = 300
    child = os.fork()
    if child == 0:
        try:
            metric_rows.use(row)
            row_of_child = metric_rows.take_own()
            assert row_of_child is not None
            Counters(row_of_child).add(("killed",), 7)
        finally:
            os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert totals(metric_rows.filled())[("killed",)] == before + 7.0


def test_a_row_has_one_writer() -> None:
    metric_rows.use(301)
    assert metric_rows.take_own() is not None
    assert metric_rows.take_own() is None
    metric_rows.use(metric_rows.ROWS - 1)  # shared by all workers beyond the table
    assert metric_rows.take_own() is None


def test_no_addition_is_lost_between_threads() -> None:
    row = metric_rows.private_row()
    counters = Counters(row)

    def count() -> None:
        for number in range(20_000):
            counters.add(("shared",))
            counters.add(("own", str(number % 50)))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sums = totals([row])
    assert sums.pop(("shared",)) == 80_000
    assert sum(sums.values()) == 80_000


def test_label_values_beyond_a_hundred_are_counted_together() -> None:
    row = metric_rows.private_row()
    places = Counter(Counters(row), "blocks", "Blocks.", ("place",))
    for number in range(150):
        places.add(f"place {number}")
    sums = totals([row])
    assert len(sums) == 101
    assert sums["blocks", OTHER] == 50.0


def test_a_label_value_is_one_short_line() -> None:
    row = metric_rows.private_row()
    Counter(Counters(row), "turns", "Turns.", ("model",)).add("a\nb\x1fc" + "d" * 200)
    ((_, value),) = totals([row])
    assert value == "abc" + "d" * 117


def test_durations_are_counted_in_the_bucket_of_their_bound() -> None:
    row = metric_rows.private_row()
    seconds = Histogram(Counters(row), "seconds", "Durations.", (), (0.1, 1.0))
    for value in (0.05, 0.1, 0.11, 5.0):
        seconds.observe(value)
    assert totals([row]) == {
        ("seconds", "0.1"): 2.0,
        ("seconds", "1.0"): 1.0,
        ("seconds", "+Inf"): 1.0,
        ("seconds", "sum"): pytest.approx(5.26),
    }


def test_the_names_of_all_families_differ() -> None:
    names = [family.name for family in Metrics().families()]
    assert len(names) == len(set(names)) > 10
    assert all(name.startswith("parley_") for name in names)


def test_blocks_are_counted_once() -> None:
    metrics = Metrics()
    metrics.count_blocks({"a.py:1 f": BlockTotal(2, 0.5)})
    metrics.count_blocks({"a.py:1 f": BlockTotal(2, 0.5)})
    metrics.count_blocks({"a.py:1 f": BlockTotal(3, 0.75), "b.py:2 g": BlockTotal(1, 1.0)})
    sums = metrics.totals()
    assert sums["parley_loop_blocks_total", "a.py:1 f"] == 3
    assert sums["parley_loop_blocked_seconds_total", "a.py:1 f"] == 0.75
    assert sums["parley_loop_blocks_total", "b.py:2 g"] == 1

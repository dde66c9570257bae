"""Reads, snapshots, writes and batches, and what they raise."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.errors import NotFound, StoreBusy, StoreFailed, StoreTimeout, StoreUnavailable
from chat.store.engines.contract import Engine

from ..conftest import OpenStore
from ..engines import EngineUnderTest
from ..scenarios import at_once
from .notes import add, notes

SOON_S = 20.0


class TestReading:
    def test_a_snapshot_sees_nothing_that_is_committed_meanwhile(self, engine: Engine) -> None:
        def count() -> int:
            return engine.execute("SELECT count(*) FROM notes").fetchone()[0]

        def twice() -> tuple[int, int]:
            before = count()
            threads.submit(engine.write, add(engine, before)).result(SOON_S)
            return before, count()

        with ThreadPoolExecutor(1) as threads:
            threads.submit(int).result(SOON_S)  # its thread is not to be started by the engine's
            assert engine.snapshot(twice) == (0, 0)
        assert engine.read(count) == 1

    def test_an_error_of_the_work_comes_through_and_leaves_the_engine_usable(self, engine: Engine) -> None:
        def work() -> None:
            engine.execute("SELECT 1").fetchone()
            raise NotFound("There is none.")

        for verb in (engine.read, engine.snapshot, engine.write, engine.write_exclusive):
            with pytest.raises(NotFound):
                verb(work)
            assert engine.read(lambda: engine.execute("SELECT 1").fetchone()) == (1,)


class TestWriting:
    def test_a_write_is_committed_or_rolled_back_as_a_whole(self, engine: Engine) -> None:
        def two(last: int) -> None:
            add(engine, last - 1)()
            add(engine, last)()
            if last > 2:
                raise NotFound("There is none.")

        engine.write(lambda: two(2))
        with pytest.raises(NotFound):
            engine.write(lambda: two(4))
        assert [number for number, _ in notes(engine)] == [1, 2]

    def test_writes_of_many_threads_are_all_kept_and_each_has_its_result(self, engine: Engine) -> None:
        assert at_once(20, lambda number: engine.write(add(engine, number))) == list(range(20))
        assert [number for number, _ in notes(engine)] == list(range(20))

    def test_a_write_that_fails_does_not_affect_the_writes_beside_it(self, engine: Engine) -> None:
        def write(number: int) -> int:
            return engine.write(add(engine, min(number, 10)))

        outcomes = at_once(20, write)
        committed = [number for number, outcome in enumerate(outcomes) if not isinstance(outcome, StoreFailed)]
        assert committed[:10] == list(range(10))
        assert len(committed) == 11
        assert [number for number, _ in notes(engine)] == list(range(11))

    def test_a_later_statement_sees_an_earlier_one_of_its_transaction(self, engine: Engine) -> None:
        def work() -> object:
            add(engine, 1)()
            return engine.execute("SELECT count(*) FROM notes").fetchone()

        assert engine.write(work) == (1,)

    def test_deferred_statements_come_before_the_next_one_and_before_the_commit(self, engine: Engine) -> None:
        def work() -> object:
            engine.defer("INSERT INTO notes (id, text) VALUES (?, ?)", (1, "100 % of it?"))
            engine.defer_rows("INSERT INTO notes (id, text) VALUES {rows}", [(2, "b"), (3, "c")])
            engine.lock("FROM notes WHERE id = ?", (1,))
            ids = engine.allocate_ids({"users": 2})["users"]
            engine.defer("DELETE FROM notes WHERE id = ?", (2,))
            seen = engine.execute("SELECT id, text FROM notes ORDER BY id").fetchall()
            engine.defer("UPDATE notes SET text = ? WHERE id = ?", ("d", 3))
            return seen, len(list(ids))

        assert engine.write(work) == ([(1, "100 % of it?"), (3, "c")], 2)
        assert notes(engine) == [(1, "100 % of it?"), (3, "d")]

    def test_a_deferred_statement_may_be_the_only_one(self, engine: Engine) -> None:
        engine.write(lambda: engine.defer("INSERT INTO notes (id) VALUES (?)", (1,)))
        assert [number for number, _ in notes(engine)] == [1]

    def test_a_deferred_statement_that_fails_fails_the_write(self, engine: Engine) -> None:
        def work(number: int) -> None:
            add(engine, number)()
            engine.defer("INSERT INTO notes (id) VALUES (?)", (1,))
            engine.defer("INSERT INTO notes (id) VALUES (?)", (number + 10,))

        engine.write(add(engine, 1))
        with pytest.raises(StoreFailed):
            engine.write(lambda: work(2))
        assert [number for number, _ in notes(engine)] == [1]
        engine.write(add(engine, 2))

    def test_rows_that_are_locked_are_changed_by_one_transaction_at_a_time(self, engine: Engine) -> None:
        engine.write(add(engine, 1, "0"))

        def count() -> None:
            ((text,),) = engine.execute("SELECT text FROM notes WHERE id = ? FOR UPDATE", (1,)).fetchall()
            engine.execute("UPDATE notes SET text = ? WHERE id = ?", (str(int(text) + 1), 1))

        at_once(10, lambda _: engine.write(count))
        assert notes(engine) == [(1, "10")]

    def test_exclusive_transactions_come_one_after_the_other(self, open_store: OpenStore, engine: Engine) -> None:
        engines = [engine, *(open_store().engine for _ in range(3))]

        def add_next(number: int) -> None:
            def work() -> None:
                (last,) = engines[number].execute("SELECT count(*) FROM notes").fetchone()
                add(engines[number], last)()

            engines[number].write_exclusive(work)

        at_once(4, add_next)
        assert [number for number, _ in notes(engine)] == [0, 1, 2, 3]


class TestBatches:
    @pytest.fixture
    def batches(self) -> list[list[int]]:
        return []

    @pytest.fixture
    def write(self, engine: Engine, batches: list[list[int]]) -> Callable[[int], str]:
        """Return a function that writes one item. Negative ones are refused, and 13 fails for the whole batch."""

        def work(items: list[int]) -> list[str | NotFound]:
            batches.append(items)
            engine.execute_rows("INSERT INTO notes (id) VALUES {rows}", [(item,) for item in items if item >= 0])
            if 13 in items:
                raise NotFound("13 is missing.")
            return [NotFound("It is negative.") if item < 0 else f"wrote {item}" for item in items]

        return lambda item: engine.write_batched(work, item)

    def at_once(self, engine: Engine, items: list[int], write: Callable[[int], str]) -> list[object]:
        """Write the items while another write keeps the writer busy, so that they are queued together."""
        busy, release = threading.Event(), threading.Event()
        with ThreadPoolExecutor(1) as threads:
            blocker = threads.submit(engine.write, lambda: (busy.set(), release.wait(SOON_S)))
            assert busy.wait(SOON_S)
            threading.Timer(0.3, release.set).start()
            outcomes = at_once(len(items), lambda number: write(items[number]))
            blocker.result(SOON_S)
        return outcomes

    def test_each_item_has_its_own_result(
        self, engine: Engine, batches: list[list[int]], write: Callable[[int], str]
    ) -> None:
        outcomes = self.at_once(engine, list(range(10)), write)
        assert outcomes == [f"wrote {item}" for item in range(10)]
        assert sorted(itertools.chain.from_iterable(batches)) == list(range(10))

    def test_an_item_that_is_refused_raises_for_its_caller_alone(
        self, engine: Engine, write: Callable[[int], str]
    ) -> None:
        first, refused, last = self.at_once(engine, [1, -1, 2], write)
        assert (first, last) == ("wrote 1", "wrote 2")
        assert isinstance(refused, NotFound)
        assert [number for number, _ in notes(engine)] == [1, 2]

    def test_a_batch_that_fails_is_repeated_item_by_item(self, engine: Engine, write: Callable[[int], str]) -> None:
        first, failed, last = self.at_once(engine, [1, 13, 2], write)
        assert (first, last) == ("wrote 1", "wrote 2")
        assert isinstance(failed, NotFound)
        assert [number for number, _ in notes(engine)] == [1, 2]


class TestErrors:
    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO notes (id) VALUES (1)",
            "INSERT INTO sessions (token_digest, user_id, created_at) VALUES ('a', 12345, 0)",
            "INSERT INTO users (name, created_at) VALUES ('a', NULL)",
            "SELECT nothing FROM notes",
            "SELECT FROM WHERE",
        ],
        ids=["unique", "foreign key", "not null", "column", "syntax"],
    )
    def test_a_refusal_for_good(self, engine: Engine, statement: str) -> None:
        engine.write(add(engine, 1))
        with pytest.raises(StoreFailed) as refused:
            engine.write(lambda: engine.execute(statement))
        assert str(refused.value) == "The database refused this."
        assert refused.value.__cause__ is not None
        assert engine.write(add(engine, 2)) == 2

    def test_a_lock_held_by_others(self, under_test: EngineUnderTest, engine: Engine) -> None:
        engine.lock_timeout_s = 0.2
        with under_test.locked(engine):
            with pytest.raises(StoreBusy):
                engine.write(add(engine, 1))
            with pytest.raises(StoreBusy):
                engine.write_exclusive(add(engine, 1))
            engine.lock_timeout_s = SOON_S
            assert notes(engine) == []
        assert engine.write(add(engine, 1)) == 1

    def test_a_short_lock_is_waited_for(self, under_test: EngineUnderTest, engine: Engine) -> None:
        with ThreadPoolExecutor(1) as threads:
            with under_test.locked(engine):
                waiting = threads.submit(engine.write, add(engine, 1))
                time.sleep(0.1)
            assert waiting.result(SOON_S) == 1

    def test_a_slow_write_may_still_be_committed(self, engine: Engine) -> None:
        engine.lock_timeout_s = 0.1
        with pytest.raises(StoreTimeout) as late:
            engine.write(lambda: (add(engine, 1)(), time.sleep(0.8)))
        late.value.result()
        engine.lock_timeout_s = SOON_S
        assert notes(engine) == [(1, "")]

    def test_a_call_behind_slow_ones_is_refused_in_time(self, under_test: EngineUnderTest, engine: Engine) -> None:
        opened = threading.Barrier(under_test.writers)
        at_once(under_test.writers, lambda _: engine.write(lambda: opened.wait(SOON_S)))
        engine.lock_timeout_s = 0.3
        running, over = threading.Semaphore(0), threading.Event()
        with ThreadPoolExecutor(under_test.writers) as threads:
            slow = [
                threads.submit(engine.write, lambda: (running.release(), over.wait(SOON_S)))
                for _ in range(under_test.writers)
            ]
            assert all(running.acquire(timeout=SOON_S) for _ in slow)
            with pytest.raises(StoreUnavailable):
                engine.write(add(engine, 1))
            timed_out = [each.exception(SOON_S) for each in slow]
            over.set()
            for late in timed_out:
                assert isinstance(late, StoreTimeout)
                late.result()
        engine.lock_timeout_s = SOON_S
        assert notes(engine) == []

    def test_no_room(self, under_test: EngineUnderTest, engine: Engine) -> None:
        with under_test.full(engine):
            for write in (engine.probe_write, lambda: engine.write(add(engine, 1, "long " * 100_000))):
                with pytest.raises(StoreUnavailable, match="full"):
                    write()
            assert notes(engine) == []
        engine.probe_write()
        assert engine.write(add(engine, 1)) == 1

"""A locked, full or unopenable database: StoreUnavailable in time, reads continue, nothing is partly written.

The bounds on waiting are promises, not measurements: two seconds, and some more for a busy machine.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from chat.errors import NotFound, StoreBusy, StoreTimeout, StoreUnavailable
from chat.runtime.wait_budget import arrived, of_request
from chat.store import Store
from chat.store.engines.sqlite.engine import SqliteEngine

from ..engines import counts
from ..scenarios import at_once, begin, completed_turn, finish
from .locks import write_lock

REFUSED_WITHIN_S = 3.0
TEN_REFUSED_WITHIN_S = 4.0
AT_ONCE_S = 1.0


def refused(work):
    """Return the seconds until StoreUnavailable was raised."""
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as refusal:
        work()
    assert refusal.value.retry_after_s > 0
    return time.monotonic() - started


class TestLocked:
    def test_a_writer_is_refused_in_time_while_others_read(self, store, user, conversation):
        completed_turn(store, conversation, "Q", "A")
        with write_lock(store.engine.path), ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(refused, lambda: store.conversations.create(user))
            reads = 0
            while not waiting.done():
                assert [message.text for message in store.history.of_conversation(conversation.id)] == ["Q", "A"]
                store.ping()
                reads += 1
            assert waiting.result() < REFUSED_WITHIN_S
        assert reads > 10
        assert begin(store, conversation, "And now?").created

    def test_ten_waiting_writers_are_refused_together(self, store, conversation):
        before = counts(store.engine)
        with write_lock(store.engine.path):
            started = time.monotonic()
            outcomes = at_once(10, lambda number: begin(store, conversation, f"Question {number}"))
            assert time.monotonic() - started < TEN_REFUSED_WITHIN_S
        assert [type(outcome) for outcome in outcomes] == [StoreBusy] * 10
        assert counts(store.engine) == before
        assert begin(store, conversation).created

    def test_the_writes_of_a_request_share_one_timeout(self, store, user):
        with write_lock(store.engine.path), of_request():
            refused(lambda: store.conversations.create(user))
            assert refused(lambda: store.conversations.create(user)) < AT_ONCE_S
        assert store.conversations.create(user)

    def test_a_request_that_waited_for_a_thread_meanwhile_is_refused_at_once(self, store, user):
        queued_at = time.monotonic()

        def answer():
            arrived(queued_at)
            with of_request():
                return refused(lambda: store.conversations.create(user))

        with write_lock(store.engine.path):
            refused(lambda: store.conversations.create(user))
            assert copy_context().run(answer) < AT_ONCE_S
        store.conversations.create(user)
        with write_lock(store.engine.path):  # what was slow before the last fast write does not count
            assert copy_context().run(answer) > 1

    def test_a_short_lock_is_waited_for(self, store, conversation):
        with write_lock(store.engine.path) as other:
            release = threading.Timer(0.2, other.rollback)
            release.start()
            assert begin(store, conversation).created
            release.join()

    def test_a_store_that_opens_meanwhile_can_read(self, store, user, conversation):
        with write_lock(store.engine.path):
            late = Store(SqliteEngine(store.engine.path))
            assert late.conversations.page(user, 5)[0] == [conversation]
            late.close()

    def test_a_transaction_that_another_program_left_open_ends_with_it(self, store, user, conversation):
        with write_lock(store.engine.path) as other:
            other.execute("UPDATE conversations SET title = 'not committed'")
            assert store.ownership.conversation(user, conversation.id).title == ""
        store.conversations.change(conversation, pinned=True)
        assert store.ownership.conversation(user, conversation.id).title == ""


class TestFull:
    def bound(self, store, spare_pages):
        """Limit the growth of the database to `spare_pages`; None removes the limit."""

        def pragma(text):
            return store.engine.execute(f"PRAGMA {text}").fetchone()[0]

        return store.engine.write(
            lambda: pragma(f"max_page_count={2**30 if spare_pages is None else pragma('page_count') + spare_pages}")
        )

    @pytest.mark.parametrize("spare_pages", range(6))
    def test_a_turn_is_begun_whole_or_not_at_all(self, store, user, conversation, spare_pages):
        """With each size, another statement of the transaction fails."""
        before = counts(store.engine)
        self.bound(store, spare_pages)
        refused(lambda: begin(store, conversation, "long " * 6_000, title="Long"))
        assert counts(store.engine) == before
        current = store.ownership.conversation(user, conversation.id)
        assert (current.active_turn_id, current.head_id, current.title) == (None, None, "")
        self.bound(store, None)
        assert begin(store, conversation, "long " * 6_000).created

    def test_a_turn_that_cannot_be_ended_goes_on_running(self, store, user, conversation):
        turn = begin(store, conversation).turn
        self.bound(store, 0)
        refused(lambda: finish(store, turn, "long " * 6_000))
        assert store.turns.get(turn.id) == turn
        assert store.turns.answer(turn).text == ""
        assert store.ownership.conversation(user, conversation.id).active_turn_id == turn.id
        self.bound(store, None)
        assert finish(store, turn, "long " * 6_000).status == "completed"

    def test_the_sentence_says_so(self, store, conversation):
        self.bound(store, 0)
        with pytest.raises(StoreUnavailable, match="full"):
            begin(store, conversation, "long " * 6_000)
        assert store.ownership.conversation(conversation.user_id, conversation.id) == conversation


class TestUnopenable:
    def calls(self, store):
        return [store.ping, store.sessions.create_anonymous, lambda: store.conversations.page(1, 5)]

    def test_a_folder(self, tmp_path):
        store = Store(SqliteEngine(tmp_path))
        for work in [store.migrate, *self.calls(store)]:
            refused(work)
        store.close()

    def test_a_path_through_a_file(self, tmp_path):
        (tmp_path / "file").write_text("")
        store = Store(SqliteEngine(tmp_path / "file" / "chat.db"))
        with pytest.raises(OSError, match="file"):
            store.migrate()
        for work in self.calls(store):
            refused(work)
        store.close()

    def test_a_folder_that_is_not_there(self, tmp_path):
        store = Store(SqliteEngine(tmp_path / "nowhere" / "chat.db"))
        for work in self.calls(store):
            refused(work)
        store.close()

    def test_a_file_that_is_no_database(self, tmp_path):
        path = tmp_path / "chat.db"
        path.write_bytes(b"Dear diary, " * 1000)
        store = Store(SqliteEngine(path))
        for work in [store.migrate, *self.calls(store)]:
            refused(work)
        store.close()
        assert path.read_bytes() == b"Dear diary, " * 1000

    def test_a_database_without_tables(self, tmp_path):
        """Before the first migration the database is unavailable; no other error is raised."""
        store = Store(SqliteEngine(tmp_path / "chat.db"))
        for work in self.calls(store):
            refused(work)
        store.migrate()
        store.ping()
        store.close()

    def test_what_it_says_to_a_user_names_no_path(self, tmp_path):
        store = Store(SqliteEngine(tmp_path))
        with pytest.raises(StoreUnavailable) as refusal:
            store.ping()
        assert str(tmp_path) not in str(refusal.value)
        store.close()


class TestSlow:
    """A disk that is slow for each write. The timeout counts from the call."""

    @pytest.fixture(autouse=True)
    def impatient(self, store):
        store.engine.lock_timeout_s = 0.1

    def slow(self, store, statement, seconds):
        """Delay every matching statement of the writing thread."""

        def hold(text):
            if statement in text:
                time.sleep(seconds)

        store.engine.write(lambda: store.engine.peewee.connection().set_trace_callback(hold))

    def test_a_write_behind_a_slow_write_is_refused_in_time_and_leaves_no_trace(self, store, conversation):
        begin(store, conversation)
        before = counts(store.engine)
        with ThreadPoolExecutor(1) as threads:
            running = threading.Event()
            slow = threads.submit(store.engine.write_exclusive, lambda: (running.set(), time.sleep(1.0)))
            assert running.wait(30)
            assert refused(lambda: store.conversations.create(conversation.user_id)) < 0.9
            slow.result()
        assert counts(store.engine) == before

    def test_a_late_result_can_be_awaited(self, store, conversation):
        self.slow(store, "INSERT INTO turns", 0.6)
        with pytest.raises(StoreTimeout) as late:
            begin(store, conversation)
        started = late.value.result()
        assert store.turns.get(started.turn.id).status == "running"

    def test_a_late_failure_can_be_awaited(self, store, user):
        def fail():
            time.sleep(0.6)
            raise NotFound("Gone.")

        with pytest.raises(StoreTimeout) as late:
            store.engine.write(fail)
        with pytest.raises(NotFound):
            late.value.result()

    def test_a_read_that_is_under_way_may_take_its_time(self, store):
        assert store.engine.read(lambda: time.sleep(0.6) or 7) == 7

    def test_a_read_behind_slow_reads_is_refused_in_time(self, store):
        with ThreadPoolExecutor(3) as threads:
            slow = [threads.submit(store.engine.read, lambda: time.sleep(1.0)) for _ in range(3)]
            time.sleep(0.2)
            assert refused(store.ping) < 0.9
            for each in slow:
                each.result()

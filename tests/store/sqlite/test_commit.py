"""Writes queued at the same time share a transaction and do not affect each other."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from chat.errors import Conflict, StoreUnavailable
from chat.store import Store
from chat.store.engines.sqlite.commit import Write
from chat.store.engines.sqlite.engine import SqliteEngine

from .. import sqlite_faults
from ..engines import counts
from ..scenarios import at_once, begin
from ..sqlite_faults import Faults

ROOT = Path(__file__).resolve().parent.parent.parent.parent


@contextmanager
def busy_writer(store):
    """Keep the writer busy until the event is set, so that later writes are queued together."""
    release, busy = threading.Event(), threading.Event()
    blocker = threading.Thread(target=lambda: store.engine.write(lambda: (busy.set(), release.wait(20))))
    blocker.start()
    assert busy.wait(20)
    yield release
    release.set()
    blocker.join()


@pytest.fixture
def held(store):
    with busy_writer(store) as release:
        yield release


def together(store, held, works):
    """Queue all writes while the writer is held, then release it. Return the outcomes in order."""
    writer = store.engine._writer
    looker = threading.Thread(target=lambda: wait_for(lambda: writer.queued == len(works), held))
    looker.start()

    def run(number):
        try:
            return store.engine.write(works[number])
        except sqlite3.Error as error:
            return error

    outcomes = at_once(len(works), run)
    looker.join()
    return outcomes


def wait_for(condition, then):
    pause = threading.Event()
    for _ in range(2_000):
        if condition():
            break
        pause.wait(0.005)
    then.set()


def insert(store, title):
    """Return a write that inserts one row."""
    return lambda: store.engine.execute(
        "INSERT INTO users (name, created_at) VALUES (?, 0) RETURNING name", (title,)
    ).fetchone()[0]


def names(store):
    names = store.engine.read(lambda: store.engine.execute("SELECT name FROM users ORDER BY name").fetchall())
    return {name for (name,) in names} - {None}


class Commits:
    """Record of the statements of every connection opened later."""

    def __init__(self, monkeypatch):
        self.seen = []
        trace = self.seen.append
        connect = sqlite3.connect

        def traced(*args, **kwargs):
            connection = connect(*args, **kwargs)
            connection.set_trace_callback(trace)
            return connection

        monkeypatch.setattr(sqlite3, "connect", traced)


def test_they_share_one_transaction(tmp_path, monkeypatch):
    commits = Commits(monkeypatch)
    store = Store(SqliteEngine(tmp_path / "chat.db"))
    store.migrate()
    with busy_writer(store) as release:
        commits.seen.clear()
        together(store, release, [insert(store, f"n{number}") for number in range(20)])
    assert names(store) == {f"n{number}" for number in range(20)}
    assert commits.seen.count("COMMIT") == 2  # the blocker's and the group's
    store.close()


def test_one_that_fails_takes_none_of_the_others_with_it(store, held):
    def half():
        insert(store, "half")()
        raise Conflict("on_purpose", "On purpose.")

    twice = insert(store, "twice")
    works = [insert(store, "a"), half, twice, twice, insert(store, "z")]
    first, failed, *both, last = together(store, held, works)
    assert (first, last) == ("a", "z")
    assert isinstance(failed, Conflict)
    assert sorted(map(str, both)) == ["The database refused this.", "twice"]
    assert names(store) == {"a", "twice", "z"}


def test_they_see_what_the_earlier_ones_did(store, conversation, held):
    """Of several questions in one conversation, the first in the queue wins."""
    writer = store.engine._writer
    looker = threading.Thread(target=lambda: wait_for(lambda: writer.queued == 5, held))
    looker.start()
    outcomes = at_once(5, lambda number: begin(store, conversation, f"Q{number}"))
    looker.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict"] * 4 + ["StartedTurn"]
    assert len(store.history.of_conversation(conversation.id)) == 2


def test_a_full_disk_under_one_leaves_the_small_ones(store, held):
    def long():
        bound(room)  # called here because the order of the queue is unknown
        return store.engine.execute("INSERT INTO users (name, created_at) VALUES (?, 0)", ("long" * 500_000,)).rowcount

    def bound(pages):
        return store.engine.execute(f"PRAGMA max_page_count={pages}").fetchone()[0]

    room = store.engine.read(lambda: store.engine.execute("PRAGMA page_count").fetchone()[0]) + 20
    first, failed, last = together(store, held, [insert(store, "a"), long, insert(store, "z")])
    assert (first, last) == ("a", "z")
    assert isinstance(failed, StoreUnavailable)
    assert names(store) == {"a", "z"}
    store.engine.write(lambda: bound(2**30))


@pytest.mark.parametrize("says", [sqlite_faults.LOCKED, sqlite_faults.FULL, sqlite_faults.BROKEN])
def test_outcomes_match_the_database_whichever_statement_fails(tmp_path, monkeypatch, says):
    faults = Faults(monkeypatch)
    store = Store(SqliteEngine(tmp_path / "chat.db"))
    store.migrate()
    nth, failed = 0, ["first"]
    while failed:
        nth += 1
        release, busy = threading.Event(), threading.Event()
        args = (lambda busy=busy, release=release: (busy.set(), release.wait(20)),)
        blocker = threading.Thread(target=store.engine.write, args=args)
        blocker.start()
        assert busy.wait(20)
        before = names(store)
        # The blocker's own COMMIT is the first.
        faults.arm(nth + 1, says)
        mine = [f"{nth}-{number}" for number in range(4)]
        outcomes = together(store, release, [insert(store, name) for name in mine])
        blocker.join()
        failed = faults.disarm()
        committed = {outcome for outcome in outcomes if isinstance(outcome, str)}
        assert names(store) - before == committed, failed
        assert all(isinstance(outcome, str | StoreUnavailable) for outcome in outcomes)
    assert nth > 15
    store.close()


def test_a_commit_that_took_effect_but_failed_is_not_done_twice(tmp_path, monkeypatch):
    faults = Faults(monkeypatch)
    store = Store(SqliteEngine(tmp_path / "chat.db"))
    store.migrate()
    runs = []

    def count(number):
        return lambda: (runs.append(number), insert(store, f"n{number}")())

    with busy_writer(store) as release:
        faults.arm(2, sqlite_faults.BROKEN, calls="commit")
        outcomes = together(store, release, [count(number) for number in range(3)])
    assert faults.disarm() == ["COMMIT"]
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 3
    assert sorted(runs) == [0, 1, 2]
    assert counts(store.engine)["users"] == 1 + 3  # and the owner of hidden conversations
    store.close()


def test_an_item_that_breaks_the_statement_breaks_it_for_itself_only(store):
    """A failed batch statement fails for all items, so each item is then written alone."""

    def name(items):
        store.engine.execute_rows("INSERT INTO users (name, created_at) VALUES {rows}", [(i, 0) for i in items])
        return [f"made {item}" for item in items]

    store.engine.write_batched(name, "twice")
    group = [Write(time.monotonic() + 2, batch_work=name, item=item) for item in ("a", "twice", "b")]
    store.engine._writer._run_batch(group)
    assert [call.value for call in group] == ["made a", None, "made b"]
    assert "UNIQUE" in str(group[1].error.__cause__)


# Some greenlets are killed while they wait to write; the others are served.
KILLED = """
from gevent import monkey
monkey.patch_all()
import gevent, json, sys, time
from pathlib import Path
from chat.store import Store
from chat.store.engines.sqlite.commit import Write
from chat.store.engines.sqlite.engine import SqliteEngine
store = Store(SqliteEngine(Path(sys.argv[1])))
store.migrate()
done = []
def write(number):
    store.sessions.create_anonymous()
    done.append(number)
rounds = 0
for _ in range(20):
    writers = [gevent.spawn(write, number) for number in range(30)]
    gevent.sleep(0.001 * (rounds % 5))
    gevent.killall(writers[::2], block=False)
    gevent.joinall(writers, timeout=20, raise_error=False)
    assert all(writer.dead for writer in writers)
    rounds += 1
store.close()
print(json.dumps({"served": sum(number % 2 for number in done), "rounds": rounds}))
"""


def test_killed_greenlets_hold_up_nobody(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "chat.db")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(run.stdout.splitlines()[-1]) == {"served": 20 * 15, "rounds": 20}

"""The store in a monkey-patched process: SQLite never blocks the event loop."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from chat.store import Store
from chat.store.engines.sqlite.engine import SqliteEngine

from ..engines import counts

ROOT = Path(__file__).resolve().parent.parent.parent.parent

# Holds the write lock from its first line of input to its second.
LOCKER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
sys.stdin.readline()
other.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
other.rollback()
"""

# Twenty greenlets write while the lock is held for 1.5 s; one ticks every 10 ms and records its longest gap.
WRITERS = """
from gevent import monkey
monkey.patch_all()
import json, subprocess, sys, threading, time
from pathlib import Path
from chat.errors import ParleyError
from chat.store import Store
from chat.store.engines.sqlite.engine import SqliteEngine
from chat.store.turns import Question, Run
from chat.runtime import mode
from config.mode import ASYNC
assert mode.current() is ASYNC
path = sys.argv[1]
store = Store(SqliteEngine(Path(path)))
user = store.sessions.create_anonymous().user_id
conversations = [store.conversations.create(user) for _ in range(20)]
locker = subprocess.Popen([sys.executable, "-c", sys.argv[2], path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
locker.stdin.write(b"lock\\n"); locker.stdin.flush(); locker.stdout.readline()

gaps, going, outcomes, reads = [], True, [], 0
def tick():
    last = time.monotonic()
    while going:
        time.sleep(0.01)
        now = time.monotonic()
        gaps.append(now - last)
        last = now
def write(conversation):
    try:
        store.turns.begin(conversation.user_id, conversation.id, Question("Why?"), Run("a-model", "async", "here:1"))
        outcomes.append("begun")
    except ParleyError as error:
        outcomes.append(error.code)
ticker = threading.Thread(target=tick)
ticker.start()
writers = [threading.Thread(target=write, args=(conversation,)) for conversation in conversations]
for writer in writers:
    writer.start()
until = time.monotonic() + 1.5
while time.monotonic() < until:
    assert len(store.conversations.page(user, 50)[0]) == 20
    reads += 1
    time.sleep(0.01)
written_while_locked = len(outcomes)
locker.stdin.write(b"release\\n"); locker.stdin.flush()
for writer in writers:
    writer.join()
going = False
ticker.join()
locker.communicate()
store.close()
print(json.dumps({"ticks": len(gaps), "longest_gap_s": max(gaps), "outcomes": outcomes, "reads": reads,
                  "early": written_while_locked}))
"""


def patched(script, *arguments):
    run = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    return run.stdout


def test_the_loop_goes_on_while_another_process_holds_the_write_lock(store):
    report = json.loads(patched(WRITERS, store.engine.path, LOCKER))
    assert report["early"] == 0
    assert report["outcomes"] == ["begun"] * 20
    assert counts(store.engine)["turns"] == 20
    assert report["reads"] > 10
    assert report["ticks"] > 50
    # A call that blocked the loop would have done so for as long as the lock was held.
    assert report["longest_gap_s"] < 0.7


# Two hundred greenlets create sessions and try to claim one conversation.
CROWD = """
from gevent import monkey
monkey.patch_all()
import sys, threading
from pathlib import Path
from chat.errors import Conflict
from chat.store import Store
from chat.store.engines.sqlite.engine import SqliteEngine
from chat.store.turns import Question, Run
store = Store(SqliteEngine(Path(sys.argv[1])))
user = store.sessions.create_anonymous().user_id
conversation = store.conversations.create(user)
outcomes = []
def one(number):
    me = store.sessions.create_anonymous()
    assert store.sessions.find(me.token).user_id == me.user_id
    try:
        question = Question(f"Question {number}")
        store.turns.begin(user, conversation.id, question, Run("a-model", "async", "here:1"))
        outcomes.append("begun")
    except Conflict:
        outcomes.append("conflict")
    assert store.ownership.conversation(user, conversation.id).active_turn_id is not None
crowd = [threading.Thread(target=one, args=(number,)) for number in range(200)]
for each in crowd:
    each.start()
for each in crowd:
    each.join()
print(outcomes.count("begun"), outcomes.count("conflict"))
store.close()
"""


def test_one_claim_among_two_hundred_greenlets(store):
    store.close()
    assert patched(CROWD, store.engine.path) == "1 199\n"
    again = Store(SqliteEngine(store.engine.path))
    assert again.turns.get(1).status == "running"
    again.close()


# All native threads of a store open their connections at the same moment, thirty times.
OPENING = """
from gevent import monkey
monkey.patch_all()
import sys, threading
from pathlib import Path
from chat.store import Store
from chat.store.engines.sqlite.engine import SqliteEngine
opened = 0
for _ in range(30):
    store = Store(SqliteEngine(Path(sys.argv[1])))
    calls = [store.ping, store.ping, store.ping, store.sessions.create_anonymous]
    callers = [threading.Thread(target=call) for call in calls]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    store.close()
    opened += 1
print(opened)
"""


def test_native_threads_that_open_at_once_do_not_wait_for_each_other_for_ever(store):
    assert patched(OPENING, store.engine.path) == "30\n"
    assert counts(store.engine)["users"] == 1 + 30  # and the owner of hidden conversations

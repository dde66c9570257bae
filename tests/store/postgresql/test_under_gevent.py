"""The store in a monkey-patched process: waiting for PostgreSQL never blocks the event loop."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from scripts.kit.postgresql_server import PostgresqlServer
from tests.servers.postgresql_databases import SECRET_KEY, Databases

ROOT = Path(__file__).resolve().parents[3]

# Twenty greenlets write and read while every row is locked for one second; one ticks and records its longest gap.
PROGRAM = """
from gevent import monkey
monkey.patch_all()
import json, sys, threading, time
from pathlib import Path
from chat.runtime import mode
from chat.store import Store, engine_for
from chat.store.turns import Question, Run
from config.mode import ASYNC
assert mode.current() is ASYNC
url, secret_key = sys.argv[1:]
store, other = (Store(engine_for(url, Path("/"), secret_key)) for _ in range(2))
user = store.sessions.create_anonymous().user_id
conversations = [store.conversations.create(user) for _ in range(20)]
other.ping()

gaps, going, begun, reads = [], True, 0, 0
def tick():
    last = time.monotonic()
    while going:
        time.sleep(0.01)
        now = time.monotonic()
        gaps.append(now - last)
        last = now
def hold():
    def work():
        other.engine.execute("SELECT id FROM conversations FOR UPDATE").fetchall()
        other.engine.execute("SELECT pg_sleep(1)").fetchall()
    other.engine.write(work)
def write(conversation):
    global begun, reads
    store.turns.begin(user, conversation.id, Question("Why?"), Run("a-model", "async", "here:1"))
    begun += 1
    store.conversations.page(user, 5)
    reads += 1
threads = [threading.Thread(target=tick), threading.Thread(target=hold)]
for each in threads:
    each.start()
time.sleep(0.3)
began = time.monotonic()
writing = [threading.Thread(target=write, args=(each,)) for each in conversations]
for each in writing:
    each.start()
slow = threading.Thread(target=lambda: store.engine.read(
    lambda: store.engine.execute("SELECT pg_sleep(0.5)").fetchone()))
slow.start()
for each in [*writing, slow, threads[1]]:
    each.join()
took = time.monotonic() - began
going = False
threads[0].join()
store.close(); other.close()
print(json.dumps({"longest": max(gaps), "begun": begun, "reads": reads, "took": took}))
"""


def test_the_loop_goes_on_while_the_database_is_waited_for(
    postgresql: PostgresqlServer, postgresql_databases: Databases
) -> None:
    completed = subprocess.run(
        [sys.executable, "-c", PROGRAM, postgresql_databases.url("a"), SECRET_KEY],
        check=False, cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
    result = json.loads(completed.stdout)
    assert (result["begun"], result["reads"]) == (20, 20)
    assert result["took"] > 0.5, "nothing was waited for"
    assert result["longest"] < 0.4

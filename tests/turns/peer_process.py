"""A worker in a process of its own, whose model's answers the test controls over a socket.

`python -m tests.turns.peer_process DATABASE_URL RUN_DIR PORT [gevent] [lease=MS]`: connects to PORT and takes a line of
JSON at a time, `{"ask": text}`, `{"say": text}`, `{"end": true}`, `{"follow": turn}`, `{"crowd": number, "of": turn}`
or `{"stop": true}`; the first, the fourth and what comes after it are answered with a line. A question is a new user's,
unless it names a `user` and a `conversation`. A crowd replaces the one before it. `PeerProcess` is the test's end.
"""

from __future__ import annotations

import sys

if "gevent" in sys.argv:
    from gevent import monkey

    monkey.patch_all()

import json
import queue
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chat.cancellation import Cancellation
from chat.messages import Delta, Message, TextDelta, ToolSpec
from chat.store import Store, engine_for
from chat.store import turns as store_turns
from chat.store.records import Turn
from chat.store.turns import Question
from config.paths import ROOT
from tests.servers.postgresql_databases import SECRET_KEY

from .worker import LONG_S, Worker


class Dictated:
    """A model that sends each text of a queue as a delta, until None. `crowd` are the followers of its answer."""

    def __init__(self) -> None:
        self.pieces: queue.Queue[str | None] = queue.Queue()
        self.crowd: list[Iterator[bytes]] = []

    def stream(
        self,
        _model: str,
        _messages: Sequence[Message],
        _tools: Sequence[ToolSpec],
        cancellation: Cancellation,
        _may_call: bool = True,
    ) -> Iterator[Delta]:
        with cancellation.closing(lambda: self.pieces.put(None)):
            while (piece := self.pieces.get()) is not None:
                yield TextDelta(piece)
        cancellation.check()

    def warm_up(self) -> None:
        pass

    def close_unusable_connections(self) -> None:
        pass


def main(database_url: str, run_dir: str, port: str, *options: str) -> None:
    for option in options:
        if option.startswith("lease="):
            store_turns.LEASE_MS = int(option.removeprefix("lease="))
    model = Dictated()
    worker = Worker(Store(engine_for(database_url, ROOT, SECRET_KEY)), model, Path(run_dir))
    worker.start()
    worker.listen()
    with socket.create_connection(("127.0.0.1", int(port))) as connection:
        for line in connection.makefile("rb"):
            answer = _obey(worker, model, json.loads(line))
            if answer is not None:
                connection.sendall(json.dumps(answer).encode() + b"\n")


def _obey(worker: Worker, model: Dictated, order: dict[str, Any]) -> dict[str, Any] | None:
    if "ask" in order:
        user = order.get("user") or worker.store.sessions.create_anonymous().user_id
        conversation = order.get("conversation") or worker.store.conversations.create(user).id
        started = worker.runner.begin(user, conversation, Question(order["ask"]), "a-model")
        return {"turn": started.turn.id, "worker": started.turn.worker, "mode": started.turn.mode}
    if "say" in order:
        model.pieces.put(order["say"])
    elif "end" in order:
        model.pieces.put(None)
    elif "follow" in order:
        return {"frames": b"".join(worker.follower.frames(_turn(worker, order["follow"]), 0)).decode()}
    elif "crowd" in order:
        model.crowd.clear()
        model.crowd += [worker.follower.frames(_turn(worker, order["of"]), 0) for _ in range(order["crowd"])]
        return {"followers": len(model.crowd)}
    elif "stop" in order:
        worker.stop()
        worker.store.close()
        return {}
    return None


def _turn(worker: Worker, turn_id: int) -> Turn:
    turn = worker.store.turns.get(turn_id)
    assert turn is not None
    return turn


class PeerProcess:
    """Controls the process: `kill` sends SIGKILL, `close` ends it in order."""

    def __init__(self, database_url: str, run_dir: Path, *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(LONG_S)
            places = [database_url, str(run_dir), str(server.getsockname()[1])]
            command = [sys.executable, "-m", "tests.turns.peer_process", *places, *options]
            self._process = subprocess.Popen(command, cwd=ROOT)
            self._connection, _ = server.accept()
        self._connection.settimeout(LONG_S)
        self._answers = self._connection.makefile("rb")

    def tell(self, **order: Any) -> None:
        self._connection.sendall(json.dumps(order).encode() + b"\n")

    def ask(self, **order: Any) -> Any:
        self.tell(**order)
        return json.loads(self._answers.readline())

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(LONG_S)

    def close(self) -> None:
        """End the process, unless it was killed."""
        self._answers.close()
        self._connection.close()
        if self._process.poll() is None:
            try:
                self._process.wait(LONG_S)
            finally:
                self._process.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The three rollbacks of `docs/operations.md`: the flag, the code, fewer workers. Chats and sign-ins stay.

A switch of the flag without a restart is tested in `test_switch.py`.
"""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chat.store import Store, engine_for
from chat.store.integrity import check
from config.paths import ROOT
from scripts.fake_llm import FakeLLM
from scripts.kit.program import NotStarted
from scripts.kit.waiting import wait_until
from tests.servers.parley import ParleyServer, User, text_of
from tests.servers.previous_release import previous_release, unpack
from tests.servers.tree import Tree


@contextmanager
def restarted(server: ParleyServer, program: Path) -> Iterator[ParleyServer]:
    """Start the server from a folder with the program; stop it at the end."""
    server.program = program
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def server(tmp_path: Path, fake_llm: FakeLLM) -> Iterator[ParleyServer]:
    """A server of two async workers, which is not started yet."""
    server = ParleyServer(
        tmp_path, USE_ASYNC_AGENT="true", WEB_CONCURRENCY=2, OPENAI_BASE_URL=fake_llm.base_url,
        CHAT_MODEL="fake?tokens=20&gap=0.01",
    )  # fmt: skip
    yield server
    server.kill()
    server.release()


@pytest.fixture
def tree(server: ParleyServer, tmp_path: Path) -> Tree:
    """This version of the program, with the server's settings in its `.env`."""
    (tmp_path / "parley").mkdir()
    tree = Tree(tmp_path / "parley", **server.settings)
    server.settings = {}
    return tree


@pytest.fixture
def previous(tree: Tree, tmp_path: Path) -> Path:
    """The previous release, with the same `.env`."""
    commit = previous_release()
    if not commit:
        pytest.skip("the previous release is not in this clone: it has no history")
    folder = tmp_path / "previous"
    unpack(commit, folder)
    (folder / ".env").write_text(tree.env_file.read_text())
    return folder


def ask(user: User, conversation: int, text: str) -> str:
    events = user.ask(conversation, text)
    assert events[-1].data["status"] == "completed"
    return text_of(events)


def answers(user: User, conversation: int) -> list[str]:
    messages = user.get(f"/api/conversations/{conversation}").json()["messages"]
    return [message["text"] for message in messages if message["role"] == "assistant"]


def mode(user: User) -> str:
    return str(user.get("/api/me").json()["mode"])


def test_the_flag_and_then_fewer_workers(server: ParleyServer, tree: Tree) -> None:
    with restarted(server, tree.folder):
        user = User(server.url)
        chat = user.conversation()
        said = [ask(user, chat, "One?")]
        assert mode(user) == "async"

    tree.env_file.write_text(tree.env_file.read_text().replace("USE_ASYNC_AGENT=true", "USE_ASYNC_AGENT=false"))
    with restarted(server, tree.folder):
        assert mode(user) == "sync"
        said.append(ask(user, chat, "Two?"))
        assert answers(user, chat) == said

        tree.append(".env", "WEB_CONCURRENCY=1\nTHREADS=4")
        with user.asking(chat, "Three? [fake?tokens=40&gap=0.05]") as events:
            next(events)
            server.signal(signal.SIGHUP)
            said.append(text_of(list(events)))
        wait_until(lambda: len(server.workers) == 1, timeout_s=60)
        said.append(ask(user, chat, "Four?"))
        assert answers(user, chat) == said


def test_the_previous_release_runs_on_the_newer_database(
    server: ParleyServer, tree: Tree, previous: Path, tmp_path: Path
) -> None:
    with restarted(server, tree.folder):
        user = User(server.url)
        chat = user.conversation()
        said = [ask(user, chat, "One?")]
        link = user.post(f"/api/conversations/{chat}/share").json()["url"]
    with restarted(server, previous):
        assert answers(user, chat) == said
        said.append(ask(user, chat, "Two?"))
        shared = user.get(f"/api/shared/{link.rpartition('/')[2]}").json()
        assert [message["text"] for message in shared["messages"] if message["role"] == "assistant"] == said[:1]
    with closing(Store(engine_for(f"sqlite:///{tmp_path}/chat.db", ROOT))) as store:
        assert store.migrate() == []
        assert check(store.engine)[1] == []


def test_the_previous_release_refuses_a_database_that_it_cannot_use(
    server: ParleyServer, previous: Path, tmp_path: Path
) -> None:
    """It refuses the database before it changes anything."""
    path = tmp_path / "chat.db"
    with closing(Store(engine_for(f"sqlite:///{path}", ROOT))) as store:
        store.migrate()
    with closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO migrations (name, expands, runs_with) VALUES ('9999_contracts', 0, 9999)")
        database.commit()
    before = path.read_bytes()
    server.program = previous
    with pytest.raises(NotStarted):
        server.start()
    console = server.console()
    assert "Traceback" not in console
    sentence = f"DATABASE_URL names {path}, but a later version of this program has changed its tables: 9999_contracts."
    assert sum(sentence in line for line in console.splitlines()) == 1
    assert path.read_bytes() == before

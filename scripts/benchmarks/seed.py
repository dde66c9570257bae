"""A database as after years of use, for costs that grow with it: written directly into the product's tables."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from chat.store import Store
from chat.store.engines.sqlite.engine import SqliteEngine

RARE, COMMON = "zanzibar", "market"
HOLDING_RARE = 10  # messages
_WORDS = (
    f"the {COMMON} opened quietly and closed higher after figures for trade inflation growth wages credit exports of "
    "copper wheat cotton steel from China Brazil Kenya Norway Japan were published while bonds stocks currencies rates "
    "moved little because analysts expected demand supply risk and policy to change next quarter year month again"
).split()
_INSERT_TURN = (
    "INSERT INTO turns (conversation_id, user_message_id, message_id, status, model, mode, worker, marks, "
    "prompt_tokens, completion_tokens, started_at, ended_at, lease_until) "
    "VALUES (?, ?, ?, 'completed', 'fake', 'async', 'host:1', ?, 100, 60, ?, ?, ?)"
)


@dataclass(frozen=True)
class User:
    """A user's cookie and conversations, the oldest first."""

    cookie: str
    conversations: list[int]


class Seeds:
    """Writer of users and their messages into a new database at `path`. Close it at the end."""

    def __init__(self, path: Path) -> None:
        self._store = Store(SqliteEngine(path))
        self._store.migrate()
        self._database = sqlite3.connect(path, isolation_level=None)
        self._random = random.Random(4)  # the same text in each run
        self._clock = int(time.time() * 1000) - 400 * 86_400_000

    def close(self) -> None:
        self._database.close()
        self._store.close()

    def user(self, conversations: int, messages: int, rare: int = 0) -> User:
        """Add a user with so many conversations of so many messages; `rare` of these hold the rare word."""
        identity = self._store.sessions.create_anonymous()
        every = conversations * messages // rare if rare else 0
        self._database.execute("BEGIN IMMEDIATE")
        ids = []
        for number in range(conversations):
            holding = {n for n in range(messages) if every and (number * messages + n) % every == 0}
            ids.append(self._conversation(identity.user_id, messages, holding))
        self._database.execute("COMMIT")
        return User(f"parley_seed={identity.token}", ids)

    def _conversation(self, user_id: int, messages: int, rare: set[int]) -> int:
        run, now = self._database.execute, self._tick()
        conversation = run(
            "INSERT INTO conversations (user_id, title, pinned, created_at, updated_at) VALUES (?, ?, 0, ?, ?)",
            (user_id, " ".join(self._words(6)), now, now),
        ).lastrowid
        assert conversation
        head = None
        for number in range(messages):
            question, head = head, self._message(conversation, head, number, number in rare)
            if number % 2:
                at = self._tick()
                run(_INSERT_TURN, (conversation, question, head, f"[{self._length}]", at, at, at))
        run("UPDATE conversations SET head_id = ?, updated_at = ? WHERE id = ?", (head, self._tick(), conversation))
        return conversation

    def _message(self, conversation: int, parent: int | None, number: int, rare: bool) -> int:
        words = list(self._words(60 if number % 2 else 15))
        if rare:
            words[5] = RARE
        text, self._length = " ".join(words), len(" ".join(words))
        conversation_id = self._database.execute(
            "INSERT INTO messages (conversation_id, parent_id, role, text, reasoning, created_at) "
            "VALUES (?, ?, ?, ?, '', ?)",
            (conversation, parent, "assistant" if number % 2 else "user", text, self._tick()),
        ).lastrowid
        assert conversation_id
        return conversation_id

    def _words(self, count: int) -> Iterator[str]:
        return iter(self._random.choices(_WORDS, k=count))

    def _tick(self) -> int:
        self._clock += 1000
        return self._clock


def seeded(path: Path, few: bool) -> dict[str, tuple[User, User]]:
    """Return, for each thing that grows, a user with little of it and one with much. `few`: a tenth of everything."""
    part = 10 if few else 1
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(Seeds(path)) as seeds:
        return {
            "messages": (seeds.user(1, 20), seeds.user(1, 2000 // part)),
            "conversations": (seeds.user(100, 2), seeds.user(10_000 // part, 2)),
            "search": (seeds.user(10, 100, HOLDING_RARE), seeds.user(1000 // part, 100, HOLDING_RARE)),
            "context": (seeds.user(30, 2), seeds.user(30, 200)),
        }

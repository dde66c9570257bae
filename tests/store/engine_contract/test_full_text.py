"""The full-text indexes: words of several scripts, pages, owners, replaced and deleted texts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from chat.store.engines.contract import Engine
from chat.store.tokenizer import query_words

TEXTS = {
    "English": ("Where are the Whales?", ["whales", "where whal", "WHALES are"], ["whale s", "whal where"]),
    "accents": ("Crème brûlée à la carte", ["creme brulee", "CRÈME", "brûl"], ["carter"]),
    "German": ("Die Straße nach Köln", ["straße", "strasse koln", "köl"], ["koeln"]),
    "Greek": ("Καλημέρα κόσμε", ["καλημερα", "ΚΌΣΜΕ"], ["κοσμος"]),
    "Cyrillic": ("Ёлка и ёжик", ["ёлка", "ежик"], ["ель"]),
    "Chinese": ("中国的市场很大", ["市场", "中国 市", "很大"], ["场市", "中市"]),
    "Japanese": ("東京タワーに行きます", ["東京", "タワー", "に行き"], ["京都"]),
    "Korean": ("서울은 큰 도시입니다", ["서울", "도시", "큰 도"], ["부산"]),
    "Thai": ("ประเทศไทยสวยงาม", ["ไทย", "สวยงาม"], ["ลาว"]),
    "punctuation": ('C++ and node.js, e-mail "quoted"', ["node.js", "e-mail", "quoted", "c++ and"], ["nodejs"]),
}


@pytest.fixture
def conversation(engine: Engine) -> Callable[..., tuple[int, int]]:
    """Return a function that makes a conversation with a message. It returns their ids."""

    def make(user_id: int = 1, text: str = "", title: str = "", temporary: bool = False) -> tuple[int, int]:
        def work() -> tuple[int, int]:
            insert = (
                "INSERT INTO conversations (user_id, title, pinned, created_at, updated_at, temporary) "
                "VALUES (?, ?, 0, 0, 0, ?) RETURNING id"
            )
            ((conversation_id,),) = engine.execute(insert, (user_id, title, int(temporary))).fetchall()
            insert = (
                "INSERT INTO messages (conversation_id, role, text, reasoning, created_at) "
                "VALUES (?, 'user', ?, '', 0) RETURNING id"
            )
            ((message_id,),) = engine.execute(insert, (conversation_id, text)).fetchall()
            engine.full_text.put("title", [(conversation_id, user_id, title)])
            engine.full_text.put("message", [(message_id, user_id, text)])
            return conversation_id, message_id

        return engine.write(work)

    engine.write(lambda: engine.execute_rows("INSERT INTO users (id, created_at) VALUES {rows}", [(1, 0), (2, 0)]))
    return make


def titles(engine: Engine, query: str, user_id: int = 1, before: int = 2**62, limit: int = 50) -> list[int]:
    return engine.read(lambda: engine.full_text.titles(user_id, query_words(query), before, limit))


def messages(
    engine: Engine, query: str, user_id: int = 1, before: int = 2**62, limit: int = 50
) -> list[tuple[int, int]]:
    def work() -> list[tuple[int, int]]:
        with contextlib.closing(engine.full_text.messages(user_id, query_words(query), before, limit)) as hits:
            return list(hits)

    return engine.read(work)


@pytest.mark.parametrize("language", TEXTS)
def test_words_of_several_scripts(engine: Engine, conversation: Callable[..., tuple[int, int]], language: str) -> None:
    text, matching, other = TEXTS[language]
    conversation_id, message_id = conversation(text=text, title=text)
    conversation(text="Something else", title="Something else")
    assert [titles(engine, query) for query in matching] == [[conversation_id]] * len(matching)
    assert [messages(engine, query) for query in matching] == [[(message_id, conversation_id)]] * len(matching)
    assert [titles(engine, query) for query in other] == [[]] * len(other)


def test_newest_first_below_a_bound_and_no_more_than_the_limit(
    engine: Engine, conversation: Callable[..., tuple[int, int]]
) -> None:
    inserted = [conversation(text="apricots", title="apricots") for _ in range(5)]
    conversations = [each for each, _ in reversed(inserted)]
    hits = [(message_id, conversation_id) for conversation_id, message_id in reversed(inserted)]
    assert titles(engine, "apricots", limit=2) == conversations[:2]
    assert titles(engine, "apricots", before=conversations[1], limit=2) == conversations[2:4]
    assert messages(engine, "apricots", limit=2) == hits[:2]
    assert messages(engine, "apricots", before=hits[1][0]) == hits[2:]
    newest = engine.read(lambda: engine.full_text.conversations_from(1, ["apricots"], hits[1][0]))
    assert newest == set(conversations[:2])


def test_only_texts_of_the_user_and_none_that_is_temporary(
    engine: Engine, conversation: Callable[..., tuple[int, int]]
) -> None:
    mine, _ = conversation(1, "apricots", "apricots")
    theirs, _ = conversation(2, "apricots", "apricots")
    conversation(1, "apricots", "apricots", temporary=True)
    assert [titles(engine, "apricots", user) for user in (1, 2, 3)] == [[mine], [theirs], []]
    assert [[each for _, each in messages(engine, "apricots", user)] for user in (1, 2, 3)] == [
        [mine],
        [theirs],
        [],
    ]


def test_a_text_is_replaced_and_goes_with_its_row(engine: Engine, conversation: Callable[..., tuple[int, int]]) -> None:
    conversation_id, message_id = conversation(text="apricots", title="apricots")
    engine.write(lambda: engine.full_text.put("message", [(message_id, 1, "bananas")]))
    assert (messages(engine, "apricots"), len(messages(engine, "bananas"))) == ([], 1)
    engine.write(lambda: engine.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,)))
    assert (titles(engine, "apricots"), messages(engine, "bananas")) == ([], [])


def test_a_reader_that_stops_early_leaves_nothing_open(
    engine: Engine, conversation: Callable[..., tuple[int, int]]
) -> None:
    inserted = [conversation(text="apricots") for _ in range(20)]

    def first() -> tuple[int, int]:
        with contextlib.closing(engine.full_text.messages(1, ["apricots"], 2**62, 50)) as hits:
            return next(hits)

    assert engine.read(first) == (inserted[-1][1], inserted[-1][0])
    newest, _ = conversation(text="apricots")
    assert {engine.read(first)[1] for _ in range(10)} == {newest}

"""The check of a database: it finds nothing in a sound one, and each kind of fault in another."""

from __future__ import annotations

import pytest

from chat.errors import MaintenanceRefused
from chat.store.engines.sqlite.engine import SqliteEngine
from chat.store.integrity import check
from chat.store.migrations import steps_of

from .archive.conftest import fill


def test_a_sound_database(store):
    assert check(store.engine)[1] == []
    fill(store)
    rows, faults = check(store.engine)
    assert faults == []
    assert rows["messages"] == 6


CONTRADICTIONS = {
    "1 messages answer a message of another conversation": (
        "UPDATE messages SET conversation_id = {other} WHERE id = (SELECT max(id) FROM messages"
        " WHERE conversation_id = {shared})"
    ),
    "1 conversations end at a message that they do not have": (
        "UPDATE conversations SET head_id = 999999 WHERE id = {shared}"
    ),
    "1 conversations wait for a turn that does not run": (
        "UPDATE turns SET status = 'failed' WHERE status = 'running'"
    ),
    "1 running turns have no conversation that waits for them": "UPDATE conversations SET active_turn_id = NULL",
    "2 turns have messages of another conversation": (
        "UPDATE turns SET conversation_id = {other}, client_id = NULL WHERE conversation_id = {shared}"
    ),
    "1 shared links show a message of another conversation": (
        "UPDATE shares SET leaf_id = (SELECT max(id) FROM messages WHERE conversation_id = {other})"
    ),
    "The search cannot find 1 texts": "DELETE FROM unindexed_titles WHERE id = {shared}",
}


@pytest.mark.parametrize("fault", CONTRADICTIONS)
def test_a_fault_is_found(store, fault):
    filled = fill(store)
    statement = CONTRADICTIONS[fault].format(shared=filled.shared.id, other=filled.running.conversation_id)
    store.engine.write(lambda: store.engine.execute(statement))
    faults = check(store.engine)[1]
    assert any(each.startswith(fault) for each in faults), faults


def test_new_ids_that_are_in_use_are_found(store, conversation):
    insert = "INSERT INTO conversations (id, user_id, title, pinned, created_at, updated_at) VALUES (?, ?, '', 0, 0, 0)"
    store.engine.write(lambda: store.engine.execute(insert, (conversation.id + 99, conversation.user_id)))
    store.engine.write(lambda: lower_counter(store.engine))
    assert any("conversations would get ids that are in use" in fault for fault in check(store.engine)[1])
    store.engine.write(lambda: store.engine.maintenance.keep_last_ids({"conversations": conversation.id + 99}))
    assert check(store.engine)[1] == []


def lower_counter(engine) -> None:
    if isinstance(engine, SqliteEngine):
        engine.execute("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'conversations'")
    else:
        engine.execute("SELECT setval('conversations_id_seq', 1)")


def test_an_earlier_version_is_refused(store):
    last = steps_of(store.engine)[-1].name
    store.engine.write(lambda: store.engine.execute("DELETE FROM migrations WHERE name = ?", (last,)))
    with pytest.raises(MaintenanceRefused, match="tables of an earlier version: run `db migrate` first"):
        check(store.engine)

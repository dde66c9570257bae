"""A backup restored into an empty database of each kind, and what works afterwards."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

from chat.commands.db_backup import finish
from chat.errors import MaintenanceRefused, StoreUnavailable
from chat.store import Store
from chat.store.archive.backup_file import new_file
from chat.store.archive.copying import check_source, copy
from chat.store.archive.dump import dump
from chat.store.archive.load import restore
from chat.store.archive.progress import silent
from chat.store.archive.tables import TABLES, WITHOUT_DATA
from chat.store.engines.contract import Engine
from chat.store.integrity import check
from chat.store.records import INTERRUPTED

from ..engines import full_disk, write_lock
from ..scenarios import DIED, completed_turn, remove_all, search
from .conftest import dumped, reader, restored


def contents(backup: bytes) -> dict[str, Any]:
    """Return a backup's tables without their names of columns, and its keys."""
    archive = reader(backup)
    return {
        "keys": archive.keys(),
        **{member.table: (member.last_id, list(archive.rows(member))) for member in archive.manifest.tables},
    }


def key_of(engine: Engine) -> bytes:
    return engine.read(lambda: engine.key("share-key"))


def test_every_table_is_in_a_backup_or_can_be_made_again(store):
    names = store.engine.read(store.engine.maintenance.tables)
    assert names == {table.name for table in TABLES} | WITHOUT_DATA


def test_a_restored_database_is_the_same(filled, target):
    backup = dumped(filled.store.engine)
    result = restored(target, backup)
    assert result.skipped == []
    assert {table for table, rows in result.rows.items() if not rows} == set(), "a table that is not tested"
    assert contents(dumped(target)) == contents(backup)
    assert check(target)[1] == []


def test_postgresql_knows_how_many_rows_were_restored(filled, target):
    """Without this knowledge it would read the whole table of messages to find a message's siblings."""
    if target.location.startswith("/"):
        return  # SQLite's statements name their indexes
    result = restored(target, dumped(filled.store.engine))
    known = dict(target.read(lambda: target.select("relname, reltuples", "FROM pg_class WHERE reltuples > 0")))
    assert all(known[table] == result.rows[table] for table in ("conversations", "messages", "turns", "tool_calls"))


def test_everything_works_in_a_restored_database(filled, target):
    restored(target, dumped(filled.store.engine))
    store = Store(target)
    assert store.migrate() == []

    conversation = store.ownership.conversation(filled.user, filled.shared.id)
    assert store.shares.get(conversation).token == filled.token
    assert [message.text for message in store.shares.contents(filled.token)[2]][-1] == "With a tool"
    for word in ("quokka", "東京", "größe"):
        assert search(store, filled.user, word) == [filled.shared.id]
    assert store.instructions.get(filled.user) == filled.store.instructions.get(filled.user)

    # Its worker does not exist any more.
    assert store.turns.interrupt_lost([filled.running.worker], {}, [], DIED) == [filled.running.id]
    turn, answer, _ = store.turns.with_answer(filled.running.id)
    assert (turn.status, answer.text) == (INTERRUPTED, "So far")
    completed_turn(store, store.conversations.create(filled.user), "Later?", "Later.")
    remove_all(store)
    assert check(target)[1] == []


def test_texts_that_cannot_be_indexed_now_are_found_later(filled, target, capsys):
    """The restore is complete all the same, and says so; the server, or the next search, indexes the texts."""
    result = restored(target, dumped(filled.store.engine))
    store = Store(target)
    target.lock_timeout_s = 0.1
    with write_lock(target):
        finish(store, result, silent)
    target.lock_timeout_s = 60.0
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"The search does not find the texts yet, because: .*\. The server indexes them\.\n", said.err)
    assert contents(dumped(target)) == contents(dumped(filled.store.engine))
    assert store.index.has_pending()
    assert search(store, filled.user, "quokka") == [filled.shared.id]
    while store.index.index_pending():
        pass
    assert check(target)[1] == []


def test_the_ids_of_deleted_rows_are_not_used_again(filled, target):
    remove_all(filled.store)
    restored(target, dumped(filled.store.engine))
    assert Store(target).conversations.create(filled.user).id == filled.store.conversations.create(filled.user).id


def test_keys_are_restored_with_the_rows_or_not_at_all(filled, target):
    backup = dumped(filled.store.engine, other=b"key")

    def fail(_keys: object) -> None:
        raise StoreUnavailable("no room for the key")

    with pytest.raises(StoreUnavailable, match="no room"):
        restore(target, reader(backup), fail, silent)
    files: dict[str, bytes] = {}
    restore(target, reader(backup), files.update, silent)
    assert files == {"other": b"key"}
    assert key_of(target) == key_of(filled.store.engine)


def test_a_backup_without_a_shared_link_has_no_key(store, target):
    store.sessions.create_anonymous()
    backup = dumped(store.engine)
    assert reader(backup).keys() == {}
    restored(target, backup)


def test_a_database_that_is_not_empty_is_refused(filled, target):
    store = Store(target)
    store.migrate()
    restored(target, dumped(filled.store.engine))  # tables without rows are empty
    before = contents(dumped(target))
    with pytest.raises(MaintenanceRefused, match="is not empty: its table users has rows"):
        restored(target, dumped(filled.store.engine))
    assert contents(dumped(target)) == before


def test_after_a_failure_the_database_is_empty(filled, target):
    backup = dumped(filled.store.engine)
    with pytest.raises(ZeroDivisionError):
        restore(target, reader(backup), lambda _keys: 1 / 0, silent)
    restored(target, backup)
    assert contents(dumped(target)) == contents(backup)


def test_a_full_disk_of_the_backup_is_no_fault_of_the_database(filled, tmp_path):
    engine = filled.store.engine
    with (
        pytest.raises(MaintenanceRefused, match="backup cannot be written: No space left on device"),
        new_file(tmp_path / "backup"),
        Path("/dev/full").open("r+b") as full,
    ):
        engine.maintenance.snapshot(lambda: dump(engine, full, {}, silent))
    assert list(tmp_path.glob("backup*")) == []


def test_a_full_disk_leaves_the_database_empty(filled, target):
    store = Store(target)
    store.migrate()
    text = "so much that it does not fit " * 10_000
    for _ in range(8):
        completed_turn(filled.store, filled.store.conversations.create(filled.user), "Long?", text)
    backup = dumped(filled.store.engine)
    with full_disk(target), pytest.raises(StoreUnavailable):
        restored(target, backup)
    restored(target, backup)
    assert check(target)[1] == []


def test_a_copy(filled, target):
    with pytest.raises(MaintenanceRefused, match="has 1 running answers"):
        check_source(filled.store.engine)
    filled.store.turns.interrupt_lost([filled.running.worker], {}, [], DIED)
    check_source(filled.store.engine)
    result = copy(filled.store.engine, target, silent)
    assert sum(result.rows.values()) > 10
    assert contents(dumped(target)) == contents(dumped(filled.store.engine))
    with pytest.raises(MaintenanceRefused, match="is not empty"):
        copy(filled.store.engine, target, silent)


def test_a_source_that_is_written_to_is_refused(store, target):
    store.engine.lock_timeout_s = 0.2
    with write_lock(store.engine), pytest.raises(MaintenanceRefused, match="is in use: stop every program"):
        copy(store.engine, target, silent)
    assert not target.exists()


def test_nobody_writes_during_a_copy(store, open_store):
    user = store.sessions.create_anonymous().user_id
    other = open_store()  # the same database
    other.engine.lock_timeout_s = 0.2
    outcomes = []

    def work() -> None:
        try:
            outcomes.append(other.conversations.create(user))
        except StoreUnavailable as error:
            outcomes.append(error)

    store.engine.maintenance.frozen(work)
    work()
    assert isinstance(outcomes[0], StoreUnavailable)
    assert outcomes[1].user_id == user


def test_a_backup_sees_one_moment(filled):
    """Rows that are written during the backup are not in it."""
    file = io.BytesIO()
    engine = filled.store.engine

    def write_and_dump() -> None:
        engine.execute("SELECT count(*) FROM users").fetchone()
        completed_turn(filled.store, filled.store.conversations.create(filled.user), "Meanwhile?", "Yes.")
        dump(engine, file, {}, silent)

    before = rows(dumped(engine))
    engine.maintenance.snapshot(write_and_dump)
    assert rows(file.getvalue()) == before
    assert rows(dumped(engine)) != before


def rows(backup: bytes) -> dict[str, object]:
    """Return the rows by table. The last id of a table may be one that was used after the moment of the backup."""
    return {name: table[1] for name, table in contents(backup).items() if name != "keys"}

"""A database whose files are removed or replaced is not used, and nothing is written beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chat.errors import StoreUnavailable
from chat.store import Store
from chat.store.engines.sqlite.file_watch import FileWatch

from ..scenarios import begin


def remove(path: Path) -> None:
    path.rename(path.with_name("moved"))


def put_another_there(path: Path) -> None:
    shutil.copy(path, path.with_name("another"))
    path.rename(path.with_name("moved"))
    path.with_name("another").rename(path)


def put_back(path: Path) -> None:
    path.with_name("moved").rename(path)


@pytest.fixture(params=["", "-wal"], ids=["database", "wal"])
def file(request: pytest.FixtureRequest, store: Store) -> Path:
    store.engine.files.check()
    path = store.engine.path
    return path.with_name(path.name + request.param)


@pytest.mark.parametrize("harm", [remove, put_another_there])
def test_it_is_not_used_until_its_files_are_back(store, conversation, file, harm: Callable[[Path], None]):
    assert not store.engine.files.check()
    harm(file)
    assert store.engine.files.check()
    for work in (store.ping, lambda: begin(store, conversation), lambda: store.history.of_conversation(1)):
        with pytest.raises(StoreUnavailable, match="removed or replaced"):
            work()
    assert not store.engine.files.check()  # reported once
    put_back(file)
    assert store.engine.files.check()
    store.ping()
    assert begin(store, conversation).created


def test_a_file_that_was_never_seen_is_not_missed(tmp_path):
    watch = FileWatch(tmp_path / "x.db")
    assert not watch.check()
    assert watch.identity == ""
    (tmp_path / "x.db").touch()
    assert not watch.check()
    assert watch.identity

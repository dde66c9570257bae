from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from config.server import shared_document
from config.server.shared_document import SharedDocument


@pytest.fixture
def document() -> Iterator[SharedDocument]:
    with contextlib.closing(SharedDocument()) as shared:
        yield shared


def forked(task: Callable[[], None]) -> int:
    """Return the id of a forked process that runs `task` and exits with 0, or with 1 if it fails."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            task()
            status = 0
        finally:
            os._exit(status)
    return child


def status_of(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def content(document: SharedDocument) -> bytes:
    return document.change(lambda stored: stored)[1]


def test_a_new_document_is_empty(document):
    assert (document.version, content(document)) == (0, b"")


def test_a_shorter_content_leaves_nothing_of_a_longer_one(document):
    document.change(lambda _: b"a long content")
    assert document.change(lambda stored: stored[:1]) == (2, b"a")
    assert content(document) == b"a"
    document.clear()
    assert (document.version, content(document)) == (3, b"")


def test_a_change_to_the_same_content_is_none(document):
    assert document.change(lambda _: b"a") == document.change(lambda _: b"a") == (1, b"a")


def test_forks_see_each_others_changes(document):
    assert status_of(forked(lambda: document.change(lambda _: b"from a child"))) == 0
    assert (document.version, content(document)) == (1, b"from a child")


def test_no_change_is_lost_among_processes_and_threads(document):
    def add_some() -> None:
        for _ in range(200):
            document.change(lambda stored: stored + b".")

    def add_in_threads() -> None:
        threads = [threading.Thread(target=add_some) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    children = [forked(add_in_threads) for _ in range(3)]
    assert [status_of(child) for child in children] == [0, 0, 0]
    assert len(content(document)) == document.version == 3 * 3 * 200


def test_a_process_that_is_killed_while_it_changes_the_document_does_not_lock_it(document):
    def die(_: bytes) -> bytes:
        os.kill(os.getpid(), signal.SIGKILL)
        return b"never written"

    assert status_of(forked(lambda: document.change(die))) == -signal.SIGKILL
    assert document.change(lambda _: b"a") == (1, b"a")


def test_only_a_forked_process_shares_the_servers_document():
    assert shared_document.models() is None

    def share() -> None:
        assert shared_document.models() is shared_document.MODELS

    assert status_of(forked(share)) == 0

"""References of looks at a loop: what a look has seen is freed by `release`, without the garbage collector."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from chat.runtime.block_watch.loop_view import LoopView


@pytest.fixture
def view() -> Iterator[LoopView]:
    view = LoopView()
    gc.collect()
    gc.disable()
    yield view
    gc.enable()
    view.detach()


class Answer:
    """An object that a running function holds."""


def look_at_a_function(view: LoopView) -> weakref.ref[Answer]:
    """Look, in another thread, at a function that holds an answer."""
    answer = Answer()
    looks = []
    thread = threading.Thread(target=lambda: looks.append(view.look()))
    thread.start()
    thread.join()
    assert any(frame.f_code is look_at_a_function.__code__ for frame in looks.pop().frames)
    return weakref.ref(answer)


def test_objects_of_a_function_that_was_seen_are_freed_after_two_releases(view: LoopView) -> None:
    answers = [look_at_a_function(view) for _ in range(3)]
    assert all(answer() for answer in answers)
    view.release()
    view.release()
    assert [answer() for answer in answers] == [None] * 3


def test_looks_leave_nothing_to_the_garbage_collector(view: LoopView) -> None:
    for _ in range(3):
        look_at_a_function(view)
    view.release()
    view.release()
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    gc.set_debug(0)
    seen = {type(item).__name__ for item in gc.garbage}
    gc.garbage.clear()
    assert not seen & {"frame", "Answer", "Look"}

"""The memory in the worker itself: the order of eviction, and the estimate of bytes."""

from __future__ import annotations

import dataclasses
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from chat.memory.local import LocalMemory
from chat.messages import Message, ToolCall
from tests.fake_clock import FakeClock


def weighing(kilobytes):
    return [Message("user", "x" * kilobytes * 1_000)]


def conversations_in(memory):
    return [entry.conversation_id for entry in memory.entries()]


def test_the_least_recently_used_goes_first():
    memory = LocalMemory(40_000)
    for number in (1, 2, 3):
        memory.put(number, 1, weighing(10))
    memory.get(1, 1)
    memory.put(4, 1, weighing(10))
    assert conversations_in(memory) == [4, 1, 3]


def test_asking_for_another_end_is_no_use_of_it():
    memory = LocalMemory(30_000)
    memory.put(1, 1, weighing(10))
    memory.put(2, 1, weighing(10))
    memory.get(1, 99)
    memory.put(3, 1, weighing(10))
    assert conversations_in(memory) == [3, 2]


def test_the_limit_itself_may_be_filled():
    measure = LocalMemory(1_000_000)
    measure.put(1, 1, weighing(10))
    size = measure.bytes
    exactly, too_small = LocalMemory(2 * size), LocalMemory(2 * size - 1)
    for memory in (exactly, too_small):
        memory.put(1, 1, weighing(10))
        memory.put(2, 1, weighing(10))
    assert (conversations_in(exactly), exactly.bytes) == ([2, 1], 2 * size)
    assert (conversations_in(too_small), too_small.bytes) == ([2], size)


def test_one_that_fills_the_limit_is_kept_and_one_byte_more_is_not():
    measure = LocalMemory(1_000_000)
    measure.put(1, 1, weighing(10))
    exactly, too_small = LocalMemory(measure.bytes), LocalMemory(measure.bytes - 1)
    for memory in (exactly, too_small):
        memory.put(1, 1, weighing(10))
    assert (conversations_in(exactly), conversations_in(too_small)) == ([1], [])
    exactly.put(1, 2, weighing(11))  # too large: the context of before must not stay either
    assert (conversations_in(exactly), exactly.bytes) == ([], 0)


def test_a_large_one_drives_out_as_many_as_it_needs():
    memory = LocalMemory(45_000)
    for number in (1, 2, 3, 4):
        memory.put(number, 1, weighing(10))
    memory.put(5, 1, weighing(30))
    assert conversations_in(memory) == [5, 4]


def test_putting_again_makes_it_the_newest():
    memory = LocalMemory(35_000)
    for number in (1, 2, 1, 3):
        memory.put(number, number, weighing(10))
    memory.put(4, 1, weighing(10))
    assert conversations_in(memory) == [4, 3, 1]


def test_what_was_used_says_how_long_ago():
    clock = FakeClock()
    memory = LocalMemory(30_000, clock)
    memory.put(1, 1, weighing(1))
    memory.put(2, 1, weighing(1))
    clock.advance(30)
    memory.get(1, 1)
    clock.advance(5)
    assert [(entry.conversation_id, entry.idle_s) for entry in memory.entries()] == [(1, 5.0), (2, 35.0)]


CALLS = st.builds(ToolCall, st.text(max_size=90), st.text(max_size=40), st.text(max_size=300))
MESSAGES = st.builds(
    Message,
    st.sampled_from(["user", "assistant", "tool"]),
    st.text(max_size=500),
    st.lists(CALLS, max_size=16).map(tuple),
    st.text(max_size=90),
)


@settings(max_examples=150)
@given(st.lists(MESSAGES, max_size=8))
def test_the_estimate_is_not_below_what_the_objects_take(messages):
    # As fresh objects: what hypothesis draws may share its strings.
    fresh = tuple(_copied(message) for message in messages)
    memory = LocalMemory(10_000_000)
    memory.put(1, 1, fresh)
    assert memory.bytes >= _bytes_of(fresh, set())


def _copied(value):
    if isinstance(value, str):
        return value.encode().decode()
    if isinstance(value, tuple):
        return tuple(map(_copied, value))
    return type(value)(*(_copied(getattr(value, field.name)) for field in dataclasses.fields(value)))


def _bytes_of(value, seen):
    """Return the bytes of an object and of everything it refers to, each counted once."""
    if id(value) in seen:
        return 0
    seen.add(id(value))
    size = sys.getsizeof(value)
    if isinstance(value, tuple):
        return size + sum(_bytes_of(each, seen) for each in value)
    if dataclasses.is_dataclass(value):
        return size + sum(_bytes_of(getattr(value, field.name), seen) for field in dataclasses.fields(value))
    return size

"""Contract suite of conversation memory. It runs over every backend in `BACKENDS`.

A backend is a function of its limit in bytes. It may forget whenever it likes, but within its limit the
entry used last must be there, and what it gives out is never anything but what was put.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.memory.contract import ConversationMemory
from chat.memory.local import LocalMemory
from chat.memory.redis import RedisMemory
from chat.messages import Message, ToolCall
from chat.net.redis_client import RedisClient
from config import redis_url
from scripts.kit.redis_server import RedisServer

from ..store.scenarios import at_once

BACKENDS = ("local", "redis")
ROOMY = 10_000_000
Make = Callable[[int], ConversationMemory]

CONTEXT = (
    Message("user", "China?"),
    Message("assistant", "", (ToolCall("c.0", "market_data", '{"country": "China"}'),)),
    Message("tool", '{"gdp": 17.8, "é": "中"}', tool_call_id="c.0"),
    Message("assistant", "Growing. 🙂"),
)


@pytest.fixture(params=BACKENDS)
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Return a function that makes an empty memory of the backend with a limit in bytes."""
    if request.param == "local":
        yield LocalMemory
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    client = RedisClient(redis_url.parse(server.url), wait_factor=100.0)
    client.check()
    prefixes = itertools.count()

    def make_memory(limit_bytes: int) -> RedisMemory:
        prefix = f"test:{next(prefixes)}:"
        return RedisMemory(client, lambda: prefix, limit_bytes)

    yield make_memory
    client.close()
    server.flush()


@pytest.fixture
def memory(make):
    return make(ROOMY)


def message(text):
    return [Message("user", "?"), Message("assistant", text)]


def test_what_was_put_comes_back_as_it_was(memory):
    memory.put(1, 4, CONTEXT)
    assert memory.get(1, 4) == CONTEXT


def test_a_list_that_changes_afterwards_changes_nothing(memory):
    messages = list(CONTEXT)
    memory.put(1, 4, messages)
    messages.append(Message("user", "India?"))
    assert memory.get(1, 4) == CONTEXT


@pytest.mark.parametrize("ends_at", [3, 5, 0, -4, None])
def test_a_context_that_ends_elsewhere_is_not_given(memory, ends_at):
    memory.put(1, 4, CONTEXT)
    assert memory.get(1, ends_at) is None
    assert memory.get(1, 4) == CONTEXT


def test_a_conversation_has_one_context(memory):
    memory.put(1, 4, message("one"))
    memory.put(1, 6, message("two"))
    assert memory.get(1, 4) is None
    assert memory.get(1, 6) == tuple(message("two"))


def test_conversations_do_not_meet(memory):
    memory.put(1, 4, message("one"))
    memory.put(2, 4, message("two"))
    memory.drop(1)
    assert (memory.get(1, 4), memory.get(2, 4)) == (None, tuple(message("two")))


def test_what_is_not_there(memory):
    assert memory.get(1, 4) is None
    memory.drop(1)
    assert (memory.entries(), len(memory), memory.bytes) == ([], 0, 0)


def test_entries_are_figures_of_what_is_held_the_last_used_first(memory):
    memory.put(1, 4, CONTEXT)
    memory.put(2, 8, message("x" * 4_000))
    memory.get(1, 4)
    first, second = memory.entries()
    assert [entry.conversation_id for entry in memory.entries(1)] == [1]
    assert len(memory) == 2
    assert (first.conversation_id, first.messages) == (1, 4)
    assert (second.conversation_id, second.messages) == (2, 2)
    assert second.tokens > first.tokens > 0
    assert first.bytes + second.bytes == memory.bytes
    assert second.bytes >= 4_000
    assert all(0 <= entry.idle_s < 60 for entry in (first, second))


def test_a_context_larger_than_the_memory_is_not_kept_and_replaces_what_it_follows(make):
    memory = make(20_000)
    memory.put(1, 4, message("small"))
    memory.put(2, 4, message("small"))
    memory.put(1, 6, message("x" * 30_000))
    assert (memory.get(1, 4), memory.get(1, 6)) == (None, None)
    assert memory.get(2, 4) == tuple(message("small"))
    assert 0 < memory.bytes <= memory.limit_bytes == 20_000


CONVERSATIONS = st.integers(1, 6)
MESSAGES = st.integers(1, 4)
ACTIONS = st.one_of(
    st.tuples(st.just("put"), CONVERSATIONS, MESSAGES, st.text(max_size=3_000)),
    st.tuples(st.just("get"), CONVERSATIONS, MESSAGES | st.none()),
    st.tuples(st.just("drop"), CONVERSATIONS),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit_bytes=st.integers(0, 12_000), actions=st.lists(ACTIONS, max_size=25))
def test_it_never_gives_what_was_not_put_and_never_outgrows_its_limit(make, limit_bytes, actions):
    memory = make(limit_bytes)
    truth: dict[int, tuple[int, tuple[Message, ...]]] = {}
    for action, conversation_id, *rest in actions:
        if action == "put":
            ends_at, text = rest
            truth[conversation_id] = (ends_at, tuple(message(text)))
            memory.put(conversation_id, ends_at, truth[conversation_id][1])
            if any(entry.conversation_id == conversation_id for entry in memory.entries()):
                assert memory.get(conversation_id, ends_at) == truth[conversation_id][1]
        elif action == "get":
            messages = memory.get(conversation_id, rest[0])
            assert messages is None or (rest[0], messages) == truth[conversation_id]
        else:
            truth.pop(conversation_id, None)
            memory.drop(conversation_id)
        assert memory.bytes <= limit_bytes
        assert memory.bytes == sum(entry.bytes for entry in memory.entries())
        assert len(memory) == len(memory.entries())
        assert {entry.conversation_id for entry in memory.entries()} <= set(truth)


def test_many_threads_at_once(make):
    """Check that no conversation gets the context of another: each names its conversation and its end."""
    memory = make(15_000)

    def work(seed):
        chance = random.Random(seed)
        for _ in range(400):
            conversation_id, ends_at = chance.randint(1, 8), chance.randint(1, 3)
            memory.put(
                conversation_id, ends_at, message(f"{conversation_id} {ends_at} " + "x" * chance.randint(0, 2_000))
            )
            conversation_id, ends_at = chance.randint(1, 8), chance.randint(1, 3)
            context = memory.get(conversation_id, ends_at)
            assert context is None or context[1].text.split()[:2] == [str(conversation_id), str(ends_at)]
            if chance.random() < 0.1:
                memory.drop(conversation_id)
                memory.entries()
            assert memory.bytes <= memory.limit_bytes
        return True

    assert all(at_once(8, work))
    assert memory.bytes == sum(entry.bytes for entry in memory.entries())

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from chat.llm.openai.faults.refusals import TOOLS, USAGE
from chat.llm.openai.request.capabilities import CAPABILITIES_TTL_S, Capabilities, CapabilityCache
from config.server.shared_document import SharedDocument


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_unsupported_options_are_stored_per_model():
    capabilities = CapabilityCache(clock=Clock())
    assert capabilities.learn("a", [TOOLS]) == {TOOLS}
    assert capabilities.learn("a", [TOOLS, USAGE]) == {USAGE}
    assert capabilities.learn("a", [TOOLS]) == set()
    assert capabilities.get("a") == Capabilities(frozenset({TOOLS, USAGE}))
    assert capabilities.get("b") == Capabilities()


def test_an_endpoint_that_was_upgraded_has_its_tools_back():
    clock = Clock()
    capabilities = CapabilityCache(clock=clock)
    capabilities.learn("a", [TOOLS], max_chars=500)
    clock.now += CAPABILITIES_TTL_S + 1
    assert capabilities.get("a") == Capabilities()
    assert capabilities.learn("a", [TOOLS]) == {TOOLS}


def test_the_latest_limit_counts():
    capabilities = CapabilityCache(clock=Clock())
    capabilities.learn("a", max_chars=500)
    capabilities.learn("a", [TOOLS])
    capabilities.learn("a", max_chars=700)
    assert capabilities.get("a") == Capabilities(frozenset({TOOLS}), 700)


def test_an_unexplained_refusal_suspends_probing_for_a_while():
    clock = Clock()
    capabilities = CapabilityCache(clock=clock)
    capabilities.learn("a", [TOOLS])
    capabilities.suspend_probing("a")
    assert not capabilities.get("a").may_probe
    assert capabilities.get("a").unsupported == {TOOLS}
    clock.now += 700
    assert capabilities.get("a").may_probe


def test_the_number_of_models_is_bounded():
    capabilities = CapabilityCache(clock=Clock())
    for number in range(1500):
        capabilities.learn(f"model {number}", [TOOLS])
    assert capabilities.get("model 0") == Capabilities()
    assert capabilities.get("model 1499").unsupported == {TOOLS}


@pytest.fixture
def document() -> Iterator[SharedDocument]:
    with contextlib.closing(SharedDocument()) as shared:
        yield shared


def test_workers_learn_from_each_other(document):
    one, other = (CapabilityCache("http://a", document, Clock()) for _ in range(2))
    assert other.get("a") == Capabilities()
    assert one.learn("a", [TOOLS], max_chars=500) == {TOOLS}
    assert other.get("a") == Capabilities(frozenset({TOOLS}), 500)
    assert other.learn("a", [TOOLS, USAGE]) == {USAGE}
    other.suspend_probing("a")
    assert one.get("a") == Capabilities(frozenset({TOOLS, USAGE}), 500, may_probe=False)


def test_the_second_of_two_workers_that_ask_at_once_learns_nothing_new(document):
    one, other = (CapabilityCache("http://a", document, Clock()) for _ in range(2))
    assert [worker.learn("a", [TOOLS]) for worker in (one, other)] == [{TOOLS}, set()]


def test_the_same_model_at_another_endpoint_is_another_model(document):
    one, other = (CapabilityCache(endpoint, document, Clock()) for endpoint in ("http://a", "http://b"))
    one.learn("a", [TOOLS])
    assert other.get("a") == Capabilities()


def test_reading_what_another_worker_has_learnt_changes_nothing(document):
    one, other = (CapabilityCache("http://a", document, Clock()) for _ in range(2))
    one.learn("a", [TOOLS, USAGE])
    version = document.version
    for _ in range(3):
        other.get("a")
        one.learn("a", [USAGE])
    assert document.version == version


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'{"http://a a": 1}'])
def test_a_document_that_cannot_be_read_is_an_empty_one(document, content):
    document.change(lambda _: content)
    capabilities = CapabilityCache("http://a", document, Clock())
    assert capabilities.get("a") == Capabilities()
    assert capabilities.learn("a", [TOOLS]) == {TOOLS}
    assert capabilities.get("a").unsupported == {TOOLS}

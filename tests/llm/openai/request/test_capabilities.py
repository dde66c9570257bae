from __future__ import annotations

from chat.llm.openai.faults.refusals import TOOLS, USAGE
from chat.llm.openai.request.capabilities import CAPABILITIES_TTL_S, Capabilities, CapabilityCache


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_unsupported_options_are_stored_per_model():
    capabilities = CapabilityCache(Clock())
    assert capabilities.learn("a", [TOOLS]) == {TOOLS}
    assert capabilities.learn("a", [TOOLS, USAGE]) == {USAGE}
    assert capabilities.learn("a", [TOOLS]) == set()
    assert capabilities.get("a") == Capabilities(frozenset({TOOLS, USAGE}))
    assert capabilities.get("b") == Capabilities()


def test_an_endpoint_that_was_upgraded_has_its_tools_back():
    clock = Clock()
    capabilities = CapabilityCache(clock)
    capabilities.learn("a", [TOOLS], max_chars=500)
    clock.now += CAPABILITIES_TTL_S + 1
    assert capabilities.get("a") == Capabilities()
    assert capabilities.learn("a", [TOOLS]) == {TOOLS}


def test_the_latest_limit_counts():
    capabilities = CapabilityCache(Clock())
    capabilities.learn("a", max_chars=500)
    capabilities.learn("a", [TOOLS])
    capabilities.learn("a", max_chars=700)
    assert capabilities.get("a") == Capabilities(frozenset({TOOLS}), 700)


def test_an_unexplained_refusal_suspends_probing_for_a_while():
    clock = Clock()
    capabilities = CapabilityCache(clock)
    capabilities.learn("a", [TOOLS])
    capabilities.suspend_probing("a")
    assert not capabilities.get("a").may_probe
    assert capabilities.get("a").unsupported == {TOOLS}
    clock.now += 700
    assert capabilities.get("a").may_probe


def test_the_number_of_models_is_bounded():
    capabilities = CapabilityCache(Clock())
    for number in range(1500):
        capabilities.learn(f"model {number}", [TOOLS])
    assert capabilities.get("model 0") == Capabilities()
    assert capabilities.get("model 1499").unsupported == {TOOLS}

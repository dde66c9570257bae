"""The fake model that tests of the scripts share, if they need nothing special of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.fake_llm import FakeLLM


@pytest.fixture(scope="session")
def llm() -> Iterator[FakeLLM]:
    with FakeLLM(first=0, gap=0.001, tokens=8) as fake:
        yield fake

"""The tests of this folder are about SQLite alone."""

from __future__ import annotations

import pytest

from ..engines import SQLITE, EngineUnderTest


@pytest.fixture
def under_test() -> EngineUnderTest:
    return SQLITE

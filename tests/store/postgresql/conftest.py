"""The tests of this folder are about PostgreSQL alone."""

from __future__ import annotations

import pytest

from tests.servers.postgresql_databases import Databases

from ..engines import EngineUnderTest, postgresql


@pytest.fixture
def under_test(postgresql_databases: Databases) -> EngineUnderTest:
    return postgresql(postgresql_databases)

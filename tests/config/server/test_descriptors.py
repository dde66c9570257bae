"""The number of admitted connections for a number of descriptors."""

from __future__ import annotations

import subprocess
import sys

import pytest

from config.paths import ROOT
from config.server import descriptors
from config.settings import Settings

RAISE = """
import resource, sys
from config.server import descriptors
from config.settings import Settings
resource.setrlimit(resource.RLIMIT_NOFILE, (256, int(sys.argv[1])))
print(descriptors.raise_limit(Settings()), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(("hard", "limit"), [(256, 256), (1024, 1024), (4096, 4096)])
def test_the_soft_limit_becomes_the_hard_one(hard: int, limit: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RAISE, str(hard)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(limit)] * 2


@pytest.mark.parametrize(
    ("wanted", "limit", "connections", "turns"),
    [
        (Settings(), 65_536, 2000, 1500),
        (Settings(), 1024, 371, 278),
        (Settings(max_active_turns=900), 1024, 371, 278),
        (Settings(max_active_turns=20), 1024, 371, 20),
        (Settings(use_async_agent=False, threads=8), 1024, 371, 32),
        (Settings(use_async_agent=False, threads=500), 1024, 371, 278),
        (Settings(), 64, 10, 7),
    ],
)
def test_fewer_descriptors_admit_fewer(wanted: Settings, limit: int, connections: int, turns: int) -> None:
    settings = descriptors.fitted(wanted, limit)
    assert (settings.worker_connections, settings.active_turns_limit) == (connections, turns)
    sentence = descriptors.warning(wanted, settings, limit)
    assert bool(sentence) == (settings != wanted)
    assert not sentence or sentence.startswith(f"{limit} descriptors: at most {turns} answers")


def test_what_is_admitted_fits() -> None:
    for limit in range(200, 10_000, 37):
        settings = descriptors.fitted(Settings(worker_connections=100_000), limit)
        assert settings.worker_connections + settings.active_turns_limit + descriptors.RESERVE <= limit

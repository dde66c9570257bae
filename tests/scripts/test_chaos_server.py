"""The server that `scripts/chaos.py` breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.chaos.parley import CannotRun, Parley


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"console\.log ends with:\nparley: WEB_CONCURRENCY is 'many', but takes"):
        Parley(tmp_path, "async", WEB_CONCURRENCY="many").__enter__()

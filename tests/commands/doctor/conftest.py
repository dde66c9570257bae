"""An installation for the doctor, with every file in the test's own folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chat.commands.doctor.findings import FAIL, WARN
from chat.commands.doctor.installation import Installation
from chat.commands.doctor.run_checks import Line, all_checks, run_checks

Make = Callable[..., Installation]
provokes = pytest.mark.provokes
# The codes under which the doctor has warned or failed in this test.
_seen: set[str] = set()


@pytest.fixture(autouse=True)
def provoked(request: pytest.FixtureRequest) -> Iterator[None]:
    """Check that a test provokes the codes that its mark names. `test_every_code.py` counts these marks."""
    _seen.clear()
    yield
    for mark in request.node.iter_markers("provokes"):
        assert set(mark.args) <= _seen


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that makes an installation, with settings in capitals and its parts in small letters."""

    def make_installation(**values: object) -> Installation:
        settings = {
            "DATABASE_URL": f"sqlite:///{tmp_path}/chat.db",
            "DATA_DIR": str(tmp_path / "data"),
            "LOG_DIR": str(tmp_path / "logs"),
        }
        settings |= {name: str(value) for name, value in values.items() if name.isupper()}
        parts = {name: value for name, value in values.items() if not name.isupper()}
        return Installation(environ=settings, env_file=tmp_path / ".env", **parts)

    return make_installation


def lines_of(installation: Installation, *codes: str) -> dict[str, Line]:
    """Run the checks with these codes, by default all. Return the lines by code."""
    lines = list(run_checks(installation, [check for check in all_checks() if check.code in codes] if codes else None))
    for line in lines:
        assert line.message.endswith((".", ". ")), line
        assert (line.remedy == "") == (line.level in ("pass", "skip")), line
        assert "\n" not in line.message
    _seen.update(line.code for line in lines if line.level in (WARN, FAIL))
    return {line.code: line for line in lines}


@pytest.fixture
def database(make: Make) -> Iterator[Installation]:
    """An installation whose database has been made."""
    installation = make()
    installation.store.migrate()
    yield installation
    installation.close()

"""An installation for the doctor, with every file in the test's own folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chat.commands.doctor.examination import Line, all_checks, examine
from chat.commands.doctor.patient import Patient

Make = Callable[..., Patient]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that makes a patient, with settings in capitals and its parts in small letters."""

    def make_patient(**values: object) -> Patient:
        settings = {
            "DATABASE_URL": f"sqlite:///{tmp_path}/chat.db",
            "DATA_DIR": str(tmp_path / "data"),
            "LOG_DIR": str(tmp_path / "logs"),
        }
        settings |= {name: str(value) for name, value in values.items() if name.isupper()}
        parts = {name: value for name, value in values.items() if not name.isupper()}
        return Patient(environ=settings, env_file=tmp_path / ".env", **parts)

    return make_patient


def lines_of(patient: Patient, *codes: str) -> dict[str, Line]:
    """Examine, and return the lines by their code: those of `codes`, by default all."""
    lines = list(examine(patient, [check for check in all_checks() if check.code in codes] if codes else None))
    for line in lines:
        assert line.message.endswith((".", ". ")), line
        assert (line.remedy == "") == (line.level in ("pass", "skip")), line
        assert "\n" not in line.message
    return {line.code: line for line in lines}


@pytest.fixture
def database(make: Make) -> Iterator[Patient]:
    """A patient whose database has been made."""
    patient = make()
    patient.store.migrate()
    yield patient
    patient.close()

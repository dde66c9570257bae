"""The doctor with PostgreSQL: a healthy server, an unreachable, a slow and an old one, and a wrong password."""

from __future__ import annotations

import itertools

import pytest

from chat.commands.doctor.run_checks import has_failure
from tests.servers.old_servers import old_postgresql
from tests.servers.postgresql_databases import Databases

from .conftest import Make, lines_of, provokes

SECRET_KEY = "0123456789abcdef"
CODES = tuple(f"PAR05{number}" for number in range(7))


@pytest.fixture
def url(postgresql_databases: Databases, request: pytest.FixtureRequest) -> str:
    return postgresql_databases.url(request.node.name)


def test_a_database_with_tables(make: Make, url: str) -> None:
    quick = make(DATABASE_URL=url, SECRET_KEY=SECRET_KEY, timer=itertools.count(0, 0.001).__next__)
    lines = lines_of(quick, *CODES, "PAR022", "PAR042", "PAR043")
    assert not has_failure(list(lines.values())), lines
    levels = {code: line.level for code, line in lines.items()}
    assert levels == {
        "PAR022": "pass", "PAR042": "skip", "PAR043": "skip", "PAR050": "pass", "PAR051": "pass", "PAR052": "pass",
        "PAR053": "skip", "PAR054": "skip", "PAR055": "pass", "PAR056": "warn",
    }  # fmt: skip
    assert lines["PAR055"].message.startswith("PostgreSQL ")


def test_a_new_database(make: Make, postgresql_databases: Databases) -> None:
    url = postgresql_databases.url("new", new=True)
    lines = lines_of(make(DATABASE_URL=url, SECRET_KEY=SECRET_KEY, timer=itertools.count(0, 0.001).__next__), *CODES)
    assert not has_failure(list(lines.values())), lines
    assert (lines["PAR051"].level, lines["PAR055"].level) == ("skip", "pass")


@pytest.mark.parametrize("place", ["password", "port"])
def test_a_database_that_cannot_be_opened(make: Make, url: str, place: str) -> None:
    scheme, _, rest = url.partition("://")
    host, _, name = rest.rpartition("@")[2].partition("/")
    host = "127.0.0.1:9" if place == "port" else host
    wrong = f"{scheme}://parley:canary-password@{host}/{name}"
    lines = lines_of(make(DATABASE_URL=wrong, SECRET_KEY=SECRET_KEY), *CODES)
    assert lines["PAR050"].level == "fail"
    assert {line.level for code, line in lines.items() if code != "PAR050"} == {"skip"}
    assert "canary" not in str(lines)


@provokes("PAR055")
def test_a_slow_server(make: Make, url: str) -> None:
    installation = make(DATABASE_URL=url, SECRET_KEY=SECRET_KEY, timer=itertools.count(0, 0.03).__next__)
    line = lines_of(installation, "PAR055")["PAR055"]
    assert (line.level, line.message.endswith("answers in 30.0 ms.")) == ("warn", True), line


@provokes("PAR050")
def test_an_old_server(make: Make) -> None:
    with old_postgresql() as port:
        installation = make(DATABASE_URL=f"postgresql://parley@127.0.0.1:{port}/chat", SECRET_KEY=SECRET_KEY)
        lines = lines_of(installation, *CODES)
    assert lines["PAR050"].level == "fail"
    assert "PostgreSQL 13; Parley needs PostgreSQL 14 or later" in lines["PAR050"].message
    assert {line.level for code, line in lines.items() if code != "PAR050"} == {"skip"}


def test_without_a_secret_key(make: Make, url: str) -> None:
    lines = lines_of(make(DATABASE_URL=url), "PAR010", "PAR022")
    assert (lines["PAR010"].level, lines["PAR022"].level) == ("fail", "skip")
    assert "SECRET_KEY" in lines["PAR010"].message

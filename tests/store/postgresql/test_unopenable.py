"""The sentence for the operator about each kind of database that cannot be used."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from chat.errors import StoreUnavailable
from chat.services import Services
from chat.store import Store, engine_for
from config.server.start_errors import CannotStart
from config.settings import SettingError, Settings, load
from scripts.kit.port import HeldPort
from scripts.kit.postgresql_server import PostgresqlServer
from tests.servers.postgresql_databases import SECRET_KEY, Databases

FOLDER = Path("/")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://u:p@h:0/x", "the port is invalid"),
        ("postgresql://u:p@h:99999/x", "the port is invalid"),
        ("postgresql://u:p@h:port/x", "the port is invalid"),
        ("postgresql://u:p@h/x?no_such_option=1", "DATABASE_URL takes postgresql://"),
        ("postgresql://u:p%@h/x", "DATABASE_URL takes postgresql://"),
        ("postgresql://u:p@[::1/x", "DATABASE_URL takes postgresql://"),
        ("postgresql:///?host=/run", "the name of the database is missing"),
    ],
)
def test_a_wrong_address(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as refused:
        engine_for(url, FOLDER, SECRET_KEY)
    assert "u:p" not in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("url", "location", "password"),
    [
        ("postgresql://u:p%40ss%2Fw@db.example:5433/chat", "postgresql://u@db.example:5433/chat", "p@ss/w"),
        ("postgres://u@[::1]/chat?sslmode=require", "postgresql://u@[::1]/chat", None),
        ("postgresql:///chat?host=/run/postgresql&user=me", "postgresql://me@/run/postgresql/chat", None),
    ],
)
def test_an_address_without_its_password(url: str, location: str, password: str | None) -> None:
    engine = engine_for(url, FOLDER, SECRET_KEY)
    assert engine.location == location
    assert engine.address.parameters.get("password") == password  # type: ignore[attr-defined]


def test_a_missing_secret_key() -> None:
    with pytest.raises(SettingError, match=r"^SECRET_KEY is not set, but .*\.$"):
        load({"DATABASE_URL": "postgresql://u:p@h/x"}, Path("/nothing"))
    with pytest.raises(ValueError, match="SECRET_KEY"):
        engine_for("postgresql://u:p@h/x", FOLDER)


def sentence(url: str, *, at_start: bool = True) -> str:
    """Return what is said at the start of a server with this database, or, if it starts, at its migration."""
    services = Services(Settings(database_url=url, secret_key=SECRET_KEY))
    with contextlib.closing(services.store) as store:
        with pytest.raises(StoreUnavailable) as refused:
            store.migrate()
        said = store.explain_unopenable(refused.value)
        if at_start:
            with pytest.raises(CannotStart) as not_started:
                services.preflight()
            assert str(not_started.value) == said
    assert "\n" not in said
    assert said.endswith(".")
    assert "p%40ss" not in said
    assert "p@ss" not in said
    return said


def test_what_is_wrong_is_named(postgresql: PostgresqlServer, postgresql_databases: Databases) -> None:
    url = postgresql_databases.url("a")
    with HeldPort() as closed:
        nobody = url.replace(str(postgresql.port), str(closed.number))
        assert "nothing listens there" in sentence(nobody)
    assert "user or password is wrong" in sentence(url.replace("ss%2F", "xx"))
    assert "user or password is wrong" in sentence(url.replace("//parley", "//nobody"))
    assert "there is no such database" in sentence(f"{url}_not")
    assert "there is no such host" in sentence(url.replace("127.0.0.1", "no-such-host.invalid"))
    assert "encrypted" in sentence(f"{url}?sslmode=require")
    assert f"DATABASE_URL names postgresql://parley@127.0.0.1:{postgresql.port}/" in sentence(f"{url}_not")


def test_a_database_that_cannot_hold_the_tables(postgresql: PostgresqlServer) -> None:
    latin = "latin"
    postgresql.run(f"CREATE DATABASE {latin} OWNER parley TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    assert "encoding is LATIN1" in sentence(postgresql.url(latin), at_start=False)
    foreign = postgresql.create_database()
    postgresql.run("ALTER SCHEMA public OWNER TO postgres; REVOKE CREATE ON SCHEMA public FROM PUBLIC", foreign)
    assert "may not create tables" in sentence(postgresql.url(foreign), at_start=False)
    for name in (latin, foreign):
        postgresql.drop_database(name)


def test_a_server_of_an_old_version(postgresql_databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgresql_databases.url("a")  # which may have to be made first
    monkeypatch.setattr("chat.store.engines.postgresql.connection.OLDEST_VERSION", 99)
    said = sentence(url)
    assert re.search(r"which is PostgreSQL [0-9]+; Parley needs PostgreSQL 99 or later", said)


def test_a_database_that_is_not_migrated_is_ready_after_its_first_start(postgresql_databases: Databases) -> None:
    with contextlib.closing(Store(engine_for(postgresql_databases.url("new", new=True), FOLDER, SECRET_KEY))) as store:
        store.check_usable()
        assert store.migrate()
        store.check_usable()

"""The sentence for the operator about each kind of database that cannot be used."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from chat.errors import StoreUnavailable
from chat.services import Services
from chat.store import Store, engine_for
from config.server.start_errors import CannotStart
from config.settings import SettingError, Settings, load
from scripts.kit.certificate import make_certificate
from scripts.kit.port import HeldPort
from scripts.kit.postgresql_server import PASSWORD, PgBouncer, PostgresqlServer, PostgresqlStandby
from tests.servers.postgresql_databases import SECRET_KEY, Databases

FOLDER = Path("/")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://u:p@h:0/x", "the port is invalid"),
        ("postgresql://u:p@h:99999/x", "the port is invalid"),
        ("postgresql://u:p@h:port/x", "the port is invalid"),
        ("postgresql://u:p@h/x?no_such_option=1", "DATABASE_URL takes postgresql://"),
        ("postgresql://u:p@one:1,two:x/x", "the port is invalid"),
        ("postgresql://u:p@one,two,three/x?port=1,2", "several servers take one port, or one each"),
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
        ("postgresql://u@one,[::2]:7/chat", "postgresql://u@one,[::2]:7/chat", None),
        ("postgresql://u@one,two/chat?port=7", "postgresql://u@one:7,two:7/chat", None),
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


def usable(url: str) -> None:
    """Check that a server with this database starts, and that the database can be used."""
    with contextlib.closing(Services(Settings(database_url=url, secret_key=SECRET_KEY)).store) as store:
        store.check_usable()
        store.migrate()
        store.readiness.probe_write()
        store.ping()


def sentence(url: str) -> str:
    """Return the error at the start of a server with this database, which equals that of its migration."""
    services = Services(Settings(database_url=url, secret_key=SECRET_KEY))
    with contextlib.closing(services.store) as store:
        with pytest.raises(StoreUnavailable) as refused:
            store.migrate()
        said = store.explain_unopenable(refused.value)
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
    for name in ("two..dots", "x" * 64):
        assert "there is no such host (" in sentence(url.replace("127.0.0.1", name))
    assert "encrypted" in sentence(f"{url}?sslmode=require")
    assert f"DATABASE_URL names postgresql://parley@127.0.0.1:{postgresql.port}/" in sentence(f"{url}_not")


def test_the_certificate_of_the_server(
    postgresql: PostgresqlServer, postgresql_databases: Databases, tmp_path: Path
) -> None:
    url = postgresql_databases.url("a")
    make_certificate(tmp_path)
    with postgresql.encrypted() as certificate:
        full = f"{url}?sslmode=verify-full&sslrootcert="
        usable(f"{url}?sslmode=require")
        usable(f"{full}{certificate}")
        assert "(SSL error: certificate verify failed)" in sentence(f"{full}{tmp_path}/cert.pem")
        assert "does not match host name" in sentence(f"{full}{certificate}".replace("127.0.0.1", "localhost"))
        assert 'root certificate file "/no/ca.pem" does not exist' in sentence(f"{full}/no/ca.pem")
        assert "could not read root certificate file" in sentence(f"{full}/dev/null")
    assert "invalid sslmode value" in sentence(f"{url}?sslmode=full")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_the_texts(postgresql: PostgresqlServer, encoding: str) -> None:
    postgresql.run(f"CREATE DATABASE other OWNER parley TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
    assert f"encoding is {encoding}" in sentence(postgresql.url("other"))
    postgresql.drop_database("other")


@pytest.fixture
def of_its_own(postgresql: PostgresqlServer) -> Iterator[str]:
    """Return the name of a database that the test may change in any way."""
    name = postgresql.create_database()
    yield name
    postgresql.drop_database(name)
    postgresql.run("DROP ROLE IF EXISTS other")


def test_a_user_without_rights(postgresql: PostgresqlServer, of_its_own: str) -> None:
    owner = postgresql.url(of_its_own)
    postgresql.run(
        f"CREATE ROLE other LOGIN PASSWORD '{PASSWORD}'; REVOKE CONNECT ON DATABASE {of_its_own} FROM PUBLIC"
    )
    other = owner.replace("//parley", "//other")
    assert "the server does not admit this user (permission denied for database" in sentence(other)
    postgresql.run(f"GRANT CONNECT ON DATABASE {of_its_own} TO other")
    postgresql.run("ALTER SCHEMA public OWNER TO parley; REVOKE CREATE ON SCHEMA public FROM PUBLIC", of_its_own)
    assert "may not create tables there; make the user its owner, or GRANT CREATE ON SCHEMA public." in sentence(other)
    usable(owner)
    services = Services(Settings(database_url=other, secret_key=SECRET_KEY))
    with contextlib.closing(services.store), pytest.raises(CannotStart, match=r"lacks a right \(permission denied for"):
        services.preflight()
    grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO other;"
    postgresql.run(f"{grant} GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO other", of_its_own)
    usable(other)  # nothing has to be created any more


def test_a_database_that_can_only_be_read(postgresql: PostgresqlServer, of_its_own: str) -> None:
    usable(postgresql.url(of_its_own))
    postgresql.run(f"ALTER DATABASE {of_its_own} SET default_transaction_read_only = on")
    assert "default_transaction_read_only is on" in sentence(postgresql.url(of_its_own))


def test_a_standby_and_several_servers(postgresql: PostgresqlServer, of_its_own: str) -> None:
    url = postgresql.url(of_its_own)
    usable(url)
    with PostgresqlStandby(postgresql) as standby:
        only = standby.url(of_its_own)
        assert "the server is a standby, which can only be read; name the primary." in sentence(only)
        assert "no server there is as target_session_attrs says" in sentence(f"{only}?target_session_attrs=read-write")
        assert "no server there" in sentence(f"{url}?target_session_attrs=standby")
        standby_first = only.replace(f":{standby.port}/", f":{standby.port},no-such-host.invalid,localhost:{{}}/")
        both = standby_first.format(postgresql.port)
        usable(f"{both}?target_session_attrs=read-write")
        assert f"127.0.0.1:{standby.port},no-such-host.invalid,localhost:{postgresql.port}/" in sentence(both)


def test_what_pgbouncer_does_not_take(postgresql: PostgresqlServer, of_its_own: str) -> None:
    with PgBouncer(postgresql) as bouncer:
        url = bouncer.url(of_its_own)
        usable(url)
        assert "PgBouncer takes no options in the URL" in sentence(f"{url}?options=-c%20search_path%3Dtheirs")
        assert "the encrypted connection failed" in sentence(f"{url}?sslmode=require")


def identity(url: str) -> str:
    with contextlib.closing(engine_for(url, FOLDER, SECRET_KEY)) as engine:
        return engine.open_identity()


def test_a_schema_of_its_own(postgresql: PostgresqlServer, of_its_own: str) -> None:
    url = postgresql.url(of_its_own)
    usable(url)
    elsewhere = f"{url}?options=-c%20search_path%3Dtheirs,public"
    missing = elsewhere.replace(",public", "")
    assert "the search_path of its user names no schema that exists" in sentence(missing)
    postgresql.run("CREATE SCHEMA theirs AUTHORIZATION parley", of_its_own)
    usable(elsewhere)
    count = "SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'theirs') GROUP BY schemaname"
    (here, there) = postgresql.run(count, of_its_own)
    assert here == there
    assert identity(url) != identity(elsewhere)


def test_a_socket(postgresql: PostgresqlServer, of_its_own: str) -> None:
    folder, port = quote(str(postgresql.folder), safe=""), postgresql.port
    usable(f"postgresql://parley@{folder}:{port}/{of_its_own}")
    usable(f"postgresql:///{of_its_own}?host={folder}&port={port}&user=parley")
    assert "nothing listens there" in sentence(f"postgresql://parley@%2Fno%2Fsocket/{of_its_own}")


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

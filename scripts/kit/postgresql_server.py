"""A PostgreSQL server of our own, with its files in a temporary folder, and a PgBouncer in front of one."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from scripts.kit.certificate import make_certificate
from scripts.kit.program import STOP_S, AnyProgram, Program
from scripts.kit.waiting import wait_until

USER = "parley"
PASSWORD = "a p@ss/word"
_QUOTED_PASSWORD = "a%20p%40ss%2Fword"
# Faster, but not safe against a power cut, and with passwords that are cheap to check.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "password_encryption": "md5"}


def missing() -> str:
    """Return why no PostgreSQL can be started on this machine, without a full stop, or ""."""
    return "" if _newest("postgres") else "PostgreSQL is not installed (Debian: apt-get install postgresql)"


def pgbouncer_missing() -> str:
    """Return why no PgBouncer can be started on this machine, without a full stop, or ""."""
    return "" if _newest("pgbouncer") else "PgBouncer is not installed (Debian: apt-get install pgbouncer)"


class _OrdinaryProgram(Program):
    """A program with its files in a temporary folder, run as a user who is not root."""

    end_signal = signal.SIGINT
    # Ends the program like a power cut.
    kill_signal = signal.SIGQUIT

    def __init__(self) -> None:
        super().__init__(Path())

    def __enter__(self: AnyProgram) -> AnyProgram:
        self.folder = Path(tempfile.mkdtemp(prefix="parley-database-"))
        self.folder.chmod(0o755)  # for the socket
        return super().__enter__()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        super().close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def popen_options(self) -> dict[str, Any]:
        for path in (self.folder, *self.folder.iterdir()):
            _give(path)
        return {"cwd": self.folder, **_demoted()}

    def stop(self, timeout_s: float = STOP_S) -> int:
        self.resume()
        return super().stop(timeout_s)

    def kill(self) -> None:
        """End the program like a power cut, but with its shared memory released."""
        if self.process is not None and self.process.poll() is None:
            self.resume()
            self.process.send_signal(self.kill_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
        super().kill()

    def restart(self, immediate: bool = False) -> None:
        """Stop and start at the same port; `immediate` is like a power cut."""
        if immediate:
            self.kill()
        else:
            self.stop()
        self.start()


class PostgresqlServer(_OrdinaryProgram):
    """A cluster with the role `parley`, who owns the databases made here and needs the password by TCP.

    `options` are settings of postgresql.conf. They may change before a start.
    """

    name = "PostgreSQL"

    def __init__(self, options: Mapping[str, object] | None = None) -> None:
        super().__init__()
        self.options: dict[str, object] = {**FAST, **(options or {})}
        self._numbers = itertools.count(1)

    def prepare(self) -> None:
        _give(self.folder)
        initdb = [
            _newest("initdb"), "-D", str(self._data), "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync",
            "--auth-local=trust", "--auth-host=md5",
        ]  # fmt: skip
        subprocess.run(initdb, cwd=self.folder, check=True, capture_output=True, **_demoted())

    def start(self) -> None:
        super().start()
        create = f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'"
        self.run(f"DO $$BEGIN {create}; EXCEPTION WHEN duplicate_object THEN NULL; END$$")

    def arguments(self) -> Sequence[str | Path]:
        options = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder),
        } | self.options  # fmt: skip
        return [_newest("postgres"), "-D", str(self._data), *(f"--{name}={value}" for name, value in options.items())]

    def is_ready(self) -> bool:
        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def run(self, statement: str, database: str = "postgres") -> list[Any]:
        """Execute a statement as the superuser, on a connection of its own. Return the rows."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """Connect as the superuser, without a password."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True, connect_timeout=10
        )

    def create_database(self, name: str = "", template: str = "template0") -> str:
        """Create a database, empty or like another one that nobody uses. Return its name."""
        name = name or f"database_{next(self._numbers)}"
        self.run(f'CREATE DATABASE "{name}" OWNER {USER} TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database with its connections, if there is one."""
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, database: str) -> str:
        """Return the `DATABASE_URL` of a database."""
        return f"postgresql://{USER}:{_QUOTED_PASSWORD}@127.0.0.1:{self.port}/{database}"

    def end_connections(self, database: str) -> int:
        """End all connections to a database, as an administrator does. Return their number."""
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"
        return len(self.run(end.format(database)))

    @contextlib.contextmanager
    def encrypted(self) -> Iterator[Path]:
        """Offer encrypted connections meanwhile. Yields the file of the certificate that vouches for the server."""
        make_certificate(self.folder)
        for name in ("cert", "key"):
            path = self.folder / f"{name}.pem"
            _give(path)
            self.run(f"ALTER SYSTEM SET ssl_{name}_file = '{path}'")
        self._set_ssl("on")
        try:
            yield self.folder / "cert.pem"
        finally:
            self._set_ssl("off")

    def _set_ssl(self, value: str) -> None:
        self.run(f"ALTER SYSTEM SET ssl = {value}")
        self.run("SELECT pg_reload_conf()")
        wait_until(lambda: self.run("SHOW ssl") == [(value,)])

    @property
    def _data(self) -> Path:
        return self.folder / "data"


class PostgresqlStandby(PostgresqlServer):
    """A copy of a server that follows it and can only be read, until it is promoted."""

    def __init__(self, primary: PostgresqlServer) -> None:
        super().__init__()
        self._primary = primary

    def prepare(self) -> None:
        _give(self.folder)
        copy = [
            _newest("pg_basebackup"), "-D", str(self._data), "-h", str(self._primary.folder), "-U", "postgres",
            "-p", str(self._primary.port), "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
        ]  # fmt: skip
        subprocess.run(copy, cwd=self.folder, check=True, capture_output=True, **_demoted())

    def start(self) -> None:
        _OrdinaryProgram.start(self)  # nothing can be created


class PgBouncer(_OrdinaryProgram):
    """A PgBouncer in transaction mode in front of a server. It has at most `connections` to each database."""

    name = "PgBouncer"
    end_signal = kill_signal = signal.SIGTERM

    def __init__(self, server: PostgresqlServer, connections: int = 20) -> None:
        super().__init__()
        self._server = server
        self._connections = connections

    def prepare(self) -> None:
        (self.folder / "users").write_text(f'"{USER}" "{PASSWORD}"\n')
        (self.folder / "pgbouncer.ini").write_text(
            f"""
            [databases]
            * = host=127.0.0.1 port={self._server.port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {self.port}
            unix_socket_dir =
            auth_type = md5
            auth_file = {self.folder}/users
            pool_mode = transaction
            max_client_conn = 2000
            default_pool_size = {self._connections}
            """
        )

    def arguments(self) -> Sequence[str | Path]:
        return [_newest("pgbouncer"), str(self.folder / "pgbouncer.ini")]

    def url(self, database: str) -> str:
        """Return the `DATABASE_URL` of a database of the server by way of this one."""
        return f"postgresql://{USER}:{_QUOTED_PASSWORD}@127.0.0.1:{self.port}/{database}"


def _newest(program: str) -> str:
    """Return the path of a program, or "". PATH can name a version; without it, the newest of Debian's is used."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    path = shutil.which(program, path=os.pathsep.join([os.environ["PATH"], *map(str, folders), "/usr/sbin"]))
    return path or ""


def _account() -> pwd.struct_passwd:
    """Return the user as whom a program runs, because it refuses to run as root."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _give(path: Path) -> None:
    """Give a file or folder to that user."""
    if os.geteuid() == 0:
        os.chown(path, _account().pw_uid, _account().pw_gid)


def _demoted() -> dict[str, Any]:
    """Return arguments of Popen that run a program as that user."""
    if os.geteuid() != 0:
        return {}
    return {"user": _account().pw_uid, "group": _account().pw_gid, "extra_groups": []}

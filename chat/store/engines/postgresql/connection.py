"""PostgreSQL's connections through peewee and psycopg: one per native thread.

Psycopg waits for the server with `poll` in C, which releases the interpreter's lock. Only native threads use these
connections: in a greenlet that wait would block the whole worker. The parts of the standard library
that psycopg uses and gevent has patched are replaced.
"""

from __future__ import annotations

import _socket
import contextlib
import ipaddress
import logging
import select
import time
from collections.abc import Callable, Generator, Sequence
from itertools import chain
from typing import Any, TypeVar

import peewee
import psycopg
from psycopg import generators, waiting
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from chat.runtime import mode
from chat.store.engines.postgresql.address import Address
from chat.store.engines.postgresql.nul import TextLoader

RV = TypeVar("RV")

OLDEST_VERSION = 14
CONNECT_TIMEOUT_S = 2.0
_INTERVAL_S = 0.1
# Added to the server's own limit on a statement, which ends it with an error and keeps the connection.
_EXTRA_S = 0.3

# Each of its calls would take a lock that gevent has patched. It logs nothing that its errors do not say.
logging.getLogger("psycopg").disabled = True


class NoAnswer(psycopg.OperationalError):
    """The server has not answered in time."""


class TooOld(psycopg.NotSupportedError):
    """The server is of a version that is not supported."""


class Deferred:
    """A statement that is sent together with the next one, and then its result."""

    def __init__(self, connection: Connection, statement: str, values: Sequence[object]) -> None:
        self.statement = statement
        self.values = values
        self._connection = connection
        self._cursor: psycopg.Cursor[Any] | None = None
        self._position = 0

    def set_result(self, cursor: psycopg.Cursor[Any], position: int) -> None:
        """Set the cursor that has the result, and the position among its results."""
        self._cursor, self._position = cursor, position

    def rows(self) -> list[Any]:
        """Return the rows. Sends the statement, and all others that are deferred, if that was not done."""
        if self._cursor is None:
            self._connection.send_deferred()
        assert self._cursor is not None  # noqa: S101 - for the type checker
        self._cursor.set_result(self._position)
        return self._cursor.fetchall()


class Connection(psycopg.Connection[Any]):
    """One connection. Its statements are sent as simple queries, of which several go in one message.

    It keeps no state in the session, so behind PgBouncer each transaction may get another session.
    """

    def __init__(self, pgconn: Any) -> None:
        super().__init__(pgconn, tuple_row)
        self.lock = mode.native_lock()
        self.cursor_factory = psycopg.ClientCursor
        self.adapters.register_loader("text", TextLoader)
        # Sent before each statement, or before the first one of a transaction.
        self._before_each = ""
        self._opening = ""
        self._deferred: list[Deferred] = []
        self._limit_s = 0.0
        # Called after the next answer of the server.
        self._answered: Callable[[], None] | None = None
        # Whether the end of a transaction was requested, which may have taken effect.
        self.committing = False
        # Psycopg would send a BEGIN of its own, in a round trip of its own.
        self.autocommit = True

    def wait(self, gen: Generator[Any, Any, RV], interval: float = _INTERVAL_S, timeout: float | None = None) -> RV:
        limit_s = self._limit_s + _EXTRA_S if timeout is None else timeout
        try:
            result: RV = waiting.wait_c(gen, self.pgconn.socket, interval, limit_s if limit_s < float("inf") else None)
        except psycopg.errors._WaitTimeout:
            self.close()
            raise NoAnswer("no answer in time") from None
        return result

    def reading(self, limit_s: float, answered: Callable[[], None]) -> None:
        """Begin to read with statements that see a snapshot each. Calls `answered` after the first answer."""
        self._deferred = []
        self.committing = False
        self._limit_s, self._answered = limit_s, answered
        self._before_each, self._opening = f"SET LOCAL statement_timeout={_ms(limit_s)};", ""

    def begin(self, transaction: str, limit_s: float, answered: Callable[[], None] | None = None) -> None:
        """Begin a transaction, which the next statement opens on the server with the statements of `transaction`."""
        self._deferred = []
        self.committing = False
        self._limit_s, self._answered = limit_s, answered
        timeout = "0" if limit_s == float("inf") else _ms(limit_s)
        self._before_each, self._opening = "", f"{transaction};SET LOCAL statement_timeout={timeout};"

    def defer(self, statement: str, values: Sequence[object]) -> Deferred:
        """Execute a statement in the round trip of the next one."""
        deferred = Deferred(self, statement, values)
        self._deferred.append(deferred)
        return deferred

    def send_deferred(self) -> None:
        """Execute the deferred statements."""
        if self._deferred:
            last = self._deferred.pop()
            last.set_result(self.run(last.statement, last.values), -1)

    def run(self, statement: str, values: Sequence[object] = ()) -> psycopg.Cursor[Any]:
        """Execute the deferred statements and this one, all in one round trip."""
        before, self._opening = self._opening or self._before_each, ""
        deferred, self._deferred = self._deferred, []
        statements = [*(each.statement for each in deferred), statement]
        cursor = self.cursor()
        cursor.execute((before + ";".join(statements)).encode(), [*chain(*(each.values for each in deferred)), *values])
        if self._answered is not None:
            self._answered()
            self._answered = None
        for position, each in enumerate(deferred, -len(statements)):
            each.set_result(cursor, position)
        if before or deferred:
            cursor.set_result(-1)
        return cursor

    def commit(self) -> None:
        """End the transaction, if the server has begun one. Raises an error if it was not committed."""
        if self._before_each:
            return
        if self._opening:
            # Not with the COMMIT: if an idle connection was lost, it is certain that nothing was committed.
            self.send_deferred()
        if self._opening:
            return
        self.committing = True
        if self.run("COMMIT").statusmessage != "COMMIT":
            raise psycopg.errors.InFailedSqlTransaction("the transaction has failed")
        self.committing = False

    def give_up(self) -> None:
        """Roll back, or close a connection that cannot be used any more."""
        self._opening = self._before_each = ""
        self._deferred, self._answered = [], None
        try:
            if self.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                self.run("ROLLBACK")
        except psycopg.Error:
            self.close()
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            self.close()


class Connections(peewee.PostgresqlDatabase):
    """Peewee's PostgreSQL database. It adds each connection to `opened`; peewee knows only the calling thread's.

    `timeout_s` returns the longest wait for a new connection.
    """

    def __init__(self, address: Address, opened: list[Connection], timeout_s: Callable[[], float]) -> None:
        super().__init__(address.database, prefer_psycopg3=True)
        # Peewee opens connections under one lock, which gevent has patched: native threads deadlock on a patched lock,
        # and would wait in turn for a server that does not answer. They share nothing that needs a lock.
        self._lock = contextlib.nullcontext()
        self._address = address
        self._opened = opened
        self._timeout_s = timeout_s

    def _connect(self) -> Connection:
        connection = connect(self._address, self._timeout_s())
        self._opened.append(connection)
        return connection

    def current(self) -> Connection:
        """Return the calling thread's connection. Opens one if there is none. Raises psycopg's errors, and OSError."""
        try:
            connection: Connection = self.connection()  # type: ignore[no-untyped-call]
        except peewee.PeeweeException as error:
            raise getattr(error, "orig", error) from None
        return connection

    def discard(self) -> None:
        """Close the calling thread's connection."""
        if not self.is_closed():
            connection = self.current()
            self.close()
            self._opened.remove(connection)


def connect(address: Address, timeout_s: float) -> Connection:
    """Open a connection. Raises psycopg.Error, and OSError for the name of a host that cannot be resolved."""
    defaults: dict[str, Any] = {"fallback_application_name": "parley", "client_encoding": "UTF8"}
    conninfo = make_conninfo("", **defaults | address.parameters | _resolve(address))
    pgconn = _wait_for(generators.connect(conninfo), timeout_s)
    version = pgconn.server_version // 10_000
    if version < OLDEST_VERSION:
        pgconn.finish()
        raise TooOld(f"PostgreSQL {version}; Parley needs PostgreSQL {OLDEST_VERSION} or later")
    return Connection(pgconn)


def _resolve(address: Address) -> dict[str, str]:
    """Return the addresses of the hosts, which libpq itself would wait for without releasing the interpreter's lock."""
    if "hostaddr" in address.parameters:
        return {}
    servers: list[tuple[str, str, str]] = []
    unresolved: OSError | None = None
    for host, port in address.servers:
        try:
            servers += [(host, each, port) for each in _addresses(host)]
        except OSError as error:  # another one may do
            unresolved = error
    if not servers and unresolved is not None:
        raise unresolved
    hosts, addresses, ports = (",".join(values) for values in zip(*servers, strict=True))
    return {"host": hosts, "hostaddr": addresses, "port": ports} if addresses.strip(",") else {}


def _addresses(host: str) -> list[str]:
    """Return the addresses of a host: none of a socket's folder, which libpq opens itself."""
    if not host or host.startswith(("/", "@")):
        return [""]
    if _is_ip(host):
        return [host]
    try:
        infos = _socket.getaddrinfo(host, None, 0, _socket.SOCK_STREAM)
    except UnicodeError:  # such as two dots in a row
        raise _socket.gaierror(_socket.EAI_NONAME, "no name of a host") from None
    return list(dict.fromkeys(str(each[4][0]) for each in infos))


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _wait_for(connecting: Any, timeout_s: float) -> Any:
    """Wait for a connection in the calling native thread. Raises NoAnswer."""
    until = time.monotonic() + timeout_s
    events = {waiting.WAIT_R: select.POLLIN, waiting.WAIT_W: select.POLLOUT}
    try:
        fileno, event = next(connecting)
        while True:
            poll = mode.native_poll()
            poll.register(fileno, events[event])
            left_s = until - time.monotonic()
            if left_s <= 0 or not poll.poll(left_s * 1000):
                connecting.close()
                raise NoAnswer("no answer in time")
            fileno, event = connecting.send(event)
    except StopIteration as connected:
        return connected.value


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))

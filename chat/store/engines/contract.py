"""Interface between the repositories and a database. What differs between databases is a method here.

The repositories have one SQL for all databases, in which

- `?` is a value, and `= ANY(?)` a list of values made by `array`,
- `{rows}`, in the methods that take rows, is a list of rows for VALUES, whose columns are `column1`, `column2` …,
- a column of `{rows}` that may have no value but NULL is cast, as its type is unknown otherwise,
- `FOR UPDATE` locks the selected rows like `lock`; with `SKIP LOCKED` it leaves out those that are locked,
- `INDEXED BY name` is a hint, which an engine may ignore,
- a flag is 0 or 1; a bool is accepted as its value.

No type of a driver leaves an engine.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

T = TypeVar("T")
A = TypeVar("A")

TextKind = Literal["title", "message"]


@dataclass(frozen=True, slots=True)
class Step:
    """One migration, named `NNNN_name`. A release can use its result if it knows step `runs_with`."""

    name: str
    runs_with: int

    @property
    def number(self) -> int:
        return int(self.name[:4])


class Rows(Protocol):
    """The result of one statement."""

    @property
    def description(self) -> Any:
        """Return a sequence with one sequence per column, which begins with the column's name."""
        ...

    @property
    def rowcount(self) -> int:
        """Return the number of rows that the statement changed."""
        ...

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def close(self) -> None: ...


class FullText(Protocol):
    """The indexes of titles and messages. Call its methods inside a read or a write.

    An index finds the words of `tokenizer.query_words`. A text disappears from it with its row.
    """

    def put(self, kind: TextKind, texts: Sequence[tuple[int, int, str]]) -> None:
        """Index texts, given as (row id, user id, text). A text replaces an earlier one of its row."""
        ...

    def bulk(self, work: Callable[[], T]) -> T:
        """Call `work`, which puts a large part of all texts, when nobody else uses the database."""
        ...

    def titles(self, user_id: int, words: Sequence[str], before: int, limit: int) -> list[int]:
        """Return conversations below `before` whose title has all words, newest first."""
        ...

    def messages(
        self, user_id: int, words: Sequence[str], before: int, limit: int
    ) -> Generator[tuple[int, int], None, None]:
        """Return messages below `before` with all words, as (message id, conversation id), newest first.

        Close the iterator before the read ends.
        """
        ...

    def conversations_from(self, user_id: int, words: Sequence[str], message_id: int) -> set[int]:
        """Return the conversations that have a message with all words, from `message_id` on."""
        ...


class Maintenance(Protocol):
    """Whole tables and keys, for the operator's commands. Calls have no timeout once they have begun."""

    def snapshot(self, work: Callable[[], T]) -> T:
        """Call `work`, whose statements only read. All of them see one snapshot."""
        ...

    def frozen(self, work: Callable[[], T]) -> T:
        """Call `work` like `snapshot`, while no other connection can write. Raises StoreBusy if one does."""
        ...

    def tables(self) -> set[str]:
        """Return the names of all tables, without those of the full-text indexes. Call it inside a read or a write."""
        ...

    def rows(self, table: str, columns: Sequence[str], key: Sequence[str]) -> Iterator[Sequence[Any]]:
        """Yield all rows of a table in the order of its `key`, with few of them in memory.

        Call it inside `snapshot`, `frozen` or a write, and read all rows there. A flag may come as a bool.
        """
        ...

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert any number of rows, with few of them in memory. A flag is 0 or 1. Call it inside a write."""
        ...

    def last_ids(self) -> dict[str, int]:
        """Return the last id ever used, by table. Call it inside a read or a write."""
        ...

    def keep_last_ids(self, last_ids: Mapping[str, int]) -> None:
        """Let new ids be larger than these, by table, and than all ids in the tables. Call it inside a write."""
        ...

    def analyze(self) -> None:
        """Let the planner of statements know how many rows were inserted. Call it inside a write."""
        ...

    def damage(self) -> Iterator[str]:
        """Yield a sentence for each sign of damage to the database's files, indexes or references.

        Call it inside `snapshot`, and read all of it there.
        """
        ...

    def existing_key(self, name: str) -> bytes | None:
        """Return the key that `Engine.key` returns, or None if it was never created.

        Call it inside a read or a write. Raises StoreUnavailable.
        """
        ...

    def replace_key(self, name: str, key: bytes) -> None:
        """Let `Engine.key` return this key from now on. Call it inside a write. Raises StoreUnavailable."""
        ...


class Engine(Protocol):
    """One database. Nothing is opened or created before the first call.

    Its errors are StoreBusy for a lock held by others, StoreUnavailable while the database cannot be used, and
    StoreFailed if it refuses for good. Errors of `work` itself are raised unchanged.
    """

    # The package with this engine's migration steps.
    migrations: str
    # A call that waits longer for a lock, or in the queue, raises StoreBusy or StoreTimeout. A new connection may take
    # as long, too.
    lock_timeout_s: float

    @property
    def full_text(self) -> FullText:
        """Return the full-text indexes."""
        ...

    @property
    def maintenance(self) -> Maintenance:
        """Return the calls for whole tables."""
        ...

    @property
    def location(self) -> str:
        """Return where the database is, for messages to the operator. It contains no password."""
        ...

    def prepare(self) -> None:
        """Create the place of the database, if it is missing, before the first migration. Raises OSError."""
        ...

    def exists(self) -> bool:
        """Return whether the database exists, with its tables.

        Raises OSError or StoreUnavailable if it can be neither used nor created.
        """
        ...

    def read(self, work: Callable[[], T]) -> T:
        """Call `work`, whose statements only read. Each statement sees its own snapshot.

        All reads of a request share one timeout (`chat/runtime/wait_budget.py`).
        """
        ...

    def snapshot(self, work: Callable[[], T]) -> T:
        """Call `work`, whose statements only read. All of them see one snapshot."""
        ...

    def write(self, work: Callable[[], T]) -> T:
        """Call `work` in a transaction. It is committed when this returns and rolled back when this raises.

        `work` may run a second time after a rollback. Raises StoreTimeout if the write may still be committed. All
        writes of a request share one timeout (`chat/runtime/wait_budget.py`).
        """
        ...

    def write_exclusive(self, work: Callable[[], T]) -> T:
        """Call `work` in a transaction like `write`, without a timeout once it has begun.

        Of all processes, one runs such a transaction at a time.
        """
        ...

    def write_batched(self, work: Callable[[Sequence[A]], Sequence[T | Exception]], item: A) -> T:
        """Call `work` with all items queued for it, in one transaction. Return this item's result.

        `work` returns one value or exception per item. An item that failed must not have written anything. If `work`
        itself raises, it is called again for each item alone. Raises StoreTimeout like `write`.
        """
        ...

    def execute(self, statement: str, values: Sequence[object] = ()) -> Rows:
        """Execute a statement. Call it, and read its rows, inside `read`, `snapshot` or a write."""
        ...

    def defer(self, statement: str, values: Sequence[object] = ()) -> None:
        """Execute a statement whose result is not needed: before the next one, or before the commit.

        That saves a round trip. Its error may be raised there. Call it inside a write.
        """
        ...

    def lock(self, rows: str, values: Sequence[object]) -> None:
        """Lock rows with an id for the transaction, in order of their ids. `rows` begins with FROM.

        Statements that follow see what other transactions did with these rows before. Lock users before conversations
        and those before turns, so that no two transactions wait for each other. An engine with one writer need not do
        anything. Call it inside a write.
        """
        ...

    def execute_rows(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        """Execute a statement for all `rows`, which have one length. Return the number of table rows changed."""
        ...

    def defer_rows(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Execute a statement for all `rows` like `execute_rows`, and when `defer` does."""
        ...

    def select(self, columns: str, source: str, values: Sequence[object] = ()) -> list[list[Any]]:
        """Return all rows of `SELECT columns source` in any order. Values are numbers, texts and NULL.

        Cheaper than `execute` for many short rows. `source` begins with FROM.
        """
        ...

    def select_for_rows(self, columns: str, source: str, rows: Sequence[Sequence[object]]) -> list[list[Any]]:
        """Return what `select` finds for all `rows`, of which `source` has `{rows}`."""
        ...

    def array(self, values: Iterable[int | str]) -> object:
        """Return values as one parameter, for `= ANY(?)`."""
        ...

    def allocate_ids(self, counts: Mapping[str, int]) -> dict[str, Iterator[int]]:
        """Return new ids by table: as many as `counts` says, ascending, never used before. Call it inside a write.

        Take the ids, and insert their rows, before the next call. Ids that are not used may be returned again.
        """
        ...

    def columns(self, table: str) -> set[str]:
        """Return the names of a table's columns. Call it inside a read or a write."""
        ...

    def probe_write(self) -> None:
        """Write something and remove it, so that a database that cannot grow raises StoreUnavailable."""
        ...

    def clock_ms(self) -> int | None:
        """Return the database's own clock in milliseconds since 1970, or None if it has none.

        Raises StoreUnavailable.
        """
        ...

    def check(self) -> str:
        """Return why the database must not be used at present, as a sentence for the operator, or ""."""
        ...

    def open_identity(self) -> str:
        """Return the identity of the database that this process has open, comparable between processes, or ""."""
        ...

    def current_identity(self) -> str:
        """Return the identity of the database that is at `location` now, or ""."""
        ...

    def key(self, name: str) -> bytes:
        """Return a secret key, which a copy of the tables alone does not reveal. It is created at its first use.

        Call it inside a read or a write.
        """
        ...

    def explain_unopenable(self, error: BaseException) -> str:
        """Return one sentence for the operator about an error of `prepare` or of the first statement."""
        ...

    def close(self) -> None:
        """Wait for running calls, then close all connections."""
        ...

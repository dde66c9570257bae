"""Values, rows, lists, many rows in one statement, and ids."""

from __future__ import annotations

import itertools

import pytest

from chat.store.engines.contract import Engine

from ..scenarios import at_once
from .notes import add, notes


class TestRows:
    @pytest.mark.parametrize("value", [0, -1, 2**63 - 1, None, "", "nul \x00", "quote ' \" ?", "\U0001f351 中文 ไทย"])
    def test_a_value_comes_back_as_it_was(self, engine: Engine, value: object) -> None:
        column, row = ("id", (value, "")) if isinstance(value, int) else ("text", (1, value))
        engine.write(lambda: engine.execute("INSERT INTO notes (id, text) VALUES (?, ?)", row))
        assert engine.read(lambda: engine.execute(f"SELECT {column} FROM notes").fetchall()) == [(value,)]

    def test_rows_are_read_one_by_one_or_all_at_once(self, engine: Engine) -> None:
        engine.write(lambda: [add(engine, number)() for number in range(3)])

        def work() -> list[object]:
            rows = engine.execute("SELECT id FROM notes ORDER BY id")
            return [rows.fetchone(), rows.fetchall(), rows.fetchone(), [column[0] for column in rows.description]]

        assert engine.read(work) == [(0,), [(1,), (2,)], None, ["id"]]
        assert engine.read(lambda: list(engine.execute("SELECT id FROM notes ORDER BY id"))) == [(0,), (1,), (2,)]

    def test_changed_rows_are_counted(self, engine: Engine) -> None:
        engine.write(lambda: [add(engine, number)() for number in range(3)])
        update = "UPDATE notes SET text = ? WHERE id > ?"
        assert [
            engine.write(lambda last=last: engine.execute(update, ("x", last)).rowcount) for last in (-1, 1, 5)
        ] == [
            3,
            1,
            0,
        ]

    def test_an_insert_returns_the_id_that_the_database_gives(self, engine: Engine) -> None:
        insert = "INSERT INTO users (name, created_at) VALUES (?, 0) RETURNING id"
        ((first,),) = engine.write(lambda: engine.execute(insert, ("a",)).fetchall())
        ((second,),) = engine.write(lambda: engine.execute(insert, ("b",)).fetchall())
        assert second > first
        find = "SELECT name FROM users WHERE id = ?"
        assert engine.read(lambda: engine.execute(find, (second,)).fetchone()) == ("b",)

    def test_the_columns_of_a_table(self, engine: Engine) -> None:
        assert engine.read(lambda: engine.columns("notes")) == {"id", "text"}
        assert engine.read(lambda: engine.columns("nothing")) == set()


class TestLists:
    @pytest.mark.parametrize("count", [0, 1, 2, 5_000])
    def test_of_numbers(self, engine: Engine, count: int) -> None:
        engine.write(lambda: engine.execute_rows("INSERT INTO notes (id) VALUES {rows}", [(i,) for i in range(6_000)]))
        wanted = engine.array(range(1, count + 1))
        find = "SELECT count(*) FROM notes WHERE id = ANY(?) AND id >= ?"
        assert engine.read(lambda: engine.execute(find, (wanted, 1)).fetchone()) == (count,)
        assert engine.write(lambda: engine.execute("DELETE FROM notes WHERE id = ANY(?)", (wanted,)).rowcount) == count

    def test_of_texts(self, engine: Engine) -> None:
        texts = ["", "it's", 'say "no"', "back\\slash", "{}", "中文", "\U0001f351"]
        rows = list(enumerate(texts))
        engine.write(lambda: engine.execute_rows("INSERT INTO notes VALUES {rows}", rows))
        find = "SELECT text FROM notes WHERE text = ANY(?) ORDER BY id"
        assert engine.read(lambda: engine.execute(find, (engine.array(texts),)).fetchall()) == [(t,) for t in texts]
        assert engine.read(lambda: engine.execute(find, (engine.array(["it"]),)).fetchall()) == []


class TestManyRows:
    @pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 63, 64, 65, 200])
    def test_a_statement_for_each_of_however_many_rows(self, engine: Engine, count: int) -> None:
        rows = [(number, f"text {number}") for number in range(count)]

        def write() -> tuple[object, ...]:
            inserted = engine.execute_rows("INSERT INTO notes VALUES {rows}", rows)
            selected = engine.select_for_rows(
                "id, text", "FROM notes JOIN (VALUES {rows}) AS new ON id = column1", rows
            )
            changed = engine.execute_rows(
                "UPDATE notes SET text = new.column2 FROM (VALUES {rows}) AS new WHERE id = new.column1 + 1", rows
            )
            return inserted, selected, changed

        inserted, selected, changed = engine.write(write)
        assert (inserted, changed) == (count, max(0, count - 1))
        assert sorted(map(tuple, selected)) == rows
        assert notes(engine)[1:] == [(number + 1, f"text {number}") for number in range(count - 1)]

    def test_rows_that_exist_are_replaced_or_left(self, engine: Engine) -> None:
        engine.write(add(engine, 1, "old"))
        replace = "INSERT INTO notes (id, text) VALUES {rows} ON CONFLICT (id) DO UPDATE SET text = excluded.text"
        leave = "INSERT INTO notes (id, text) VALUES {rows} ON CONFLICT DO NOTHING"
        assert engine.write(lambda: engine.execute_rows(leave, [(1, "new"), (2, "new")])) == 1
        assert notes(engine) == [(1, "old"), (2, "new")]
        assert engine.write(lambda: engine.execute_rows(replace, [(1, "newer"), (3, None)])) == 2
        assert notes(engine) == [(1, "newer"), (2, "new"), (3, None)]

    def test_all_rows_at_once(self, engine: Engine) -> None:
        rows = [(1, None), (2**62, 'say "no" \\ \x1f'), (-3, "中文")]
        engine.write(lambda: engine.execute_rows("INSERT INTO notes VALUES {rows}", rows))
        selected = engine.read(lambda: engine.select("id, text, id > 0", "FROM notes WHERE id <> ?", (5,)))
        assert sorted(tuple(row) for row in selected) == sorted((*row, row[0] > 0) for row in rows)
        assert engine.read(lambda: engine.select("id", "FROM notes WHERE id = ANY(?)", (engine.array([]),))) == []


class TestIds:
    @staticmethod
    def create(engine: Engine, count: int) -> list[int]:
        def work() -> list[int]:
            ids = list(engine.allocate_ids({"messages": 5, "users": count})["users"])
            engine.execute_rows("INSERT INTO users (id, created_at) VALUES {rows}", [(each, 0) for each in ids])
            return ids

        return engine.write(work)

    def test_they_are_new_and_ascending(self, engine: Engine) -> None:
        batches = [self.create(engine, count) for count in (3, 0, 1, 70)]
        ids = list(itertools.chain.from_iterable(batches))
        assert [len(batch) for batch in batches] == [3, 0, 1, 70]
        assert ids == sorted(set(ids))

    def test_the_database_goes_on_after_them(self, engine: Engine) -> None:
        (last,) = self.create(engine, 1)
        insert = "INSERT INTO users (name, created_at) VALUES (NULL, 0) RETURNING id"
        ((own,),) = engine.write(lambda: engine.execute(insert).fetchall())
        (following,) = self.create(engine, 1)
        assert last < own < following

    def test_the_id_of_a_deleted_row_is_not_used_again(self, engine: Engine) -> None:
        (deleted,) = self.create(engine, 1)
        engine.write(lambda: engine.execute("DELETE FROM users WHERE id = ?", (deleted,)))
        (following,) = self.create(engine, 1)
        assert following > deleted

    def test_transactions_at_the_same_time_have_different_ones(self, engine: Engine) -> None:
        batches = at_once(10, lambda number: self.create(engine, 3))
        assert len(set(itertools.chain.from_iterable(batches))) == 30

"""The steps of every engine, and steps that this release does not know."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import pytest

from chat.errors import DatabaseTooNew
from chat.store import Store
from chat.store.engines.contract import Step

from ..scenarios import at_once


def steps(store: Store) -> Sequence[Step]:
    steps: Sequence[Step] = import_module(store.engine.migrations).STEPS
    return steps


def test_of_several_at_once_one_applies_the_steps(under_test, tmp_path):
    stores = [Store(under_test.make(tmp_path, "new")) for _ in range(4)]
    outcomes = at_once(4, lambda number: stores[number].migrate())
    assert sorted(map(len, outcomes)) == [0, 0, 0, len(steps(stores[0]))]
    for each in stores:
        each.close()


def test_a_database_of_a_later_version_is_refused(store):
    store.engine.write(lambda: store.engine.execute("INSERT INTO migrations (name) VALUES ('9999_later')"))
    with pytest.raises(DatabaseTooNew) as refused:
        store.migrate()
    assert store.explain_unopenable(refused.value) == (
        f"DATABASE_URL names {store.engine.location}, but a later version of this program has changed its tables: "
        "9999_later. Run that version, or name another database."
    )


# What is recorded of a later step: `expands` and `runs_with`.
LATER_STEPS = {
    "expands, as written by releases without runs_with": ("1, NULL", True),
    "contracts, as written by releases without runs_with": ("0, NULL", False),
    "usable by the first release": ("0, 1", True),
    "usable by this release": ("0, {newest}", True),
    "usable by later releases": ("1, {newest} + 1", False),
}


@pytest.mark.parametrize("later", LATER_STEPS)
def test_a_later_step_says_which_release_can_use_its_result(store, later):
    record, usable = LATER_STEPS[later]
    record = record.format(newest=steps(store)[-1].number)
    insert = f"INSERT INTO migrations (name, expands, runs_with) VALUES ('9999_later', {record})"
    store.engine.write(lambda: store.engine.execute(insert))
    if usable:
        assert store.migrate() == []
    else:
        with pytest.raises(DatabaseTooNew, match="9999_later"):
            store.migrate()


def test_steps_expand_first_and_contract_a_release_later(store):
    numbers = [step.number for step in steps(store)]
    assert numbers == list(range(1, len(steps(store)) + 1))
    assert all(step.runs_with <= step.number for step in steps(store))
    assert [step.runs_with for step in steps(store)] == sorted(step.runs_with for step in steps(store))


def test_every_step_is_recorded_for_this_release_and_for_earlier_ones(store):
    query = "SELECT name, expands, runs_with FROM migrations ORDER BY name"
    rows = store.engine.read(lambda: store.engine.execute(query).fetchall())
    assert rows == [(step.name, step.runs_with <= 12, step.runs_with) for step in steps(store)]

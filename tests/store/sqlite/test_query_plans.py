"""Query plans: statements over large tables use an index."""

from __future__ import annotations

import contextlib
import re
import sqlite3

import pytest

from chat.store import (
    branches,
    conversations,
    history,
    indexing,
    removal,
    turn_begin,
    turn_end,
    turn_progress,
    turn_targets,
)
from chat.store.engines.sqlite import full_text
from chat.store.engines.sqlite.statements import as_one_row, translated


def plan(store, statement, *values):
    with contextlib.closing(sqlite3.connect(store.engine.path)) as other:
        return [row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {translated(statement)}", values)]


LARGEST = 2**63 - 1

# A statement and the beginning of the only step of its plan. With one step only, nothing is sorted.
PLANS = {
    "list": (
        conversations.LISTED,
        (1, LARGEST, LARGEST, 51),
        "SEARCH conversations USING INDEX conversations_shown (user_id=? AND ",
    ),
    "pinned": (
        conversations.PINNED,
        (1, LARGEST, LARGEST, 51),
        "SEARCH conversations USING INDEX conversations_pinned (user_id=? AND ",
    ),
    "archived": (
        conversations.ARCHIVED,
        (1, LARGEST, LARGEST, 51),
        "SEARCH conversations USING INDEX conversations_archived (user_id=? AND ",
    ),
    "expired": (conversations.EXPIRED, (1, 100), "SEARCH conversations USING INDEX conversations_temporary ("),
    "hidden": (removal.PENDING, (50,), "SEARCH conversations USING COVERING INDEX conversations_listed (user_id=?)"),
    "first questions": (branches.ROOTS, (1,), "SEARCH messages USING INDEX messages_roots (conversation_id=?)"),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_list_is_read_in_the_order_of_its_index(store, name):
    statement, values, expected = PLANS[name]
    (step,) = plan(store, statement, *values)
    assert step.startswith(expected)


BRANCHES = {"path": (history.PATH, (1, 51)), "below": (branches.NEWEST_BELOW, (1,))}


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_is_walked_a_look_up_a_message(store, name):
    statement, values = BRANCHES[name]
    steps = plan(store, statement, *values)
    scanned = [step for step in steps if step.startswith("SCAN") and step not in ("SCAN path", "SCAN below")]
    assert [step for step in scanned if step != "SCAN CONSTANT ROW"] == []
    assert not any("TEMP B-TREE" in step for step in steps)


def test_what_a_user_has_is_counted_in_an_index(store):
    assert plan(store, conversations.COUNT_OF_USER, 1) == [
        "SEARCH conversations USING COVERING INDEX conversations_listed (user_id=?)"
    ]
    row = "(1, 1, 'client', 'digest')"
    steps = plan(store, as_one_row(turn_targets.COLUMNS, turn_targets.SOURCE).format(rows=f"{row}, {row}"))
    assert "SEARCH others USING INDEX conversations_running (user_id=?)" in steps


def test_siblings_are_looked_up_for_the_messages_of_the_page_only(store):
    steps = plan(store, branches.SIBLINGS, "[1,2]")
    assert steps[:4] == [
        "SEARCH message USING INTEGER PRIMARY KEY (rowid=?)",
        "LIST SUBQUERY 1",
        "SCAN json_each VIRTUAL TABLE INDEX 1:",
        "SEARCH sibling USING INDEX messages_children (parent_id=?)",
    ]


SEARCHES = {
    "titles": (full_text.TITLES, ('owner : "u1" AND text : ("x")', LARGEST, 1, 51)),
    "messages": (full_text.MESSAGES, ('owner : "u1" AND text : ("x")', LARGEST, 1, 51)),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_reads_its_index_from_the_newest_on_and_sorts_nothing(store, name):
    statement, values = SEARCHES[name]
    first, *others = plan(store, statement, *values)
    # In SQLite's names of full-text plans, M is a match and < an upper bound of the row id.
    assert re.fullmatch(rf"SCAN {name[:-1]}_search VIRTUAL TABLE INDEX \d+:M2<", first)
    assert others
    assert all("USING INTEGER PRIMARY KEY (rowid=?)" in step for step in others)


TOGETHER = {
    "targets": (as_one_row(turn_targets.COLUMNS, turn_targets.SOURCE), 4),
    "sent before": (turn_targets.SENT_BEFORE, 0),
    "claim": (turn_begin.CLAIM, 5),
    "note messages": (indexing.NOTE_MESSAGES, 2),
    "note titles": (indexing.NOTE_TITLES, 1),
    "running": (as_one_row("id", turn_end.STILL_RUNNING), 0),
    "delete progress": (turn_progress.DELETE, 0),
    "renew": (turn_end.RENEW, 0),
    "write answers": (turn_end.WRITE_ANSWERS, 3),
    "finish": (turn_end.FINISH, 10),
    "release": (turn_end.RELEASE, 3),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_what_happens_in_every_turn_finds_its_rows_by_their_ids_however_many_turns(store, name):
    statement, columns = TOGETHER[name]
    row = f"({', '.join('1' * columns)})"
    steps = plan(
        store, re.sub("= \\?", "= 1", translated(statement)).format(rows=f"{row}, {row}").replace("?", "'[1, 2]'")
    )
    scanned = [step for step in steps if step.startswith("SCAN")]
    ours = [
        step for step in scanned if not re.match(r"SCAN ((new|asked)$|2 CONSTANT ROWS|json_each VIRTUAL TABLE)", step)
    ]
    assert ours == []
    assert any(
        re.match(r"SEARCH \w+ USING (INTEGER PRIMARY KEY|(COVERING )?INDEX (turns_client_id|progress_of_turn))", step)
        for step in steps
    )


def test_old_deltas_are_found_by_their_ids(store):
    steps = plan(store, translated(turn_progress.DELETE_ENDED), 1, 2)
    assert [step for step in steps if step.startswith("SEARCH")] == [
        "SEARCH progress USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH progress USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    ]
    assert [step for step in steps if "SCAN" in step] == ["SCAN turns USING INDEX turns_running"]


@pytest.mark.parametrize("texts", indexing.PENDING_TEXTS, ids=["titles", "messages"])
def test_what_is_to_be_indexed_is_looked_up_by_its_user(store, texts):
    steps = plan(store, translated(texts.delete_batch), 1, 1, 100)
    assert steps[0].endswith("USING PRIMARY KEY (user_id=? AND id=?)")
    assert any(step.endswith("USING PRIMARY KEY (user_id>? AND user_id<?)") for step in steps)
    # The batch has no more rows than its limit.
    assert [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step] == ["SCAN batch"]
    assert all(
        "SCAN" not in step or "json_each" in step
        for step in plan(store, as_one_row(texts.columns, texts.source), "[1]")
    )


@pytest.mark.parametrize("statement", [history.TOOL_CALLS, history.TURNS], ids=["tool calls", "turns"])
def test_what_belongs_to_answers_is_looked_up_for_them_only(store, statement):
    first, *others = plan(store, statement, "[1,2]")
    assert first.startswith("SEARCH ")
    assert "(message_id=?)" in first
    assert not any("TEMP B-TREE" in step for step in others)


def test_pieces_of_answers_are_looked_up_for_them_only_and_in_their_order(store):
    first, *others = plan(store, turn_progress.DELTAS, "[1,2]")
    assert first == "SEARCH progress USING INDEX progress_of_turn (turn_id=?)"
    assert not any("TEMP B-TREE" in step for step in others)

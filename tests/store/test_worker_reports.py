"""The last report of each worker, in every database."""

from __future__ import annotations

from chat.store import Store

NOW_MS = 1_800_000_000_000


def test_the_last_report_of_each_worker_is_kept(store: Store) -> None:
    store.worker_reports.put("a:1", NOW_MS, "key", '{"n": 1}')
    store.worker_reports.put("b:2", NOW_MS, "other", '{"n": "wörd 中"}')
    store.worker_reports.put("a:1", NOW_MS + 1, "key", '{"n": 2}')
    assert store.worker_reports.reports() == {"a:1": '{"n": 2}', "b:2": '{"n": "wörd 中"}'}
    assert store.worker_reports.states() == {"a:1": (NOW_MS + 1, "key"), "b:2": (NOW_MS, "other")}


def test_reports_are_removed_by_name_or_where_they_have_not_changed(store: Store) -> None:
    for name in ("a:1", "b:2", "c:3"):
        store.worker_reports.put(name, NOW_MS, "key", "{}")
    store.worker_reports.remove("a:1")
    store.worker_reports.put("b:2", NOW_MS + 1, "key", "{}")
    store.worker_reports.remove_unchanged([("c:3", NOW_MS), ("b:2", NOW_MS), ("none", 1)])
    assert set(store.worker_reports.states()) == {"b:2"}

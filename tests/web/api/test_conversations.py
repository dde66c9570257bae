"""GET and POST /api/conversations: the list, page by page, and a new one."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from ..api_client import assert_error, assert_shape, converse, exchange, utc_time
from ..conftest import HeldAnswer

CONVERSATION = {
    "id": int,
    "title": str,
    "created_at": utc_time,
    "updated_at": utc_time,
    "pinned": bool,
    "running": bool,
    "temporary": bool,
    "archived": bool,
}


def listed(client: FlaskClient, query: str = "") -> tuple[list[int], str | None]:
    page = client.get(f"/api/conversations{query}")
    assert page.status_code == 200, page.text
    assert_shape(page.json, {"items": [CONVERSATION], "next_cursor": (str, type(None))})
    return [item["id"] for item in page.json["items"]], page.json["next_cursor"]


def test_a_new_one(alice: FlaskClient) -> None:
    answer = alice.post("/api/conversations", json={"title": "  On \t China\n"})
    assert answer.status_code == 201
    assert_shape(answer.json, CONVERSATION)
    assert answer.json["title"] == "On China"
    assert (answer.json["pinned"], answer.json["running"]) == (False, False)
    assert answer.json["created_at"] == answer.json["updated_at"]
    assert alice.get("/api/conversations").json == {"items": [answer.json], "next_cursor": None}


@pytest.mark.parametrize("body", [{"json": {}}, {}], ids=["an empty object", "no body"])
def test_a_title_is_not_needed(alice: FlaskClient, body: dict[str, object]) -> None:
    assert alice.post("/api/conversations", **body).json["title"] == ""


def test_a_title_that_is_too_long(alice: FlaskClient) -> None:
    assert_error(alice.post("/api/conversations", json={"title": "t" * 201}), 422, "title_too_long", "title")
    assert listed(alice) == ([], None)


def test_owners_and_dates_in_the_body_are_ignored(alice: FlaskClient, mallory: FlaskClient) -> None:
    alice_id = alice.get("/api/me").json["user"]["id"]
    body = {"title": "mine", "user_id": alice_id, "id": 77, "role": "admin", "is_admin": True, "pinned": True}
    created = mallory.post("/api/conversations", json=body).json
    assert (created["title"], created["pinned"]) == ("mine", False)
    assert created["id"] != 77
    assert listed(alice) == ([], None)
    assert listed(mallory) == ([created["id"]], None)


def test_a_browser_that_has_none(alice: FlaskClient) -> None:
    assert listed(alice) == ([], None)


def test_the_newest_comes_first_and_a_new_message_makes_new(alice: FlaskClient) -> None:
    first, second, third = (converse(alice) for _ in range(3))
    assert listed(alice)[0] == [third, second, first]
    exchange(alice, first)
    assert listed(alice)[0] == [first, third, second]


def test_renaming_moves_nothing(alice: FlaskClient) -> None:
    first, second = converse(alice), converse(alice)
    alice.patch(f"/api/conversations/{first}", json={"title": "Renamed", "pinned": True})
    assert listed(alice)[0] == [second, first]


def test_page_by_page(alice: FlaskClient, mallory: FlaskClient) -> None:
    mine = []
    for _ in range(5):
        mine.insert(0, converse(alice))
        converse(mallory)
    first, cursor = listed(alice, "?limit=2")
    assert (first, cursor is None) == (mine[:2], False)
    converse(alice)  # moves nothing on the pages to come
    second, cursor = listed(alice, f"?limit=2&cursor={cursor}")
    assert (second, cursor is None) == (mine[2:4], False)
    assert listed(alice, f"?limit=2&cursor={cursor}") == (mine[4:], None)


def test_a_page_that_just_holds_all_is_the_last(alice: FlaskClient) -> None:
    mine = [converse(alice), converse(alice)]
    assert listed(alice, "?limit=2") == (mine[::-1], None)


def test_a_page_has_fifty_by_default(alice: FlaskClient) -> None:
    mine = [converse(alice) for _ in range(51)][::-1]
    page, cursor = listed(alice)
    assert page == mine[:50]
    assert listed(alice, f"?limit=200&cursor={cursor}") == (mine[50:], None)


def test_another_users_cursor_shows_nothing_of_theirs(alice: FlaskClient, mallory: FlaskClient) -> None:
    converse(alice)
    converse(alice)
    cursor = listed(alice, "?limit=1")[1]
    assert listed(mallory, f"?cursor={cursor}") == ([], None)


def test_a_limit_that_is_none(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for limit in ("0", "-1", "201", "1.5", "ten", "١", "%00", "1e2", "9" * 5000):
        with subtests.test(limit[:9]):
            assert_error(alice.get(f"/api/conversations?limit={limit}"), 422, "invalid_value", "limit")


CURSORS = ["x", "1", "-", "1-", "-1", "1-x", "1-2-3", "%00-1", "9" * 19 + "-1", "1-" + "9" * 19, "9" * 5000 + "-1"]


def test_a_cursor_that_no_page_gave(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for cursor in CURSORS:
        with subtests.test(cursor[:9]):
            assert_error(alice.get(f"/api/conversations?cursor={cursor}"), 422, "invalid_cursor", "cursor")


def test_a_running_answer_shows_in_the_list(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    started = alice.post(f"/api/conversations/{conversation}/turns", json={"text": "Hello"}).json
    assert [item["running"] for item in alice.get("/api/conversations").json["items"]] == [True]
    held.go()
    alice.get(started["events_url"]).get_data()
    assert [item["running"] for item in alice.get("/api/conversations").json["items"]] == [False]

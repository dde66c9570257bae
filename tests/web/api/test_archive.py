"""Archived conversations: in a separate list, found by search, restored by a new turn."""

from __future__ import annotations

from flask.testing import FlaskClient

from ..api_client import assert_error, converse, exchange


def archive(client: FlaskClient, conversation: int, archived: bool = True) -> None:
    changed = client.patch(f"/api/conversations/{conversation}", json={"archived": archived})
    assert (changed.status_code, changed.json["archived"]) == (200, archived)


def listed(client: FlaskClient, which: str = "") -> list[int]:
    return [item["id"] for item in client.get(f"/api/conversations?{which}").json["items"]]


def test_it_moves_from_one_list_to_the_other_and_back(alice: FlaskClient) -> None:
    one, two, three = (converse(alice, title=name) for name in "abc")
    archive(alice, two)
    assert (listed(alice), listed(alice, "archived=true")) == ([three, one], [two])
    assert alice.get(f"/api/conversations/{two}").json["archived"] is True
    archive(alice, two, False)
    assert (listed(alice), listed(alice, "archived=true")) == ([three, two, one], [])


def test_pinned_too(alice: FlaskClient) -> None:
    one = converse(alice, title="a")
    alice.patch(f"/api/conversations/{one}", json={"pinned": True})
    archive(alice, one)
    assert listed(alice, "pinned=true") == []
    archive(alice, one, False)
    assert listed(alice, "pinned=true") == [one]


def test_a_page_at_a_time(alice: FlaskClient) -> None:
    conversations = [converse(alice, title=str(number)) for number in range(5)]
    for each in conversations[::2]:
        archive(alice, each)
    seen, cursor = [], ""
    while cursor is not None:
        page = alice.get(f"/api/conversations?archived=true&limit=1&cursor={cursor}").json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == conversations[::2][::-1]


def test_search_finds_it_and_says_so(alice: FlaskClient) -> None:
    one = converse(alice, title="Porcelain")
    archive(alice, one)
    (hit,) = alice.get("/api/conversations?q=porcelain").json["items"]
    assert (hit["id"], hit["archived"]) == (one, True)


def test_asking_in_it_brings_it_back(alice: FlaskClient) -> None:
    one = converse(alice)
    exchange(alice, one)
    archive(alice, one)
    exchange(alice, one, "Once more")
    assert (listed(alice), listed(alice, "archived=true")) == ([one], [])


def test_it_is_not_mallorys(alice: FlaskClient, mallory: FlaskClient) -> None:
    one = converse(alice)
    archive(alice, one)
    assert listed(mallory, "archived=true") == []
    assert_error(mallory.patch(f"/api/conversations/{one}", json={"archived": False}), 404, "not_found")


def test_invalid_values(alice: FlaskClient) -> None:
    one = converse(alice)
    assert_error(alice.patch(f"/api/conversations/{one}", json={"archived": "yes"}), 422, "invalid_value", "archived")
    assert_error(alice.get("/api/conversations?archived=maybe"), 422, "invalid_value", "archived")

"""GET / and GET /c/<conversation>: the chat page. What it does is tested in a browser."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ..api_client import assert_error, converse

ADDRESS = re.compile(r"""(?:src|href)=["']?([^"'\s>]+)""")


@pytest.mark.parametrize("path", ["/", "/c/1"])
def test_everything_the_page_needs_is_served_from_here(alice: FlaskClient, path: str) -> None:
    page = alice.get(path).text
    addresses = [address for address in ADDRESS.findall(page) if not address.startswith("/api/")]
    assert addresses
    for address in addresses:
        assert address.startswith("/static/"), address
        part = alice.get(address)
        assert part.status_code == 200, address
        part.close()


@pytest.mark.parametrize("path", ["/", "/c/1"])
def test_nothing_stands_in_the_page_that_its_policy_forbids(alice: FlaskClient, path: str) -> None:
    page = alice.get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\bstyle=|\son\w+=|javascript:", page)


def test_the_page_is_the_same_for_every_conversation(alice: FlaskClient, mallory: FlaskClient) -> None:
    conversation = converse(alice, title="canary-5521")
    pages = {client.get(f"/c/{number}").text for client in (alice, mallory) for number in (conversation, 999)}
    assert len(pages) == 1
    assert "canary-5521" not in pages.pop()


def test_an_address_that_is_no_page(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for path in ("/c/", "/c/x", "/c/-1", "/c/1/", "/c/" + "9" * 19, "/c/1/2", "/C/1"):
        with subtests.test(path):
            assert_error(alice.get(path), 404, "not_found")


def test_its_files_have_the_types_browsers_insist_on(app: Flask, alice: FlaskClient) -> None:
    page = alice.get("/").text
    wanted = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    seen = set()
    for address in ADDRESS.findall(page):
        for ending, mimetype in wanted.items():
            if address.endswith(ending):
                part = alice.get(address)
                assert part.mimetype == mimetype, address
                part.close()
                seen.add(ending)
    assert seen == set(wanted)

"""GET /static/…: caching, compression, and source files where the build failed."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chat.web.pages.page_files.files import STATIC, PageFiles
from config.settings import Settings

from ..api_client import assert_error

ZIPPED = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture(scope="module")
def page_files(tmp_path_factory: pytest.TempPathFactory) -> PageFiles:
    files = PageFiles(tmp_path_factory.mktemp("page"))
    assert files.linked
    return files


@pytest.fixture
def get(alice: FlaskClient) -> Iterator[Callable[..., TestResponse]]:
    opened: list[TestResponse] = []

    def ask(name: str, method: str = "GET", **headers: str) -> TestResponse:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        path = f"{alice.application.static_url_path}/{name}"
        opened.append(alice.open(path, method=method, headers=named))
        return opened[-1]

    yield ask
    for each in opened:
        each.close()


NAMES = ["linked/main.js", "linked/page.css", "js/before-paint.js", "vendor/katex/katex.js", "icon.svg"]


@pytest.mark.parametrize("name", NAMES)
def test_files_are_compressed_for_clients_that_accept_it(get: Callable[..., TestResponse], name: str) -> None:
    zipped, plain = get(name, **{"Accept-Encoding": "br, gzip"}), get(name)
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert len(zipped.data) < len(plain.data)
    assert "Content-Encoding" not in plain.headers
    assert zipped.mimetype == plain.mimetype
    for each in (zipped, plain):
        assert each.vary.as_set() >= {"accept-encoding"}
        assert each.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert int(each.headers["Content-Length"]) == len(each.data)
    assert zipped.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize("accepted", ["", "br", "identity", "gzip;q=0", "deflate, gzip;q=0, *;q=0"])
def test_others_get_the_file_as_it_is(get: Callable[..., TestResponse], accepted: str) -> None:
    answer = get("linked/main.js", **{"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert b"export const" in answer.data


@pytest.mark.parametrize("accepted", ["", "gzip"])
def test_an_unchanged_file_is_not_sent_again(get: Callable[..., TestResponse], accepted: str) -> None:
    tag = get("linked/main.js", Accept_Encoding=accepted).headers["ETag"]
    again = get("linked/main.js", Accept_Encoding=accepted, If_None_Match=tag)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert "accept-encoding" in again.vary.as_set()
    assert get("linked/main.js", Accept_Encoding=accepted, If_None_Match='"other"').status_code == 200


@pytest.mark.parametrize("accepted", ["", "gzip"])
def test_head_tells_the_same_without_the_body(get: Callable[..., TestResponse], accepted: str) -> None:
    whole, head = (get("linked/main.js", method, Accept_Encoding=accepted) for method in ("GET", "HEAD"))
    assert head.data == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Vary", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]
    assert head.headers.get("Content-Encoding") == whole.headers.get("Content-Encoding")


def test_a_part_is_one_of_the_file_as_it_is(get: Callable[..., TestResponse]) -> None:
    whole = get("linked/main.js")
    part = get("linked/main.js", Accept_Encoding="gzip", Range="bytes=10-19")
    assert part.status_code == 206
    assert "Content-Encoding" not in part.headers
    assert part.data == whole.data[10:20]
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.data)}"
    beyond = get("linked/main.js", Accept_Encoding="gzip", Range="bytes=99999999-")
    assert beyond.status_code == 416
    zipped = get("linked/main.js", Accept_Encoding="gzip").headers["ETag"]
    assert get("linked/main.js", Range="bytes=0-1", If_Range=zipped).status_code == 200


def test_compressed_formats_are_sent_unchanged(get: Callable[..., TestResponse]) -> None:
    answer = get("icons/192.png", Accept_Encoding="gzip")
    assert "Content-Encoding" not in answer.headers
    assert answer.data == (STATIC / "icons/192.png").read_bytes()


@pytest.mark.parametrize("name", ["linked", "linked/", "linked/none.js", "linked/../../x", "compressed/js/main.js.gz"])
def test_there_are_no_others(alice: FlaskClient, name: str) -> None:
    assert_error(alice.get(f"{alice.application.static_url_path}/{name}"), 404, "not_found")


def test_made_once_for_all_workers_and_found_again(page_files: PageFiles) -> None:
    at = page_files.find("linked/main.js")
    assert at
    before = at.stat().st_mtime_ns
    again = PageFiles(page_files._cache)
    assert again.linked
    assert again.find("linked/main.js") == at
    assert at.stat().st_mtime_ns == before


def test_an_unfinished_build_of_a_killed_worker_is_not_used(tmp_path: Path, page_files: PageFiles) -> None:
    started = tmp_path / f"{page_files.fingerprint}.part" / "linked"
    started.mkdir(parents=True)
    (started / "main.js").write_text("half")
    (started / "left-over.js").write_text("half")
    files = PageFiles(tmp_path)
    assert files.linked
    main = files.find("linked/main.js")
    assert main and len(main.read_text()) > 10_000
    assert files.find("linked/left-over.js") is None
    assert not started.exists()


def test_old_versions_do_not_pile_up(tmp_path: Path, page_files: PageFiles) -> None:
    for number in range(5):
        (tmp_path / f"{number:012}").mkdir()
    assert PageFiles(tmp_path).linked
    assert len([each for each in tmp_path.iterdir() if each.is_dir()]) == 3


def test_a_module_that_cannot_be_linked(tmp_path: Path) -> None:
    (tmp_path / "static" / "js").mkdir(parents=True)
    (tmp_path / "static" / "js" / "main.js").write_text('import { none } from "./none.js";\n')
    files = PageFiles(tmp_path / "page", tmp_path / "static")
    assert not files.linked
    assert files.find("linked/main.js") is None


def test_without_linked_files_the_modules_are_sent_as_they_are(
    make_app: Callable[..., Flask], settings: Settings
) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    (settings.data_dir / "page").write_text("")  # the folder cannot be created
    client = make_app().test_client()
    page = client.get("/").text
    assert "/linked/" not in page
    for address in re.findall(r'(?:src|href|data-en|data-de)="([^"]+)"', page):
        answer = client.get(address, headers=ZIPPED)
        assert answer.status_code == 200, address
        assert "Content-Encoding" not in answer.headers
        answer.close()

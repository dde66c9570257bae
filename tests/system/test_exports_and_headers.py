"""Headers and files of a real server, with any text in every field that may become part of a header."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from tests.servers.parley import ParleyServer, User

# Title, and the names that its file gets: `filename*`, `filename`.
TITLES = {
    "chinese": ("中国市场数据", "中国市场数据", "conversation"),
    "arabic": ("نمو الاقتصاد", "نمو-الاقتصاد", "conversation"),
    "hebrew with points": ("שָׁלוֹם", "שָׁלוֹם", "conversation"),
    "hindi": ("भारत की अर्थव्यवस्था", "भारत-की-अर्थव्यवस्था", "conversation"),
    "combining accents": ("Cafe\u0301 Zu\u0308rich", "Café-Zürich", "Cafe-Zurich"),
    "only a combining accent": ("\u0301", "\u0301", "conversation"),
    "german": ("Größe & Maß", "Größe-Maß", "Groe-Ma"),
    "quotes": ('He said "no"; it\'s\\done', "He-said-no-it-s-done", "He-said-no-it-s-done"),
    "newlines": ("One\r\nX-Injected: 1\r\n\r\nTwo", "One-X-Injected-1-Two", "One-X-Injected-1-Two"),
    "line separators": ("One\u2028X\x85Y", "One-X-Y", "One-X-Y"),
    "path": ("../../etc/passwd.exe", "etc-passwd-exe", "etc-passwd-exe"),
    "percent": ("100 % sure %0d%0aX-Injected: 1", "100-sure-0d-0aX-Injected-1", "100-sure-0d-0aX-Injected-1"),
    "device": ("con", "_con", "_con"),
    "device with an accent": ("Aüx", "Aüx", "_Aux"),
    "device in wide letters": ("ＣＯＮ", "ＣＯＮ", "_CON"),
    "device with a number": ("com¹", "_com¹", "_com1"),
    "numbers in brackets": ("⑴ Überblick ⒉", "⑴-Überblick-⒉", "1-Uberblick-2"),
    "vietnamese": ("Kinh tế Việt Nam", "Kinh-tế-Việt-Nam", "Kinh-te-Viet-Nam"),
    "mathematical letters": ("𝐆𝐃𝐏 ½", "𝐆𝐃𝐏-½", "GDP-12"),
    "a parameter": ('x"; filename="evil.exe', "x-filename-evil-exe", "x-filename-evil-exe"),
    "emoji": ("🇨🇳 China 📈", "China", "China"),
    "right-to-left override": ("invoice\u202efdp.exe", "invoice-fdp-exe", "invoice-fdp-exe"),
    "fullwidth": ("ＡＢＣ", "ＡＢＣ", "ABC"),
    "long": ("界" * 300, "界" * 60, "conversation"),
}
NASTY = [
    *("中国", "نمو", "e\u0301", "Ü", "😀", "\ufeff", "\u202e", "\u2028", "\x85", "\xff", '"', "'", "\\", ";", ",", "="),
    *(
        "a\r\nX-Injected: 1",
        "a\nX-Injected: 1",
        "a\rX-Injected: 1",
        "\x00",
        "\x1b[31m",
        "\x7f",
        "%0d%0aX-Injected:%201",
    ),
    *("../" * 5, "a" * 5000, " ", "{}", "<script>"),
]
FRONTS = {
    "gevent": {"USE_ASYNC_AGENT": "true", "HTTP_FRONT": "lean"},
    "gevent, standard front": {"USE_ASYNC_AGENT": "true", "HTTP_FRONT": "standard"},
    "gthread": {"USE_ASYNC_AGENT": "false"},
}


@pytest.fixture(scope="module", params=FRONTS.values(), ids=FRONTS.keys())
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    folder: Path = tmp_path_factory.mktemp("parley")
    with ParleyServer(folder, WEB_CONCURRENCY=1, DEMO_LATENCY_S=0, **request.param) as running:
        yield running


@pytest.fixture(scope="module")
def alice(server: ParleyServer) -> User:
    return User(server.url)


@pytest.mark.parametrize("form", ["md", "json"])
@pytest.mark.parametrize(("title", "name", "plain"), TITLES.values(), ids=TITLES.keys())
def test_an_export_is_named_after_its_title(alice: User, title: str, name: str, plain: str, form: str) -> None:
    conversation = alice.post("/api/conversations", {"title": title[:200]}).json()["id"]
    answer = alice.get(f"/api/conversations/{conversation}/export?format={form}")
    assert answer.status_code == 200
    disposition = answer.headers["Content-Disposition"]
    assert disposition.isascii()
    match = re.fullmatch(r"attachment; filename=\"([\w.-]+)\"; filename\*=UTF-8''([\w.%~-]+)", disposition, re.ASCII)
    assert match is not None, disposition
    assert match[1] == f"{plain}.{form}"
    assert unquote(match[2], errors="strict") == f"{name}.{form}"
    assert "X-Injected" not in answer.headers


@pytest.mark.parametrize("form", ["md", "json"])
def test_an_export_is_free_of_control_characters(alice: User, form: str) -> None:
    conversation = alice.conversation()
    every = "".join(map(chr, range(1, 0xA0))) + "\ufffe\uffff"
    alice.ask(conversation, f"begin{every}end")
    alice.session.patch(f"{alice.url}/api/conversations/{conversation}", json={"title": f"t{every}"}, timeout=10)
    answer = alice.get(f"/api/conversations/{conversation}/export?format={form}")
    assert answer.status_code == 200
    texts = [answer.text] if form == "md" else list(_texts(json.loads(answer.content)))
    assert any("begin" in text and "end" in text for text in texts)
    for text in texts:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", text)


def test_everything_is_one_file_and_then_nothing(server: ParleyServer) -> None:
    user = User(server.url)
    text = "中 😀 \u2028 " * 400
    conversations = [user.conversation() for _ in range(3)]
    for conversation in conversations:
        for _ in range(8):
            user.ask(conversation, text)
    answer = user.get("/api/export")
    assert answer.status_code == 200
    assert "Content-Length" not in answer.headers  # it is written while it is read
    exported = json.loads(answer.content)["conversations"]
    assert [each["id"] for each in exported] == conversations
    assert all([m["text"] for m in each["messages"]][::2] == [text] * 8 for each in exported)
    counted = {"conversations": 3, "messages": 48, "shares": 0, "instructions": False}
    assert user.session.delete(f"{user.url}/api/me/data", timeout=20).json() == {"deleted": counted}
    assert user.get("/api/me/data").json()["conversations"] == 0


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(key)
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def test_nothing_nasty_ends_in_a_header(server: ParleyServer, alice: User) -> None:
    """Send nasty texts in each field: no server error, headers in ASCII, no header of the text's own.

    The fronts of others, which write their headers alike, get each field with every third text.
    """
    conversation = alice.conversation()
    turn = alice.ask(conversation, "Hello")[0].data["turn_id"]
    cookies = "; ".join(f"{each.name}={each.value}" for each in alice.session.cookies)
    requests = [request for text in NASTY for request in _requests(text, conversation, turn)]
    wrong = [
        (request[:2], status, bad)
        for request in requests[:: 1 if server.settings.get("HTTP_FRONT") == "lean" else 3]
        for status, bad in [_send(server, cookies, *request)]
        if bad or status >= 500
    ]
    assert wrong == []


def _requests(text: str, conversation: int, turn: str) -> Iterator[tuple[str, str, dict[str, bytes], object]]:
    raw = text.encode("utf-8")
    in_header = re.sub(rb"[\r\n\x00]", b" ", raw)[:2000]
    escaped = quote(text, safe="")[:3000]
    base = f"/api/conversations/{conversation}"
    for name in ("Last-Event-ID", "X-Request-ID", "Origin", "Accept", "Accept-Language", "User-Agent", "Content-Type"):
        yield "GET", f"/api/turns/{turn}/events", {name: in_header}, None
        yield "POST", f"{base}/turns", {name: in_header}, {"text": "x"}
    yield "GET", "/", {"Cookie": b"session=" + in_header}, None
    for path in ("/c/", "/s/", "/", "/static/", "/api/", "/api/shared/", "/api/turns/", "/admin/"):
        yield "GET", f"{path}{escaped}", {}, None
    for query in ("q", "cursor", "limit", "pinned", "format", "after"):
        yield "GET", f"/api/conversations?{query}={escaped}", {}, None
        yield "GET", f"{base}/export?{query}={escaped}", {}, None
        yield "GET", f"/api/turns/{turn}/events?{query}={escaped}", {}, None
    for field in ("text", "client_id", "parent_id", "model"):
        yield "POST", f"{base}/turns", {}, {"text": "x", field: text}
    yield "PATCH", base, {}, {"title": text}
    yield "GET", f"{base}/export?format=md", {}, None


def _send(
    server: ParleyServer, cookies: str, method: str, path: str, headers: dict[str, bytes], body: object
) -> tuple[int, list[str]]:
    """Return the answer's status, and the invalid headers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        sent = {"Cookie": cookies.encode(), "Content-Type": b"application/json"} | headers
        content = None if body is None else json.dumps(body).encode()
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            if content is not None:
                connection.putheader("Content-Length", str(len(content)))
            connection.endheaders(content)
        except ValueError:  # the client itself refuses to send it
            return 0, []
        answer = connection.getresponse()
        received = [(name.lower(), value) for name, value in answer.getheaders()]
        return answer.status, [f"{n}: {v}" for n, v in received if n == "x-injected" or not f"{n}{v}".isascii()]
    finally:
        connection.close()

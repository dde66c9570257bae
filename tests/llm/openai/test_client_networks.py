"""Networks and endpoints that violate HTTP, are slow, or refer to another address."""

from __future__ import annotations

import gzip
import json
import time
import zlib

import pytest

from chat.errors import ModelGarbled, ModelRejected, ModelTimeout, ModelUnreachable
from chat.llm.openai.client import OpenAIModel
from chat.messages import TextDelta
from chat.net.cancel_scope import CancelScope
from tests.llm.openai.conftest import ask
from tests.llm.openai.fault_cases import error, failed, outcome, status
from tests.servers.scripted_server import Exchange, answer

pytestmark = pytest.mark.usefixtures("at_once")

BODY = b"".join(answer("Hé", "llo"))
TEXT = "Héllo"


def text_of(model: OpenAIModel) -> str:
    return "".join(delta.text for delta in ask(model) if isinstance(delta, TextDelta))


# Unrequested compression


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


COMPRESSED = {
    "gzip": (b"gzip", gzip.compress(BODY)),
    "x-gzip": (b"X-GZIP", gzip.compress(BODY)),
    "gzip in two members": (b"gzip", gzip.compress(BODY[:50]) + gzip.compress(BODY[50:])),
    "deflate": (b"deflate", zlib.compress(BODY)),
    "deflate without zlib's head": (b"deflate", bare(BODY)),
    "deflate named gzip": (b"gzip", bare(BODY)),
    "gzip and padding": (b"gzip", gzip.compress(BODY) + bytes(16)),
    "gzip without its check sum": (b"gzip", gzip.compress(BODY)[:-8]),
    "an empty member first": (b"gzip", gzip.compress(b"") + gzip.compress(BODY)),
    "a parameter": (b"gzip;q=1.0", gzip.compress(BODY)),
    "identity": (b"identity", BODY),
    "a character set": (b"UTF-8", BODY),
    "a content type": (b"text/event-stream", BODY),
    "twice": (b"deflate, gzip", gzip.compress(zlib.compress(BODY))),
    "twice, in two headers": (b"deflate\r\nContent-Encoding: gzip", gzip.compress(bare(BODY))),
}


def compressed(coding: bytes, body: bytes, status_line: bytes = b"200 OK") -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (status_line, coding, len(body)) + body


@pytest.mark.parametrize("form", COMPRESSED)
def test_a_compressed_answer(serve, connect, form):
    server = serve(lambda exchange: exchange.send(compressed(*COMPRESSED[form])))
    assert text_of(connect(server)) == TEXT


@pytest.mark.parametrize("form", ["gzip", "deflate", "deflate without zlib's head"])
def test_a_compressed_answer_byte_by_byte(serve, connect, form):
    coding, packed = COMPRESSED[form]
    head, _, body = compressed(coding, packed).partition(b"\r\n\r\n")

    def script(exchange: Exchange) -> None:
        exchange.send(head + b"\r\n\r\n")
        for byte in body:
            exchange.send(bytes([byte]))

    assert text_of(connect(serve(script))) == TEXT


def test_a_compressed_reason(serve, connect):
    packed = gzip.compress(json.dumps(error("No such thing")).encode())
    server = serve(lambda exchange: exchange.send(compressed(b"gzip", packed, b"403 No")))
    assert "No such thing" in str(failed(server, connect(server)))


BOMB = gzip.compress(b": nothing\n\n" * 20_000_000)


@pytest.mark.parametrize("status_line", [b"200 OK", b"403 No"])
def test_a_bomb_is_not_unpacked(serve, connect, status_line):
    server = serve(lambda exchange: exchange.send(compressed(b"gzip", BOMB, status_line)))
    began_at = time.process_time()
    _, fault = outcome(ask(connect(server)))
    assert isinstance(fault, (ModelGarbled, ModelRejected))
    assert time.process_time() - began_at < 10


@pytest.mark.parametrize(("coding", "body"), [(b"br", b"xxxx"), (b"gzip", b"not gzip"), (b"zstd", b"")])
def test_a_coding_that_is_not_known(serve, connect, coding, body):
    server = serve(lambda exchange: exchange.send(compressed(coding, body)))
    _, fault = outcome(ask(connect(server)))
    assert type(fault) is ModelGarbled
    assert "compress" in str(fault)


# Framing that only the standard transport reads

CARELESS = {
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: %d\n\n" % len(BODY) + BODY,
    "two equal lengths": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Length: %d\r\n\r\n" % (len(BODY), len(BODY))
    + BODY,
    "a list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: %d, %d\r\n\r\n" % (len(BODY), len(BODY)) + BODY,
    "a folded header": b"HTTP/1.1 200 OK\r\nX-One: 1\r\n 2\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY,
    "a length beside chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n"
    b"0\r\n\r\n" % (len(BODY), BODY),
}


@pytest.mark.parametrize("form", CARELESS)
def test_careless_framing_is_read(serve, connect, transport, form):
    server = serve(lambda exchange: exchange.send(CARELESS[form]))
    model = connect(server)
    assert text_of(model) == TEXT
    assert text_of(model) == TEXT
    # The lean transport is tried once; what it could not read is the standard one's for a while.
    assert len(server.exchanges) == (3 if transport == "lean" else 2)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\nhello",
        b"ICY 200 OK\r\n\r\nhello",
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
        b"HTTP/1.1 099 X\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_what_neither_reads_is_named(serve, connect, head):
    server = serve(lambda exchange: exchange.send(head))
    fault = failed(server, connect(server), attempts=3)
    assert type(fault) is ModelUnreachable
    assert "violates HTTP" in str(fault)


# Redirects


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("https://new.test/v1/chat/completions", "OPENAI_BASE_URL should be https://new.test/v1"),
        ("https://new.test:8443/v1/chat/completions/", "OPENAI_BASE_URL should be https://new.test:8443/v1"),
        ("https://me:hunter2@new.test/api/chat/completions?token=hunter2", "should be https://new.test/api"),
        ("//new.test/v1/chat/completions", "should be http://new.test/v1"),
        ("/v2/chat/completions", "/v2"),
        ("https://new.test/login?next=hunter2", "https://new.test/login; check OPENAI_BASE_URL"),
        ("", "check OPENAI_BASE_URL"),
        ("https://[half", "check OPENAI_BASE_URL"),
        ("mailto:someone@new.test", "check OPENAI_BASE_URL"),
    ],
)
def test_a_redirect_says_where_to(serve, connect, code, target, expected):
    server = serve(lambda exchange: exchange.send(status(code, b"", f"Location: {target}")))
    fault = failed(server, connect(server))
    assert expected in str(fault)
    assert str(code) in str(fault)
    assert "hunter2" not in str(fault)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [(["Upgrade: TLS/1.0"], "https://"), (["Upgrade: h2c"], "h2c"), ([], "another protocol")],
)
def test_an_upgrade_that_is_required(serve, connect, headers, expected):
    server = serve(lambda exchange: exchange.send(status(426, b"", *headers)))
    fault = failed(server, connect(server))
    assert "426" in str(fault)
    assert expected in str(fault)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *((300, "no answer to a question"), (304, "not changed"), (305, "no answer to a question")),
        *((407, "proxy"), (409, "refused the request"), (410, "no longer"), (418, "refused the request")),
        *((451, "legal"), (499, "gave up")),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<!doctype html><h1>No</h1>", b'{"error": {"message": "Not so"}}'])
def test_a_status_is_named_for_what_it_is(serve, connect, code, expected, body):
    server = serve(lambda exchange: exchange.send(status(code, body)))
    fault = failed(server, connect(server))
    assert f"({code})" in str(fault)
    assert expected in str(fault)
    assert "redirect" not in str(fault)
    assert "CHAT_MODEL names" not in str(fault)
    assert ("Not so" in str(fault)) == (body.startswith(b"{") and code != 304)  # 304 has no body


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("/v1?api-version=2026-01-01", b"/v1/chat/completions?api-version=2026-01-01"),
        ("/v1/?a=b%20c&a=d", b"/v1/chat/completions?a=b%20c&a=d"),
        ("?key=value", b"/chat/completions?key=value"),
        ("/v1?name=J%C3%BCrgen/&city=Zürich", b"/v1/chat/completions?name=J%C3%BCrgen/&city=Z%C3%BCrich"),
        ("/v1/chat/completions", b"/v1/chat/completions"),
        ("/v1/chat/completions?a=b", b"/v1/chat/completions?a=b"),
        ("/v1//", b"/v1/chat/completions"),
    ],
)
def test_the_base_addresss_query_is_kept(serve, connect, address, target):
    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")))
    assert text_of(connect(server, url=server.url.removesuffix("/v1") + address)) == "Hi"
    assert server.exchanges[0].head.startswith(b"POST " + target + b" HTTP/1.1\r\n")


# Slow


def dripping(before: bytes, drop: bytes, gap_s: float = 0.05):
    """Return a script that never ends, and the moments at which clients left."""

    def script(exchange: Exchange) -> None:
        exchange.send(before)
        for _ in range(400):
            try:
                exchange._sock.sendall(drop)
            except OSError:
                break
            time.sleep(gap_s)

    return script


DRIPS = {
    "a head": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-One: 1\r\n"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "early hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "an error's body": (b"HTTP/1.1 500 X\r\n\r\n", b"x"),
    "a refusal's body": (b"HTTP/1.1 403 X\r\nContent-Length: 100000\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("what", DRIPS)
def test_what_drips_ends_within_the_time_limit(serve, connect, what):
    server = serve(dripping(*DRIPS[what]))
    began_at = time.monotonic()
    with (
        pytest.raises((ModelTimeout, ModelRejected))
        if "refusal" in what or "error" not in what
        else (pytest.raises(Exception, match="500"))
    ):
        list(ask(connect(server, timeout_s=0.5)))
    assert time.monotonic() - began_at < 4
    server.close()


def test_a_refusals_status_is_told_though_its_body_never_ends(serve, connect):
    server = serve(dripping(b'HTTP/1.1 403 X\r\n\r\n{"error": "No"', b" "))
    assert "403" in str(failed(server, connect(server, timeout_s=0.3)))


FLOODS = {
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-One: 1\r\n" * 5000),
    "an error": (b"HTTP/1.1 403 X\r\n\r\n", b"x" * 60_000),
}


@pytest.mark.parametrize("what", FLOODS)
def test_what_floods_ends_by_its_bytes(serve, connect, what):
    before, drop = FLOODS[what]
    server = serve(dripping(before, drop, gap_s=0.0))
    outcome(ask(connect(server, timeout_s=20.0)))
    server.close()


# A process that was suspended


def test_a_model_that_spoke_while_this_process_stood_still_was_not_silent():
    def receive(seconds: float) -> bytes:
        waits.append(seconds)
        if len(waits) == 1:
            time.sleep(seconds + 0.5)  # the timer fires late: nothing ran here for so long
            raise TimeoutError
        return b"words"

    waits: list[float] = []
    scope = CancelScope(time.monotonic() + 60, silence_s=0.2)
    assert scope.receive(0.2, receive, TimeoutError) == b"words"
    assert len(waits) == 2


def test_a_silent_model_is_given_up_in_time_though():
    def receive(seconds: float) -> bytes:
        time.sleep(seconds)
        raise TimeoutError

    began_at = time.monotonic()
    with pytest.raises(TimeoutError):
        CancelScope(time.monotonic() + 60).receive(0.3, receive, TimeoutError)
    assert 0.25 < time.monotonic() - began_at < 3

"""Choice of the environment's proxy for an address, and errors in the environment."""

from __future__ import annotations

import pytest

from chat.llm.openai.client import OpenAIModel
from chat.llm.openai.transport.proxies import proxy_for
from tests.llm.openai.conftest import ask
from tests.llm.openai.fault_cases import outcome
from tests.servers.scripted_server import answer

ENDPOINT = "https://api.model.test/v1"
PLAIN = "http://api.model.test/v1"
PROXY = "http://proxy.test:3128"


@pytest.mark.parametrize(
    ("environ", "url", "variable"),
    [
        ({}, ENDPOINT, None),
        ({"HTTPS_PROXY": PROXY}, ENDPOINT, "HTTPS_PROXY"),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "other:1"}, ENDPOINT, "https_proxy"),
        ({"HTTP_PROXY": PROXY}, ENDPOINT, None),
        ({"HTTP_PROXY": PROXY}, PLAIN, "HTTP_PROXY"),
        ({"ALL_PROXY": PROXY}, ENDPOINT, "ALL_PROXY"),
        ({"ALL_PROXY": PROXY, "HTTPS_PROXY": PROXY}, ENDPOINT, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "  "}, ENDPOINT, None),
        ({"HTTPS_PROXY": "proxy.test:3128"}, ENDPOINT, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "https://user:word@[::1]:3128"}, ENDPOINT, "HTTPS_PROXY"),
    ],
)
def test_which_variable(environ, url, variable):
    proxy = proxy_for(url, environ)
    assert (proxy and proxy.variable) == variable
    assert proxy is None or not proxy.problem


@pytest.mark.parametrize(
    "value",
    [
        "::::",
        "http://",
        "http://:80",
        "http://proxy:port",
        "http://proxy:99999",
        "http://[::1",
        "http://a b",
        "http://ü",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
def test_what_is_no_address(variable, value):
    proxy = proxy_for(ENDPOINT, {variable: value})
    assert variable in proxy.problem
    assert value not in proxy.problem


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4", "socks", "ftp", "quic"])
def test_a_kind_that_is_not_spoken(scheme):
    proxy = proxy_for(ENDPOINT, {"ALL_PROXY": f"{scheme}://user:hunter2@proxy.test:1080"})
    assert "ALL_PROXY" in proxy.problem
    assert "NO_PROXY" in proxy.problem
    assert "hunter2" not in proxy.problem


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.9.8.7",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "ollama.localhost",
        "LOCALHOST",
        "localhost.",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("value", [PROXY, "socks5://x", "::::"])
def test_this_machine_is_never_reached_through_a_proxy(scheme, host, value):
    environ = {"HTTP_PROXY": value, "HTTPS_PROXY": value, "ALL_PROXY": value}
    assert proxy_for(f"{scheme}://{host}:11434/v1", environ) is None


@pytest.mark.parametrize(
    ("exceptions", "host", "direct"),
    [
        ("*", "api.model.test", True),
        ("model.test", "api.model.test", True),
        (".model.test", "api.model.test", True),
        ("*.model.test", "api.model.test", True),
        ("API.Model.Test", "api.model.test", True),
        ("other.test, api.model.test ,", "api.model.test", True),
        ("other.test api.model.test", "api.model.test", True),
        ("api.model.test:443", "api.model.test", True),
        ("api.model.test:8443", "api.model.test", False),
        ("model.test", "notmodel.test", False),
        ("", "api.model.test", False),
        (",,", "api.model.test", False),
        ("other.test", "api.model.test", False),
        ("10.0.0.0/8", "10.2.3.4", True),
        ("10.0.0.0/8", "11.2.3.4", False),
        ("10.2.3.4", "10.2.3.4", True),
        ("10.2.3.4:443", "10.2.3.4", True),
        ("fd00::/8", "[fd00::5]", True),
        ("[fd00::5]", "[fd00::5]", True),
        ("fd00::6", "[fd00::5]", False),
        ("[fd00::5]:443", "[fd00::5]", True),
        ("[fd00::5]:80", "[fd00::5]", False),
        ("model.test", "api.model.test.", True),
        ("model.test.", "api.model.test", True),
        ("other.test\tmodel.test\n", "api.model.test", True),
        ("*.test:443", "api.model.test", True),
        ("10.2.3.4/33", "10.2.3.4", False),
        ("bücher.example", "xn--bcher-kva.example", True),
        ("xn--bcher-kva.example", "api.xn--bcher-kva.example", True),
        (f"{'ü' * 70}.example, model.test", "api.model.test", True),
    ],
)
def test_exceptions(exceptions, host, direct):
    proxy = proxy_for(f"https://{host}/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": exceptions})
    assert (proxy is None) == direct


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1080"),
        ("all_proxy", "socks5h://user:hunter2@proxy.test:1080"),
        ("HTTPS_PROXY", "::::"),
        ("https_proxy", "gopher://proxy.test"),
        ("SSL_CERT_FILE", "/nowhere/at/all.pem"),
    ],
)
@pytest.mark.parametrize("transport", ["lean", "standard"])
def test_what_the_environment_has_wrong_is_told_by_the_request_that_needs_it(monkeypatch, variable, value, transport):
    monkeypatch.setenv(variable, value)
    model = OpenAIModel("", "https://model.invalid/v1", 5.0, transport)
    model.warm_up()
    _, fault = outcome(ask(model))
    assert variable in str(fault)
    assert "hunter2" not in str(fault)
    assert not fault.retryable
    model.close()


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:9", "::::", "http://127.0.0.1:9"])
@pytest.mark.parametrize("variable", ["ALL_PROXY", "HTTP_PROXY", "http_proxy", "SSL_CERT_FILE"])
def test_a_model_on_this_machine_answers_whatever_proxies_there_are(serve, transport, monkeypatch, variable, value):
    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")))
    monkeypatch.setenv(variable, value)
    model = OpenAIModel("", server.url, 5.0, transport)
    model.warm_up()
    assert next(ask(model)).text == "Hi"
    model.close()


def reply(head: bytes, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (head, len(body)) + body


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("response", "expected", "attempts"),
    [
        (reply(b"407 No\r\nProxy-Authenticate: Basic", b"<h1>hunter2</h1>"), "_proxy did not accept its user name", 1),
        (reply(b"502 Bad", b"hunter2 failed"), "502", 3),
        (reply(b"403 No", b"<h1>Not this site</h1>"), "403", None),
        (b"", "broke before it answered", 3),
    ],
    ids=["password", "bad gateway", "forbidden", "nothing"],
)
def test_a_proxy_that_refuses_is_named(serve, monkeypatch, scheme, response, expected, attempts):
    server = serve(lambda exchange: exchange.send(response))
    monkeypatch.setenv(f"{scheme}_proxy", server.url.replace("//", "//me:hunter2@").removesuffix("/v1"))
    model = OpenAIModel("", f"{scheme}://model.test/v1", 5.0, backoff_s=lambda _attempt: 0.0)
    _, fault = outcome(ask(model))
    model.close()
    assert expected in str(fault)
    assert "hunter2" not in str(fault)
    assert attempts is None or len(server.exchanges) == attempts
    assert b"Proxy-Authorization: Basic bWU6aHVudGVyMg==" in server.exchanges[0].head


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://127.0.0.1:9", "refuses connections"),
        ("proxy.invalid", "host name is not known"),
        ("http://a..b:3128", "host name is not known"),
        (f"http://{'a' * 70}", "host name is not known"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_cannot_be_reached_is_not_mistaken_for_the_endpoint(monkeypatch, scheme, value, expected):
    monkeypatch.setenv(f"{scheme}_proxy", value)
    model = OpenAIModel("", f"{scheme}://model.test/v1", 5.0, backoff_s=lambda _attempt: 0.0)
    model.warm_up()
    _, fault = outcome(ask(model))
    model.close()
    assert str(fault).startswith(f"The proxy in {scheme}_proxy cannot be reached: ")
    assert expected in str(fault)
    assert "OPENAI_BASE_URL" not in str(fault)

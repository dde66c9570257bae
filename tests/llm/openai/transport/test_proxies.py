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
    "host", ["localhost", "127.0.0.1", "127.9.8.7", "[::1]", "[::ffff:127.0.0.1]", "ollama.localhost", "LOCALHOST"]
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

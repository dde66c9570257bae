"""Requests are copies of one that the SDK built, each with its own body."""

from __future__ import annotations

from typing import Any

import httpx2
import openai
import pytest

from chat.llm.openai.transport.endpoint import Endpoint

_SET = {"OPENAI_ORG_ID": "an-organisation", "OPENAI_PROJECT_ID": "a-project"}


class _Recorder(httpx2.BaseTransport):
    """Transport that answers every request with `status` and stores the requests."""

    def __init__(self, status: int = 200, body: bytes = b"") -> None:
        self.requests: list[httpx2.Request] = []
        self._answer = (status, body)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(self._answer[0], content=self._answer[1])


def _of_the_sdk(body: bytes) -> httpx2.Request:
    """Return the request that the SDK itself sends for `body`."""
    recorder = _Recorder()
    with httpx2.Client(transport=recorder) as client:
        openai.OpenAI(
            api_key="a-key",
            base_url="http://model.test/v1",
            timeout=httpx2.Timeout(30.0, connect=5.0),
            max_retries=0,
            default_headers={"Accept-Encoding": "identity"},
            http_client=client,
        ).post(
            "/chat/completions",
            cast_to=httpx2.Response,
            content=body,
            options={"headers": {"Content-Type": "application/json"}},
            stream=True,
            stream_cls=openai.Stream[Any],
        )
    return recorder.requests[0]


@pytest.mark.parametrize("environment", [{}, _SET], ids=["plain", "organisation"])
def test_a_request_is_the_one_that_the_sdk_sends(monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    recorder, body = _Recorder(), b'{"model": "m", "messages": []}'
    Endpoint("a-key", "http://model.test/v1", 30.0, "lean").with_transport(recorder).send(body)
    ours, theirs = recorder.requests[0], _of_the_sdk(body)
    assert (ours.method, ours.url, ours.headers.raw) == (theirs.method, theirs.url, theirs.headers.raw)
    assert ours.extensions["timeout"] == theirs.extensions["timeout"]
    assert ours.read() == body


@pytest.mark.parametrize(("timeout_s", "connect_s"), [(60.0, 5.0), (5.0, 5.0), (0.5, 0.5)])
def test_connecting_takes_no_longer_than_the_longest_silence(timeout_s, connect_s):
    recorder = _Recorder()
    Endpoint("a-key", "http://model.test/v1", timeout_s, "lean").with_transport(recorder).send(b"{}")
    timeouts = recorder.requests[0].extensions["timeout"]
    assert (timeouts["connect"], timeouts["read"]) == (connect_s, timeout_s)


def test_every_request_has_a_body_and_a_length_of_its_own():
    recorder = _Recorder()
    endpoint = Endpoint("a-key", "http://model.test/v1", 30.0, "lean").with_transport(recorder)
    for body in (b"{}", b'{"a": 1}', b"{}"):
        endpoint.send(body)
    assert [(request.read(), request.headers["content-length"]) for request in recorder.requests] == [
        (b"{}", "2"),
        (b'{"a": 1}', "8"),
        (b"{}", "2"),
    ]


def test_a_cookie_of_the_endpoint_is_not_sent_back():
    class Cookies(_Recorder):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            super().handle_request(request)
            return httpx2.Response(200, headers={"Set-Cookie": "who=one-of-us; Path=/"})

    recorder = Cookies()
    endpoint = Endpoint("a-key", "http://model.test/v1", 30.0, "lean").with_transport(recorder)
    endpoint.send(b"{}")
    endpoint.send(b"{}")
    assert "cookie" not in recorder.requests[1].headers


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, openai.APIStatusError),
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
    ],
)
def test_a_refusal_is_what_the_sdk_makes_of_it(status, error):
    recorder = _Recorder(status, b'{"error": {"message": "not so", "code": "why"}}')
    with pytest.raises(error) as raised:
        Endpoint("a-key", "http://model.test/v1", 30.0, "lean").with_transport(recorder).send(b"{}")
    assert (raised.value.status_code, raised.value.code, raised.value.body["message"]) == (status, "why", "not so")

"""An OpenAI-compatible endpoint's chat completions: bodies go out, streams come in.

The SDK knows addresses, keys and headers, and says what a refusal was. It is asked once what a request looks
like, because building one takes it longer than sending: 0.2 ms of CPU in a loop, three times that in a worker
that does other things in between. Every request is then a copy of that pattern with a body of its own.
"""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any, cast

import httpx2
import openai

from chat.llm.lean import LeanTransport, Sample
from chat.llm.transport import http_client, timeouts

_DEFAULT_BASE_URL = "https://api.openai.com/v1"
# Servers of one's own need no key, but the SDK does.
_NO_KEY = "none"


class Endpoint:
    """One endpoint and the connections to it. Making it does not connect."""

    def __init__(self, api_key: str, base_url: str, timeout_s: float, transport: str) -> None:
        """Empty strings stand for what is not set; `transport` is "lean" or "standard"."""
        self._http = http_client(timeout_s, transport)
        self._sdk = openai.OpenAI(
            api_key=api_key or _NO_KEY,
            base_url=base_url or _DEFAULT_BASE_URL,
            timeout=timeouts(timeout_s),
            max_retries=0,
            # A compressed stream would come in lumps.
            default_headers={"Accept-Encoding": "identity"},
            http_client=self._http,
        )

    def send(self, body: bytes) -> httpx2.SyncByteStream:
        """What is answered, once its head has come: to be read, or closed.

        Raises httpx2.HTTPError where nothing comes, and the SDK's error for a status other than 2xx.
        """
        # Not by way of the client: it would look for cookies and redirects, and wrap the body once more.
        transport = self._transport
        if isinstance(transport, LeanTransport):
            answer = transport.repeat(self._sample, body)
            if 200 <= answer.status < 300:
                return answer.body
            response = answer.response()
        else:
            response = transport.handle_request(self._request(body))
            if response.is_success:
                return cast("httpx2.SyncByteStream", response.stream)
        raise self._refusal(response)

    def _refusal(self, response: httpx2.Response) -> openai.APIStatusError:
        """The SDK's error for a response, whose body it reads."""
        response.request = self._pattern
        try:
            response.read()
        finally:
            response.close()
        return self._sdk._make_status_error_from_response(response)

    def _request(self, body: bytes) -> httpx2.Request:
        pattern = self._pattern
        # Given as `content` a body has the headers taken apart and put together again.
        request = httpx2.Request(
            "POST", pattern.url, headers=pattern.headers, stream=httpx2.ByteStream(body), extensions=pattern.extensions
        )
        request.headers["Content-Length"] = str(len(body))
        return request

    @cached_property
    def _transport(self) -> httpx2.BaseTransport:
        """Who carries the requests; through a proxy it is another one."""
        return self._http._transport_for_url(self._pattern.url)

    @cached_property
    def _sample(self) -> Sample:
        return Sample(self._request(b""))

    def answered_by(self, transport: httpx2.BaseTransport) -> Endpoint:
        """The same endpoint, where `transport` answers instead of the network."""
        self._sample  # noqa: B018 - made here, so that the first request to the network finds it
        other = copy.copy(self)
        other._http = httpx2.Client(transport=transport)
        other.__dict__.pop("_transport", None)  # that of the network, if it was asked for before
        return other

    def close(self) -> None:
        """Close the connections that are kept alive."""
        self._http.close()

    @cached_property
    def _pattern(self) -> httpx2.Request:
        """A request as the SDK makes it."""
        made: list[httpx2.Request] = []

        def keep(request: httpx2.Request) -> httpx2.Response:
            made.append(request)
            return httpx2.Response(200)

        with httpx2.Client(transport=httpx2.MockTransport(keep)) as client:
            self._sdk.with_options(http_client=client).post(
                "/chat/completions",
                cast_to=httpx2.Response,
                content=b"{}",
                options={"headers": {"Content-Type": "application/json"}},
                stream=True,
                stream_cls=openai.Stream[Any],
            )
        return made[0]

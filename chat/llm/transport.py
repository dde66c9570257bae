"""The HTTP client beneath the SDK. Which transport carries it is decided here and nowhere else.

`lean` is made for many streams at once, `standard` is httpx2's own. Both obey the `Line` in effect and raise
the same exceptions; through a proxy of the environment every request goes the standard way.
"""

from __future__ import annotations

import httpx2

from chat.llm.idle import KEEPALIVE_S
from chat.llm.lean import LeanTransport
from chat.llm.standard import obey_lines

CONNECT_TIMEOUT_S = 5.0
# httpcore looks through all of them at each request.
MAX_IDLE_CONNECTIONS = 200


def http_client(read_timeout_s: float, transport: str) -> httpx2.Client:
    """A client for many streams at once: as many connections as there are answers, kept alive between them.

    Proxies and certificates come from the environment, as the SDK's own client has it. Redirects are not
    followed: the key belongs to the configured endpoint alone.
    """
    context = httpx2.create_ssl_context()
    client = httpx2.Client(
        verify=context,
        timeout=timeouts(read_timeout_s),
        limits=httpx2.Limits(
            max_connections=None, max_keepalive_connections=MAX_IDLE_CONNECTIONS, keepalive_expiry=KEEPALIVE_S
        ),
        follow_redirects=False,
    )
    for each in (client._transport, *client._mounts.values()):
        if isinstance(each, httpx2.HTTPTransport):
            obey_lines(each)
    if transport == "lean":
        # Given as a parameter it would switch off the proxies of the environment.
        client._transport = LeanTransport(context)
    return client


def timeouts(read_timeout_s: float) -> httpx2.Timeout:
    return httpx2.Timeout(read_timeout_s, connect=CONNECT_TIMEOUT_S)

"""Error messages for redirects, which are not followed, and for demands of another protocol (426)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

import openai

from chat.llm.openai.faults.redaction import hidden, quotable

_PATH = "/chat/completions"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_ADDRESS = 200


def redirect_message(failure: openai.APIStatusError, secrets: Sequence[str]) -> str:
    """Return the endpoint's demand and the correction to make, or "" for another kind of refusal."""
    if failure.status_code in _REDIRECTS:
        return _redirect(failure, secrets)
    return _upgrade(failure) if failure.status_code == 426 else ""


def _redirect(failure: openai.APIStatusError, secrets: Sequence[str]) -> str:
    message = f"redirects to another address ({failure.status_code}), which is not followed"
    target = failure.response.headers.get("location", "")
    address = _address(str(failure.request.url), target) if target else ""
    address = hidden(address[:_MAX_ADDRESS], secrets, addresses=True)
    if not address or not address.isprintable() or " " in address:
        return f"{message}; check OPENAI_BASE_URL"
    if address.endswith(_PATH):
        return f"{message}; OPENAI_BASE_URL should be {address.removesuffix(_PATH)}"
    return f"{message}: {address}; check OPENAI_BASE_URL"


def _address(base: str, target: str) -> str:
    """Return the address of `target`, without user name, password and query; "" if it is not an HTTP address."""
    try:
        parts = urlsplit(urljoin(base, target))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    authority = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{authority}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def _upgrade(failure: openai.APIStatusError) -> str:
    protocol = quotable(failure.response.headers.get("upgrade", ""))
    if "tls" in protocol.lower():
        return f"asks for {protocol} (426 Upgrade Required); OPENAI_BASE_URL should begin with https://"
    name = protocol or "another protocol"
    return (
        f"asks for {name} in place of HTTP/1.1 (426 Upgrade Required); put a proxy that speaks HTTP/1.1 in front of it"
    )

"""Error messages for an endpoint's refusals, by HTTP status: what it means, and the correction to make."""

from __future__ import annotations

_MODEL = "check that CHAT_MODEL names a chat model with room for the conversation"
_NAMES = "check CHAT_MODEL and OPENAI_BASE_URL"
_PROXIES = "look at the proxies before the endpoint"
_OPERATOR = "ask the endpoint's operator"

_MESSAGES = {
    304: ("says that its answer has not changed", "look for a cache before the endpoint"),
    400: ("refused the request", _MODEL),
    401: ("did not accept the key", "check OPENAI_API_KEY"),
    402: ("requires payment first", "check the account of OPENAI_API_KEY"),
    403: ("does not allow this", "check that OPENAI_API_KEY may use the model in CHAT_MODEL"),
    404: ("knows no such model or address", _NAMES),
    405: ("takes no questions at this address", "check OPENAI_BASE_URL (it often ends in /v1)"),
    407: ("is behind a proxy that wants a password", _PROXIES),
    410: ("no longer has this model or address", _NAMES),
    413: ("refused the request", _MODEL),
    422: ("refused the request", _MODEL),
    444: ("or a proxy before it gave up the request", _PROXIES),
    451: ("does not answer for legal reasons", _OPERATOR),
    460: ("or a proxy before it gave up the request", _PROXIES),
    499: ("or a proxy before it gave up the request", _PROXIES),
}


def refusal(status: int, suffix: str) -> str:
    """Return what the endpoint did, and the correction. `suffix` is its own reason after a colon, or ""."""
    if status < 400:
        message, advice = _MESSAGES.get(
            status, ("gave a status that is no answer to a question", "check OPENAI_BASE_URL")
        )
    else:
        message, advice = _MESSAGES.get(status, ("refused the request", _OPERATOR))
    return f"{message} ({status}){suffix}; {advice}"

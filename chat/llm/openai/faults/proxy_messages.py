"""Error messages for failures of the environment's proxy, which is not to be mistaken for the endpoint."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Sequence

import httpx2

from chat.errors import ModelError, ModelRejected, ModelUnreachable


def proxy_error(causes: Sequence[BaseException], variable: str) -> ModelError | None:
    """Return our error if a connection failed at the proxy named in `variable`, or None if it failed behind it."""
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return None  # it was made with the endpoint, by way of the proxy
    for cause in causes:
        if isinstance(cause, httpx2.ProxyError):
            return _refused(cause, variable)
    return ModelUnreachable(f"The proxy in {variable} cannot be reached: {_why(causes)}; check {variable}.")


def wrong_password(variable: str) -> ModelRejected:
    """Return the error for status 407 of the proxy."""
    return ModelRejected(f"The proxy in {variable} did not accept its user name and password (407); check {variable}.")


def _refused(error: httpx2.ProxyError, variable: str) -> ModelError:
    status = re.match(r"[0-9]{3}\b", str(error))
    if status is None:
        return ModelUnreachable(f"The proxy in {variable} did not connect to the model's endpoint; check {variable}.")
    if status[0] == "407":
        return wrong_password(variable)
    return ModelUnreachable(
        f"The proxy in {variable} did not connect to the model's endpoint ({status[0]}); check {variable}, and"
        " whether it may connect to OPENAI_BASE_URL."
    )


def _why(causes: Sequence[BaseException]) -> str:
    if any(isinstance(cause, (socket.gaierror, UnicodeError)) for cause in causes):
        return "its host name is not known"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "it refuses connections"
    if any(isinstance(cause, (TimeoutError, httpx2.ConnectTimeout)) for cause in causes):
        return "it does not answer"
    return "the connection failed"

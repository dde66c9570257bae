"""Failures of an HTTP exchange.

    NetError
    ├── UnsendableRequest     a header or the target holds characters that it may not
    ├── ConnectFailed         no connection; the cause is an OSError
    │   └── ConnectTimedOut
    ├── SendFailed
    │   └── SendTimedOut
    ├── ReceiveFailed         the connection broke
    │   ├── ReceiveTimedOut   also after the deadline, or after a cancellation
    │   └── TooMuchData       more bytes than the scope allows
    └── InvalidResponse       the response violates HTTP, or ended too early
        └── UnparsableResponse

The messages have no addresses and no data. `chat.llm.openai.transport.lean` and `chat.tools.http`
translate these errors.
"""

from __future__ import annotations


class NetError(Exception):
    """Root of the tree."""


class UnsendableRequest(NetError):
    """The request cannot be sent: a server could read it as something else."""


class ConnectFailed(NetError):
    """No connection came about."""


class ConnectTimedOut(ConnectFailed):
    """No connection came about in time."""


class SendFailed(NetError):
    """The connection broke while the request was sent."""


class SendTimedOut(SendFailed):
    """The request could not be sent in time."""


class ReceiveFailed(NetError):
    """The connection broke before the response was complete."""


class ReceiveTimedOut(ReceiveFailed):
    """Nothing came in time."""


class TooMuchData(ReceiveFailed):
    """More bytes came than the request's scope allows."""


class InvalidResponse(NetError):
    """The response violates HTTP."""


class UnparsableResponse(InvalidResponse):
    """The response violates HTTP in a way that a more lenient parser may accept."""

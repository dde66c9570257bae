"""Refusals that many operations share."""

from __future__ import annotations

from chat.web.openapi.operation import Refusal

# Before the address is known, or around any operation.
OF_EVERY_REQUEST = (
    Refusal(400, "bad_request", "The request is malformed."),
    Refusal(
        400,
        "host_not_allowed",
        "This server does not answer for the host example.com; its operator can name it in ALLOWED_HOSTS.",
    ),
    Refusal(408, "request_timeout", "The request took too long to arrive."),
    Refusal(414, "too_large", "The address is longer than this server takes."),
    Refusal(417, "expectation_failed", "The server does not support the request's Expect header."),
    Refusal(431, "headers_too_large", "The request's headers are larger than this server takes."),
    Refusal(500, "internal", "Something went wrong in the server; its log says what."),
    Refusal(501, "not_implemented", "The server does not know this transfer coding."),
    Refusal(503, "database_unavailable", "The database is locked by another program; try again in a few seconds."),
    Refusal(503, "overloaded", "The server has too much to do; try again in a moment."),
)

OF_CHANGES = (Refusal(403, "forbidden", "This request came from another site."),)
OF_BODIES = (
    Refusal(400, "malformed_json", "The body is not valid JSON."),
    Refusal(413, "too_large", "The request is larger than this server takes."),
    Refusal(415, "unsupported_media_type", "The body must be JSON, with Content-Type: application/json."),
    Refusal(422, "invalid_value", "The body is invalid: Expected `str`, got `int`.", "text"),
)
OF_PARAMETERS = (Refusal(422, "invalid_value", "limit takes a whole number from 1 to 200.", "limit"),)

NO_CONVERSATION = Refusal(404, "not_found", "There is no such conversation.")
NO_MESSAGE = Refusal(404, "not_found", "There is no such message.")
NO_TURN = Refusal(404, "not_found", "There is no such turn.")
TURN_RUNNING = Refusal(409, "turn_running", "An answer is still being written in this conversation.")

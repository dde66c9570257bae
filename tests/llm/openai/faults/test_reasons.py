"""Formats in which endpoints give the reason for a refusal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.llm.openai.faults.reasons import labels, reason
from chat.llm.openai.faults.retry_after import retry_after_s, retry_hint

RAW = json.dumps({"error": {"message": "too many tokens asked", "code": 400}})

# name: the body, the reason
FORMS = {
    "OpenAI": ({"error": {"message": "No such model", "type": "x", "code": None}}, "No such model"),
    "Google": ([{"error": {"code": 400, "message": "The key is not valid", "status": "X"}}], "The key is not valid"),
    "an error as text": ({"error": "model not loaded"}, "model not loaded"),
    "an error as a list": ({"error": [{"message": "one"}, "two"]}, "one; two"),
    "errors": ({"errors": [{"message": "one"}, {"message": "two"}, {"message": "one"}]}, "one; two"),
    "errors as an object": ({"errors": {"model": ["is not there"]}}, "model: is not there"),
    "errors in vain": ({"errors": [], "message": "said beside"}, "said beside"),
    "FastAPI's text": ({"detail": "No such model"}, "No such model"),
    "FastAPI's list": (
        {"detail": [{"loc": ["body", "messages", 0], "msg": "field required", "type": "missing"}]},
        "body.messages.0: field required",
    ),
    "a detail as an object": ({"detail": {"error": {"message": "deep"}}}, "deep"),
    "a message": ({"message": "Unauthorized"}, "Unauthorized"),
    "AWS": ({"Message": "Input is too long", "__type": "ValidationException"}, "Input is too long"),
    "the older form": ({"object": "error", "message": "out of cache blocks", "code": 500}, "out of cache blocks"),
    "OpenRouter": (
        {"error": {"message": "Provider returned error", "metadata": {"raw": RAW, "provider_name": "X"}}},
        "Provider returned error: too many tokens asked",
    ),
    "a raw text": (
        {"error": {"message": "Provider error", "metadata": {"raw": "too many"}}},
        "Provider error: too many",
    ),
    "raw alone": ({"error": {"metadata": {"raw": RAW}}}, "too many tokens asked"),
    "raw said already": ({"error": {"message": "it was: no", "metadata": {"raw": "no"}}}, "it was: no"),
    "JSON within a text": ({"error": {"message": RAW}}, "too many tokens asked"),
    "JSON within JSON within a text": (json.dumps({"detail": json.dumps({"msg": "deep"})}), "deep"),
    "a message as an object": ({"error": {"message": {"detail": "deep"}}}, "deep"),
    "OAuth": ({"error_description": "expired"}, "expired"),
    "a problem document": ({"type": "about:blank", "title": "Forbidden", "status": 403}, "Forbidden"),
    "only a code": ({"error": {"code": "model_not_found", "message": None}}, "model_not_found"),
    "only a type": ({"error": {"type": "overloaded_error"}}, "overloaded_error"),
    "plain text": ("404 page not found\n", "404 page not found"),
    "a page": ("<html><title>502</title></html>", ""),
    "a page in a message": ({"error": {"message": "<!doctype html>"}}, ""),
    "nothing": ({}, ""),
    "nothing in it": ({"error": {}}, ""),
    "null": (None, ""),
    "a number": (5, ""),
    "Spring": ({"status": 400, "error": "Bad Request", "message": "too long", "path": "/v1"}, "too long"),
    "a status alone": ({"status": 400, "error": "Bad Request"}, "Bad Request"),
    "MiniMax": ({"base_resp": {"status_code": 1008, "status_msg": "no balance"}}, "base_resp: no balance"),
    "Azure": ({"error": {"code": "BadRequest", "innererror": {"message": "deep"}}}, "deep"),
    "WeChat's": ({"errcode": 1, "errmsg": "no"}, "no"),
    "a number between angle brackets": ({"error": {"message": "<400> Algo: too long"}}, "<400> Algo: too long"),
    "a tag at the beginning": ({"error": "<think> is not closed"}, "<think> is not closed"),
    "XML": ("<Error><Message>no</Message></Error>", ""),
    "an event": ('data: {"error": {"message": "no"}}\n\n', "no"),
    "a named event": ('event: error\ndata: {"message": "no"}\n\n', "no"),
    "lines of JSON": ('{"error": "no"}\n{"done": true}', "no"),
    "NaN and a line break": ('{"message": "two\nlines", "code": NaN}', "two\nlines"),
    "a byte order mark": ('\ufeff{"error": "no"}', "no"),
    "JSON after a name": ({"message": f"BadRequestError: X - {RAW}"}, "BadRequestError: X - too many tokens asked"),
    "a quotation of the request": ({"error": 'what is {"text": "hi"}?'}, 'what is {"text": "hi"}?'),
    "a quotation first": ({"error": '"auto" is not supported'}, '"auto" is not supported'),
    "brackets": ({"error": "[req 5] no"}, "[req 5] no"),
    "an error that is true": ({"error": True, "message": "said beside"}, "said beside"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_reason(form):
    body, expected = FORMS[form]
    assert reason(body) == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inside: (
            st.lists(inside, max_size=4)
            | st.dictionaries(st.sampled_from(["error", "message", "detail", "loc", "metadata", "raw", "x"]), inside)
        ),
        max_leaves=20,
    )
)
def test_any_body_has_one_or_none(body):
    assert isinstance(reason(body), str)
    assert isinstance(labels(body), set)
    assert retry_after_s({}, body) is None


def test_endless_nesting_ends():
    body: object = "deep"
    for _ in range(5000):
        body = {"error": body}
    assert reason(body) == ""


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "30"}, {}, 30),
        ({"retry-after": "0.5"}, {}, 0.5),
        ({"retry-after": "30s"}, {}, 30),
        ({"retry-after": "1m30s"}, {}, 90),
        ({"retry-after": "30 seconds"}, {}, 30),
        ({"retry-after": "2 min"}, {}, 120),
        ({"retry-after": "PT30S"}, {}, 30),
        ({"retry-after": "2001-02-03T04:05:06Z"}, {}, 0),
        ({"retry-after": "1000000000"}, {}, 0),
        ({"retry-after": "1000000000000"}, {}, 0),
        ({"x-ms-retry-after-ms": "1500"}, {}, 1.5),
        ({"retry-after-ms": "1500"}, {}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, {}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "2"}, {}, 2),
        ({"retry-after": "Mon, 01 Jan 1990 00:00:00 GMT"}, {}, 0),
        ({}, {"error": {"details": [{"@type": "x"}, {"@type": "RetryInfo", "retryDelay": "34s"}]}}, 34),
        ({}, [{"error": {"details": [{"retryDelay": "34.5s"}]}}], 34.5),
        ({}, {"error": {"metadata": {"retry_after": 12}}}, 12),
        ({}, {"error": {"metadata": {"headers": {"Retry-After": "12"}}}}, 12),
        ({}, {"errors": [{"retryAfter": 12}]}, 12),
        ({}, {"detail": {"retry_after_ms": 1500}}, 1.5),
        ({"retry-after": "soon"}, {}, None),
        ({"retry-after": "2026-13-45"}, {}, None),
        ({"retry-after": "-5"}, {}, None),
        ({"retry-after": "nan"}, {}, None),
        ({}, {"retry_after": True}, None),
        ({}, None, None),
    ],
)
def test_how_long_to_wait(headers, body, seconds):
    assert retry_after_s(headers, body) == seconds


@pytest.mark.parametrize(
    ("seconds", "hint"),
    [(None, ""), (0, ""), (0.2, "1 s"), (30, "30 s"), (119, "119 s"), (600, "10 min"), (1e9, "more than a day")],
)
def test_how_it_is_said(seconds, hint):
    assert retry_hint(seconds).endswith(hint)

"""The cause of a refusal: an option that the endpoint lacks, or the request's length.

Found by codes if there are any, otherwise by the phrases of common servers, brokers and clouds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import openai

from chat.llm.openai.answer.deltas import ReportedError
from chat.llm.openai.faults.reasons import labels, reason
from chat.llm.openai.faults.translation import body_of

TOOLS, USAGE, SYSTEM = "tools", "stream_options", "system role"
OPTIONS = (TOOLS, USAGE, SYSTEM)

_FOLDED = re.IGNORECASE | re.DOTALL

_OPTION_NAMED = {
    USAGE: re.compile(r"stream[_ ]?options|include_usage", _FOLDED),
    TOOLS: re.compile(
        r"\btools?\b|tool[_-](?:use|calls?|calling|choice|call_parser)|\bfunctions?\b|function[_ -]call", _FOLDED
    ),
    SYSTEM: re.compile(
        r"""\b(?:system|developer)\W{0,3}\ *(?:roles?|messages?|prompts?|instructions?)\b
          | \broles?\b[^.]{0,60}\b(?:system|developer)\b | \b(?:system|developer)\b[^.]{0,60}\broles?\b
          | \broles?\ must\ alternate | variant\W{1,3}system\b | \bonly\b[^.]{0,30}\buser\b[^.]{0,20}\bassistant\b
          | \broles?\b[^.]{0,60}\buser\W{1,4}(?:or|and)?\W{0,4}assistant\b
        """,
        _FOLDED | re.VERBOSE,
    ),
}
_LACKS = re.compile(
    r"not (?:\w+ ){0,3}(?:support|enabled|available|allowed|permitted|implemented|accept)|n't support|unsupported"
    r"|support(?:s)? no|no endpoints|cannot|can't|unknown|unrecognized|unexpected|extra|disabled|requires|without"
    r"|must alternate",
    _FOLDED,
)
# Refusals with other causes, which omitting an option does not help.
_OTHER_CAUSE = re.compile(
    r"\bmodel\b[^.]{0,80}(?:not (?:be )?found|not exist|unknown|no such|not loaded|not available)|no such model"
    r"|invalid model|unknown model|api.?key|unauthori[sz]ed|authenticat|quota|billing|credit|balance|payment"
    r"|content (?:filter|policy|management)|content_filter|moderation|safety|flagged",
    _FOLDED,
)
_MAY_LACK = frozenset({400, 422})
_MAY_LACK_IF_NAMED = frozenset({403, 404, 405, 406, 415, 500, 501, 503})

_LENGTH_LABELS = re.compile(
    r"context_?(?:length|window)|string_above_max_length|exceed_context_size|prompt_too_long|input_too_long"
    r"|request_?(?:entity_)?too_large|payload_too_large|max_?tokens_?exceeded|token_limit_exceeded",
    re.IGNORECASE,
)
_LENGTH_PHRASES = re.compile(
    r"""context[ _-]?(?:length|window|size|limit) | (?:max|maximum)[ _](?:model[ _])?(?:input|prompt|sequence)[ _]?
        (?:length|size|tokens) | maximum\ (?:number\ of\ )?(?:input\ )?tokens
      | max_model_len | max_seq_len | max_input_tokens
      | too\ many\ (?:input\ |prompt\ )?tokens | token\ (?:count|limit)[^.]{0,60}exceed | exceeds?[^.]{0,80}token
      | (?:input|prompt|messages?|request|conversation|text|string|context|content)\b[^.]{0,60}
        (?:too\ (?:long|large|big)|exceeds?\b|longer\ than|over\ the\ limit)
      | reduce\ (?:the\ length|your\ (?:message|prompt|input)|the\ (?:number|size|amount)) | max_new_tokens`?\ must\ be
      | too\ long:\ \d | shorten\ (?:your|the)\ (?:input|prompt|message|conversation)
    """,
    _FOLDED | re.VERBOSE,
)
_READ_CHARACTERS = 4000
_LENGTH_STATUSES = frozenset({400, 413, 422, 500})

_NUMBER = re.compile(r"(?<![\w.\-])\d{1,3}(?:[,_ ]\d{3})+(?![\w\-])|(?<![\w.\-])\d{3,9}(?![\w\-])")
_LIMIT = re.compile(
    r"""(?:(?:max\w*|limit|at\ most|up\ to|allowed|available|n_ctx|<=|window|supports?|size)[^\d]{0,50}?
        |>\ )(\d[\d,_]*\d)""",
    _FOLDED | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class TooLong:
    """A refusal because of length. `share` is the part of the request that would fit, if the refusal says so."""

    share: float | None
    limit: int | None


def option_named(failure: Exception, sent: Sequence[str]) -> str | None:
    """Return the option among those `sent` that a refusal names as unsupported."""
    status, text = _status(failure), _text(failure)
    if status is None or not (status in _MAY_LACK or (status in _MAY_LACK_IF_NAMED and _LACKS.search(text))):
        return None
    matches = [(match.start(), option) for option in sent if (match := _OPTION_NAMED[option].search(text))]
    # "stream_options" and a role are unambiguous; "tools" occurs in many sentences.
    return min(matches, key=lambda each: (each[1] == TOOLS, each[0]))[1] if matches else None


def is_refusal(failure: Exception) -> bool:
    return isinstance(failure, openai.APIStatusError) and failure.status_code in _MAY_LACK


def may_lack_an_option(failure: Exception) -> bool:
    """Return whether a refusal that names no option may be due to one."""
    if not isinstance(failure, openai.APIStatusError) or failure.status_code not in _MAY_LACK:
        return False
    text = _text(failure)
    return not _OTHER_CAUSE.search(text) and not failure.response.text.lstrip().startswith("<")


def too_long(failure: Exception) -> TooLong | None:
    """Return the numbers of a refusal because of length, or None for any other refusal."""
    status, body = _status(failure), _body(failure)
    if status not in _LENGTH_STATUSES:
        return None
    text = _text(failure)
    named = any(_LENGTH_LABELS.search(label) for label in labels(body))
    if not named and status != 413 and not _LENGTH_PHRASES.search(text):
        return None
    return _measured(body, reason(body)[:_READ_CHARACTERS])


def _measured(body: Any, text: str) -> TooLong:
    limit, sent = _fields(body)
    if limit is None:
        numbers = [_integer(number[0]) for number in _NUMBER.finditer(text)]
        stated = _LIMIT.search(text)
        limit = _integer(stated[1]) if stated else min(numbers, default=None)
        sent = max(numbers, default=None)
    if not limit:
        return TooLong(None, None)
    return TooLong(limit / sent if sent and sent > limit else None, limit)


def _fields(body: Any) -> tuple[int | None, int | None]:
    """Return the numbers that llama.cpp gives in separate fields."""
    error = body.get("error", body) if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None, None
    limit, sent = error.get("n_ctx"), error.get("n_prompt_tokens")
    return (limit if isinstance(limit, int) else None), (sent if isinstance(sent, int) else None)


def _integer(digits: str) -> int:
    return int(re.sub(r"\D", "", digits))


def _status(failure: Exception) -> int | None:
    if isinstance(failure, openai.APIStatusError):
        return failure.status_code
    # An error at the beginning of a stream is a late refusal.
    return 400 if isinstance(failure, ReportedError) else None


def _body(failure: Exception) -> Any:
    if isinstance(failure, openai.APIStatusError):
        return body_of(failure)
    return failure.body if isinstance(failure, ReportedError) else None


def _text(failure: Exception) -> str:
    body = _body(failure)
    return " ".join([reason(body)[:_READ_CHARACTERS], *sorted(labels(body))])

"""Refusals because of a request's length, and the numbers in them.

Recognized by codes if there are any, otherwise by the phrases of common servers, brokers and clouds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from chat.errors import ModelInterrupted
from chat.llm.openai.faults.reasons import labels
from chat.llm.openai.faults.refusals import error_body, reason_of, status_of, text_of

_FOLDED = re.IGNORECASE | re.DOTALL

_LABELS = re.compile(
    r"context_?(?:length|window)|string_above_max_length|exceed(?:ed|s)?_context|prompt_too_long|input_too_long"
    r"|request_?(?:entity_)?too_large|payload_too_large|max_?(?:prompt_)?tokens_?exceeded|token_limit_exceeded",
    re.IGNORECASE,
)
_PHRASES = re.compile(
    r"""context[ _-]?(?:length|window|size|limit|shift|overflow)
      | (?:max|maximum)[ _](?:model[ _]|allowed[ _])?(?:input|prompt|sequence)[ _]?(?:length|size|tokens)
      | maximum\ (?:number\ of\ )?(?:input\ )?tokens | (?:input|prompt|max)[ _]?length\b
      | max_model_len | max_seq_len | max_input_tokens | max_new_tokens`?\ must\ be
      | too\ many\ (?:input\ |prompt\ )?tokens | token\ (?:count|limit)[^.]{0,60}exceed | exceeds?[^.]{0,80}token
      | (?:less|fewer|more)\ than\ [^.]{0,30}tokens | tokens?\b[^.]{0,60}\bcontext\b
      | exceed\w*\ (?:the\ |this\ |its\ )?(?:model'?s?\ )?context
      | (?:input|prompt|messages?|request|conversation|text|string|context|content)\b[^.]{0,60}
        (?:(?<!took\ )too\ (?:long|large|big)|exceeds?\b|longer\ than|over\ the\ limit)
      | reduce\ (?:the\ length|your\ (?:message|prompt|input)|the\ (?:number|size|amount))
      | too\ long:\ \d | shorten\ (?:your|the)\ (?:input|prompt|message|conversation)
      | \d\s?tokens?\b[^.]{0,40}(?:supported|allowed|maximum)
      | [超过]长 | 超[过出].{0,12}(?:限制|最大|上限) | zu\ lang\b
    """,
    _FOLDED | re.VERBOSE,
)
# Lengths of something else: of a call's id, of a tool's description; and the use of an account over time.
_OTHER_LENGTH = re.compile(
    r"tool_calls?\b|\btools\b\W{1,2}|\.id\b|per (?:hour|day|month)|hourly|daily|monthly|quota|budget|rate limit",
    _FOLDED,
)
# A server's failure is about the length only if it speaks of the conversation.
_CONVERSATION = re.compile(r"token|context|prompt|input", re.IGNORECASE)
_TOO_LARGE = re.compile(r"request too large|must be reduced", re.IGNORECASE)
_REFUSALS = frozenset({400, 413, 422})
_FAILURES = frozenset({424, 500, 502, 503})

_DIGITS = r"(\d{1,3}(?:[,._ '’]\d{3})+(?!\d)|\d{3,9}|\d{1,4}(?=\s?k\b))(\s?k\b)?"
_NUMBER = re.compile(rf"(?<![\w.\-]){_DIGITS}(?![\w\-])", _FOLDED)
# A larger number is no length, but an id.
_MOST_TIMES = 100
# Numbers that are neither the limit nor the length: the excess, and codes and ids before, around and after the words.
_OTHER_NUMBERS = re.compile(
    rf"""\bby\ (?:about\ )?{_DIGITS}
      | (?:\b(?:(?:error|err|status|http)[ _-]?)?(?:code|status)\b|\b(?:errno|trace|error(?=\ ))
        |(?:\b|_)id|\bhttp(?:/[\d.]+)?|错误代?码)["']?\W{{0,3}}\d+\b
        (?!\s?(?:k\b|tokens?\b|characters?\b))
      | \A\W{{0,2}}(?:\d{{3,5}}(?:[\])>:]|\ -\ )|[45]\d\d\ (?-i:[A-Z]))
      | \((?:1039|2013)\)\W*\Z  # MiniMax's codes
    """,
    _FOLDED | re.VERBOSE,
)
# The limit, by the words before or after it; the first form that occurs counts.
_LIMITS = [
    re.compile(rf"(?:<=|[>≤])\s?{_DIGITS}"),
    re.compile(
        rf"""(?:max(?!_(?:new_|completion_|output_)?tokens)\w*|limit|at\ most|up\ to|allowed|available|n_ctx|window
            |supports?|size|not\ exceed|(?:less|fewer)\ than|\[1,)[^\d]{{0,50}}?{_DIGITS}""",
        _FOLDED | re.VERBOSE,
    ),
    re.compile(rf"{_DIGITS}\s?(?:tokens?\s)?(?:(?:is|are)\s)?(?:maximum|available|allowed|supported)", _FOLDED),
]


@dataclass(frozen=True, slots=True)
class TooLong:
    """A refusal because of length. `share` is the part of the request that would fit, if the refusal says so."""

    share: float | None
    limit: int | None


def too_long(failure: Exception) -> TooLong | None:
    """Return the numbers of a refusal because of length, or None for any other refusal."""
    if isinstance(failure, ModelInterrupted):
        # Some endpoints answer nothing, with a finish reason such as `model_context_window_exceeded`.
        return TooLong(None, None) if "context" in failure.message else None
    status, text = status_of(failure), text_of(failure)
    is_candidate = status in _REFUSALS or (status in _FAILURES and _CONVERSATION.search(text))
    # A limit on tokens per minute that a single request exceeds: waiting would not help.
    if not is_candidate and not (status == 429 and _TOO_LARGE.search(text)):
        return None
    body, reason = error_body(failure), reason_of(failure)
    if status not in (413, 429):
        named = any(_LABELS.search(label) for label in labels(body))
        if _OTHER_LENGTH.search(reason) or not (named or _PHRASES.search(text)):
            return None
    return _measured(body, reason)


def _measured(body: Any, text: str) -> TooLong:
    limit, sent = _fields(body)
    if limit is None:
        text = _OTHER_NUMBERS.sub("", text)
        numbers = [_integer(number) for number in _NUMBER.finditer(text)]
        stated = next((match for form in _LIMITS if (match := form.search(text))), None)
        limit = _integer(stated) if stated else min(numbers, default=None)
        sent = max((number for number in numbers if limit and number <= limit * _MOST_TIMES), default=None)
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


def _integer(number: re.Match[str]) -> int:
    """Return a number with or without separators, or in thousands (8k)."""
    return int(re.sub(r"\D", "", number[1])) * (1000 if number[2] else 1)

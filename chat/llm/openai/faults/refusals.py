"""The option that an endpoint lacks, according to its refusal.

Found by the phrases of common servers, brokers and clouds. `length_refusals` is about the request's length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import openai

from chat.llm.openai.answer.deltas import ReportedError
from chat.llm.openai.faults.reasons import labels, reason
from chat.llm.openai.faults.translation import body_of

TOOLS, TOOL_CHOICE, USAGE, SYSTEM = "tools", "tool_choice", "stream_options", "system role"
OPTIONS = (TOOLS, TOOL_CHOICE, USAGE, SYSTEM)
# Fields of a history with calls that some endpoints require, though the calls may be another model's.
REASONING, RESULT_NAMES = "calls without reasoning_content", "results without a name"

_FOLDED = re.IGNORECASE | re.DOTALL

_OPTION_NAMED = {
    USAGE: re.compile(r"stream[-_ ]?options|include_usage", _FOLDED),
    TOOL_CHOICE: re.compile(r"tool[-_ ]?choice", _FOLDED),
    TOOLS: re.compile(
        r"\btools?\b|tool[_-](?:use|calls?|calling|choice|call_parser)|\bfunctions?\b|function[_ -]call", _FOLDED
    ),
    SYSTEM: re.compile(
        r"""\b(?:system|developer)[\W_]{0,3}(?:roles?|messages?|prompts?|instructions?)\b
          | \broles?\b[^.]{0,60}\b(?:system|developer)\b | \b(?:system|developer)\b[^.]{0,60}\broles?\b
          | \broles?\ must\ alternate | variant\W{1,3}system\b | \bonly\b[^.]{0,30}\buser\b[^.]{0,20}\bassistant\b
          | \broles?\b[^.]{0,60}\buser\W{1,4}(?:or|and)?\W{0,4}assistant\b
          | (?:invalid|unexpected|unsupported|unknown)\b[^.]{0,20}['"`]system['"`] | ['"`]system['"`]\ is\ not\b
          | \b(?:unexpected\ message|valid)\ role\b | \bmessages\W{1,4}0\W{1,4}role\b | \binstructions\ are\ not\b
          | \bfirst\ message\b[^.]{0,60}\buser\b | \bmessages\ must\ (?:start|begin)\b
        """,
        _FOLDED | re.VERBOSE,
    ),
}
_FIELD_MISSING = {
    REASONING: re.compile(r"reasoning[_ ]content\b", _FOLDED),
    RESULT_NAMES: re.compile(r"function_?response\W{1,3}name\b|\btool\b[^.]{0,60}\bname\b", _FOLDED),
}
_MISSING = re.compile(
    r"missing|required|requires|passed back|must be (?:provided|present|included|returned)|(?:cannot|not) be empty",
    _FOLDED,
)
# Other statuses than 400 and 422 have many causes: there the reason must also say that something is not supported.
_LACKS = re.compile(
    r"not (?:\w+ ){0,3}(?:support|enabled|available|allowed|permitted|implemented|accept)|n't support|unsupported"
    r"|supports? no|no endpoints|unknown (?:field|parameter|argument|option|name|role|variant)|unrecognized|disabled"
    r"|extra (?:inputs|fields)|requires|must alternate|unexpected (?:message )?role|only [^.]{0,40}supported",
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
_MAY_LACK_UNNAMED = frozenset({400, 422, 501})
# About the key, the account, the proxy, or the time.
_NEVER_LACK = frozenset({401, 402, 407, 408, 429})
_READ_CHARACTERS = 4000


def option_named(failure: Exception, sent: Sequence[str]) -> str | None:
    """Return the option among those `sent` that a refusal names as unsupported."""
    status, text = status_of(failure), text_of(failure)
    if status is None or status in _NEVER_LACK or not (status in _MAY_LACK or _LACKS.search(text)):
        return None
    matches = [(match.start(), option) for option in sent if (match := _OPTION_NAMED[option].search(text))]
    # "stream_options" and a role are unambiguous; "tools" occurs in many sentences.
    return min(matches, key=lambda each: (each[1] == TOOLS, each[0]))[1] if matches else None


def missing_field(failure: Exception) -> str | None:
    """Return REASONING or RESULT_NAMES if a refusal misses that field."""
    text = text_of(failure)
    if not is_refusal(failure) or not _MISSING.search(text):
        return None
    return next((field for field, form in _FIELD_MISSING.items() if form.search(text)), None)


def says_unsupported(failure: Exception) -> bool:
    """Return whether a refusal says that something is not supported, whatever it is."""
    return bool(_LACKS.search(text_of(failure)))


def is_refusal(failure: Exception) -> bool:
    return isinstance(failure, openai.APIStatusError) and failure.status_code in _MAY_LACK


def may_lack_an_option(failure: Exception) -> bool:
    """Return whether a refusal that names no option may be due to one."""
    if not isinstance(failure, openai.APIStatusError) or failure.status_code not in _MAY_LACK_UNNAMED:
        return False
    return not _OTHER_CAUSE.search(text_of(failure))


def status_of(failure: Exception) -> int | None:
    if isinstance(failure, openai.APIStatusError):
        return failure.status_code
    # An error at the beginning of a stream is a late refusal.
    return 400 if isinstance(failure, ReportedError) else None


def error_body(failure: Exception) -> Any:
    """Return the body of a refusal, or the error object in a stream."""
    if isinstance(failure, openai.APIStatusError):
        return body_of(failure)
    return failure.body if isinstance(failure, ReportedError) else None


def reason_of(failure: Exception) -> str:
    """Return the endpoint's own reason, as far as it is worth reading."""
    return reason(error_body(failure))[:_READ_CHARACTERS]


def text_of(failure: Exception) -> str:
    """Return the reason and all codes of a failure."""
    return " ".join([reason_of(failure), *sorted(labels(error_body(failure)))])

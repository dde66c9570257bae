"""Finish reasons of endpoints, in any case and spelling, and whether they mean a complete answer."""

from __future__ import annotations

import re

from chat.errors import ModelError, ModelInterrupted, ModelRejected, ModelUnavailable

# Reasons reduced to their letters: `MAX_TOKENS`, `max-tokens` and `maxTokens` are the same.
_ENDS_WELL = frozenset(
    (
        *("stop", "stopped", "stoppedeos", "stoppedword", "stopsequence", "stopsequences", "stopstring", "stoptoken"),
        *("stoptokens", "stoptokenids", "stopword", "stopwords", "stopstr", "stopcriteria", "stopcriteriamet"),
        *("stopcondition", "stoptrigger", "matchedstop", "naturalstop", "messagestop", "messageend"),
        *("tool", "toolcall", "toolcalls", "toolcalling", "tooluse", "functioncall", "functioncalls", "function"),
        *("endturn", "endofturn", "end", "endoftext", "endofsequence", "endofsentence", "endofmessage"),
        *("endofresponse", "eos", "eostoken", "eostokenid", "eosfound", "eostokenfound", "eot", "eotid", "eottoken"),
        *("eom", "eomid", "eog", "eogtoken", "imend", "complete", "completed", "finish", "finished", "done", "normal"),
        *("success", "succeeded"),
    )
)
# A reason that contains one of these; the first matching group counts.
_FILTERED = re.compile(
    "filter|safety|recitation|blocklist|blocked|prohibit|spii|refus|guardrail|moderat|sensitive|toxic|policy|violat"
    "|flagged|censor|harm|jailbreak|copyright|language|inspection|risk|unsafe|illegal|compliance|redact|armor"
)
_FAILED = re.compile(
    "error|fail|abort|cancel|malformed|resource|network|timeout|timedout|unexpected|invalid|unavailable|overload"
    "|interrupt|disconnect|exception|preempt|ratelimit|memory|crash|kill|terminat|evict|shutdown"
)
_CUT = re.compile("length|limit|token|truncat|contextwindow|incomplete|partial|cutoff|budget|exceed|max")

_NOT_LETTERS = re.compile("[^a-z]+")
_PREFIX = re.compile("^[a-z]*?(?:finish|stop)reason(?=[a-z])")
_MAX_QUOTED = 60


def is_none(reason: str) -> bool:
    """Return whether a reason means "none yet"."""
    return reason.strip().lower() in ("", "null", "none", "nil")


def fault_of(reason: str) -> ModelError | None:
    """Return the error of an answer with this finish reason, or None if the answer is complete."""
    letters = _PREFIX.sub("", _NOT_LETTERS.sub("", reason.lower()))
    if letters in _ENDS_WELL:
        return None
    quoted = _quotable(reason)
    if _FILTERED.search(letters):
        return ModelRejected(f"The model's endpoint withheld the answer: its content filter stopped it ({quoted}).")
    if _FAILED.search(letters):
        return ModelUnavailable(f"The model's endpoint gave up before its answer was complete ({quoted}).")
    if _CUT.search(letters):
        return ModelInterrupted(f"The model reached its limit on length ({quoted}), so its answer is not complete.")
    return ModelInterrupted(f"The model's endpoint ended the answer for an unknown reason ({quoted}).")


def may_be_replaced(reason: str) -> bool:
    """Return whether a later reason replaces this one: cut, filtered and failed answers stay so."""
    fault = fault_of(reason)
    return fault is None or "unknown reason" in fault.message


def _quotable(reason: str) -> str:
    printable = "".join(character for character in reason if character.isprintable() and character.isascii())
    return printable[:_MAX_QUOTED] or "nameless"

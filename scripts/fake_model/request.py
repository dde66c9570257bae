"""One parsed request to the fake model: its options, its conversation, and the answer's content.

It knows OpenAI's format of a request. `answers.py` knows the bytes of an answer;
`fake_llm.py` documents the options at its top.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

FAULTS = (
    *("refuse", "mute", "html", "reset", "cut", "end", "truncate"),
    *("badjson", "empty", "error", "stall", "drip", "huge"),
)
_DIRECTIVE_IN_TEXT = re.compile(r"\[fake\?([^\s\]]*)\]")
_WORDS = ("The", "market", "opened", "quietly", "and", "closed", "a", "little", "higher", "than", "before", "it")
_numbers = itertools.count(1)


class BadRequest(Exception):
    """A request that OpenAI's endpoint would refuse, or an option that the fake does not have."""


@dataclass(frozen=True)
class Options:
    """Options of the answer to one request. Times in seconds, `size` in bytes."""

    first: float = 0.1
    tokens: int = 40
    gap: float = 0.02
    text: str = ""
    echo: bool = False
    reasoning: int = 0
    reasoning_field: str = "reasoning_content"
    tool: tuple[str, ...] = ()
    rounds: int = 1
    fault: str = ""
    at: int = -1
    times: int = 0
    round: int = 0
    retry_after: str = ""
    hold: float = math.inf
    size: int = 30_000_000
    split: int = 0
    stamp: bool = False

    def __post_init__(self) -> None:
        if self.fault and self.fault not in FAULTS and not re.fullmatch("[45][0-9][0-9]", self.fault):
            raise BadRequest(f"fault is {self.fault!r}, but takes a status from 400 to 599 or {', '.join(FAULTS)}.")
        times_and_sizes = (self.first, self.gap, self.tokens, self.reasoning, self.hold, self.size, self.split)
        if not all(number >= 0 for number in times_and_sizes) or math.isinf(self.first + self.gap):
            raise BadRequest("A time, a number or a size is not one that can be waited for or written.")


def _flag(text: str) -> bool:
    return {"1": True, "true": True, "0": False, "false": False}[text.lower()]


def _readers() -> dict[str, Callable[[str], Any]]:
    by_type: dict[Any, Callable[[str], Any]] = {float: float, int: int, bool: _flag}
    hints = typing.get_type_hints(Options)
    return {each.name: by_type.get(hints[each.name], str) for each in fields(Options)}


READERS = _readers()


def with_query(options: Options, query: str) -> Options:
    """Return `options`, changed by a query such as `first=0.5&tokens=200`. Raises BadRequest."""
    if not query:
        return options
    values: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in READERS:
            raise BadRequest(f"The fake model has no option {name!r}; it has {', '.join(READERS)}.")
        try:
            values[name] = (*values.get(name, ()), value) if name == "tool" else READERS[name](value)
        except (ValueError, KeyError):
            raise BadRequest(f"The fake model's option {name!r} cannot be {value!r}.") from None
    return replace(options, **values)


def query_of(**options: Any) -> str:
    """Return the query that selects `options`. `tool` is a list of `(name, arguments)`, see `directive`."""
    pairs = [(name, str(value)) for name, value in options.items() if name != "tool"]
    for name, arguments in options.get("tool", ()):
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        pairs.append(("tool", f"{name}:{text}"))
    return urlencode(pairs, quote_via=quote)


def directive(**options: Any) -> str:
    """Return a model name that selects `options`; in square brackets, it does so in a user's message.

    `tool` is a list of `(name, arguments)`: arguments as a dict, or as a string that is sent just as it is.
    """
    return "fake?" + query_of(**options)


def generated_text(tokens: int) -> str:
    """Return the default text of `tokens` tokens, all different."""
    return "".join(_generated(tokens))


@lru_cache(maxsize=64)
def _generated(tokens: int) -> tuple[str, ...]:
    return tuple(f"{_WORDS[n % len(_WORDS)]}({n}) " for n in range(tokens))


def stamp_text(at: float, late: float) -> str:
    """Return the text of a stamped token, of constant length: the time when written and the delay."""
    return f"@{at:017.6f}+{late:09.6f} "


def pieces(text: str) -> list[str]:
    """Return `text` cut as by a tokenizer: words with the space before them, and the remaining space."""
    return re.findall(r"\s*\S{1,8}|\s+", text)


class ChatRequest:
    """One parsed request: its conversation, its options, its answer's content. Raises BadRequest."""

    def __init__(self, body: bytes, defaults: Options) -> None:
        self.body = request = _checked(body)
        self.model: str = request["model"]
        self.messages: list[dict[str, Any]] = request["messages"]
        self.stream = request.get("stream") is True
        self.with_usage = bool((request.get("stream_options") or {}).get("include_usage"))
        last = max((n for n, message in enumerate(self.messages) if message.get("role") == "user"), default=-1)
        # A question that was never answered may stand before it in the same message, with an empty line between.
        self.question = _text_of(self.messages[last]).rpartition("\n\n")[2] if last >= 0 else ""
        self.round = 1 + sum(bool(message.get("tool_calls")) for message in self.messages[last + 1 :])
        self.options = self._options(defaults)
        may_call = bool(request.get("tools")) and request.get("tool_choice") != "none"
        self.calls = self._calls() if may_call and self.round <= self.options.rounds else []
        self.reasoning = _generated(self.options.reasoning)
        self.text = () if self.calls else self._text()

    def fault(self, attempt: int) -> str:
        """Return the fault for the `attempt`th request of the same question."""
        options = self.options
        return (
            options.fault
            if (not options.times or attempt <= options.times) and options.round in (0, self.round)
            else ""
        )

    def usage(self, tokens: int) -> dict[str, Any]:
        """Prompt tokens are an estimate, four characters to the token: there is no tokenizer here."""
        prompt = sum(len(_text_of(message)) for message in self.messages) // 4 + 1
        return {
            "prompt_tokens": prompt,
            "completion_tokens": tokens,
            "total_tokens": prompt + tokens,
            "completion_tokens_details": {"reasoning_tokens": len(self.reasoning)},
        }

    def _options(self, options: Options) -> Options:
        _, _, query = self.model.partition("?")
        options = with_query(options, query)
        in_text = _DIRECTIVE_IN_TEXT.search(self.question)
        return with_query(options, in_text[1]) if in_text else options

    def _calls(self) -> list[dict[str, Any]]:
        tools = [tool.partition(":") for tool in self.options.tool]
        return [
            {
                "id": f"call_{next(_numbers):012d}",
                "type": "function",
                "function": {"name": name, "arguments": arguments or "{}"},
            }
            for name, _, arguments in tools
        ]

    def _text(self) -> tuple[str, ...]:
        text = _text_of(self.messages[-1]) if self.options.echo else self.options.text
        return tuple(pieces(text)) or _generated(self.options.tokens)


def _checked(body: bytes) -> dict[str, Any]:
    try:
        request = _parsed(body)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(request, dict) or not isinstance(request.get("model"), str):
        raise BadRequest("The body names no model.")
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(each, dict) for each in messages):
        raise BadRequest("The body has no list of messages.")
    return request


def _parsed(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):  # what only Python's decoder accepts, such as halves of an emoji
        return json.loads(body)


def _text_of(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content if isinstance(part, dict))

"""Assembly of tool calls from the fragments in which they arrive.

By the specification, a call's fragments share an index, the first one has its id and name, and the others add
arguments. Real endpoints omit the index or the id, give every call the index 0, repeat the name or split it, and send
arguments as an object. Unknown fields of a call are stored and sent back unchanged.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from chat.call_ids import new_call_id
from chat.errors import ModelGarbled
from chat.llm.openai.answer.surrogates import cleaned, whole_characters
from chat.messages import ToolCall

MAX_TOOL_CALLS = 64
MAX_NAME_CHARACTERS = 256
# For all calls of one answer together: ids, arguments and unknown fields.
MAX_CALLS_CHARACTERS = 1024 * 1024

_ARGUMENTS = ("arguments", "parameters", "input")
_READ_HERE = {"index", "id", "type", "function", "name", *_ARGUMENTS}
# If every fragment repeats the name, the arguments are checked each time, up to this number.
_MOST_LOOKS = 64


class PartialCall:
    """A tool call whose arguments are still arriving."""

    def __init__(self, index: int | None, call_id: str) -> None:
        self.index = index
        self.id = call_id
        self.name = ""
        self.arguments: list[str] = []
        self.characters = 0
        self.extra: dict[str, Any] = {}
        self._looks = 0

    @property
    def may_be_whole(self) -> bool:
        """Return whether the arguments could end here."""
        if not self.arguments or not self.arguments[-1].rstrip().endswith(("}", "]", '"')):
            return False
        self._looks += 1
        return self._looks <= _MOST_LOOKS and _is_json("".join(self.arguments))

    def is_repeated(self, call_id: str, name: str, arguments: str) -> bool:
        """Return whether a fragment repeats all that has arrived of this call."""
        if name not in ("", self.name) or call_id not in ("", self.id) or (name and not self.id):
            return False
        # Cheap: a fragment is seldom as long as all before it together.
        if len(arguments) != self.characters or self.characters < 2 or "".join(self.arguments) != arguments:
            return False
        return bool(name) or _is_json(arguments)

    def add_name(self, name: str) -> None:
        """Add a name: the first, a repetition, a further fragment, or the whole name after a fragment."""
        if name == self.name:
            return
        self.name = name if name.startswith(self.name) else self.name + name
        if len(self.name) > MAX_NAME_CHARACTERS:
            raise ModelGarbled("The model called a tool by a name that is too long.")

    def add_arguments(self, arguments: str, is_named: bool) -> None:
        """Add a fragment of the arguments, or all of them so far, which some endpoints send with the name each time."""
        if is_named and len(arguments) > self.characters and arguments.startswith("{"):
            so_far = "".join(self.arguments)
            if so_far and arguments.startswith(so_far):
                self.arguments.clear()
                self.characters = 0
        if arguments:
            self.arguments.append(arguments)
            self.characters += len(arguments)

    def complete(self, message_extra: str) -> ToolCall:
        if not self.name:
            raise ModelGarbled("The model called a tool without naming it.")
        extra = as_text(self.extra) if self.extra else ""
        name, arguments = whole_characters(self.name), whole_characters("".join(self.arguments))
        return ToolCall(whole_characters(self.id) or new_call_id(), name, arguments, extra, message_extra)


class ToolCalls:
    """The calls of one answer. Raises ModelGarbled for more than an answer can need."""

    def __init__(self) -> None:
        self._calls: list[PartialCall] = []
        self._characters = 0

    def __bool__(self) -> bool:
        # Some endpoints send an empty call with every piece of text.
        return any(call.name or call.arguments for call in self._calls)

    def add(self, fragments: Any) -> None:
        """Add the `tool_calls` of a delta."""
        for fragment in _objects(fragments):
            self._add(fragment)

    def add_whole(self, calls: Any) -> None:
        """Add the `tool_calls` of a message, in which each is whole. Known calls are skipped."""
        for each in _objects(calls):
            function = _function(each)
            name, arguments = _name(function.get("name")), _arguments_of(function)
            if not any(call.name == name and "".join(call.arguments) == arguments for call in self._calls):
                self._add(each | {"index": len(self._calls)})

    def add_older(self, function: Any) -> None:
        """Add a fragment of a `function_call`, of which an answer has at most one."""
        if isinstance(function, dict):
            self._add({"index": 0, "function": function})

    def complete(self, message_extra: str) -> list[ToolCall]:
        """Return the assembled calls. `message_extra` goes to the first."""
        calls = [call for call in self._calls if call.name or call.arguments]
        return [call.complete("" if at else message_extra) for at, call in enumerate(calls)]

    def _add(self, fragment: dict[str, Any]) -> None:
        index, call_id = _index(fragment.get("index")), _id(fragment.get("id"))
        function = _function(fragment)
        name, arguments = _name(function.get("name")), _arguments_of(function)
        call = self._nearest(index, call_id, name)
        if call is not None and call.is_repeated(call_id, name, arguments):
            return
        if call is None or _begins_another(call, call_id, name, arguments):
            call = self._start_call(index, call_id)
        call.id = call.id or call_id
        call.add_name(name)
        call.add_arguments(arguments, bool(name))
        self._keep_extra(call, fragment, function)
        self._count(len(arguments) + len(call_id))

    def _start_call(self, index: int | None, call_id: str) -> PartialCall:
        if len(self._calls) == MAX_TOOL_CALLS:
            raise ModelGarbled("The model called too many tools at once.")
        call = PartialCall(index, call_id)
        self._calls.append(call)
        return call

    def _nearest(self, index: int | None, call_id: str, name: str) -> PartialCall | None:
        """Return the call that a fragment continues, if the fragment does not begin another one."""
        siblings = [call for call in self._calls if index is None or call.index == index]
        if not siblings and not name:  # a call whose fragments differ in their index
            siblings = [call for call in self._calls[-1:] if call.index is None or not call.may_be_whole]
        known = [call for call in siblings if call.id == call_id] if call_id else []
        if call_id and not known and not name:
            known = [call for call in self._calls if call.id == call_id]
        nearest = (known or siblings)[-1:]
        return nearest[0] if nearest else None

    def _keep_extra(self, call: PartialCall, fragment: dict[str, Any], function: dict[str, Any]) -> None:
        extra = {name: value for name, value in fragment.items() if name not in _READ_HERE and value is not None}
        if (kind := fragment.get("type")) and kind != "function":
            extra["type"] = kind
        inner = {name: value for name, value in function.items() if name not in _READ_HERE and value is not None}
        if inner and function is not fragment:
            extra["function"] = inner
        if extra:
            merge(call.extra, extra)
            self._count(len(as_text(extra)))

    def _count(self, characters: int) -> None:
        self._characters += characters
        if self._characters > MAX_CALLS_CHARACTERS:
            raise ModelGarbled("The model wrote arguments for tools that are too long.")


def _begins_another(call: PartialCall, call_id: str, name: str, arguments: str) -> bool:
    """Return whether a fragment with the index of `call`, or with none, begins another call. Only a name can."""
    if not name:
        return False
    if call_id and call.id and call_id != call.id:
        # Some endpoints give every fragment another id.
        continues = name == call.name and call.index is not None and bool(call.arguments) and not call.may_be_whole
        return not continues or arguments.startswith("{")
    if name != call.name:
        # The rest of a split name arrives before the arguments.
        return bool(call.arguments) if call.name else False
    return bool(arguments) and call.may_be_whole


def merge(into: dict[str, Any], new: dict[str, Any]) -> None:
    """Merge the fields of a further fragment: objects are merged, other values replaced."""
    for name, value in new.items():
        known = into.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            merge(known, value)
        elif value is not None:
            into[name] = value


def as_text(value: Any) -> str:
    """Return `value` as JSON text."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(cleaned(value)).decode()


def _objects(fragments: Any) -> Iterator[dict[str, Any]]:
    fragments = _of_text(fragments)
    if isinstance(fragments, dict):
        fragments = [fragments] if "function" in fragments or "name" in fragments else list(fragments.values())
    if isinstance(fragments, list):
        yield from (each for each in fragments if isinstance(each, dict))


def _of_text(value: Any) -> Any:
    """Return the object or the list in a text that is JSON; any other value unchanged."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        with contextlib.suppress(ValueError, RecursionError):
            return msgspec.json.decode(value)
    return value


def _function(fragment: dict[str, Any]) -> dict[str, Any]:
    """Return the object with the function's name and arguments; some endpoints omit the object around them."""
    function = _of_text(fragment.get("function"))
    if isinstance(function, str):
        return fragment | {"name": function}
    return function if isinstance(function, dict) else fragment


def _index(value: Any) -> int | None:
    try:
        return None if value is None or isinstance(value, bool) else int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None


def _id(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def _name(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _arguments_of(function: dict[str, Any]) -> str:
    value = next((value for name in _ARGUMENTS if (value := function.get(name)) is not None), None)
    if value is None or value == {}:  # an empty object may precede the arguments
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return False
    return True

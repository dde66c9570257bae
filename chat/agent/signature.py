"""Tools from Python functions: the specification for the model, and the check of a call's arguments.

The tool's name is the function's, its description the docstring, its parameters the signature: `country: Annotated[str,
"a country as people say it"]`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from chat.agent.arguments import as_list, decoded, without_nulls
from chat.errors import ToolFailure
from chat.messages import ToolResult, ToolSpec

_ARGUMENTS_BYTES = 20_000
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Signature:
    """A function's signature as a checked type. Raises TypeError for a function that cannot be a tool."""

    def __init__(self, function: Callable[..., ToolResult]) -> None:
        name = getattr(function, "__name__", "")
        description = inspect.cleandoc(function.__doc__ or "")
        if not name.isidentifier() or not description:
            raise TypeError(f"{function!r} needs a name and a docstring to be a tool")
        self._type = msgspec.defstruct(name, _fields(function), forbid_unknown_fields=True)
        self._lists = [field.name for field in msgspec.structs.fields(self._type) if _is_list(field.type)]
        self.spec = ToolSpec(name, description, _schema(self._type))

    def arguments(self, text: str) -> dict[str, Any]:
        """Check and return a model's arguments. Raises ToolFailure with a message that the model can act on."""
        if len(text) > _ARGUMENTS_BYTES:
            raise ToolFailure(f"The arguments of {self.spec.name} are too long.")
        try:
            checked = self._checked(decoded(text))
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise ToolFailure(f"The arguments of {self.spec.name} are not right: {error}.") from None
        return {name: getattr(checked, name) for name in self._type.__struct_fields__}

    def _checked(self, arguments: Any) -> msgspec.Struct:
        """Return the arguments unchanged if they are valid, otherwise in their probable meaning."""
        try:
            return msgspec.convert(arguments, self._type, strict=False)
        except msgspec.ValidationError:
            if not isinstance(arguments, dict):
                raise
            corrected = without_nulls(arguments, self._type.__struct_defaults__, self._type.__struct_fields__)
            for name in self._lists:
                if isinstance(corrected.get(name), str):
                    corrected[name] = as_list(corrected[name])
            if corrected == arguments:
                raise
            return msgspec.convert(corrected, self._type, strict=False)


def _fields(function: Callable[..., ToolResult]) -> list[Any]:
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters
    for name, parameter in parameters.items():
        if name not in hints or parameter.kind not in _BY_NAME:
            raise TypeError(f"{function!r} cannot be a tool: {name} has no type, or cannot be given by name")
    return [
        (name, _described(hints[name]))
        if parameter.default is inspect.Parameter.empty
        else (name, _described(hints[name]), msgspec.field(default=parameter.default))
        for name, parameter in parameters.items()
    ]


def _is_list(hint: Any) -> bool:
    """Return whether a parameter accepts a list, possibly among other types, but no text."""
    if get_origin(hint) is Annotated:
        return _is_list(get_args(hint)[0])
    choices = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    kinds = [get_origin(choice) or choice for choice in choices]
    return list in kinds and str not in kinds


def _described(hint: Any) -> Any:
    """Return `Annotated[T, "description"]` in msgspec's form."""
    if get_origin(hint) is Annotated:
        plain, *notes = get_args(hint)
        return Annotated[plain, msgspec.Meta(description=" ".join(note for note in notes if isinstance(note, str)))]
    return hint


def _schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components([struct])
    schema: dict[str, Any] = components[struct.__name__]
    return {key: value for key, value in schema.items() if key != "title"}

"""A Python function as a tool: its specification for the model, and the check of a call's arguments.

The tool's name is the function's, its description the docstring, its parameters the signature: `country: Annotated[str,
"a country as people say it"]`. A parameter of type `ToolContext` receives the call's context; models do not see it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from chat.errors import ToolFailure
from chat.messages import ToolResult, ToolSpec
from chat.tool_contract import ToolContext
from chat.tools.lenient_arguments import as_choice, as_list, without_nulls

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class FunctionTool:
    """`chat.tool_contract.Tool` made of a function. Raises TypeError for a function that cannot be one."""

    def __init__(self, function: Callable[..., ToolResult], label: str = "") -> None:
        name = getattr(function, "__name__", "")
        description = inspect.cleandoc(function.__doc__ or "")
        if not name.isidentifier() or not description:
            raise TypeError(f"{function!r} needs a name and a docstring to be a tool")
        self._function = function
        hints = _checked_hints(function)
        self._context = next((each for each, hint in hints.items() if hint is ToolContext), None)
        self._type = msgspec.defstruct(name, _fields(function, hints), forbid_unknown_fields=True)
        declared = msgspec.structs.fields(self._type)
        self._lists = [field.name for field in declared if _is_list(field.type)]
        self._choices = {field.name: choices for field in declared if (choices := _choices(field.type))}
        self.spec = ToolSpec(name, description, _schema(self._type), label)

    def call(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolResult:
        """Check the arguments and call the function. Raises ToolFailure with a message that the model can act on."""
        values = self.arguments(arguments)
        return self._function(**values if self._context is None else values | {self._context: context})

    def arguments(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the function's arguments: unchanged if they are valid, otherwise in their probable meaning."""
        try:
            checked = self._checked(arguments)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise ToolFailure(f"The arguments of {self.spec.name} are invalid: {error}.{self._hint(error)}") from None
        return {name: getattr(checked, name) for name in self._type.__struct_fields__}

    def _hint(self, error: Exception) -> str:
        """Return what the argument takes that `error` names, if it is one of several choices."""
        for name, choices in self._choices.items():
            if f"`$.{name}`" in str(error):
                return f" It takes {', '.join(choices)}."
        return ""

    def _checked(self, arguments: Mapping[str, Any]) -> msgspec.Struct:
        try:
            return msgspec.convert(arguments, self._type, strict=False)
        except msgspec.ValidationError:
            corrected = without_nulls(arguments, self._type.__struct_defaults__, self._type.__struct_fields__)
            for name in self._lists:
                if isinstance(corrected.get(name), str):
                    corrected[name] = as_list(corrected[name])
            for name, choices in self._choices.items():
                if isinstance(corrected.get(name), str):
                    corrected[name] = as_choice(corrected[name], choices)
            if corrected == arguments:
                raise
            return msgspec.convert(corrected, self._type, strict=False)


def _checked_hints(function: Callable[..., ToolResult]) -> dict[str, Any]:
    """Return the types of the function's parameters. Raises TypeError."""
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters
    for name, parameter in parameters.items():
        if name not in hints or parameter.kind not in _BY_NAME:
            raise TypeError(f"{function!r} cannot be a tool: {name} has no type, or cannot be given by name")
    return {name: hints[name] for name in parameters}


def _fields(function: Callable[..., ToolResult], hints: Mapping[str, Any]) -> list[Any]:
    parameters = inspect.signature(function).parameters
    return [
        (name, _described(hints[name]))
        if parameter.default is inspect.Parameter.empty
        else (name, _described(hints[name]), msgspec.field(default=parameter.default))
        for name, parameter in parameters.items()
        if hints[name] is not ToolContext
    ]


def _is_list(hint: Any) -> bool:
    """Return whether a parameter accepts a list, possibly among other types, but no text."""
    if get_origin(hint) is Annotated:
        return _is_list(get_args(hint)[0])
    choices = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    kinds = [get_origin(choice) or choice for choice in choices]
    return list in kinds and str not in kinds


def _choices(hint: Any) -> tuple[str, ...]:
    """Return the texts of which a parameter takes one, if that is its type."""
    if get_origin(hint) is Annotated:
        return _choices(get_args(hint)[0])
    return get_args(hint) if get_origin(hint) is Literal else ()


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

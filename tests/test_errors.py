"""The tree of exceptions: the drawing at the top of chat/errors.py agrees with the classes."""

from __future__ import annotations

import inspect
import re

from chat import errors
from chat.errors import ParleyError


def drawn_tree() -> dict[str, str]:
    """Return each class of the drawing with its parent, from the indentation."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for indent, name in re.findall(r"^    ((?:[│ ]   )*(?:[├└]── )?)([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE):
        depth = len(indent) // 4
        del path[depth:]
        parents[name] = path[-1] if path else "Exception"
        path.append(name)
    return parents


def test_the_drawn_tree_is_the_tree_of_classes() -> None:
    classes = {
        name: kind.__bases__[0].__name__
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__module__ == errors.__name__
    }
    assert len(classes) > 20
    assert drawn_tree() == classes


def test_every_error_has_a_code_and_a_sentence() -> None:
    for kind in (errors.NotFound, errors.Forbidden, errors.ToolFailure, errors.ModelError, errors.StoreUnavailable):
        error: ParleyError = kind("It is so.")
        assert (str(error), error.message) == ("It is so.", "It is so.")
        assert re.fullmatch(r"[a-z_]+", error.code)

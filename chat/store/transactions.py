"""Decorators for the methods of repositories: each method is one read, one snapshot or one transaction."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from chat.store.engines.contract import Engine

P = ParamSpec("P")
T = TypeVar("T")


class _HasEngine(Protocol):
    @property
    def engine(self) -> Engine: ...


S = TypeVar("S", bound=_HasEngine)


def reads(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Decorate a repository method that only reads. Its body runs inside the engine's `read`."""

    @functools.wraps(method)
    def wrapper(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.engine.read(lambda: method(self, *args, **kwargs))

    return wrapper


def reads_snapshot(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Decorate a repository method that reads several statements. Its body sees one snapshot."""

    @functools.wraps(method)
    def wrapper(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.engine.snapshot(lambda: method(self, *args, **kwargs))

    return wrapper


def writes(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Decorate a repository method that writes. Its body is one transaction and must not call another such method."""

    @functools.wraps(method)
    def wrapper(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.engine.write(lambda: method(self, *args, **kwargs))

    return wrapper

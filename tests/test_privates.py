"""Private names of libraries that the program relies on, with the module that uses each.

A new release of a library may remove such a name without notice: here it is missed first.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

import chat
import config
import scripts

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Private:
    """`name` is used by the module `user`; `owner` is the library's module that defines it."""

    name: str
    owner: str
    user: str


PRIVATES = [
    # gunicorn
    Private("_apply_header_policy", "gunicorn.http.message", "chat/runtime/http_fast_path.py"),
    Private("_peer_trusted_for_forwarded", "gunicorn.http.message", "chat/runtime/http_fast_path.py"),
    Private("_expected_100_continue", "gunicorn.http.message", "chat/runtime/http/request_budget.py"),
    Private("_gunicorn", "gunicorn.glogging", "config/server/access_log.py"),
    Private("_stats", "gunicorn.arbiter", "config/server/master.py"),
    # gevent
    Private("_sock", "gevent._socket3", "chat/runtime/http_fast_path.py"),
    Private("_start_accepting_if_started", "gevent.baseserver", "chat/runtime/accept.py"),
    # httpx2 and httpcore2
    Private("_pool", "httpx2._transports.default", "chat/llm/openai/transport/httpx_transport.py"),
    Private("_network_backend", "httpcore2._sync.connection_pool", "chat/llm/openai/transport/httpx_transport.py"),
    # openai
    Private("_make_status_error_from_response", "openai._base_client", "chat/llm/openai/transport/endpoint.py"),
    # Werkzeug
    Private("_get_current_object", "werkzeug.local", "chat/web/auth/principal.py"),
    Private("_get_current_object", "werkzeug.local", "chat/web/openapi/views.py"),
    # psycopg
    Private("_WaitTimeout", "psycopg.errors", "chat/store/engines/postgresql/connection.py"),
    # redis
    Private("_connections", "redis.connection", "chat/net/redis_pool.py"),
    # Python
    Private("_socket", "_socket", "chat/store/engines/postgresql/connection.py"),
    Private("_Decompress", "zlib", "chat/llm/openai/transport/decompression.py"),
    Private("_current_frames", "sys", "chat/runtime/block_watch/loop_view.py"),
    Private("_current_frames", "sys", "chat/runtime/looks/stacks.py"),
    Private("_exit", "os", "config/server/reload/preflight_process.py"),
    Private("_exit", "os", "config/server/start_status.py"),
    Private("_queue", "_queue", "chat/runtime/native.py"),
    Private("_srcfile", "logging", "config/logging.py"),
    Private("_thread", "_thread", "chat/runtime/mode.py"),
    Private("_thread", "_thread", "chat/runtime/native.py"),
    Private("_thread", "_thread", "chat/runtime/waiter.py"),
]
# Methods that the library calls, replaced by the program's.
OVERRIDDEN = {
    "chat.net.redis_pool._Tcp._connect",  # redis.connection.Connection
    "chat.net.redis_pool._Unix._connect",  # redis.connection.UnixDomainSocketConnection
    "chat.runtime.http_fast_path.FastRequest._parse_python",  # gunicorn.http.message.Request
    "chat.runtime.http_fast_path.FastResponse._emit_body",  # gunicorn.http.wsgi.Response
    "chat.runtime.refusals.ProxiedRequest._apply_header_policy",  # gunicorn.http.message.HeaderPolicy
    "chat.store.engines.postgresql.connection.Connections._connect",  # peewee.PostgresqlDatabase
    "chat.store.engines.sqlite.connection.Connections._connect",  # peewee.SqliteDatabase
    "config.server.access_log.AccessLog._set_handler",  # gunicorn.glogging.Logger
}
# For type checkers alone: such names do not exist at run time.
TYPES_ONLY = {"_typeshed", "_Decompress"}


def sources() -> list[Path]:
    folders = ("chat", "config", "scripts")
    files = [*ROOT.glob("*.py"), *(path for folder in folders for path in (ROOT / folder).rglob("*.py"))]
    return [path for path in files if "node_modules" not in path.parts]


def is_private(name: str) -> bool:
    return re.fullmatch(r"_[^\W_]\w*", name) is not None


def defined_names(tree: ast.Module) -> set[str]:
    """Return the names that a module defines: functions, classes, variables, attributes of its own objects."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_own(node.value):
            names.add(node.attr)
    return names


def is_own(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in ("self", "cls")


def used_names(tree: ast.Module) -> Iterator[str]:
    """Yield the private names that a module accesses, imports, or passes as a string, as to `getattr`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Call):
            constants = (each.value for each in node.args if isinstance(each, ast.Constant))
            yield from (each for each in constants if isinstance(each, str))
        elif isinstance(node, ast.Import):
            yield from (part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)


def used_of_others(path: Path) -> set[str]:
    """Return the private names in a module that it does not define itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {name for name in used_names(tree) if is_private(name)} - defined_names(tree)


def test_every_private_that_is_used_is_listed() -> None:
    used = {(name, str(path.relative_to(ROOT))) for path in sources() for name in used_of_others(path)}
    listed = {(each.name, each.user) for each in PRIVATES}
    assert {(name, user) for name, user in used if name != "_typeshed"} == listed


@pytest.mark.parametrize("private", PRIVATES, ids=lambda each: f"{each.owner} {each.name}, {each.user}")
def test_a_listed_private_still_exists(private: Private) -> None:
    owner = importlib.import_module(private.owner)
    if private.name in TYPES_ONLY | {owner.__name__} or hasattr(owner, private.name):
        return
    # A method, or an attribute that the class sets.
    assert re.search(rf"\b(def |self\.|\.){private.name}\b", inspect.getsource(owner))


def test_every_private_that_is_overridden_is_listed() -> None:
    """A class that inherits from a library's class replaces what has the same private name, meant or not."""
    overridden = {
        f"{module.__name__}.{kind.__name__}.{name}"
        for module in modules()
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__
        for name in vars(kind)
        if is_private(name)
        and name not in ("_abc_impl", "_is_protocol")  # which Python gives to subclasses of abstract classes
        and any(name in vars(base) for base in kind.__mro__[1:] if is_library(base))
    }
    assert overridden == OVERRIDDEN


def modules() -> Iterator[ModuleType]:
    for package in (chat, config, scripts):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not each.name.endswith(".__main__"):
                yield importlib.import_module(each.name)


def is_library(kind: type) -> bool:
    package = kind.__module__.partition(".")[0]
    return package not in ("chat", "config", "scripts") and package not in sys.stdlib_module_names

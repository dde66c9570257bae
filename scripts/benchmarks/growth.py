"""Costs that grow with use: each request's first page, for a user with little and for a user with much."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass

from scripts.benchmarks import figures, scene, users
from scripts.benchmarks.backends import move_into
from scripts.benchmarks.bench import Bench
from scripts.benchmarks.crowd import Crowd
from scripts.benchmarks.measures import Measure, written
from scripts.benchmarks.model import Pace
from scripts.benchmarks.seed import COMMON, RARE, User, seeded
from scripts.benchmarks.servers import Server

_TARGET_MS = 50
_TIMES = 100
_PAGE = 50
_AT_MOST_S = 10.0
_PACE = Pace(first_s=0.05, tokens=10, gap_s=0.0)


@dataclass(frozen=True)
class Page:
    """A requested page; `path` may name the user's newest conversation as `{id}`.

    It is valid if it has no more than a page of `items`, and if the path `empty` returns none.
    """

    name: str
    title: str
    path: str
    seed: str
    items: str = "items"
    empty: str = ""


_LIST = "/api/conversations"
_NOWHERE = f"{_LIST}?q=nowhere"
_PAGES = (
    Page("open", "opening a conversation of {} messages", f"{_LIST}/{{id}}?limit=50", "messages", "messages"),
    Page("list", "listing {} conversations", f"{_LIST}?limit=50", "conversations"),
    Page("search_rare", "searching {} messages for a rare word", f"{_LIST}?q={RARE}", "search", empty=_NOWHERE),
    Page("search_common", "searching {} messages for a common word", f"{_LIST}?q={COMMON}", "search", empty=_NOWHERE),
)
_SIZES = {"messages": (20, 2000), "conversations": (100, 10_000), "search": (1000, 100_000), "context": (2, 200)}


def growth(bench: Bench) -> list[Measure]:
    """Measure response times of an idle server with one gevent worker over a seeded database."""
    with _PACE.model() as model:
        server = bench.parley(model, 1)
        bench.say("seeding the database ...")
        seeds = seeded(server.folder / "chat.db", bench.quick)
        move_into(server.settings, server.folder / "chat.db")
        with server:
            measures = [_page(bench, server, page, *seeds[page.seed]) for page in _PAGES]
            return [*measures, _context(bench, server, *seeds["context"])]


def _page(bench: Bench, server: Server, page: Page, little: User, much: User) -> Measure:
    with Client(server.port) as client:
        few, many = (figures.spread(_times_ms(client, page, user)) for user in (little, much))
        measure = _measure(bench, page.name, f"{page.title}, first page", page.seed, few, many)
        if not _is_page(client, page, much):
            bench.say("  but that was not the page: the server does not know what was asked for")
            measure.parley, measure.note = figures.NEVER, f"not built; what it answers instead: {measure.note}"
    return measure


def _times_ms(client: Client, page: Page, user: User) -> list[float]:
    """Return the time of each request, one after the other, without the first."""
    times_ms: list[float] = []
    until = time.monotonic() + _AT_MOST_S
    while len(times_ms) <= _TIMES and time.monotonic() < until:
        began_at = time.perf_counter()
        client.get(_path(page, user), user)
        times_ms.append((time.perf_counter() - began_at) * 1000)
    return times_ms[1:] or times_ms


def _is_page(client: Client, page: Page, user: User) -> bool:
    whole = json.loads(client.get(_path(page, user), user))[page.items]
    return len(whole) <= _PAGE and not (page.empty and json.loads(client.get(page.empty, user))[page.items])


def _path(page: Page, user: User) -> str:
    return page.path.replace("{id}", str(user.conversations[-1]))


class Client:
    """Client with one connection, which stays open."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str, user: User) -> bytes:
        self._connection.request("GET", path, headers={"Cookie": user.cookie})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path} was answered {answer.status}: {body[:200]!r}")
        return body


def _context(bench: Bench, server: Server, little: User, much: User) -> Measure:
    """Measure the first token, beyond the model's time, of a turn whose conversation is not in memory.

    Each conversation is used once, since afterwards memory holds its context.
    """
    few, many = (figures.spread(_late_ms(server, user)) for user in (little, much))
    return _measure(bench, "context", "a context of {} messages: first token late", "context", few, many)


def _late_ms(server: Server, user: User) -> list[float | None]:
    requests = [users.asking(server.port, each, user.cookie) for each in user.conversations]
    streams = Crowd(server.port, requests, [number * 0.3 for number in range(len(requests))], 30).run()
    late = [scene.first_late_s(stream, _PACE) for stream in streams]
    return [None if each is None else each * 1000 for each in late]


def _measure(bench: Bench, name: str, title: str, seed: str, few: dict[str, float], many: dict[str, float]) -> Measure:
    small, large = _SIZES[seed]
    if bench.quick:
        large = large if seed == "context" else large // 10
    note = f"p50 {many['p50']:.1f} ms; with {small:,}: p50 {few['p50']:.1f} ms, p99 {few['p99']:.1f} ms"
    bench.say(f"{title.format(f'{large:,}')}: p99 {written(many['p99'], 'ms')}, {note}")
    return Measure(name, f"{title.format(f'{large:,}')}, p99", "ms", _TARGET_MS, many["p99"], note=note)

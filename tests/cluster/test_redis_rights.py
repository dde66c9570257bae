"""The rights of Parley's user in Redis: those of the documentation suffice, and all of them are needed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

import pytest

from chat.cluster.redis_link import RedisLink
from chat.memory.redis import RedisMemory
from chat.messages import Message
from config.paths import ROOT
from scripts.kit.redis_server import RedisServer
from scripts.kit.waiting import wait_until

PASSWORD = "a-password"
(RIGHTS,) = re.findall(r"(?m)^ACL SETUSER parley on >PASSWORD (.*)$", (ROOT / "docs" / "scaling.md").read_text())
# A user has the rights to no keys and channels, and to no commands, unless they are named.
NEEDED = [right for right in RIGHTS.split() if right[0] in "~&+" and right != "+@connection"]

LinkOf = Callable[[str], RedisLink]


@pytest.fixture
def link_of(redis_server: RedisServer) -> Iterator[LinkOf]:
    """Return a function that links another worker to Redis, as a user with these rights."""
    links = []
    numbers = itertools.count()

    def link_of(rights: str) -> RedisLink:
        redis_server.run("ACL", "SETUSER", "tested", "reset", "on", f">{PASSWORD}", *rights.split())
        url = f"redis://tested:{PASSWORD}@127.0.0.1:{redis_server.port}/0"
        link = RedisLink(url, f"worker {next(numbers)}", lambda: "a key", lambda: "a database", wait_factor=20.0)
        links.append(link)
        return link

    yield link_of
    for link in links:
        link.close()
    redis_server.run("ACL", "DELUSER", "tested")
    redis_server.flush()


def test_the_documented_rights_suffice(link_of: LinkOf) -> None:
    links = [link_of(RIGHTS) for _ in range(2)]
    memories = [RedisMemory(link.client, link.prefix, 10_000) for link in links]
    for link in links:
        link.start(lambda request: iter([b"It is ", b"me."]))
        link.reports.publish({"pid": 1})
    wait_until(lambda: all(link.road.usable for link in links), "both listen")
    assert len(links[0].reports.reports()) == 2
    answer = links[0].road.ask("worker 1", {"turn": "1"}, 60.0)
    assert b"".join(answer) == b"It is me."
    message = Message("user", "Hello")
    memories[0].put(7, 1, [message])
    assert memories[1].get(7, 1) == (message,)
    for link in links:
        for _ in range(3):
            link.check()
        assert link.problem == ""


@pytest.mark.parametrize("missing", NEEDED)
def test_a_user_without_one_of_them_is_named_as_long_as_it_is_so(missing: str, link_of: LinkOf) -> None:
    link = link_of(" ".join(right for right in RIGHTS.split() if right != missing))
    for _ in range(3):
        link.client.check()
        assert link.problem == (
            "Redis does not allow the user in REDIS_URL everything that Parley needs; docs/scaling.md has its rights."
        )
    link_of(RIGHTS)
    link.client.check()
    assert link.problem == ""

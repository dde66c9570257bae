"""Three servers behind nginx, each like a machine of its own, and users who address one of them by name."""

from __future__ import annotations

import contextlib
import copy
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scripts.chaos.connection import Address
from scripts.chaos.crowd import side_by_side
from scripts.chaos.nginx import Nginx
from scripts.chaos.parley import Parley
from scripts.chaos.question import Question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import User
from scripts.kit.waiting import wait_until

_BEGUN_S = 30.0


@dataclass(frozen=True)
class Fleet:
    """The servers, and nginx in front of them."""

    servers: Sequence[Parley]
    nginx: Nginx

    @property
    def front(self) -> Address:
        return self.nginx.address

    def shuffled(self) -> list[Parley]:
        return random.sample(self.servers, len(self.servers))


@contextlib.contextmanager
def start_fleet(scene: SceneRun) -> Iterator[Fleet]:
    folder = scene.server.folder
    others = [scene.server.on_another_machine(folder / name, name) for name in ("machine-2", "machine-3")]
    with contextlib.ExitStack() as started:
        for other in others:
            started.push(other.__exit__)
        side_by_side([other.__enter__ for other in others])
        servers = [scene.server, *others]
        nginx = started.enter_context(Nginx(folder / "nginx", [server.address for server in servers]))
        yield Fleet(servers, nginx)


def at(user: User, server: Parley) -> User:
    """Return this user with another server's address."""
    there = copy.copy(user)
    there.address = server.address
    return there


def begin_asking(user: User, question: Question) -> threading.Thread:
    """Ask, and return when the answer has begun."""
    thread = threading.Thread(target=user.ask, args=(question,), daemon=True)
    thread.start()
    wait_until(lambda: question.received_text or question.status, f"{question} begins", _BEGUN_S)
    return thread

"""Parley itself, as users run it: real gunicorn with its own configuration, in a process tree of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from weakref import WeakSet

import requests

from scripts.fake_llm import directive
from scripts.kit.server_runner import ROOT, ServerRunner, parley_settings
from scripts.kit.sse import Event, read_events
from scripts.kit.waiting import wait_until


class ParleyServer(ServerRunner):
    """Started on a free port with every file in `folder`; settings by keyword, as in `.env`. A context manager."""

    # As the last server has them: building them takes a quarter of a start's CPU.
    _page_files = Path("/nowhere")

    def __init__(self, folder: Path, program: Path = ROOT, **settings: object) -> None:
        super().__init__(folder, program=program)
        self.settings = parley_settings(folder, self.port) | {"DEMO_LATENCY_S": 0.3} | settings

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for user in list(_users):
            if user.url == self.url:
                user.session.close()  # or a gevent worker would wait for its idle connection
        super().__exit__(kind, error, trace)

    def start(self) -> None:
        page_files = self.folder / "data" / "page"
        if ParleyServer._page_files.is_dir() and not page_files.parent.exists():
            page_files.parent.mkdir(mode=0o700)
            shutil.copytree(ParleyServer._page_files, page_files, copy_function=os.link)
        super().start()
        if self.program == ROOT:
            ParleyServer._page_files = page_files

    def stop(self, timeout_s: float = 40) -> int:
        return super().stop(timeout_s)

    def wait_for_workers(self, number: int) -> None:
        """Wait until this number of workers report themselves. The server is ready with its first one."""
        wait_until(lambda: len(requests.get(f"{self.url}/admin/memory-debug", timeout=30).json()["workers"]) >= number)

    def log(self, name: str) -> str:
        path = self.folder / "logs" / name
        return path.read_text(encoding="utf-8") if path.exists() else ""


class User:
    """A user with a browser of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        _users.add(self)
        self.get("/api/me")

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=60, **options)

    def post(self, path: str, body: dict[str, Any] | None = None, **options: Any) -> requests.Response:
        return self.session.post(self.url + path, json=body or {}, timeout=60, **options)

    def conversation(self) -> int:
        return int(self.post("/api/conversations").json()["id"])

    def ask(self, conversation: int, text: str, **fields: Any) -> list[Event]:
        """Ask and wait for the whole answer."""
        with self.asking(conversation, text, **fields) as events:
            return list(events)

    @contextmanager
    def asking(self, conversation: int, text: str, **fields: Any) -> Iterator[Iterator[Event]]:
        """Ask, and yield the events as they arrive."""
        answer = self.post(
            f"/api/conversations/{conversation}/turns",
            {"text": text} | fields,
            headers={"Accept": "text/event-stream"},
            stream=True,
        )
        with answer:
            assert answer.status_code == 200, answer.text
            yield events_of(answer)

    def follow(self, turn: int, after: int = 0) -> list[Event]:
        with self.get(f"/api/turns/{turn}/events?after={after}", stream=True) as answer:
            assert answer.status_code == 200, answer.text
            return list(events_of(answer))


_users: WeakSet[User] = WeakSet()


def events_of(answer: requests.Response) -> Iterator[Event]:
    """Yield the events of a stream as they come, without comments."""
    return read_events(answer.iter_content(chunk_size=None))


def text_of(events: list[Event]) -> str:
    return "".join(event.data["text"] for event in events if event.name == "delta")


def wanting(**options: Any) -> str:
    """Return words for a question that tell the fake model how to answer: see `scripts/fake_llm.py`."""
    return f"[{directive(**options)}]"

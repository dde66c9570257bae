"""A table of notes for the tests."""

from __future__ import annotations

from collections.abc import Callable

from chat.store.engines.contract import Engine


def add(engine: Engine, note_id: int, text: str | None = "") -> Callable[[], int]:
    """Return work that adds a note and returns its id."""

    def work() -> int:
        engine.execute("INSERT INTO notes (id, text) VALUES (?, ?)", (note_id, text))
        return note_id

    return work


def notes(engine: Engine) -> list[tuple[int, str]]:
    return engine.read(lambda: engine.execute("SELECT id, text FROM notes ORDER BY id").fetchall())

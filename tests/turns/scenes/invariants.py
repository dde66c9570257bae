"""Invariants after a scene with faults, checked in the database, over the API and at the model."""

from __future__ import annotations

import functools
from typing import Any

from config.setting_values import is_postgresql
from scripts.kit.sse import Event

from ...store.other_program import sql
from ..worker import names, text_of
from .faulty_endpoint import FaultyEndpoint
from .whole_scene import Scene, SceneModel


def check_invariants(scene: Scene, model: SceneModel | FaultyEndpoint, memory: Any, database_url: str) -> None:
    """Check the invariants, once nothing fails any more."""
    scene.clock.pass_a_lease()
    _check_rows(scene, database_url)
    _check_followers(scene)
    _check_that_it_goes_on(scene, model, memory)


def _check_rows(scene: Scene, url: str) -> None:
    rows = functools.partial(sql, url)
    assert rows("SELECT id FROM turns WHERE status = 'running'") == []
    assert rows("SELECT id FROM conversations WHERE active_turn_id IS NOT NULL") == []
    assert is_postgresql(url) or rows("PRAGMA foreign_key_check") == []
    assert rows("SELECT id FROM messages WHERE conversation_id = ?", scene.deleted) == []
    texts = dict(rows("SELECT id, text FROM messages WHERE conversation_id = ? AND role = 'user'", scene.here))
    questions = {message: text for message, text in scene.acknowledged.items() if text != "look away"}
    assert texts == questions, "a question is lost, or one exists that no client knows"
    answers = rows("SELECT id FROM messages WHERE conversation_id = ? AND role = 'assistant'", scene.here)
    turns = rows("SELECT message_id, user_message_id FROM turns WHERE conversation_id = ?", scene.here)
    assert sorted(answer for answer, _ in turns) == sorted(message for (message,) in answers)
    assert {question for _, question in turns} == set(questions)


def _check_followers(scene: Scene) -> None:
    streams: dict[int, list[Event]] = {}
    for followed in scene.streams:
        assert names(followed.events).count("done") == 1
        assert [event.number for event in followed.events] == list(range(1, len(followed.events) + 1))
        assert streams.setdefault(followed.turn, followed.events) == followed.events, "two heard it differently"
    for turn, events in streams.items():
        answer = scene.client.get(f"/api/turns/{turn}")
        if answer.status_code == 404:  # deleted with its conversation
            continue
        assert (answer.json["status"], answer.json["text"]) == (events[-1].data["status"], text_of(events))


def _check_that_it_goes_on(scene: Scene, model: SceneModel | FaultyEndpoint, memory: Any) -> None:
    """Check that the next question is answered from the context that the database alone gives."""
    before = len(scene.streams)
    scene.ask_and_listen("what next?")
    assert {followed.status for followed in scene.streams[before:]} == {"completed"}
    from_memory = model.seen[-1]
    memory.drop(scene.here)
    scene.listen_to(scene.regenerate(scene.streams[-1].events[0].data["message_id"]))
    assert model.seen[-1] == from_memory

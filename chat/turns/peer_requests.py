"""Dispatch of the requests that this worker receives from other workers over its socket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chat.cluster.peers import Handler
from chat.turns.follow import Follower
from chat.turns.stop import Stopper


def dispatch(follower: Follower, stopper: Stopper) -> Handler:
    """Return the handler for `Peers.listen`. A request is dispatched by its key; an unknown one has no answer."""
    handlers = {"follow": follower.serve, "room": follower.serve_room, "stop": stopper.serve}

    def handle(request: dict[str, Any]) -> Iterable[bytes]:
        return next((serve(request) for key, serve in handlers.items() if key in request), ())

    return handle

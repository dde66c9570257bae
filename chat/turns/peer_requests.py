"""What this worker does for the others of its server when they ask over its socket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chat.cluster.peers import Handler
from chat.turns.follow import Follower
from chat.turns.stop import Stopper


def dispatch(follower: Follower, stopper: Stopper) -> Handler:
    """The handler for `Peers.listen`: a request names what it wants by its first key."""
    served = {"follow": follower.serve, "room": follower.serve_room, "stop": stopper.serve}

    def serve(request: dict[str, Any]) -> Iterable[bytes]:
        return next((serve(request) for wanted, serve in served.items() if wanted in request), ())

    return serve

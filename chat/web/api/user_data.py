"""All data of the caller: export to one file, count, delete."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from chat.errors import Conflict, NotFound
from chat.store import Store
from chat.store.records import Conversation
from chat.web.api import export, json_views, query
from chat.web.auth.principal import principal
from chat.web.services import services
from config.version import VERSION

bp = Blueprint("user_data", __name__, url_prefix="/api")

# Messages in memory at a time: an answer may have megabytes.
_BATCH = 20


@bp.get("/export")
def export_all() -> Response:
    """Stream all conversations, or those in `ids`, as one JSON file."""
    store, user_id = services().store, principal().user.id
    requested = query.row_ids("ids")
    for conversation_id in requested:
        store.ownership.conversation(user_id, conversation_id)  # NotFound must come before the response begins
    conversation_ids = requested or store.user_data.conversation_ids(user_id)
    about = {
        "exported_by": f"Parley {VERSION}",
        "exported_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "instructions": store.instructions.get(user_id),
    }
    name = f"parley-{about['exported_at'][:10]}.json"
    headers = {"Content-Disposition": export.attachment(name), "X-Accel-Buffering": "no"}
    return Response(_file(store, user_id, conversation_ids, about), content_type="application/json", headers=headers)


@bp.get("/me/data")
def count() -> dict[str, Any]:
    """Return the numbers of the caller's conversations, messages and so on."""
    return msgspec.to_builtins(services().store.user_data.counts(principal().user.id))  # type: ignore[no-any-return]


@bp.delete("/me/data")
def delete_all() -> ResponseReturnValue:
    """Stop the caller's running turns, then delete everything except the identity and its cookie.

    Raises Conflict if a turn began meanwhile.
    """
    current, user_id = services(), principal().user.id
    counts = current.store.user_data.counts(user_id)
    for turn in current.store.user_data.running_turns(user_id):
        current.stopper.stop(turn)
    for conversation_id in current.store.user_data.delete(user_id):
        current.memory.drop(conversation_id)
    if current.store.user_data.running_turns(user_id):
        raise Conflict("turn_running", "An answer is still being written; what it belongs to is not deleted.")
    return {"deleted": msgspec.to_builtins(counts)}


def _file(store: Store, user_id: int, conversation_ids: Sequence[int], about: dict[str, str]) -> Iterator[bytes]:
    yield _encoded(export.printable(about))[:-1] + b',"conversations":['
    first = True
    for conversation_id in conversation_ids:
        try:
            conversation = store.ownership.conversation(user_id, conversation_id)
        except NotFound:  # deleted since
            continue
        yield b"\n" if first else b",\n"
        yield from _conversation(store, conversation)
        first = False
    yield b"\n]}\n"


def _conversation(store: Store, conversation: Conversation) -> Iterator[bytes]:
    view = json_views.conversation(conversation) | {"head_id": conversation.head_id}
    yield _encoded(export.printable(view))[:-1] + b',"messages":['
    after = 0
    while batch := store.user_data.messages(conversation.id, after, _BATCH):
        lines = [_encoded(export.printable(json_views.message(message))) for message in batch]
        yield (b",\n" if after else b"\n") + b",\n".join(lines)
        after = batch[-1].id
    yield b"]}"


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)

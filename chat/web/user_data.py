"""All data of the caller: export as one file, count, delete."""

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
from chat.web import export, identity, json_views, query
from chat.web.services import services
from config.version import VERSION

bp = Blueprint("user_data", __name__, url_prefix="/api")

# Messages that are in memory at a time: an answer may be of megabytes.
_MESSAGES = 20


@bp.get("/export")
def export_all() -> Response:
    """Stream all conversations, or those in `ids`, as one JSON file."""
    store, user_id = services().store, identity.user_id()
    chosen = query.row_ids("ids")
    for each in chosen:
        store.owned.conversation(user_id, each)  # before the answer begins, which cannot be taken back
    wanted = chosen or store.user_data.conversation_ids(user_id)
    about = {
        "exported_by": f"Parley {VERSION}",
        "exported_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "instructions": store.instructions.get(user_id),
    }
    name = f"parley-{about['exported_at'][:10]}.json"
    headers = {"Content-Disposition": export.attachment(name), "X-Accel-Buffering": "no"}
    return Response(_file(store, user_id, wanted, about), content_type="application/json", headers=headers)


@bp.get("/me/data")
def count() -> dict[str, Any]:
    return msgspec.to_builtins(services().store.user_data.counts(identity.user_id()))  # type: ignore[no-any-return]


@bp.delete("/me/data")
def delete_all() -> ResponseReturnValue:
    """Stop running turns, then delete everything except the identity and its cookie."""
    current, user_id = services(), identity.user_id()
    counted = current.store.user_data.counts(user_id)
    for turn in current.store.user_data.running_turns(user_id):
        current.stopper.stop(turn)
    for conversation_id in current.store.user_data.delete(user_id):
        current.memory.drop(conversation_id)
    if current.store.user_data.running_turns(user_id):
        raise Conflict("turn_running", "An answer is still being written; what it belongs to is not deleted.")
    return {"deleted": msgspec.to_builtins(counted)}


def _file(store: Store, user_id: int, wanted: Sequence[int], about: dict[str, str]) -> Iterator[bytes]:
    yield _encoded(export.printable(about))[:-1] + b',"conversations":['
    first = True
    for conversation_id in wanted:
        try:
            conversation = store.owned.conversation(user_id, conversation_id)
        except NotFound:  # deleted since
            continue
        yield b"\n" if first else b",\n"
        yield from _conversation(store, conversation)
        first = False
    yield b"\n]}\n"


def _conversation(store: Store, conversation: Conversation) -> Iterator[bytes]:
    shown = json_views.conversation(conversation) | {"head_id": conversation.head_id}
    yield _encoded(export.printable(shown))[:-1] + b',"messages":['
    after = 0
    while portion := store.user_data.messages(conversation.id, after, _MESSAGES):
        lines = [_encoded(export.printable(json_views.message(message))) for message in portion]
        yield (b",\n" if after else b"\n") + b",\n".join(lines)
        after = portion[-1].id
    yield b"]}"


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)

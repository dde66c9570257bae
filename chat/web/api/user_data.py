"""All data of the caller: export to one file, count, delete."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from flask import Blueprint, Response

from chat.errors import Conflict, NotFound
from chat.store import Store
from chat.store.records import Conversation
from chat.store.user_data import UserDataCounts
from chat.web.api import examples, export, json_views, query
from chat.web.api.schemas import AboutExport, DataCounts, DeletedData, Export
from chat.web.auth.principal import principal
from chat.web.openapi.operation import Answer, Refusal, operation
from chat.web.openapi.refusals import NO_CONVERSATION
from chat.web.services import services
from config.version import VERSION

bp = Blueprint("user_data", __name__, url_prefix="/api")

# Messages in memory at a time: an answer may have megabytes.
_BATCH = 20


@bp.get("/export")
@operation(
    Answer(content=Export, example=examples.EXPORT, description="The file", headers=export.FILE_HEADERS),
    parameters=(query.IDS,),
    refusals=(NO_CONVERSATION,),
)
def export_all() -> Response:
    """Stream all conversations, or those in `ids`, as one JSON file."""
    store, user_id = services().store, principal().user.id
    requested = query.row_ids("ids")
    for conversation_id in requested:
        store.ownership.conversation(user_id, conversation_id)  # NotFound must come before the response begins
    conversation_ids = requested or store.user_data.conversation_ids(user_id)
    about = AboutExport(
        exported_by=f"Parley {VERSION}",
        exported_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        instructions=store.instructions.get(user_id),
    )
    name = f"parley-{about.exported_at[:10]}.json"
    headers = {"Content-Disposition": export.attachment(name), "X-Accel-Buffering": "no"}
    return Response(_file(store, user_id, conversation_ids, about), content_type="application/json", headers=headers)


@bp.get("/me/data")
@operation(Answer(content=DataCounts, example=examples.COUNTS))
def count() -> DataCounts:
    """Return the numbers of the caller's conversations, messages and so on."""
    return _counts(services().store.user_data.counts(principal().user.id))


@bp.delete("/me/data")
@operation(
    Answer(content=DeletedData, example=examples.DELETED),
    refusals=(Refusal(409, "turn_running", "An answer is still being written; what it belongs to is not deleted."),),
)
def delete_all() -> DeletedData:
    """Stop the caller's running turns, then delete everything except the identity and its cookie."""
    current, user_id = services(), principal().user.id
    counts = current.store.user_data.counts(user_id)
    for turn in current.store.user_data.running_turns(user_id):
        current.stopper.stop(turn)
    for conversation_id in current.store.user_data.delete(user_id):
        current.memory.drop(conversation_id)
    if current.store.user_data.running_turns(user_id):  # one that began meanwhile
        raise Conflict("turn_running", "An answer is still being written; what it belongs to is not deleted.")
    return DeletedData(deleted=_counts(counts))


def _counts(record: UserDataCounts) -> DataCounts:
    return msgspec.convert(record, DataCounts, from_attributes=True)


def _file(store: Store, user_id: int, conversation_ids: Sequence[int], about: AboutExport) -> Iterator[bytes]:
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
    view = {**json_views.conversation_fields(conversation), "head_id": conversation.head_id}
    yield _encoded(export.printable(view))[:-1] + b',"messages":['
    after = 0
    while batch := store.user_data.messages(conversation.id, after, _BATCH):
        lines = [_encoded(export.printable(json_views.message(message))) for message in batch]
        yield (b",\n" if after else b"\n") + b",\n".join(lines)
        after = batch[-1].id
    yield b"]}"


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)

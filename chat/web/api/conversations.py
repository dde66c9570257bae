"""`/api/conversations`: the caller's conversations."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, request

from chat.store.branches import BranchPosition
from chat.web.api import examples, json_body, json_views, query
from chat.web.api.schemas import Conversation, Conversations, ConversationWithMessages
from chat.web.auth.principal import principal
from chat.web.openapi.operation import Answer, Body, Refusal, operation
from chat.web.openapi.refusals import NO_CONVERSATION, TURN_RUNNING
from chat.web.services import services

bp = Blueprint("conversations", __name__, url_prefix="/api")

# With any of these parameters a conversation is returned a page at a time.
_PAGE_PARAMETERS = frozenset({"limit", "leaf", "through", "before"})
_INVALID_CURSOR = Refusal(422, "invalid_cursor", "The cursor does not come from a page of this list.", "cursor")
_TITLE_TOO_LONG = Refusal(422, "title_too_long", "A title may have 200 characters.", "title")
_CONVERSATION = Answer(content=Conversation, example=examples.CONVERSATION)


@bp.get("/conversations")
@operation(
    Answer(content=Conversations, example=examples.CONVERSATIONS),
    parameters=(
        query.SEARCH,
        query.CURSOR,
        query.LIMIT,
        query.flag_parameter("pinned", "Only the pinned ones"),
        query.flag_parameter("archived", "Only the archived ones, which are in no other list"),
    ),
    refusals=(_INVALID_CURSOR,),
)
def list_conversations() -> Conversations:
    """Return a page of the caller's conversations, newest first, or of search results where `q` is given."""
    store, user_id = services().store, principal().user.id
    if text := query.search_text():
        hits, cursor = store.search.find(user_id, text, query.limit(), query.text("cursor"))
        return Conversations(items=[json_views.search_hit(hit) for hit in hits], next_cursor=cursor)
    records, cursor = store.conversations.page(user_id, query.limit(), query.text("cursor"), _list_name())
    return Conversations(items=[json_views.listed(record) for record in records], next_cursor=cursor)


def _list_name() -> Literal["", "pinned", "archived"]:
    if query.flag("archived"):
        return "archived"
    return "pinned" if query.flag("pinned") else ""


@bp.post("/conversations")
@operation(
    Answer(status=201, content=Conversation, example=examples.CONVERSATION),
    body=Body(shape=json_body.CreateConversation, examples=examples.CREATE_CONVERSATION),
    refusals=(
        _TITLE_TOO_LONG,
        Refusal(409, "too_many_conversations", "You have 20,000 conversations, the maximum; delete some first."),
    ),
)
def create_conversation() -> Conversation:
    """Create an empty conversation."""
    fields = json_body.read(json_body.CreateConversation)
    title = json_body.title(fields.title)
    record = services().store.conversations.create(principal().user.save(), title, temporary=fields.temporary)
    return json_views.conversation(record)


@bp.get("/conversations/<id:conversation_id>")
@operation(
    Answer(content=ConversationWithMessages, example=examples.CONVERSATION_WITH_MESSAGES),
    parameters=(
        query.LIMIT,
        query.id_parameter("before", "The messages before this one"),
        query.id_parameter("leaf", "The branch that ends at this message"),
        query.id_parameter("through", "The branch through this message, down to the newest leaf below it"),
    ),
    refusals=(NO_CONVERSATION,),
)
def show_conversation(conversation_id: int) -> ConversationWithMessages:
    """Return a conversation with all messages, or with a page of one branch.

    Without a parameter it has all messages of all branches in order of creation. With any it has one page of one
    branch, oldest message first.
    """
    store = services().store
    record = store.ownership.conversation(principal().user.id, conversation_id)
    shared = store.shares.get(record) is not None
    if _PAGE_PARAMETERS.isdisjoint(request.args):
        return json_views.with_all_messages(record, store.history.of_conversation(record.id), shared=shared)
    position = BranchPosition(query.row_id("leaf"), query.row_id("through"), query.row_id("before"))
    return json_views.with_page(record, store.branches.page(record, position, query.limit()), shared=shared)


@bp.patch("/conversations/<id:conversation_id>")
@operation(
    _CONVERSATION,
    body=Body(shape=json_body.UpdateConversation, examples=examples.UPDATE_CONVERSATION),
    refusals=(NO_CONVERSATION, _TITLE_TOO_LONG),
)
def update_conversation(conversation_id: int) -> Conversation:
    """Change the title, the pin or the archive flag of a conversation."""
    store = services().store
    record = store.ownership.conversation(principal().user.id, conversation_id)
    fields = json_body.read(json_body.UpdateConversation)
    title = None if fields.title is None else json_body.title(fields.title)
    store.conversations.change(record, title=title, pinned=fields.pinned, archived=fields.archived)
    return json_views.conversation(store.ownership.conversation(principal().user.id, conversation_id))


@bp.delete("/conversations/<id:conversation_id>")
@operation(
    Answer(status=204),
    parameters=(query.flag_parameter("stop", "Stop a running answer first. Without it, one leads to a refusal"),),
    refusals=(NO_CONVERSATION, TURN_RUNNING),
)
def delete_conversation(conversation_id: int) -> None:
    """Delete a conversation with everything in it."""
    current = services()
    record = current.store.ownership.conversation(principal().user.id, conversation_id)
    if query.flag("stop") and record.active_turn_id and (turn := current.store.turns.get(record.active_turn_id)):
        current.stopper.stop(turn)
    current.store.conversations.delete(record)
    # Other workers' cached copies, which no request can reach any more, are evicted when memory is needed.
    current.memory.drop(record.id)

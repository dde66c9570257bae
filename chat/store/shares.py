"""Links to a conversation for people without an identity here: read-only, revocable, as it was when shared.

What a link shows is pinned by a leaf: an edit or another answer makes a new branch, and what is on a branch
stays as it is once its last answer has ended.

The database holds a digest of each link's token, so that whoever gets hold of a backup has no link that
works, and a salt from which the token follows by a key that is not in the database: so the owner can be
shown the same link again. Should the key get lost, links that are out go on working until they are revoked
or the conversation is shared anew.
"""

from __future__ import annotations

import hashlib
import secrets

from chat.errors import Conflict, NotFound
from chat.store import history
from chat.store.database import Database, reads, reads_snapshot, writes
from chat.store.models import Conversation as ConversationRow
from chat.store.models import Message as MessageRow
from chat.store.models import Share as Row
from chat.store.models import row
from chat.store.records import Conversation, Message, Share, now_ms
from chat.store.share_key import ShareKey

# More than anybody reads; what comes before is left out.
_MESSAGES = 2_000


class Shares:
    def __init__(self, database: Database) -> None:
        self.database = database
        self._key = ShareKey(database.path)

    @writes
    def share(self, conversation: Conversation, leaf_id: int | None = None) -> tuple[Share, bool]:
        """Share the branch that ends at `leaf_id`, or at the conversation's head, as it is now.

        Returns the share, and whether its link is a new one: shared again, a conversation keeps its link.
        Raises Conflict when nothing was said yet or while that answer is being written, NotFound for a leaf
        that is not of this conversation.
        """
        leaf = _leaf(conversation, leaf_id)
        now = now_ms()
        existing = self._existing(conversation)
        if existing is not None:
            Row.update(leaf_id=leaf, created_at=now).where(Row.conversation_id == conversation.id).execute()
            return Share(existing.token, now), False
        salt = secrets.token_urlsafe(16)
        token = self._key.token(salt)
        Row.replace(
            conversation_id=conversation.id, token_digest=_digest(token), salt=salt, leaf_id=leaf, created_at=now
        ).execute()
        return Share(token, now), True

    @reads
    def get(self, conversation: Conversation) -> Share | None:
        return self._existing(conversation)

    @writes
    def revoke(self, conversation: Conversation) -> None:
        Row.delete().where(Row.conversation_id == conversation.id).execute()

    @reads
    def exists(self, token: str) -> bool:
        found: bool = Row.select().where(Row.token_digest == _digest(token)).exists()
        return found

    @reads_snapshot
    def contents(self, token: str) -> tuple[Share, str, list[Message]]:
        """What a link shows: the share, the conversation's title, the branch. Raises NotFound."""
        found = row(
            Row.select(Row.created_at, Row.leaf_id, ConversationRow.title)
            .join(ConversationRow, on=(ConversationRow.id == Row.conversation_id))
            .where(Row.token_digest == _digest(token))
        )
        if found is None:
            raise NotFound("There is no such shared conversation.")
        branch = history.path_to(self.database, found["leaf_id"], _MESSAGES)
        return Share(token, found["created_at"]), found["title"], history.messages_from_rows(branch)

    def _existing(self, conversation: Conversation) -> Share | None:
        found = row(Row.select().where(Row.conversation_id == conversation.id))
        if found is None:
            return None
        token = self._key.token(found["salt"])
        return Share(token, found["created_at"]) if _digest(token) == found["token_digest"] else None


def _leaf(conversation: Conversation, leaf_id: int | None) -> int:
    """The message at which a share made now ends."""
    its = (ConversationRow.id == conversation.id) & (ConversationRow.user_id == conversation.user_id)
    place = row(ConversationRow.select().where(its))
    if place is None:
        raise NotFound("There is no such conversation.")
    leaf: int | None = place["head_id"] if leaf_id is None else leaf_id
    if leaf is None:
        raise Conflict("nothing_to_share", "Nothing has been said in this conversation yet.")
    found = row(MessageRow.select().where((MessageRow.id == leaf) & (MessageRow.conversation_id == conversation.id)))
    if found is None:
        raise NotFound("There is no such message.")
    turn = history.messages_from_rows([found])[0].turn
    if turn is not None and turn.ended_at is None:
        raise Conflict("turn_running", "An answer is still being written in this conversation.")
    return leaf


def _digest(token: str) -> str:
    """The token is 256 bits that nobody can guess, so one plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

"""Public links to a conversation: read-only, revocable, and fixed at the time of sharing.

A link shows the branch up to a fixed leaf. Edits and further answers create new branches, and a branch does not change
after its last answer has ended.

The database stores a digest of each token, so a copy of the database contains no working link. It also stores a salt,
from which the token is derived with a key that is not in the database, so the owner can see the same link again. If
the key is lost, existing links work until they are revoked or the conversation is shared again.
"""

from __future__ import annotations

import hashlib
import secrets

from chat.errors import Conflict, NotFound
from chat.runtime.clock import Clock
from chat.store import history
from chat.store.engines.contract import Engine
from chat.store.records import Conversation, Message, Share
from chat.store.rows import first
from chat.store.share_key import ShareKey
from chat.store.transactions import reads, reads_snapshot, writes

# Maximum of messages shown, the latest ones.
_MESSAGES = 2_000

_CONVERSATION = "FROM conversations WHERE id = ?"
_OF_CONVERSATION = "SELECT token_digest, salt, created_at FROM shares WHERE conversation_id = ?"
_UPDATE = "UPDATE shares SET leaf_id = ?, created_at = ? WHERE conversation_id = ?"
_REPLACE = """
    INSERT INTO shares (conversation_id, token_digest, salt, leaf_id, created_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (conversation_id)
    DO UPDATE SET token_digest = excluded.token_digest, salt = excluded.salt, leaf_id = excluded.leaf_id,
        created_at = excluded.created_at
"""
_REVOKE = "DELETE FROM shares WHERE conversation_id = ?"
_EXISTS = "SELECT 1 FROM shares WHERE token_digest = ?"
_CONTENTS = """
    SELECT shares.created_at, leaf_id, title FROM shares JOIN conversations ON conversations.id = conversation_id
    WHERE token_digest = ?
"""
_HEAD = "SELECT head_id FROM conversations WHERE id = ? AND user_id = ?"


class Shares:
    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self._clock = clock
        self._key = ShareKey(engine)

    @writes
    def share(self, conversation: Conversation, leaf_id: int | None = None) -> tuple[Share, bool]:
        """Share the branch that ends at `leaf_id`, or at the conversation's head, as it is now.

        Return the share and whether its link is new; a conversation shared again keeps its link. Raises Conflict if
        there is no message yet or the answer is still being written, NotFound for a leaf of another conversation.
        """
        self.engine.lock(_CONVERSATION, (conversation.id,))  # of two requests the second finds the link of the first
        leaf = _leaf(self.engine, conversation, leaf_id)
        now = self._clock.now_ms()
        existing = self._existing(conversation)
        if existing is not None:
            self.engine.execute(_UPDATE, (leaf, now, conversation.id))
            return Share(existing.token, now), False
        salt = secrets.token_urlsafe(16)
        token = self._key.token(salt)
        self.engine.execute(_REPLACE, (conversation.id, _digest(token), salt, leaf, now))
        return Share(token, now), True

    @reads
    def get(self, conversation: Conversation) -> Share | None:
        return self._existing(conversation)

    @writes
    def revoke(self, conversation: Conversation) -> None:
        self.engine.execute(_REVOKE, (conversation.id,))

    @reads
    def exists(self, token: str) -> bool:
        return self.engine.execute(_EXISTS, (_digest(token),)).fetchone() is not None

    @reads_snapshot
    def contents(self, token: str) -> tuple[Share, str, list[Message]]:
        """Return the share of a link, the conversation's title and the branch. Raises NotFound."""
        share = first(self.engine.execute(_CONTENTS, (_digest(token),)))
        if share is None:
            raise NotFound("There is no such shared conversation.")
        branch = history.path_to(self.engine, share["leaf_id"], _MESSAGES)
        return Share(token, share["created_at"]), share["title"], history.messages_from_rows(self.engine, branch)

    def _existing(self, conversation: Conversation) -> Share | None:
        share = first(self.engine.execute(_OF_CONVERSATION, (conversation.id,)))
        if share is None:
            return None
        token = self._key.token(share["salt"])
        return Share(token, share["created_at"]) if _digest(token) == share["token_digest"] else None


def _leaf(engine: Engine, conversation: Conversation, leaf_id: int | None) -> int:
    """Return the last message of a new share."""
    row = engine.execute(_HEAD, (conversation.id, conversation.user_id)).fetchone()
    if row is None:
        raise NotFound("There is no such conversation.")
    leaf: int | None = row[0] if leaf_id is None else leaf_id
    if leaf is None:
        raise Conflict("nothing_to_share", "This conversation has no messages yet.")
    message = first(engine.execute(history.MESSAGE, (leaf,)))
    if message is None or message["conversation_id"] != conversation.id:
        raise NotFound("There is no such message.")
    turn = history.messages_from_rows(engine, [message])[0].turn
    if turn is not None and turn.ended_at is None:
        raise Conflict("turn_running", "An answer is still being written in this conversation.")
    return leaf


def _digest(token: str) -> str:
    """Return the digest that is stored for a token. A token is 256 random bits, so one plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
